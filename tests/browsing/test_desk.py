"""The desk of the gallery over a library that others change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from binscout_tui.browsing import desk as desks
from binscout_tui.browsing import listing
from binscout_tui.browsing.desk import GalleryDesk
from binscout_tui.errors import RefusedError
from binscout_tui.store import gallery, images, labels, users
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.conftest import AddImages, row


@pytest.fixture
async def live(workspace: Workspace) -> AsyncIterator[LiveWorkspace]:
    """The same workspace as the app has it."""
    opened = await LiveWorkspace.open(workspace.paths.root)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of four ids, so that a few images are many."""
    monkeypatch.setattr(listing, "PIECE", 4)


async def test_the_first_piece_is_there_at_once_and_the_rest_comes_beside(
    live: LiveWorkspace, add_images: AddImages
) -> None:
    ids = add_images(10)[::-1]
    desk = GalleryDesk(live)
    await desk.open("newest")
    assert list(desk.ids) == ids[:4]
    assert desk.total == 10
    grown: list[int] = []
    await desk.load_rest(lambda: grown.append(len(desk.ids)))
    assert grown == [8, 10]
    assert list(desk.ids) == ids


async def test_opening_reads_as_far_as_the_wanted_image(live: LiveWorkspace, add_images: AddImages) -> None:
    ids = add_images(20)
    desk = GalleryDesk(live)
    await desk.open("newest", ids[12])
    assert desk.position(ids[12]) == 7
    assert not desk.is_complete
    await desk.open("oldest", 10_000)
    assert desk.is_complete
    assert desk.nearest(10_000) == ids[-1]


async def test_what_changes_while_the_ids_are_read_is_there_once_and_in_its_place(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(12)
    for order in ("newest", "oldest"):
        desk = GalleryDesk(live)
        await desk.open(order)
        workspace.db.write(images.trash, workspace.user.uid, [ids[0], ids[11]])
        (new,) = [workspace.db.write(images.add, workspace.user.uid, row(100 + (order == "oldest")))[0]]
        await desk.refresh()
        await desk.load_rest(lambda: None)
        found = [image.id for image in workspace.db.read(images.page, limit=1000)]
        assert list(desk.ids) == (found[::-1] if order == "newest" else found)
        assert new in desk.ids
        workspace.db.write(images.restore, workspace.user.uid, [ids[0], ids[11]])


async def test_turning_the_order_keeps_all_images_also_before_all_are_read(
    live: LiveWorkspace, add_images: AddImages
) -> None:
    ids = add_images(10)
    desk = GalleryDesk(live)
    await desk.open("newest")
    await desk.turn()
    assert list(desk.ids) == ids
    await desk.turn()
    assert list(desk.ids) == ids[::-1]


async def test_a_flood_of_changes_reads_everything_again(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "MOST_NEWS", 3)
    ids = add_images(6)
    desk = GalleryDesk(live)
    await desk.open("oldest")
    await desk.load_rest(lambda: None)
    workspace.db.write(images.trash, workspace.user.uid, ids[:5])
    assert await desk.refresh() is None
    assert list(desk.ids) == ids[5:]
    assert await desk.refresh() == frozenset()


async def test_rows_are_read_with_their_neighbours_and_known_until_they_change(
    live: LiveWorkspace, workspace: Workspace, add_images: AddImages
) -> None:
    ids = add_images(8)
    desk = GalleryDesk(live)
    await desk.open("oldest")
    await desk.load_rest(lambda: None)
    found = await desk.row(ids[3])
    assert found is not None
    assert found.label is None
    assert all(desk.known(image_id) is not None for image_id in desk.around(ids[3], 1))
    workspace.db.write(labels.set_label, workspace.user.uid, ids[3], None, state="empty")
    assert await desk.refresh() == {ids[3]}
    assert desk.known(ids[3]) is None
    again = await desk.row(ids[3])
    assert again is not None
    assert again.label is not None
    assert await desk.row(12345) is None


async def test_memory_for_rows_is_bounded(
    live: LiveWorkspace, add_images: AddImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "ROWS", 10)
    ids = add_images(40)
    desk = GalleryDesk(live)
    await desk.open("oldest")
    assert [found.image.id for found in await desk.rows(ids)] == ids
    assert sum(desk.known(image_id) is not None for image_id in ids) == 10


async def test_a_large_decision_is_undone_in_parts_and_may_be_stopped(
    live: LiveWorkspace, add_images: AddImages
) -> None:
    ids = add_images(1201)
    desk = GalleryDesk(live)
    await desk.open("oldest")
    await desk.load_rest(lambda: None)
    await desk.trash(ids)
    told: list[tuple[int, int]] = []

    def first_part(done: int, total: int) -> bool:
        told.append((done, total))
        return False

    part = await desk.undo(first_part)
    assert (told, len(part.turned), part.waiting) == ([(500, 1201)], 500, 701)
    assert list(desk.ids) == ids[701:]
    rest = await desk.undo()
    assert (rest.target, len(rest.turned), rest.waiting) == (ids[0], 701, 0)
    assert list(desk.ids) == ids
    assert len((await desk.redo()).turned) == 1201
    assert desk.library == 0


async def test_trash_undo_and_redo_move_the_ids_with_them(live: LiveWorkspace, add_images: AddImages) -> None:
    ids = add_images(6)
    desk = GalleryDesk(live)
    await desk.open("oldest")
    await desk.load_rest(lambda: None)
    assert await desk.trash([ids[1], ids[4]]) == 2
    assert list(desk.ids) == [ids[0], ids[2], ids[3], ids[5]]
    assert (await desk.undo()).turned == (ids[1], ids[4])
    assert list(desk.ids) == ids
    await desk.redo()
    assert desk.total == 4
    await asyncio.gather(desk.refresh(), desk.undo())
    assert list(desk.ids) == ids


async def test_a_viewer_decides_nothing(workspace: Workspace, add_images: AddImages, tmp_path: Path) -> None:
    (image,) = add_images(1)
    workspace.db.write(users.set_role, workspace.user.uid, "viewer")
    live = await LiveWorkspace.open(workspace.paths.root)
    try:
        desk = GalleryDesk(live)
        await desk.open("newest")
        for decision in (desk.trash([image]), desk.undo(), desk.redo()):
            with pytest.raises(RefusedError):
                await decision
        assert desk.total == 1
    finally:
        await live.close()
