"""Tags and collections: what is under them, decisions about them, hiding, safe mode, and what filters find."""

from __future__ import annotations

from typing import Any

import pytest

from binscout_tui.browsing.desk import AREAS
from binscout_tui.errors import BinScoutError, ConflictError, NotFoundError, UsageError
from binscout_tui.filtering.errors import FilterError
from binscout_tui.store import (
    events,
    filter_history,
    filter_names,
    filters,
    gallery,
    images,
    journal,
    named,
    reviews,
    safe_mode,
    saved_filters,
    stars,
    texts,
    undoing,
    views,
)
from binscout_tui.store.named import COLLECTION, KINDS, TAG, Named
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

BOTH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def write(ws: Workspace, function: Any, *args: Any, **options: Any) -> Any:
    """A decision of the person."""
    return ws.db.write(function, ws.user.uid, *args, **options)


def page(ws: Workspace, text: str) -> list[int]:
    """What a filter finds, the oldest first."""
    return ws.db.read(filters.page, filters.parse(text), order="oldest")


def undo(ws: Workspace) -> journal.Entry:
    return ws.db.write(undoing.undo, ws.user.uid, AREAS)


@BOTH
def test_images_are_put_taken_and_undone_as_one(workspace: Workspace, add_images: AddImages, kind: Named) -> None:
    ids = add_images(3)
    name = write(workspace, named.ensure, kind, "  Brass ")
    assert write(workspace, named.put, kind, name, ids).changed == 3
    assert write(workspace, named.put, kind, name, ids[:1]).changed == 0
    assert write(workspace, named.take, kind, name, ids[:2]).changed == 2
    (found,) = workspace.db.read(named.listed, kind)
    assert (found.name, found.images) == ("Brass", 1)
    assert page(workspace, f"{kind.word}:brass") == ids[2:]
    assert sorted(undo(workspace).turned) == ids[:2]
    assert page(workspace, f"{kind.word}:brass") == ids
    assert [one.name for one in workspace.db.read(named.of_image, kind, ids[0])] == ["Brass"]
    assert workspace.db.read(named.shared, kind, ids[:2]) == {name: 2}


@BOTH
def test_a_name_is_one_whatever_its_case(workspace: Workspace, kind: Named) -> None:
    name = write(workspace, named.ensure, kind, "Straße")
    assert write(workspace, named.ensure, kind, "STRASSE") == name
    with pytest.raises(ConflictError):
        write(workspace, named.add, kind, "strasse")
    with pytest.raises(UsageError):
        write(workspace, named.add, kind, "a\x1bb")
    with pytest.raises(UsageError):
        write(workspace, named.set_colour, kind, name, "red")


@BOTH
def test_a_merge_moves_all_and_is_undone_as_one(workspace: Workspace, add_images: AddImages, kind: Named) -> None:
    ids = add_images(4)
    one, other = (write(workspace, named.ensure, kind, name) for name in ("old", "new"))
    write(workspace, named.put, kind, one, ids[:3])
    write(workspace, named.put, kind, other, ids[2:])
    assert write(workspace, named.merge, kind, one, other).changed == 2
    assert [(found.name, found.images) for found in workspace.db.read(named.listed, kind)] == [("new", 4)]
    undo(workspace)
    found = {name.name: name.images for name in workspace.db.read(named.listed, kind)}
    assert found == {"old": 3, "new": 2}


@BOTH
def test_one_that_is_deleted_comes_back_with_its_images(
    workspace: Workspace, add_images: AddImages, kind: Named
) -> None:
    ids = add_images(2)
    name = write(workspace, named.ensure, kind, "brass")
    write(workspace, named.put, kind, name, ids)
    write(workspace, named.delete, kind, name)
    assert page(workspace, f"{kind.word}:none") == ids
    with pytest.raises(FilterError):
        page(workspace, f"{kind.word}:brass")
    undo(workspace)
    assert page(workspace, f"{kind.word}:brass") == ids


@BOTH
@pytest.mark.parametrize("way", ["hidden", "sensitive"])
def test_what_is_hidden_is_found_by_nobody(workspace: Workspace, add_images: AddImages, kind: Named, way: str) -> None:
    ids = add_images(3)
    name = write(workspace, named.ensure, kind, "private")
    write(workspace, named.put, kind, name, ids[:1])
    write(workspace, saved_filters.save, "mine", f"{kind.word}:private")
    workspace.db.write(filter_history.remember, workspace.user.uid, f"{kind.word}:private")
    before = workspace.db.read(events.latest)
    if way == "hidden":
        write(workspace, named.hide, kind, name)
    else:
        write(workspace, named.set_sensitive, kind, name)
        assert page(workspace, "") == ids
        write(workspace, safe_mode.switch, on=True)
    assert workspace.db.read(gallery.news, before).too_many
    assert page(workspace, "") == ids[1:]
    assert workspace.db.read(named.listed, kind) == []
    assert workspace.db.read(saved_filters.listed) == []
    assert workspace.db.read(filter_history.recent, workspace.user.uid) == []
    assert workspace.db.read(filter_names.vocabulary)[kind.word] == []
    with pytest.raises(FilterError) as refused:
        page(workspace, f"{kind.word}:privat")
    assert "private" not in refused.value.hint
    for ask in ((images.get, ids[0]), (named.find, kind, "private"), (saved_filters.find, "mine")):
        with pytest.raises(NotFoundError):
            workspace.db.read(*ask)
    with pytest.raises(NotFoundError):
        write(workspace, named.put, kind, name, ids[:1])
    managed = [one.name for one in workspace.db.read(named.listed, kind, concealed=True)]
    assert managed == (["private"] if way == "hidden" else [])


