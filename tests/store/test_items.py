"""Items: names, classes, targets, and the archive."""

from __future__ import annotations

from typing import Any

import pytest

from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.store import items, journal, labels
from binscout_tui.workspace import Workspace


def add(workspace: Workspace, name: str, **values: Any) -> items.Item:
    return workspace.db.write(items.add, workspace.user.uid, name, **values)


def test_an_item_has_a_class_that_is_made_when_it_is_new(workspace: Workspace) -> None:
    made = add(workspace, " M3 screw ", number="0815", class_name="m3", target=12, note="brass")
    assert (made.name, made.number, made.class_name, made.target) == ("M3 screw", "0815", "m3", 12)
    assert [one.name for one in workspace.db.read(labels.classes)] == ["m3"]
    assert workspace.db.read(items.by_name, "M3 screw") == made == workspace.db.read(items.named, "M3 screw")


def test_items_are_listed_by_name_without_archived_ones(workspace: Workspace) -> None:
    second, first = add(workspace, "b"), add(workspace, "a")
    assert workspace.db.read(items.items) == [first, second]
    gone = workspace.db.write(items.archive, workspace.user.uid, first.id)
    assert gone.archived_at is not None
    assert workspace.db.read(items.items) == [second]
    assert [one.id for one in workspace.db.read(items.items, archived=True)] == [first.id]
    workspace.db.write(items.archive, workspace.user.uid, first.id, archived=False)
    assert workspace.db.read(items.items) == [first, second]


def test_what_is_given_is_changed_and_the_rest_stays(workspace: Workspace) -> None:
    made = add(workspace, "a", class_name="m3", target=3)
    changed = workspace.db.write(items.change, workspace.user.uid, made.id, name="b", target=None)
    assert (changed.name, changed.class_name, changed.target) == ("b", "m3", None)
    assert workspace.db.write(items.change, workspace.user.uid, made.id, class_name=None).class_id is None
    entry = workspace.db.read(journal.history, area="item", target=made.id)[-2]
    assert (entry.before["name"], entry.after["name"]) == ("a", "b")


def test_one_name_is_one_item_however_it_is_spelled(workspace: Workspace) -> None:
    add(workspace, "Mu\u0308ll")
    with pytest.raises(UsageError) as raised:
        add(workspace, "M\u00fcll")
    assert raised.value.code == "item_exists"
    other = add(workspace, "other")
    with pytest.raises(UsageError):
        workspace.db.write(items.change, workspace.user.uid, other.id, name="M\u00fcll")


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "a\nb"},
        {"name": "\x1b[31mred"},
        {"name": "x" * 201},
        {"name": "a", "target": -1},
        {"name": "a", "target": items.MOST_WANTED + 1},
        {"name": "a", "number": "\u202e12"},
        {"name": "a", "class_name": "\t\n"},
    ],
)
def test_what_cannot_be_an_item_is_refused_and_nothing_written(workspace: Workspace, values: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        add(workspace, **values)
    assert workspace.db.read(items.items) == []
    assert workspace.db.read(labels.classes) == []


def test_unknown_items_are_named(workspace: Workspace) -> None:
    for asked in (lambda: workspace.db.read(items.get, 7), lambda: workspace.db.read(items.named, "7")):
        with pytest.raises(NotFoundError, match="7"):
            asked()
