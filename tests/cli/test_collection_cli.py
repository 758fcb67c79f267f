"""Collections, saved filters and safe mode on the command line, asserting on the store."""

from __future__ import annotations

from typing import Any

import pytest

from binscout_tui.store import named, safe_mode, saved_filters, users
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.workspace import Workspace
from tests.command_line import Answer, answered_here

from ..app.made_up import add_images


class Line:
    """The command line on one workspace."""

    def __init__(self, workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
        self.workspace, self._capsys = workspace, capsys

    def says(self, *words: object, as_json: bool = True) -> Answer:
        return answered_here(self.workspace.paths.root, self._capsys, *words, as_json=as_json)

    def ok(self, *words: object) -> Any:
        answer = self.says(*words)
        assert answer.code == 0, answer.err
        return answer.data

    def refused(self, *words: object) -> tuple[int, str]:
        answer = self.says(*words)
        return answer.code, answer.data["error"]["code"]


@pytest.fixture
def line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(workspace, capsys)


@pytest.fixture
def ids(workspace: Workspace) -> list[int]:
    """Six images in the order of arrival."""
    return add_images(workspace.paths.root, 6, previews=False)


def within(workspace: Workspace, name: str) -> list[int]:
    one = workspace.db.read(named.find, COLLECTION, name, concealed=True)
    sql = "SELECT image_id FROM collection_image WHERE collection_id = ? ORDER BY 1"
    return [row[0] for row in workspace.db.connection.execute(sql, (one.id,))]


def test_images_go_in_and_out_and_undo_takes_it_back(line: Line, ids: list[int]) -> None:
    assert line.ok("collection", "put", "M3 screws", *ids[:3]) == {
        "collection": "M3 screws",
        "images": 3,
        "changed": 3,
    }
    assert line.ok("collection", "put", "m3 SCREWS", "--filter", f"id>={ids[2]}")["changed"] == 3
    assert within(line.workspace, "M3 screws") == ids
    assert line.ok("collection", "take", "M3 screws", ids[0])["changed"] == 1
    line.ok("undo", "--area", "collection")
    assert within(line.workspace, "M3 screws") == ids
    line.ok("images", "trash", ids[5])
    (one,) = line.ok("collection", "list")
    assert (one["name"], one["images"]) == ("M3 screws", 5)
    shown = line.ok("collection", "show", "m3 screws")
    assert [row["id"] for row in line.ok("images", "list", "--filter", shown["filter"])] == ids[:5]


def test_names_are_changed_merged_and_deleted_and_images_stay(line: Line, ids: list[int]) -> None:
    line.ok("collection", "add", "Nuts", "--colour", "#112233")
    line.ok("collection", "put", "Screws", *ids[:2])
    line.ok("collection", "put", "Nuts", ids[1], ids[2])
    assert line.ok("collection", "rename", "Nuts", "Lock nuts")["collection"]["name"] == "Lock nuts"
    assert line.ok("collection", "colour", "lock nuts")["collection"]["colour"] is None
    assert line.ok("collection", "merge", "Screws", "Lock nuts", "--dry-run")["changed"] is False
    assert len(line.ok("collection", "list")) == 2
    line.ok("collection", "merge", "Screws", "Lock nuts")
    assert within(line.workspace, "Lock nuts") == ids[:3]
    line.ok("undo", "--area", "collection_name")
    assert within(line.workspace, "Screws") == ids[:2]
    line.ok("collection", "delete", "Screws")
    assert [one["name"] for one in line.ok("collection", "list")] == ["Lock nuts"]
    assert len(line.ok("images", "list")) == 6


def test_hidden_and_sensitive_collections(line: Line, ids: list[int]) -> None:
    line.ok("collection", "put", "Secret", *ids[:2])
    line.ok("collection", "hide", "Secret")
    assert line.ok("collection", "list") == []
    assert line.ok("collection", "list", "--hidden")[0]["hidden"] is True
    assert len(line.ok("images", "list")) == 4
    line.ok("collection", "unhide", "secret")
    line.ok("collection", "sensitive", "Secret")
    assert len(line.ok("images", "list")) == 6
    assert line.ok("safe-mode", "status") == {"on": False}
    assert line.ok("safe-mode", "on") == {"on": True, "changed": True}
    assert line.ok("safe-mode", "on") == {"on": True, "changed": False}
    assert line.workspace.db.read(safe_mode.is_on)
    assert len(line.ok("images", "list")) == 4
    assert line.ok("collection", "list", "--hidden") == []
    assert line.refused("collection", "not-sensitive", "Secret") == (1, "no_collection")
    assert line.ok("safe-mode", "off") == {"on": False, "changed": True}
    line.ok("collection", "not-sensitive", "Secret")
    line.ok("safe-mode", "on")
    assert len(line.ok("images", "list")) == 6


def test_filters_are_kept_and_stand_for_themselves_elsewhere(line: Line, ids: list[int]) -> None:
    ws = line.workspace
    tag = ws.db.write(named.add, ws.user.uid, TAG, "brass")
    ws.db.write(named.put, ws.user.uid, TAG, tag, ids[:3])
    kept = line.ok("filter", "save", "Good ones", "tag:brass   -star")["filter"]
    assert (kept["name"], kept["text"]) == ("Good ones", "tag:brass -star")
    assert line.ok("filter", "list") == [kept]
    assert line.ok("filter", "show", "@good ones")["text"] == "tag:brass -star"
    for words in (("images", "list", "--filter"), ("collection", "put", "Fine", "--filter")):
        line.ok(*words, "@Good ones")
    assert within(ws, "Fine") == ids[:3]
    assert line.refused("filter", "save", "good ones", "star") == (1, "name_taken")
    assert line.ok("filter", "save", "good ones", "star", "--replace")["filter"]["text"] == "star"
    assert line.ok("filter", "rename", "good ones", "Stars")["filter"]["name"] == "Stars"
    assert line.ok("filter", "forget", "stars")["filter"]["text"] == "star"
    assert ws.db.read(saved_filters.listed) == []


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (("collection", "put", "x"), 2, "nothing_chosen"),
        (("collection", "put", "", 1), 2, "bad_name"),
        (("collection", "put", "a\x1b[31m", 1), 2, "bad_name"),
        (("collection", "put", "x" * 101, 1), 2, "bad_name"),
        (("collection", "put", "x", 999), 1, "no_image"),
        (("collection", "take", "x", 1), 1, "no_collection"),
        (("collection", "show", "x"), 1, "no_collection"),
        (("collection", "add", "x", "--colour", "red"), 2, "bad_colour"),
        (("collection", "merge", "x", "x"), 1, "no_collection"),
        (("filter", "save", "x", ""), 2, "no_filter"),
        (("filter", "save", "x", "cnf<1"), 2, "filter"),
        (("filter", "save", "", "star"), 2, "bad_name"),
        (("filter", "show", "x"), 1, "no_filter"),
        (("images", "list", "--filter", "@x"), 1, "no_filter"),
        (("filter", "forget", "x"), 1, "no_filter"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    line: Line, ids: list[int], words: tuple[object, ...], code: int, word: str
) -> None:
    before = list(line.workspace.db.connection.iterdump())
    answer = line.says(*words)
    assert (answer.code, answer.data["error"]["code"]) == (code, word), answer.err
    assert answer.err.count("\n") == 1
    assert "\x1b" not in answer.err
    assert list(line.workspace.db.connection.iterdump()) == before


def test_people_see_where_a_filter_is_wrong_and_names_that_safe_mode_hides_are_nowhere(
    line: Line, ids: list[int]
) -> None:
    wrong = line.says("filter", "save", "x", "star cnf<1", as_json=False)
    assert "     ^^^" in wrong.err
    line.ok("collection", "put", "Secret", *ids[:2])
    line.ok("filter", "save", "Secret too", "collection:secret")
    line.ok("collection", "sensitive", "Secret")
    line.ok("safe-mode", "on")
    for words in (
        ("collection", "list"),
        ("collection", "list", "--hidden"),
        ("filter", "list"),
        ("safe-mode", "status"),
    ):
        answer = line.says(*words, as_json=False)
        assert answer.code == 0
        assert "ecret" not in answer.out + answer.err


def test_a_viewer_reads_only(line: Line, ids: list[int]) -> None:
    line.ok("collection", "put", "Screws", ids[0])
    line.workspace.db.write(users.set_role, line.workspace.user.uid, "viewer")
    assert line.ok("collection", "show", "Screws")["collection"]["images"] == 1
    for words in (("collection", "put", "Screws", ids[1]), ("safe-mode", "on"), ("filter", "save", "x", "star")):
        assert line.refused(*words) == (3, "role")
