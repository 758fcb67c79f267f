"""Compartments: codes from labels, and what lives where."""

from __future__ import annotations

import pytest

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import compartments, items
from binscout_tui.workspace import Workspace


def add(workspace: Workspace, code: str, **values: str) -> compartments.Compartment:
    return workspace.db.write(compartments.add, workspace.user.uid, code, **values)


def test_a_code_finds_its_compartment_and_any_text_may_be_asked_for(workspace: Workspace) -> None:
    made = add(workspace, " A-01 ", name="top left", organiser="A")
    assert workspace.db.read(compartments.by_code, "A-01 ") == made
    for text in ("A-02", "", "\x00\x1d", "' OR 1=1 --", "x" * 10_000, "\ud800".encode("utf-8", "replace").decode()):
        assert workspace.db.read(compartments.by_code, text) is None
    with pytest.raises(NotFoundError, match="A-02"):
        workspace.db.read(compartments.coded, "A-02")
    with pytest.raises(NotFoundError, match="99"):
        workspace.db.read(compartments.get, 99)


@pytest.mark.parametrize("code", ["", " ", "a\nb", "0\x1d1", "x" * 101])
def test_what_cannot_be_a_code_is_refused(workspace: Workspace, code: str) -> None:
    with pytest.raises(UsageError) as raised:
        add(workspace, code)
    assert raised.value.code == "bad_code"


def test_a_code_is_taken_once(workspace: Workspace) -> None:
    add(workspace, "A-01")
    other = add(workspace, "A-02")
    with pytest.raises(UsageError, match="A-01"):
        add(workspace, "A-01")
    with pytest.raises(UsageError, match="A-01"):
        workspace.db.write(compartments.change, workspace.user.uid, other.id, code="A-01")
    changed = workspace.db.write(compartments.change, workspace.user.uid, other.id, code="B-01", organiser="B")
    assert (changed.code, changed.organiser, changed.name) == ("B-01", "B", "")


def test_one_item_lives_in_a_compartment_and_what_was_is_kept(workspace: Workspace) -> None:
    uid = workspace.user.uid
    place = add(workspace, "A-01")
    first, second = (workspace.db.write(items.add, uid, name).id for name in ("M3", "M4"))
    assert workspace.db.write(compartments.place, uid, place.id, first).item == "M3"
    assert workspace.db.write(compartments.place, uid, place.id, second).item == "M4"
    workspace.db.write(compartments.place, uid, place.id, second)
    assert workspace.db.write(compartments.place, uid, place.id, None).item is None
    history = workspace.db.read(compartments.placements, place.id)
    assert [one.item for one in history] == ["M4", "M3"]
    assert all(one.ended_at and one.ended_by == uid for one in history)
    with pytest.raises(NotFoundError):
        workspace.db.write(compartments.place, uid, place.id, 99)


def test_the_list_goes_by_organiser_and_code_without_archived_ones(workspace: Workspace) -> None:
    last, first, second = add(workspace, "1", organiser="B"), add(workspace, "1a", organiser="A"), add(workspace, "2")
    assert workspace.db.read(compartments.compartments) == [second, first, last]
    workspace.db.write(compartments.archive, workspace.user.uid, first.id)
    assert workspace.db.read(compartments.compartments) == [second, last]
    assert [one.id for one in workspace.db.read(compartments.compartments, archived=True)] == [first.id]
    assert workspace.db.write(compartments.archive, workspace.user.uid, first.id, archived=False).archived_at is None
