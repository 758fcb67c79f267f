"""How long a label takes: key to commit, and key to the next picture on the screen.

    python benchmarks/label.py [--images 2000] [--keys 300] [--rate 8]

Drives the real app without a terminal (half blocks, 160x50) on a workspace of made-up pictures at `--rate` keys a
second and prints the 50th and 95th percentile beside their limits. `floor` is one durable append of 4 KiB on that disk
between two keys, for comparison: most of a commit is the wait for the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from textual import events
from textual.pilot import Pilot

from binscout_tui import workspace
from binscout_tui.app import BinScoutApp
from binscout_tui.imaging.previews import SIZES, preview_path, write_previews
from binscout_tui.screens.label import LabelScreen
from binscout_tui.store import images, labels
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace

LIMIT_COMMIT_MS = 5.0
LIMIT_KEY_MS = 50.0
PICTURES = 40


def build(root: Path, count: int) -> None:
    """A workspace of `count` images with previews of 1024 pixels."""
    workspace.create(root)
    with Workspace(root) as ws:
        ready = [_preview(ws.paths.previews, number) for number in range(PICTURES)]

        def enter(db: Any) -> None:
            for number in range(count):
                sha256 = hashlib.sha256(f"image {number}".encode()).hexdigest()
                for size in SIZES:
                    target = preview_path(ws.paths.previews, sha256, size)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.link(preview_path(ws.paths.previews, ready[number % PICTURES], size), target)
                images.add(db, ws.user.uid, _new(sha256, number))
            for name in range(1, 13):
                labels.add_class(db, f"class {name}")

        ws.db.write(enter)


def _preview(folder: Path, number: int) -> str:
    sha256 = hashlib.sha256(f"picture {number}".encode()).hexdigest()
    noise = Pillow.effect_noise((1024, 768), 60 + number).convert("RGB")
    write_previews(noise, folder, sha256)
    return sha256


def _new(sha256: str, number: int) -> NewImage:
    return NewImage(
        sha256=sha256,
        storage="copy",
        path=Path("originals") / sha256,
        name=f"{number}.jpg",
        source="benchmark",
        bytes=1,
        mtime_ns=0,
        width=1024,
        height=768,
        format="JPEG",
        mode="RGB",
        source_group="benchmark",
    )


async def measure(root: Path, keys: int, rate: float) -> dict[str, list[float]]:
    """Milliseconds of each commit and from each key to the next picture."""
    found: dict[str, list[float]] = {"commit": [], "key to next picture": [], "floor": []}
    app = BinScoutApp(root)
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        app.go_to("label")
        screen = await _screen(pilot)
        _time_writes(app, found["commit"])
        shown = _told_when_seen(screen)
        for number in range(keys):
            key = str(number % 9 + 1)
            while not screen.takes_keys:
                await pilot.pause(0.002)
            begun = time.perf_counter()
            shown.clear()
            app.post_message(events.Key(key, key))
            await shown.wait()
            found["key to next picture"].append((time.perf_counter() - begun) * 1000)
            found["floor"].append(await asyncio.to_thread(fsync_once, root))
            await asyncio.sleep(max(0.0, 1 / rate - (time.perf_counter() - begun)))
    return found


async def _screen(pilot: Pilot[Any]) -> LabelScreen:
    while not (isinstance(pilot.app.screen, LabelScreen) and pilot.app.screen.is_seen):
        await pilot.pause()
    return pilot.app.screen


def _told_when_seen(screen: LabelScreen) -> asyncio.Event:
    """Set when a picture is on the screen. Asking again and again would take the time that is to be measured."""
    shown, real = asyncio.Event(), screen.seen

    def seen() -> None:
        real()
        shown.set()

    screen.seen = seen  # type: ignore[method-assign]
    return shown


def _time_writes(app: BinScoutApp, into: list[float]) -> None:
    real = app.workspace.db.write

    async def timed(*arguments: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return await real(*arguments, **named)
        finally:
            into.append((time.perf_counter() - begun) * 1000)

    app.workspace.db.write = timed  # type: ignore[method-assign]


def fsync_once(folder: Path) -> float:
    """Milliseconds that one small durable write takes on this disk now."""
    begun = time.perf_counter()
    with (folder / "floor").open("ab", buffering=0) as handle:
        handle.write(bytes(4096))
        os.fsync(handle.fileno())
    return (time.perf_counter() - begun) * 1000


def _say(name: str, values: list[float], limit: float | None = None) -> None:
    cuts = statistics.quantiles(values, n=100)
    beside = f"   limit {limit:.0f} ms, p95 is {cuts[94] / limit:.2f} of it" if limit else ""
    print(f"{name:22} p50 {cuts[49]:6.2f} ms   p95 {cuts[94]:6.2f} ms{beside}")


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--rate", type=float, default=8.0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="binscout-bench-"))
    try:
        build(folder / "bins", options.images)
        found = asyncio.run(measure(folder / "bins", options.keys, options.rate))
        print(f"{options.images} images, {options.keys} keys at {options.rate:g}/s, load {os.getloadavg()[0]:.1f}")
        _say("floor", found["floor"])
        _say("commit", found["commit"], LIMIT_COMMIT_MS)
        print(f"commit / floor: {statistics.median(found['commit']) / statistics.median(found['floor']):.2f} at p50")
        _say("key to next picture", found["key to next picture"], LIMIT_KEY_MS)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
