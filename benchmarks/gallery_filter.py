"""How long a filter in the gallery takes: from Enter to its pictures on the screen.

    python benchmarks/gallery_filter.py WORKSPACE [--rounds 20] [--filter EXPR]... [--columns 80] [--rows 24]

Drives the real app without a terminal (half blocks) on a workspace, such as one of `benchmarks/many_images.py`. Each
round applies every filter in turn, from the newest image and from one deep in the library, and prints the 50th and 95th
percentile: from the key until the ids are there, and until all pictures of the page were handed to the terminal;
`cpu` is what the process worked for it in all its threads, which other programs disturb less.
`page` is the store's first page of the same filter alone, and `turned` is one page of the unfiltered grid, key to
pictures, both for comparison in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from binscout_tui.app import BinScoutApp
from binscout_tui.commands.areas import Opening
from binscout_tui.errors import BinScoutError
from binscout_tui.screens.gallery import GalleryScreen
from binscout_tui.store import filters
from binscout_tui.widgets.filter_bar import FilterBar
from binscout_tui.workspace import Workspace

LIMIT_MS = 80.0
FILTERS = ("label:any", "label:none", "-dup", "id<5000", "name:77", "size>=200 -label:none")
DEEP = 0.6
TURNED = ("turned", "")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--filter", action="append", default=[])
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=24)
    options = parser.parse_args()
    wanted = options.filter or list(FILTERS)
    try:
        pages = {text: page_ms(options.workspace, text) for text in wanted}
    except BinScoutError as error:
        print(f"{error.sentence} {error.hint}".rstrip())
        return error.exit_code
    found = asyncio.run(measure(options.workspace, wanted, options.rounds, (options.columns, options.rows)))
    columns = ("from", "page", "ids p50", "p95", "seen p50", "p95", "cpu p50", "p95")
    print(f"{'filter':<28}" + "".join(f"{name:>10}" for name in columns) + "   ms")
    worst = 0.0
    turned = [seen for _, seen, _ in found.pop(TURNED)]
    for (text, start), times in found.items():
        ids, seen, work = zip(*times, strict=True)
        worst = max(worst, high(seen))
        figures = (pages[text], *(one for part in (ids, seen, work) for one in (statistics.median(part), high(part))))
        print(f"{text:<28}{start:>10}" + "".join(f"{one:>10.1f}" for one in figures))
    print(f"{'turned':<28}{'':>40}{statistics.median(turned):>10.1f}{high(turned):>10.1f}")
    print(f"worst p95 {worst:.0f} ms, limit {LIMIT_MS:.0f} ms: {'kept' if worst < LIMIT_MS else 'MISSED'}")
    return 0


def high(times: Any) -> float:
    """The 95th percentile."""
    return sorted(times)[int(0.95 * (len(times) - 1))]


def page_ms(root: Path, text: str) -> float:
    """The first page of the store, the best of five."""
    best = 1e9
    with Workspace(root) as ws:
        for _ in range(5):
            begun = time.perf_counter()
            ws.db.read(filters.page, filters.parse(text))
            best = min(best, time.perf_counter() - begun)
    return best * 1000


async def measure(
    root: Path, wanted: list[str], rounds: int, size: tuple[int, int]
) -> dict[tuple[str, str], list[tuple[float, float, float]]]:
    """{(filter, where one stood): [(ms to the ids, to the pictures, of work)]}."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    app = BinScoutApp(root, opening=Opening("gallery", filter=""))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen) and app.screen.desk is not None)
        screen = app.screen
        assert isinstance(screen, GalleryScreen)
        for _ in range(rounds):
            for text in wanted:
                for start in ("newest", "deep"):
                    await begin(pilot, screen, deep=start == "deep")
                    found.setdefault((text, start), []).append(await apply(pilot, screen, text))
                await begin(pilot, screen, deep=True)
                found.setdefault(TURNED, []).append((0.0, await turn(pilot, screen), 0.0))
    return found


async def begin(pilot: Pilot[None], screen: GalleryScreen, *, deep: bool) -> None:
    """All images, with the cursor on the newest, or deep among them."""
    desk = screen.desk
    assert desk is not None
    await screen._filter("")
    await until(pilot, lambda: desk.is_complete)
    screen._show_grid(desk.ids[int(DEEP * len(desk.ids)) if deep else 0])
    await until(pilot, lambda: screen.is_seen)


async def apply(pilot: Pilot[None], screen: GalleryScreen, text: str) -> tuple[float, float, float]:
    """Type a filter and press Enter: milliseconds to the ids, to the pictures, and of work."""
    bar, desk = screen.query_one(FilterBar), screen.desk
    assert desk is not None
    await pilot.press("slash")
    await until(pilot, lambda: bar.line.has_focus)
    bar.line.value = text
    await pilot.pause()
    begun, worked = time.perf_counter(), time.process_time()
    pilot.app.post_message(events.Key("enter", None))
    await until(pilot, lambda: desk.filter_text == text, pause=False)
    ids = time.perf_counter() - begun
    await until(pilot, lambda: screen.is_seen and not bar.is_open, pause=False)
    seen = time.perf_counter() - begun
    return ids * 1000, seen * 1000, (time.process_time() - worked) * 1000


async def turn(pilot: Pilot[None], screen: GalleryScreen) -> float:
    """A page on: milliseconds to its pictures."""
    begun = time.perf_counter()
    pilot.app.post_message(events.Key("n", "n"))
    before = screen.here
    await until(pilot, lambda: screen.here != before and screen.is_seen, pause=False)
    return (time.perf_counter() - begun) * 1000


async def until(pilot: Pilot[None], holds: Any, *, pause: bool = True) -> None:
    """Wait until something holds; without `pause` as closely as the event loop allows."""
    async with asyncio.timeout(60):
        while not holds():
            await (pilot.pause() if pause else asyncio.sleep(0.0005))


if __name__ == "__main__":
    raise SystemExit(main())
