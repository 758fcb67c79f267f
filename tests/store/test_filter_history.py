"""The last filters are kept for each person, and are no place to go on from."""

from __future__ import annotations

from binscout_tui.store import filter_history, places
from binscout_tui.workspace import Workspace


def test_the_newest_comes_first_once_and_twenty_are_kept(workspace: Workspace) -> None:
    db, uid = workspace.db, workspace.user.uid
    assert db.read(filter_history.recent, uid) == []
    for number in range(25):
        db.write(filter_history.remember, uid, f"id:{number}")
    db.write(filter_history.remember, uid, "id:20")
    found = db.read(filter_history.recent, uid)
    assert found[:2] == ["id:20", "id:24"]
    assert (len(found), len(set(found))) == (20, 20)
    assert db.read(filter_history.recent, uid + 1) == []


def test_it_is_not_where_somebody_worked_last(workspace: Workspace) -> None:
    db, uid = workspace.db, workspace.user.uid
    db.write(places.keep, uid, "label", {"image": 3})
    db.write(filter_history.remember, uid, "dup")
    last = db.read(places.latest, uid)
    assert last is not None
    assert last[0] == "label"


def test_what_makes_no_sense_is_no_filter(workspace: Workspace) -> None:
    db, uid = workspace.db, workspace.user.uid
    for kept in ({"a": 1}, "dup", [1, None, "dup"]):
        db.write(places.keep, uid, filter_history.AREA, kept)
        assert set(db.read(filter_history.recent, uid)) <= {"dup"}
