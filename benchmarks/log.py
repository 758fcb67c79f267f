"""How the training log bears a long file and a fast run.

    python benchmarks/log.py [--seconds 10] [--rate 1000]

Prints, for logs of 200,000 and 1,000,000 lines: the time until the last page can be painted, until all is
indexed, the longest slice that held the event loop, and memory against a log of 20,000 lines. Then the time
from a key to the repaint it causes, while lines are appended by another process, against the same keys on
an idle log. Limits: last page within 1 s, slices within 10 ms, keys at most twice as slow as idle.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from textual.app import App, ComposeResult

from binscout_tui.eventlog.feed import RunFeed
from binscout_tui.eventlog.reader import LogReader
from binscout_tui.widgets.log_view import LogView
from binscout_tui.workers.run_follower import RunFollower

WRITER = """
import json, os, sys, time
descriptor, rate, seconds = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND), float(sys.argv[2]), float(sys.argv[3])
began = time.monotonic()
number = 0
while (passed := time.monotonic() - began) < seconds:
    while number < passed * rate:
        event = {"t": time.time(), "type": "metric", "epoch": 1, "step": number, "loss": 0.5, "lr": 2.1e-4}
        os.write(descriptor, json.dumps(event).encode() + b"\\n")
        number += 1
    time.sleep(0.001)
"""


def write_log(path: Path, count: int) -> None:
    with path.open("wb") as handle:
        for number in range(count):
            event = {"t": 1.7e9 + number, "type": "metric", "epoch": number // 1000, "step": number}
            handle.write(json.dumps(event | {"loss": 0.61, "lr": 2.1e-4, "note": "x" * 20}).encode() + b"\n")


def resident_kib() -> int:
    """Memory of this process without what it shares, in KiB."""
    rows = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Private_"))


def open_log(path: Path) -> None:
    before = resident_kib()
    began = perf_counter()
    with LogReader(path) as reader:
        reader.poll()
        reader.lines(reader.stop - 50, reader.stop)
        last_page = perf_counter() - began
        slices = [last_page]
        while not reader.indexed:
            start = perf_counter()
            reader.poll()
            slices.append(perf_counter() - start)
        print(
            f"{reader.line_count:>9,} lines {path.stat().st_size / 1e6:6.1f} MB: last page {last_page * 1e3:6.1f} ms"
            f" ({last_page:.1%} of the limit), all indexed {sum(slices) * 1e3:6.1f} ms in {len(slices)} slices,"
            f" longest {max(slices) * 1e3:.1f} ms, index {reader.index_bytes:,} bytes,"
            f" memory +{resident_kib() - before:,} KiB"
        )


class BenchApp(App[None]):
    def __init__(self, feed: RunFeed) -> None:
        super().__init__()
        self.feed = feed
        self.view = LogView(feed.log)
        self.follower = RunFollower(feed)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()
        self.run_worker(
            self.follower.run(self.view.apply), group="log", exit_on_error=True, description="follow the log"
        )


async def key_times(app: BenchApp, seconds: float) -> list[float]:
    """Seconds from each of a run of keys to the repaint it causes."""
    times = []
    keys: Iterator[str] = iter(("up", "down", "pageup", "pagedown") * 100_000)
    stop = perf_counter() + seconds
    while perf_counter() < stop:
        painted = asyncio.Event()
        row = app.view.scroll_y
        began = perf_counter()
        app.simulate_key(next(keys))
        while app.view.scroll_y == row:  # noqa: ASYNC110 - an event would come a turn of the loop later
            await asyncio.sleep(0)
        app.view.call_after_refresh(painted.set)
        await painted.wait()
        times.append(perf_counter() - began)
        await asyncio.sleep(0.03)
    return times


def report(name: str, times: list[float], idle: list[float]) -> None:
    p95, idle_p95 = sorted(times)[int(len(times) * 0.95)], sorted(idle)[int(len(idle) * 0.95)]
    print(
        f"{name:<28} {len(times):4} keys, p50 {median(times) * 1e3:5.1f} ms"
        f" ({median(times) / median(idle):.2f} of idle),"
        f" p95 {p95 * 1e3:5.1f} ms ({p95 / idle_p95:.2f} of idle), worst {max(times) * 1e3:5.1f} ms"
    )


def start_writer(path: Path, rate: float, seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(rate), str(seconds)])


async def keys_under_load(path: Path, rate: float, seconds: float) -> None:
    feed = RunFeed(path)
    app = BenchApp(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        while feed.poll().more:
            await pilot.pause()
        await pilot.press("home", "pagedown", "pagedown", "pagedown")
        idle = await key_times(app, seconds / 2)
        report("idle", idle, idle)
        lines = feed.log.stop
        with start_writer(path, rate, seconds + 1):
            report(f"{rate:,.0f} lines/s, scrolled up", await key_times(app, seconds / 2), idle)
            await pilot.press("end", "pageup", "pagedown")
            report(f"{rate:,.0f} lines/s, near the end", await key_times(app, seconds / 2), idle)
        while feed.poll().more:
            await pilot.pause()
        print(f"{feed.log.stop - lines:,} lines arrived, transport {app.follower.transport}")
        app.workers.cancel_all()
    feed.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long lines are appended")
    parser.add_argument("--rate", type=float, default=1000.0, help="lines a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        for count in (20_000, 200_000, 1_000_000):
            write_log(path, count)
            open_log(path)
        write_log(path, 200_000)
        asyncio.run(keys_under_load(path, options.rate, options.seconds))


if __name__ == "__main__":
    main()
