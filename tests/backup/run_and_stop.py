"""A process that makes a backup and stands still at one moment of it, until its standard input ends."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from binscout_tui.operations.backups import running
from binscout_tui.workspace import Workspace


def main() -> None:
    """ROOT MOMENT"""
    root, wanted = Path(sys.argv[1]), sys.argv[2]
    once = threading.Lock()

    def at(moment: str) -> None:
        if moment == wanted and once.acquire(blocking=False):
            print(moment, flush=True)
            sys.stdin.read()

    with Workspace(root) as workspace:
        print(running.run(workspace, "nas", at=at).run, flush=True)


if __name__ == "__main__":
    main()