@BOTH
def test_what_is_shown_again_is_where_it_was(workspace: Workspace, add_images: AddImages, kind: Named) -> None:
    ids = add_images(2)
    write(workspace, images.trash, ids[1:])
    tag, other = (write(workspace, named.ensure, TAG, name) for name in ("private", "too"))
    name = write(workspace, named.ensure, kind, "private")
    write(workspace, named.put, kind, name, ids[:1])
    write(workspace, named.put, TAG, other, ids[:1])
    for one in {(kind.word, name), ("tag", tag), ("tag", other)}:
        write(workspace, named.hide, KINDS[one[0]], one[1])
    write(workspace, named.hide, kind, name, on=False)
    assert page(workspace, "") == []
    write(workspace, named.hide, TAG, other, on=False)
    assert page(workspace, "") == ids[:1]
    assert page(workspace, "in:trash") == ids[1:]


def test_safe_mode_is_one_switch_that_undo_does_not_reach(workspace: Workspace) -> None:
    assert write(workspace, safe_mode.switch, on=True)
    assert not write(workspace, safe_mode.switch, on=True)
    with pytest.raises(BinScoutError):
        undo(workspace)
    assert workspace.db.read(safe_mode.is_on)


def test_a_filter_that_takes_the_place_of_another_leaves_it_in_the_journal(workspace: Workspace) -> None:
    write(workspace, saved_filters.save, "Mine", "star")
    with pytest.raises(ConflictError):
        write(workspace, saved_filters.save, "mine", "in:trash")
    write(workspace, saved_filters.save, "mine", "in:trash", replace=True)
    assert [(one.name, one.text) for one in workspace.db.read(saved_filters.listed)] == [("mine", "in:trash")]
    newest = workspace.db.read(journal.history, area=saved_filters.KIND)[0]
    assert newest.before == {"name": "Mine", "text": "star"}
    for text in ("", "tag:nobody", "nothing:x"):
        with pytest.raises(BinScoutError):
            write(workspace, saved_filters.save, "other", text)


def test_a_filter_that_is_hidden_is_replaced_by_nobody(workspace: Workspace, add_images: AddImages) -> None:
    private, gone = (write(workspace, named.ensure, TAG, name) for name in ("private", "gone"))
    write(workspace, saved_filters.save, "mine", "tag:private star")
    write(workspace, saved_filters.save, "old", "tag:gone")
    write(workspace, named.hide, TAG, private)
    write(workspace, named.delete, TAG, gone)
    assert workspace.db.read(saved_filters.listed) == []
    with pytest.raises(ConflictError):
        write(workspace, saved_filters.save, "mine", "star", replace=True)
    write(workspace, saved_filters.save, "old", "star", replace=True)
    write(workspace, named.hide, TAG, private, on=False)
    assert [one.text for one in workspace.db.read(saved_filters.listed)] == ["tag:private star", "star"]


def test_words_are_found_wherever_they_stand(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(5)
    write(workspace, texts.set_title, ids[0], "A brass gear")
    workspace.db.write(texts.set_prompt, ids[1], 'gear, "brushed" steel')
    write(workspace, reviews.set_note, ids[2], "GEAR of brass?")
    write(workspace, named.put, TAG, write(workspace, named.ensure, TAG, "old gear"), [ids[3]])
    assert page(workspace, "text:gear") == ids[:4]
    assert page(workspace, 'text:"brass gear"') == [ids[0], ids[2]]
    assert page(workspace, "title:bra") == [ids[0]]
    assert page(workspace, 'prompt:"\\"brushed\\""') == [ids[1]]
    write(workspace, texts.set_title, ids[0], "")
    assert page(workspace, "text:gear") == ids[1:4]
    undo(workspace)
    assert page(workspace, "text:gear") == ids[:4]


def test_views_count_what_their_filters_find(workspace: Workspace, add_images: AddImages) -> None:
    ids = add_images(6)
    write(workspace, stars.star, ids[:3])
    write(workspace, named.put, COLLECTION, write(workspace, named.ensure, COLLECTION, "drawer"), ids[2:4])
    write(workspace, images.trash, ids[3:5])
    hidden = write(workspace, named.ensure, TAG, "private")
    write(workspace, named.put, TAG, hidden, [ids[0]])
    write(workspace, named.hide, TAG, hidden)
    counts = workspace.db.read(views.counts)
    assert {view.id: len(page(workspace, view.filter)) for view in views.VIEWS} == counts
    assert (counts["all"], counts["starred"], counts["trash"], counts["uncategorised"]) == (3, 2, 2, 2)
