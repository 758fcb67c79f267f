"""Cold start in a pseudo-terminal: this app beside a bare Textual app, and beside one that imports torch.

    python benchmarks/cold_start.py [--runs 7] [--json]

The time is from starting the process to the first frame with the app's own words in it. Limits: at most 2.5 times
the bare app, at most 0.8 times the one that imports torch. The exit code is 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

from binscout_tui import workspace

LIMIT_BARE, LIMIT_TORCH = 2.5, 0.8
PATIENCE_S = 60.0
BARE = """
{imports}
from textual.app import App
from textual.widgets import Footer, Header, Static
class Bare(App):
    BINDINGS = [("q", "quit", "Quit")]
    def compose(self):
        yield Header()
        yield Static("the bare app")
        yield Footer()
Bare().run()
"""
OURS = """
from pathlib import Path
from binscout_tui.app import run_app
run_app(Path({root!r}))
"""


def first_frame(code: str, words: bytes) -> float:
    """Seconds from starting Python with `code` until `words` arrive on its terminal (80x24)."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", PYTHONDONTWRITEBYTECODE="1")
        os.execv(sys.executable, [sys.executable, "-c", code])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        return _wait_for(terminal, words, began)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)


def _wait_for(terminal: int, words: bytes, began: float) -> float:
    seen = b""
    while time.perf_counter() - began < PATIENCE_S:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError as error:
                raise SystemExit(f"the app ended early:\n{seen.decode(errors='replace')}") from error
            if words in seen:
                return time.perf_counter() - began
    raise SystemExit(f"{words!r} did not appear within {PATIENCE_S} s")


def measure(runs: int) -> dict[str, list[float]]:
    """{app: seconds of each run}; the apps take turns, so that a busy machine is busy for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "bins"
        workspace.create(root)
        apps = {
            "bare": (BARE.format(imports=""), b"the bare app"),
            "ours": (OURS.format(root=str(root)), b"Attention"),
            "torch": (BARE.format(imports="import torch"), b"the bare app"),
        }
        for code, words in apps.values():
            first_frame(code, words)
        times: dict[str, list[float]] = {name: [] for name in apps}
        for _ in range(runs):
            for name, (code, words) in apps.items():
                times[name].append(first_frame(code, words))
    return times


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    medians = {name: statistics.median(times) for name, times in measure(options.runs).items()}
    ratios = {"to_bare": medians["ours"] / medians["bare"], "to_torch": medians["ours"] / medians["torch"]}
    good = ratios["to_bare"] <= LIMIT_BARE and ratios["to_torch"] <= LIMIT_TORCH
    if options.json:
        print(json.dumps({"seconds": medians, "ratios": ratios, "good": good}))
    else:
        for name, seconds in medians.items():
            print(f"{name:<6} {seconds * 1000:6.0f} ms")
        print(f"ours / bare   {ratios['to_bare']:.2f}  (limit {LIMIT_BARE})")
        print(f"ours / torch  {ratios['to_torch']:.2f}  (limit {LIMIT_TORCH})")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
