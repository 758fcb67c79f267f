"""A worker that dies or hangs when the name of the file says so; everything else is the real one."""

from __future__ import annotations

import os
from pathlib import Path

from binscout_tui.imaging import worker
from binscout_tui.imaging.decode import examine
from binscout_tui.imaging.glance import glance
from binscout_tui.imaging.outcomes import Glanced, Limits, Outcome, Rejected, Unpacked
from binscout_tui.imaging.unpacking import unpack


def examine_or_else(path: Path, limits: Limits, previews_root: Path | None, **wanted: bool) -> Outcome:
    misbehave(path)
    return examine(path, limits, previews_root, **wanted)


def glance_or_else(path: Path, limits: Limits) -> Glanced | Rejected:
    misbehave(path)
    return glance(path, limits)


def misbehave(path: Path) -> None:
    if "abort-once" in path.name:
        mark = path.with_suffix(".mark")
        if not mark.exists():
            mark.touch()
            os.abort()
    elif "abort" in path.name:
        os.write(2, b"something went wrong in C\n")
        os.abort()
    elif "realtime" in path.name:
        os.kill(os.getpid(), 35)
    while "hang" in path.name:
        pass


def unpack_or_else(path: Path, limits: Limits, target: Path, longest: int | None = None) -> Unpacked | Rejected:
    while "hang" in path.name:
        pass
    return unpack(path, limits, target, longest)


if __name__ == "__main__":
    vars(worker).update(examine=examine_or_else, glance=glance_or_else, unpack=unpack_or_else)
    worker.main()
