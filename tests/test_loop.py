"""The main job from end to end with the real command line, trainer and engine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.store import journal, labels, predictions
from binscout_tui.workspace import Workspace
from tests.app.deciding import decide, open_area, press
from tests.app.driving import screen_text
from tests.command_line import binscout, ok
from tests.pictures import SHAPES, part, parts_library


@pytest.fixture(autouse=True)
def engine_ends_with_the_test(workspace: Workspace) -> Iterator[None]:
    yield
    ok(workspace.paths.root, "engine", "stop")


async def take_the_models_word(root: Path) -> None:
    """In the app: have the model look, take its word on the first image, and find that in the journal."""
    app = BinScoutApp(root)
    async with app.run_test() as pilot:
        await open_area(pilot, "label")
        await press(pilot, "p")
        takes = re.compile(rf"model: ({'|'.join(SHAPES)}) .* y\b")
        while not any(takes.search(line) for line in screen_text(app)):
            await pilot.pause(0.05)
        await decide(pilot, "y")
        async with asyncio.timeout(20):
            while (entry := (await app.workspace.db.read(journal.history, area="label"))[0]).suggested is None:
                await pilot.pause(0.02)
        said = await app.workspace.db.read(predictions.get, entry.target, "shapes-1")
        label = await app.workspace.db.read(labels.get, entry.target)
        assert said is not None
        assert label is not None
        assert label.name == said.label
        assert entry.suggested == {"label": said.label, "score": said.score, "model": "shapes-1"}


def test_import_to_predict(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    workspace.paths.settings.write_text("[gate]\noverall = 0.0\nper_class = 0.0\nmin_images = 3\n")
    ok(root, "import", parts_library(tmp_path / "library", per_class=16), "--labels", "folder")
    dataset = ok(root, "dataset", "build", "shapes")
    assert dataset["known_good"] >= 3
    trained = ok(root, "train", "--dataset", "shapes", "--epochs", 3, "--wait")
    assert trained["metrics"]["n"] == dataset["splits"]["test"]
    assert {"majority", "simple_features"} <= trained["baselines"].keys()
    model = trained["model"]

    refused = binscout(root, "activate", model)
    assert (refused.code, refused.data["error"]["code"]) == (3, "no_gate")
    assert ok(root, "gate", model)["passed"]
    assert ok(root, "activate", model)["model_id"] == model

    unseen = [part(tmp_path / "new" / f"{shape}.png", shape, seed=99) for shape in SHAPES]
    (tmp_path / "new" / "broken.png").write_text("no picture")
    answers = ok(root, "predict", *unseen, tmp_path / "new" / "broken.png")
    assert [answer["label"] in SHAPES for answer in answers] == [True, True, True, False]
    assert answers[3]["error"]
    ok(root, "import", *unseen)
    asyncio.run(take_the_models_word(root))
    assert ok(root, "predict") == {"predicted": 0, "failed": 0}
    figures = ok(root, "evaluate", model, "--dataset", "shapes")
    assert figures["metrics"]["accuracy"] == trained["metrics"]["accuracy"]
    assert figures["baselines"] == trained["baselines"]


def test_a_model_below_its_floors_stays_out(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    workspace.paths.settings.write_text("[gate]\noverall = 1.0\nper_class = 1.0\nmin_images = 1000\n")
    ok(root, "import", parts_library(tmp_path / "library"), "--labels", "folder")
    ok(root, "dataset", "build", "shapes")
    model = ok(root, "train", "--dataset", "shapes", "--epochs", 1, "--wait")["model"]
    judged = binscout(root, "gate", model)
    assert (judged.code, judged.data["passed"]) == (3, False)
    refused = binscout(root, "activate", model)
    assert (refused.code, refused.data["error"]["code"]) == (3, "gate_failed")
