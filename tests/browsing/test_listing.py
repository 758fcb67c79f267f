"""The ids that a filter lets through, read in spans, over a library that changes."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator

import pytest

from binscout_tui.browsing import listing as listings
from binscout_tui.browsing.desk import GalleryDesk
from binscout_tui.browsing.listing import Listing
from binscout_tui.filtering.errors import FilterError
from binscout_tui.store import classes, events, filters, images, labels, reviews, sets
from binscout_tui.store.gallery import Order
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.conftest import AddImages, row


@pytest.fixture
async def live(workspace: Workspace) -> AsyncIterator[LiveWorkspace]:
    """The same workspace as the app has it."""
    opened = await LiveWorkspace.open(workspace.paths.root)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few ids at a time, so that a few images need many readings."""
    monkeypatch.setattr(listings, "FIRST", 3)
    monkeypatch.setattr(listings, "SPAN", 4)


def say(workspace: Workspace, ids: list[int], name: str | None = "nut") -> None:
    """Label images, with None as empty."""
    if name is not None:
        workspace.db.write(labels.add_class, name)
    for image_id in ids:
        state = "class" if name is not None else "empty"
        workspace.db.write(labels.set_label, workspace.user.uid, image_id, name, state=state)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("text", ["label:nut", "label:none", "-label:nut", "id:5..9", "name:1", "label:nut OR id<3"])
async def test_all_that_match_are_read_in_order_however_far_apart(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages, order: Order, text: str
) -> None:
    ids = add_images(30)
    say(workspace, [*ids[:5], ids[15], *ids[25:]])
    expected = workspace.db.read(filters.page, filters.parse(text), limit=1000, order=order)
    assert len(expected) > 3
    listing = Listing(live.db, order, filters.parse(text))
    await listing.read_to(None)
    assert list(listing.ids) == expected[:3]
    while not listing.is_complete:
        await listing.next_piece()
    assert list(listing.ids) == expected


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_it_is_read_to_an_image_whether_that_matches_or_not(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages, order: Order
) -> None:
    ids = add_images(30)
    say(workspace, [*ids[:4], ids[15], *ids[25:]])
    for wanted in (ids[15], ids[12]):
        listing = Listing(live.db, order, filters.parse("label:nut"))
        await listing.read_to(wanted)
        assert listing.passed(wanted)
        assert (wanted in listing.ids) == (wanted == ids[15])


async def opened(live: LiveWorkspace, text: str, order: Order = "newest") -> GalleryDesk:
    """A desk with all ids of a filter."""
    desk = GalleryDesk(live)
    await desk.open(order, None, text)
    await desk.load_rest(lambda: None)
    return desk


