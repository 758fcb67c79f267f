"""`label boxes list|show` on the real command line: what the screen shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.labelling import boxing_queue
from binscout_tui.store import box_labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.workspace import Workspace
from tests.app.test_boxes_counts import add_counting_model
from tests.conftest import AddImages


@pytest.fixture
def cli(workspace: Workspace, add_images: AddImages, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on a workspace with four images: (exit code, JSON answer)."""
    add_images(4)

    def call(*words: object) -> tuple[int, Any]:
        code = run(split_arguments(["--workspace", str(workspace.paths.root), "--json", *map(str, words)]))
        return code, json.loads(capsys.readouterr().out)

    return call


def test_images_are_listed_by_state_filter_and_page(cli: Any) -> None:
    cli("label", "boxes", "set", 1, "0.1,0.2,0.3,0.4")
    cli("label", "boxes", "set", 2)
    cli("label", "boxes", "skip", 3)
    code, rows = cli("label", "boxes", "list")
    assert (code, [(row["image"], row["state"]) for row in rows]) == (
        0,
        [(1, "boxes"), (2, "empty"), (3, "skipped"), (4, None)],
    )
    assert [row["image"] for row in cli("label", "boxes", "list", "--state", "unlabelled")[1]] == [4]
    assert [row["image"] for row in cli("label", "boxes", "list", "--filter", "id>1", "--limit", 1)[1]] == [2]
    assert [row["image"] for row in cli("label", "boxes", "list", "--after", 2, "--limit", 1)[1]] == [3]
    code, said = cli("label", "boxes", "list", "--filter", "widt<3")
    assert (code, said["error"]["code"], said["error"]["position"]) == (2, "filter", 0)
    assert cli("label", "boxes", "list", "--state", "some")[0] == 2


def test_one_image_is_shown_with_its_counts_its_model_and_the_draft(cli: Any, workspace: Workspace) -> None:
    add_counting_model(workspace.paths.root, {1: "8"})
    cli("label", "boxes", "set", 1, "0.1,0.2,0.3,0.4")
    cli("label", "count", 1, 7)
    db, uid = workspace.db, workspace.user.uid
    kept = db.read(box_labels.get, 1)
    drawn = [LabelBox(box=(0.1, 0.2, 0.3, 0.4)), LabelBox(box=(0.5, 0.5, 0.6, 0.6))]
    db.write(boxing_queue.keep_draft, uid, kept, drawn, 0)
    assert cli("label", "boxes", "show", 1)[1] == {
        "image": 1,
        "state": "boxes",
        "boxes": [{"box": [0.1, 0.2, 0.3, 0.4], "class": None}],
        "counts": [{"class": None, "count": 7}],
        "model": "c-1",
        "model_count": 8,
        "draft": 2,
    }
    assert cli("label", "boxes", "show", 9)[1]["error"]["code"] == "no_image"
