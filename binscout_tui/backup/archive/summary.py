"""What the last look at a target found, small enough for a header that asks for it every few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from binscout_tui import atomic
from binscout_tui.clock import utc_now

FILE, UNREACHED = "summary.json", "unreached.json"
MOST_RUNS = 500


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A run in short. `proven` when every byte that it names was read back at some time.

    `owner` is that of its manifest, "" where that is not known.
    """

    run: str
    state: str
    proven: bool = False
    suspicious: bool = False
    owner: str = ""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The look at `at` (UTC, by this machine's clock); the runs come newest first."""

    at: str
    runs: list[RunFacts] = []


class Unreached(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody got to the target since `since` (UTC); `words` say why the last time."""

    since: str
    words: str


Kept = TypeVar("Kept", Summary, Unreached)


def keep(cache: Path, at: str, runs: Sequence[RunFacts]) -> None:
    """The target was looked at. Raises OSError."""
    atomic.keep_bytes(cache / FILE, msgspec.json.encode(Summary(at=at, runs=list(runs[:MOST_RUNS]))))
    (cache / UNREACHED).unlink(missing_ok=True)


def note_unreached(cache: Path, words: str) -> Unreached:
    """The target could not be looked at; since when that is so. What cannot be kept is said all the same."""
    before = read_unreached(cache)
    found = Unreached(since=utc_now() if before is None else before.since, words=words)
    with suppress(OSError):
        atomic.keep_bytes(cache / UNREACHED, msgspec.json.encode(found))
    return found


def read(cache: Path) -> Summary | None:
    """What was kept; None when nobody has looked, or it cannot be read."""
    return _read(cache / FILE, Summary)


def read_unreached(cache: Path) -> Unreached | None:
    """Since when the target is out of reach; None when the last look got there."""
    return _read(cache / UNREACHED, Unreached)


def _read(path: Path, kind: type[Kept]) -> Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
