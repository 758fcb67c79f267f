"""Boxes and their queue from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.store import crops, images, items, journal
from binscout_tui.workspace import Workspace
from tests.command_line import binscout
from tests.conftest import row


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with three images and an item."""
    folder = tmp_path / "bins"
    workspaces.create(folder)
    with Workspace(folder) as ws:
        for number in range(3):
            ws.db.write(images.add, ws.user.uid, row(number))
        ws.db.write(items.add, ws.user.uid, "washer")
    return folder


def test_boxes_are_added_and_listed(root: Path) -> None:
    assert binscout(root, "crop", "queue", 1, 3).data == {
        "moved": 2,
        "counts": {"waiting": 2, "done": 0, "skipped": 0},
    }
    assert binscout(root, "crop", "add", 1, "0,0,0.5,0.5", "0.5,0.5,1,1", "--item", "washer").code == 0
    added = binscout(root, "crop", "add", 1, "0.2,0,0.4,0.1", "--done")
    assert (added.data["task"], len(added.data["boxes"])) == ("done", 3)
    listed = binscout(root, "crop", "list").data
    assert [box["box"] for box in listed[0]["boxes"]] == [[0, 0, 0.5, 0.5], [0.2, 0, 0.4, 0.1], [0.5, 0.5, 1, 1]]
    assert [line["state"] for line in binscout(root, "crop", "queue").data] == ["done", "waiting"]
    assert binscout(root, "crop", "queue", 3, "--remove").data["moved"] == 1
    assert "washer" in binscout(root, "crop", "list", 1, as_json=False).out
    with Workspace(root) as ws:
        assert len(ws.db.read(journal.history, area="crops")) == 2
        assert ws.db.read(crops.queue) == [1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", 1, "0,0,2,1"), 2, "between 0 and 1"),
        (("add", 1, "nonsense"), 2, "is not a crop"),
        (("add", 9, "0,0,1,1"), 1, "no image 9"),
        (("add", 1, "0,0,1,1", "--item", "bolt"), 1, "no item 'bolt'"),
        (("queue", 1, 9), 1, "no image 9"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_written(
    root: Path, words: tuple[object, ...], code: int, said: str
) -> None:
    answer = binscout(root, "crop", *words)
    assert (answer.code, said in answer.err) == (code, True), answer
    with Workspace(root) as ws:
        assert ws.db.read(crops.boxed) == []
        assert ws.db.read(crops.queue) == []
