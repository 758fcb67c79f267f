"""What another process changes is seen within a second, and the cursor stays on its image."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.store import named
from binscout_tui.store.named import COLLECTION
from binscout_tui.workspace import Workspace

from .deciding import open_area, press, ready
from .driving import screen_text, told
from .made_up import add_images

LATE_S = 1.0
"""By so much a change of another process may be seen later than it was committed."""
SLOW = 6.0
"""How much slower than alone a machine may be that runs other things too."""
OTHER = """
import sys
from pathlib import Path
from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
import binscout_tui.cli.collection_commands, binscout_tui.store.named
print("ready", flush=True)
for line in sys.stdin:
    code = run(split_arguments(["--workspace", sys.argv[1], "--json", *line.rstrip("\\n").split("\\t")]))
    print(f"\\ndone {code}", flush=True)
"""


class Other:
    """Another process with the command line, which waits for what it is to do."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def does(self, *words: object) -> float:
        """Have it carry out a command, which must succeed; when it had done so (monotonic seconds)."""
        assert self._process.stdin is not None
        self._process.stdin.write(("\t".join(map(str, words)) + "\n").encode())
        assert await self._until(b"done") == b"done 0", words
        return monotonic()

    async def _until(self, word: bytes) -> bytes:
        assert self._process.stdout is not None
        while not (line := await self._process.stdout.readline()).startswith(word):
            assert line, "the other process has ended"
        return line.strip()


@asynccontextmanager
async def other(root: Path) -> AsyncIterator[Other]:
    """Another process on the same workspace."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, str(root), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    found = Other(process)
    try:
        await found._until(b"ready")
        yield found
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


@pytest.fixture
def ids(root: Path) -> list[int]:
    """Twenty images, the newest first; "Screws" has the first four."""
    found = add_images(root, 20)[::-1]
    with Workspace(root) as ws:
        screws = ws.db.write(named.add, ws.user.uid, COLLECTION, "Screws")
        ws.db.write(named.put, ws.user.uid, COLLECTION, screws, found[:4])
    return found


def gallery(app: BinScoutApp) -> GalleryScreen:
    """The gallery on the screen."""
    assert isinstance(app.screen, GalleryScreen)
    return app.screen


def shown(app: BinScoutApp) -> list[int]:
    return list(gallery(app).grid.ids)


def counts(app: BinScoutApp) -> dict[str, str]:
    """What the sidebar says: {name: number}."""
    width = gallery(app).sidebar.outer_size.width
    rows = [line[:width].strip("▸▪•▕ ") for line in screen_text(app)[2:-2]]
    return {row.rpartition(" ")[0].strip(): row.rpartition(" ")[2] for row in rows if row}


async def seen_by(pilot: Pilot[Any], since: float, holds: Callable[[], bool]) -> None:
    """Wait until something holds, and not much longer than a person waits."""
    async with asyncio.timeout(20):
        while not holds():
            await pilot.pause(0.01)
    assert monotonic() - since < LATE_S * SLOW


async def test_the_sidebar_and_the_grid_follow_and_the_cursor_stays(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot, other(root) as them:
        await open_area(pilot, "gallery")
        await press(pilot, "S", "l", "l", "l", "l", "l")
        assert gallery(app).here == ids[5]
        done = await them.does("collection", "put", "Nuts", ids[5], ids[6])
        await seen_by(pilot, done, lambda: counts(app).get("Nuts") == "2")
        assert counts(app)["Uncategorised"] == "14"
        done = await them.does("tag", "put", "brass", *ids[4:9])
        await seen_by(pilot, done, lambda: counts(app).get("brass") == "5")
        done = await them.does("images", "trash", *ids[:2])
        await seen_by(pilot, done, lambda: shown(app) == ids[2:])
        await seen_by(pilot, done, lambda: counts(app)["Trash"] == "2")
        assert counts(app)["Screws"] == "2"
        assert gallery(app).here == ids[5]
        done = await them.does("collection", "hide", "Screws")
        await seen_by(pilot, done, lambda: shown(app) == ids[4:])
        await seen_by(pilot, done, lambda: "Screws" not in counts(app))
        assert gallery(app).here == ids[5]
        await them.does("tag", "sensitive", "brass")
        await press(pilot, "end")
        done = await them.does("safe-mode", "on")
        await seen_by(pilot, done, lambda: shown(app) == ids[9:])
        await seen_by(pilot, done, lambda: " SAFE " in screen_text(app)[0])
        await seen_by(pilot, done, lambda: "brass" not in counts(app))
        assert gallery(app).here == ids[-1]


async def test_in_full_view_the_image_stays_or_its_going_is_told_without_a_name(
    app: BinScoutApp, root: Path, ids: list[int]
) -> None:
    async with app.run_test() as pilot, other(root) as them:
        await open_area(pilot, "gallery")
        await press(pilot, "s", "slash", *"screws", "enter")
        await ready(pilot)
        await press(pilot, "l", "enter")
        await ready(pilot)
        assert gallery(app).here == ids[1]
        done = await them.does("collection", "take", "Screws", ids[0])
        await seen_by(pilot, done, lambda: "1 of 3" in screen_text(app)[22])
        assert gallery(app).here == ids[1]
        done = await them.does("collection", "put", "Screws", ids[0], ids[10])
        await seen_by(pilot, done, lambda: "2 of 5" in screen_text(app)[22])
        assert gallery(app).here == ids[1]
        before = len(told(app))
        done = await them.does("collection", "hide", "Screws")
        await seen_by(pilot, done, lambda: gallery(app).here not in (None, *ids[:4], ids[10]))
        await seen_by(pilot, done, lambda: not gallery(app).is_filtered)
        assert shown(app) == [image for image in ids[4:] if image != ids[10]]
        assert not any("Screws" in line for line in [*told(app)[: len(told(app)) - before], *screen_text(app)])