async def test_what_others_say_brings_images_in_and_takes_them_out(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(20)
    say(workspace, ids[:10])
    desk = await opened(live, "label:nut", "oldest")
    assert (list(desk.ids), desk.total, desk.library) == (ids[:10], 10, 20)
    say(workspace, [ids[15]])
    say(workspace, [ids[2]], None)
    workspace.db.write(images.trash, workspace.user.uid, [ids[3], ids[18]])
    workspace.db.write(images.add, workspace.user.uid, row(900))
    await desk.refresh()
    assert list(desk.ids) == [*ids[:2], *ids[4:10], ids[15]]
    assert desk.library == 19


@pytest.mark.parametrize(
    ("text", "order"), [("label:nut", "newest"), ("label:none", "oldest"), ("dup", "newest"), ("in:trash", "oldest")]
)
async def test_whatever_changes_while_the_ids_are_read_ends_as_if_it_had_been_before(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages, order: Order, text: str
) -> None:
    chance = random.Random(7)
    ids = add_images(40)
    say(workspace, ids[::3])
    desk = GalleryDesk(live)
    await desk.open(order, None, text)
    while not desk.is_complete:
        one = chance.choice(ids)
        if chance.random() < 0.5:
            if workspace.db.read(images.get, one).is_live:
                say(workspace, [one], chance.choice(["nut", None]))
        else:
            change = chance.choice([images.trash, images.restore])
            workspace.db.write(change, workspace.user.uid, [one])
        if chance.random() < 0.3:
            ids.append(workspace.db.write(images.add, workspace.user.uid, row(1000 + len(ids)))[0])
        if chance.random() < 0.5:
            await desk.refresh()
        if desk.is_complete:
            break
        await desk._listing.next_piece()
    await desk.refresh()
    assert list(desk.ids) == workspace.db.read(filters.page, filters.parse(text), limit=1000, order=order)


async def test_a_decision_of_ones_own_follows_the_filter_too(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(8)
    say(workspace, ids[:6])
    desk = await opened(live, "label:nut", "oldest")
    await desk.trash([ids[1], ids[2]])
    assert (list(desk.ids), desk.library) == ([ids[0], *ids[3:6]], 6)
    await desk.undo()
    assert (list(desk.ids), desk.library) == (ids[:6], 8)


async def test_in_the_trash_images_are_found_and_brought_back(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(8)
    workspace.db.write(images.trash, workspace.user.uid, ids[:3])
    desk = await opened(live, "in:trash", "oldest")
    assert desk.is_in_trash
    assert list(desk.ids) == ids[:3]
    assert await desk.trash([ids[0]]) == 0
    assert list(desk.ids) == ids[:3], "it is still there"
    assert await desk.restore([ids[0], ids[2]]) == 2
    assert (list(desk.ids), desk.library) == ([ids[1]], 7)
    await desk.undo()
    assert (list(desk.ids), desk.library) == (ids[:3], 5)


@pytest.mark.parametrize(
    "text", ["set:done", "set:pending", "dup", "-dup", "review", "note", "note:b label:none", "label:none"]
)
async def test_what_is_true_of_others_than_the_event_names_is_found_out(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages, text: str
) -> None:
    ids = add_images(6)
    for image_id in ids[:2]:
        workspace.db.connection.execute("UPDATE image SET phash = 77 WHERE id = ?", (image_id,))
    set_id, _ = workspace.db.write(sets.add, name="a", kind="hand", image_ids=ids[3:5])
    desk = await opened(live, text, "oldest")
    workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[3])
    workspace.db.write(images.trash, workspace.user.uid, [ids[0]])
    workspace.db.write(reviews.flag, workspace.user.uid, [ids[2]])
    workspace.db.write(reviews.set_note, workspace.user.uid, ids[4], "a b")
    await desk.refresh()
    assert list(desk.ids) == workspace.db.read(filters.page, filters.parse(text), order="oldest")


async def test_very_many_changes_told_in_one_word_are_found_out(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "TOLD_ONE_BY_ONE", 3)
    ids = add_images(10)
    desk = await opened(live, "label:none", "oldest")

    def label_all(db: sqlite3.Connection) -> None:
        db.executemany(
            "INSERT INTO label VALUES (?, 'empty', NULL, ?, '')", [(one, workspace.user.uid) for one in ids[:6]]
        )
        events.emit_all(db, "label", ids[:6])

    workspace.db.write(label_all)
    assert await desk.refresh() is None
    assert list(desk.ids) == ids[6:]


async def test_a_name_that_exists_no_more_is_told(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(4)
    say(workspace, ids)
    desk = await opened(live, "label:nut")
    nut = workspace.db.read(classes.find, "nut")
    workspace.db.write(classes.rename, workspace.user.uid, nut.id, "bolt")
    with pytest.raises(FilterError):
        await desk.refresh()
    assert len(desk.ids) == 4, "what is shown stays until the screen decides"


async def test_the_order_turns_with_the_filter(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(20)
    say(workspace, ids[::2])
    desk = GalleryDesk(live)
    await desk.open("newest", None, "label:nut")
    await desk.turn()
    assert list(desk.ids) == ids[::2]
    await desk.turn()
    assert list(desk.ids) == ids[::2][::-1]
