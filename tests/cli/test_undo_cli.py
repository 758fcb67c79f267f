"""`undo` and `redo` from the command line: each verb that decides is taken back by them, in whatever area that is."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.cli.label_commands import Area
from binscout_tui.store import duplicates, expected, images, journal, named, reviews, undoing
from binscout_tui.store.classes import ITEMS
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace
from tests.app.made_up import add_classes, add_images, add_sets
from tests.command_line import Answer, answered_here

Capsys = pytest.CaptureFixture[str]
FOLLOW = {ITEMS, expected.AREA, expected.COUNTED}
"""What a decision about a class brings about, which is taken back with the class."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six images with classes, the first two with a note and a label, and a set of two more."""
    workspaces.create(tmp_path / "ws")
    add_images(tmp_path / "ws", 6, previews=False)
    add_classes(tmp_path / "ws", ["m3", "m4"])
    add_sets(tmp_path / "ws", [2])
    return tmp_path / "ws"


def said(root: Path, capsys: Capsys, *words: object) -> Answer:
    """The answer to a command that must end well."""
    answer = answered_here(root, capsys, *words)
    assert answer.code == 0, answer.out + answer.err
    return answer


def state(root: Path) -> dict[str, list[str]]:
    """What the workspace holds but what it remembers of decisions, numbers of rows, and when they were made."""
    found = {}
    with Workspace(root) as ws:
        db = ws.db.connection
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            if not table.startswith(("journal", "undo_entry", "event", "sqlite_", "image_words", "image_term")):
                columns = [
                    row[1]
                    for row in db.execute(f"PRAGMA table_info({table})")
                    if not (row[1] == "id" or row[1].endswith("at"))
                ]
                found[table] = sorted(map(repr, map(tuple, db.execute(f"SELECT {', '.join(columns)} FROM {table}"))))
    return found


VERBS = [
    ("label set 3 m3", "label"),
    ("label empty 3", "label"),
    ("label note 5 x", "note"),
    ("label count 3 4", "counts"),
    ("label boxes set 3 0.1,0.1,0.5,0.5", "boxes"),
    ("label gold add 3 m3", "gold"),
    ("label review add 3", "review"),
    ("images star 1 2", "star"),
    ("images label m3 1 2", "label_batch"),
    ("images trash 1 2", "trash"),
    ("set choose 1 7", "set"),
    ("set skip 1", "set"),
    ("crop add 3 0.1,0.1,0.5,0.5", "crops"),
    ("crop queue 3 4", "crop_queue"),
    ("tag colour brass #ff8800", "tag_name"),
    ("tag put brass 1 2", "tag"),
    ("collection hide Screws", "collection_name"),
    ("collection put Screws 1 2", "collection"),
    ("duplicates keep 1 --trash 2", "trash"),
    ("duplicates not 1 2", "not_duplicate"),
]


def test_every_area_in_which_decisions_begin_can_be_named() -> None:
    assert set(get_args(Area)) | FOLLOW == set(journal.areas())


@pytest.mark.parametrize(("words", "area"), VERBS)
def test_each_verb_that_decides_is_taken_back_and_nothing_else(
    root: Path, capsys: Capsys, words: str, area: str
) -> None:
    for first in ("tag add brass", "collection add Screws", "label set 1 m4", "label note 2 dusty", "tag put brass 6"):
        said(root, capsys, *first.split())
    before = state(root)
    said(root, capsys, *words.split())
    after = state(root)
    assert after != before
    for more in ((), ("--area", area)):
        told = said(root, capsys, "undo", *more).data
        assert (told["area"], told["done"]) == (area, True)
        assert state(root) == before
        assert said(root, capsys, "redo", *more).data["area"] == area
        assert state(root) == after


def test_the_number_of_images_is_told(root: Path, capsys: Capsys) -> None:
    said(root, capsys, "images", "label", "m3", 1, 2, 3)
    told = answered_here(root, capsys, "undo", as_json=False)
    assert told.out == "label of image 1 and 2 more undone.\n"


def test_a_decision_is_taken_back_in_parts(root: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "PART", 2)
    before = state(root)
    said(root, capsys, "images", "trash", *range(1, 6))
    told = answered_here(root, capsys, "undo", as_json=False)
    assert told.out == "trash of image 1 and 4 more undone.\n"
    assert state(root) == before
    said(root, capsys, "redo")
    with Workspace(root) as ws:
        assert len(ws.db.read(images.page, trashed=True)) == 5


def test_undo_never_names_what_is_hidden(root: Path, capsys: Capsys) -> None:
    with Workspace(root) as ws:
        uid = ws.user.uid
        secret = ws.db.write(named.add, uid, TAG, "secret")
        ws.db.write(reviews.set_note, uid, 2, "dusty")
        ws.db.write(duplicates.set_apart, uid, [2, 3])
        ws.db.write(named.put, uid, TAG, secret, [2, 7])
        ws.db.write(named.hide, uid, TAG, secret)
    for area, text in (("note", "note of an image undone."), ("not_duplicate", "apart of an image undone.")):
        answer = answered_here(root, capsys, "undo", "--area", area)
        assert (answer.code, answer.data["target"]) == (0, None)
        said(root, capsys, "redo", "--area", area)
        assert answered_here(root, capsys, "undo", "--area", area, as_json=False).out == f"{text}\n"
