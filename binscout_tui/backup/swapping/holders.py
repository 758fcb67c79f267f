"""Which processes hold the lock on a file, and what they are, as the kernel tells."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.clock import to_text

LOCKS = Path("/proc/locks")
_WITH_VALUE = ("--workspace",)


class Holder(msgspec.Struct, frozen=True):
    """A process that has a workspace open: what it is in words, since when (store text, "" unknown)."""

    pid: int
    kind: str
    since: str
    stopped: bool = False

    @property
    def words(self) -> str:
        """For example `the app (process 4711, since 10:02)`."""
        since = f", since {_local(self.since)}" if self.since else ""
        return f"{self.kind} (process {self.pid}{since}{', stopped' if self.stopped else ''})"


def holders(path: Path, lock: Literal["FLOCK", "POSIX"] = "FLOCK") -> list[Holder]:
    """The processes that hold such a lock on the file at `path`, by pid; those that only wait for it are none.

    SQLite's locks are POSIX ones, those of whoever has a workspace open are FLOCK.
    """
    try:
        wanted = path.stat()
        lines = LOCKS.read_text().splitlines()
    except OSError:
        return []
    found = {pid for pid in _pids(lines, lock, wanted.st_ino) if _has_open(pid, wanted)}
    return [_holder(pid) for pid in sorted(found)]


def began(pid: int) -> str:
    """When process `pid` began, in the kernel's count since this boot; "" when it is gone or a zombie.

    Together with the pid this names one process.
    """
    fields = _fields(pid)
    return f"{_boot()}-{fields[19]}" if fields and fields[0] not in "ZX" else ""


def kind_of(arguments: Sequence[str]) -> str:
    """What a process is, from its command line."""
    words = list(arguments)
    if "binscout_tui.engine.server" in words:
        return "the engine"
    place = next((i for i, word in enumerate(words[:4]) if _is_program(words, i)), None)
    if place is None:
        return f"`{Path(words[0]).name}`" if words and words[0] else "a program"
    verbs = list(_verbs(words[place + 1 :]))
    if not verbs or verbs[0] == "open":
        return "the app"
    if verbs[:2] == ["job", "run"]:
        return f"job {verbs[2]}" if len(verbs) > 2 else "a job"
    if verbs[:2] == ["capture", "run"]:
        return "the capture process"
    return f"`binscout {' '.join(verbs[:2])}`"


def _is_program(words: Sequence[str], i: int) -> bool:
    return Path(words[i]).name == "binscout" or (words[i] == "binscout_tui" and i > 0 and words[i - 1] == "-m")


def _verbs(words: Sequence[str]) -> Iterator[str]:
    """Without options; they stand before the noun, or after what names a command."""
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            yield word


def _pids(lines: Sequence[str], lock: str, inode: int) -> Iterator[int]:
    """`1: FLOCK  ADVISORY  READ 4711 fe:00:393217 0 EOF`; a line with `->` is one who waits."""
    for line in lines:
        words = line.split()
        if len(words) >= 6 and words[1] == lock and words[5].rpartition(":")[2] == str(inode):
            yield int(words[4])


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    """Whether process `pid` has that very file open: inodes are unique on one file system only."""
    try:
        for entry in os.scandir(f"/proc/{pid}/fd"):
            try:
                if os.path.samestat(entry.stat(), wanted):
                    return True
            except OSError:
                continue
    except PermissionError:
        return True  # somebody else's process: the inode has to do
    except OSError:
        return True  # it has gone, and a child that it forked holds on
    return False


def _holder(pid: int) -> Holder:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        arguments = []
    fields = _fields(pid)
    return Holder(
        pid,
        kind_of([os.fsdecode(word) for word in arguments]),
        _since(int(fields[19])) if fields else "",
        bool(fields) and fields[0] in "Tt",
    )


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return ""


def _since(ticks: int) -> str:
    from datetime import UTC, datetime

    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return to_text(datetime.fromtimestamp(time.time() - age, UTC))


def _local(moment: str) -> str:
    from binscout_tui.clock import from_text

    then = from_text(moment).astimezone()
    return f"{then:%H:%M}" if time.time() - then.timestamp() < 86_400 else f"{then:%d %b %H:%M}"
