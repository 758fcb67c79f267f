"""Unpacked originals for looking closely."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image as Pictures

from binscout_tui.imaging.outcomes import Limits
from binscout_tui.store import images
from binscout_tui.store.images import Image
from binscout_tui.terminal.scale import Detail
from binscout_tui.workers.details import FOLDER, KEPT, DetailError, DetailMaker
from binscout_tui.workspace import Workspace
from tests.conftest import row
from tests.pictures import photo

AddPhoto = Callable[[int], Image]


@pytest.fixture
def add_photo(workspace: Workspace) -> AddPhoto:
    """Enters a real photo as an image of the workspace."""

    def add(number: int) -> Image:
        path = photo(workspace.paths.originals / f"{number}.jpg", number, size=(320, 240))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        image_id, _ = workspace.db.write(images.add, workspace.user.uid, row(number, sha256=sha256))
        return workspace.db.read(images.get, image_id)

    return add


@pytest_asyncio.fixture
async def maker(workspace: Workspace) -> AsyncIterator[DetailMaker]:
    maker = DetailMaker(workspace.paths)
    yield maker
    await maker.close()


def original(workspace: Workspace, image: Image) -> np.ndarray:
    with Pictures.open(workspace.paths.original(image)) as picture:
        return np.asarray(picture)


def pixels(detail: Detail) -> np.ndarray:
    return np.memmap(detail.path, dtype=np.uint8, mode="r", shape=(detail.height, detail.width, 3))


async def test_all_pixels_of_the_original(workspace: Workspace, maker: DetailMaker, add_photo: AddPhoto) -> None:
    image = add_photo(1)
    detail = await maker.make(image)
    assert detail is not None
    assert np.array_equal(pixels(detail), original(workspace, image))


async def test_only_the_last_few_are_kept(maker: DetailMaker, add_photo: AddPhoto) -> None:
    details = [await maker.make(add_photo(number)) for number in range(KEPT + 2)]
    assert [detail is not None and detail.path.exists() for detail in details] == [False, False, True, True]


async def test_one_that_is_kept_is_not_made_again(
    workspace: Workspace, maker: DetailMaker, add_photo: AddPhoto
) -> None:
    image = add_photo(1)
    first = await maker.make(image)
    workspace.paths.original(image).unlink()
    assert await maker.make(image) == first


async def test_one_that_nobody_waits_for_any_more_is_not_made(maker: DetailMaker, add_photo: AddPhoto) -> None:
    first, passed, last = [add_photo(number) for number in range(3)]
    made = await asyncio.gather(maker.make(first), maker.make(passed), maker.make(last))
    assert [detail is not None for detail in made] == [True, False, True]


async def test_an_original_that_was_changed_is_refused(
    workspace: Workspace, maker: DetailMaker, add_photo: AddPhoto
) -> None:
    image = add_photo(1)
    photo(workspace.paths.original(image), 99)
    with pytest.raises(DetailError, match="not what it was") as caught:
        await maker.make(image)
    assert caught.value.code == "changed"
    assert not list(workspace.paths.previews.rglob("*.rgb*"))


async def test_one_that_is_gone_is_told_in_a_sentence(
    workspace: Workspace, maker: DetailMaker, add_photo: AddPhoto
) -> None:
    image = add_photo(1)
    workspace.paths.original(image).unlink()
    with pytest.raises(DetailError, match="only the preview can be shown") as caught:
        await maker.make(image)
    assert caught.value.hint
    assert await maker.make(add_photo(2)) is not None, "the next one works"


async def test_limits_hold(workspace: Workspace, add_photo: AddPhoto) -> None:
    maker = DetailMaker(workspace.paths, Limits(pixels=320 * 240 - 1))
    with pytest.raises(DetailError, match="pixels"):
        await maker.make(add_photo(1))
    await maker.close()


async def test_where_nothing_can_be_written_it_says_so(
    workspace: Workspace, maker: DetailMaker, add_photo: AddPhoto
) -> None:
    workspace.paths.previews.mkdir(exist_ok=True)
    (workspace.paths.previews / FOLDER).write_text("in the way")
    with pytest.raises(DetailError, match="cannot be unpacked"):
        await maker.make(add_photo(1))


async def test_closing_leaves_no_file_and_no_process(workspace: Workspace, add_photo: AddPhoto) -> None:
    maker = DetailMaker(workspace.paths)
    detail = await maker.make(add_photo(1))
    assert detail is not None
    assert maker._pool is not None
    [pid] = maker._pool.pids
    await maker.close()
    assert not detail.path.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert [path.name for path in (workspace.paths.previews / FOLDER).iterdir()] == ["lock"]


HOLDER = """
import asyncio, sys
from pathlib import Path
from binscout_tui.workers.details import _Folder
folder = _Folder(Path(sys.argv[1]))
(folder.path / "left.rgb").write_bytes(b"x")
print(folder.path, flush=True)
sys.stdin.read()
"""


async def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(
    workspace: Workspace, maker: DetailMaker, add_photo: AddPhoto
) -> None:
    root = workspace.paths.previews / FOLDER
    root.mkdir(parents=True)
    running = []
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HOLDER, os.fspath(root), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        running.append((process, Path((await process.stdout.readline()).decode().strip())))
    (killed, left), (alive, used) = running
    try:
        killed.kill()
        await killed.wait()
        assert left.exists()
        await maker.make(add_photo(1))
        assert not left.exists()
        assert (used / "left.rgb").exists()
    finally:
        alive.kill()
        await alive.wait()
