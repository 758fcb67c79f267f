"""The real server process with a real model for sets and a real one for counts, trained for a moment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from binscout_tui.engine.client import EngineClient, PredictItem, SetPicture, SetToJudge
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.items import CountItem, Item, SetItem
from binscout_tui.settings import EngineSettings
from tests.learning.count.bins import make_bins
from tests.learning.select.made_sets import make_sets


def train(folder: Path, config: TrainConfig, items: Sequence[Item]) -> Path:
    """The folder of a finished run."""
    prepare_run(folder, config, items)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "binscout_tui.learning.train", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def install(root: Path, name: str, run: Path) -> None:
    """Put a run's model among the models of the workspace."""
    (folder := root / "models" / name).mkdir(parents=True)
    for file in ("model.safetensors", "card.json"):
        shutil.copy(run / file, folder / file)


@pytest.mark.timeout(280)
async def test_real_models_of_both_tasks_answer_beside_each_other(root: Path, tmp_path: Path) -> None:
    sets: list[SetItem] = make_sets(tmp_path / "sets")
    bins: list[CountItem] = make_bins(tmp_path / "bins", 20)
    config = TrainConfig(device="cpu", epochs=1, image_size=32, batch_size=4, dataset="made-up")
    install(root, "chooser", train(tmp_path / "run-sets", replace(config, task="select"), sets))
    install(root, "counter", train(tmp_path / "run-bins", replace(config, task="count", preset="area"), bins))
    (text := tmp_path / "text.jpg").write_text("no picture")
    asked = [SetToJudge(one.key, [SetPicture(image.path, image.sha256) for image in one.images]) for one in sets]
    spoilt = SetToJudge("spoilt", [*asked[0].images, SetPicture(text)])
    wrong = SetToJudge("other", [SetPicture(sets[0].images[0].path, "0" * 64), *asked[0].images[1:]])
    async with EngineClient(root, EngineSettings(device="cpu")) as engine:
        try:
            assert (await engine.load("chooser"))["model"]["task"] == "select"
            await engine.load("counter")
            said = {line.id: line async for line in engine.suggest(None, [*asked, spoilt, wrong])}
            for one in sets:
                line = said[one.key]
                assert line.error is None
                assert sum(line.scores) == pytest.approx(1, abs=1e-3)
                assert line.chosen == line.scores.index(max(line.scores))
            assert sum(said[one.key].chosen == one.chosen for one in sets) > len(sets) / 2
            for key, place in (("other", 0), ("spoilt", len(sets[0].images))):
                assert [found for found, _ in said[key].unreadable] == [place]
                assert said[key].chosen != place
            items = [*(PredictItem(one.sha256, one.path, sha256=one.sha256) for one in bins), PredictItem("text", text)]
            told = {line.id: line async for line in engine.count(None, items)}
            assert told["text"].count is None
            assert told["text"].error
            errors = [abs((told[one.sha256].count or 0) - one.count) for one in bins if told[one.sha256].error is None]
            assert len(errors) >= 19
            assert sum(errors) / len(errors) < 4
            with pytest.raises(BinScoutError, match="is for count, not for classify"):
                [line async for line in engine.predict("counter", items[:1])]
        finally:
            await engine.stop()
