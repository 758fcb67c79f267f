"""A process that decodes one file after the other: `python -m binscout_tui.imaging.worker`, started by the pool.

It ends when its standard input closes or its parent is gone. While it works on a file the kernel kills it after a
little more than the time limit, in case nobody is left to do so.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import warnings
from pathlib import Path
from typing import NoReturn

from . import wire
from .glance import glance
from .outcomes import Limits, Outcome, Rejected, Unpacked

PARENT_CHECK_SECONDS = 5.0
GRACE_SECONDS = 5.0
_CHUNK = 65536


def main() -> NoReturn:
    """Serve tasks from standard input until it closes."""
    parent = os.getppid()
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not come between the answers
    inbox = bytearray()
    setup = _receive(inbox, parent)
    if not isinstance(setup, wire.Setup):
        sys.exit(f"expected the setup, got {setup!r}")
    if setup.decoding:
        from . import decode, unpacking  # noqa: F401 - before the limits and before the first file's time runs
    limit_process(setup.limits)
    warnings.simplefilter("ignore")  # those that say something about a picture are caught where it is decoded
    _send(answers, wire.Ready())
    while True:
        task = _receive(inbox, parent)
        if not isinstance(task, wire.Task):
            sys.exit(f"expected a task, got {task!r}")
        signal.setitimer(signal.ITIMER_REAL, setup.limits.seconds + GRACE_SECONDS)
        outcome = _done(task, setup)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(answers, outcome)


def _done(task: wire.Task, setup: wire.Setup) -> Outcome | Unpacked | wire.Glances:
    if task.batch:
        return wire.Glances(tuple(glance(path, setup.limits) for path in task.batch))
    if task.pixels_to is None:
        wanted = {"measuring": task.measuring, "with_codes": task.with_codes}
        return examine(task.path, setup.limits, setup.previews_root, **wanted)
    return unpack(task.path, setup.limits, task.pixels_to, task.longest)


def examine(path: Path, limits: Limits, previews_root: Path | None, **wanted: bool) -> Outcome:
    """`decode.examine`; a worker that only glances at files never loads it."""
    from . import decode

    return decode.examine(path, limits, previews_root, **wanted)


def unpack(path: Path, limits: Limits, target: Path, longest: int | None = None) -> Unpacked | Rejected:
    """`unpacking.unpack`, loaded when it is needed."""
    from . import unpacking

    return unpacking.unpack(path, limits, target, longest)


def limit_process(limits: Limits) -> None:
    """Bound this process: memory, size of any file it writes, no core dumps."""
    _limit(resource.RLIMIT_AS, limits.memory)
    _limit(resource.RLIMIT_FSIZE, limits.written)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _receive(inbox: bytearray, parent: int) -> wire.Message:
    while (message := wire.unpack(inbox)) is None:
        while not select.select([0], [], [], PARENT_CHECK_SECONDS)[0]:
            if os.getppid() != parent:  # something else may hold the other end of the pipe
                sys.exit(0)
        chunk = os.read(0, _CHUNK)
        if not chunk:
            sys.exit(0)
        inbox += chunk
    return message


def _send(descriptor: int, message: wire.Message) -> None:
    data = memoryview(wire.pack(message))
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
