"""When a file in an inbox is ready: the rules, without a clock or a disk of their own.

A file is ready when two looks that lie apart see the same size and time, and the decoder reads it whole. The decoder
may begin at the first look, so that the time between the two is not lost: most files are whole when they are told of.
One that is refused is waited for while it changes. While it stands still it is tried again now and then, since a busy
machine or a missing permission may have been the reason; when it stood still for long it has failed. Times are
monotonic seconds.
"""

from __future__ import annotations

import hashlib
import os
from enum import Enum, auto

import msgspec

from binscout_tui.imaging.outcomes import Code

# More bytes would not make these better.
FINAL = frozenset({Code.UNSUPPORTED, Code.NEEDS_PLUGIN, Code.TOO_MANY_PIXELS, Code.TOO_LARGE, Code.OUT_OF_MEMORY})
LONGEST_STILLNESS_S = 2.0
LOOK_AGAIN_S = 1.0
# How often a refused file is tried again as it is, the last time when its patience ends.
MORE_TRIES = 2


class Look(msgspec.Struct, frozen=True):
    """What the file system says of a file: bytes, nanoseconds, inode."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Look:
        """The look that `stat` is."""
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ino)


class Rules(msgspec.Struct, frozen=True):
    """Seconds between the two looks, seconds of standing still after which a bad file has failed, and whether the
    decoder may begin at the first look."""

    apart: float
    patience: float
    early: bool = False


class Waiting(msgspec.Struct, frozen=True):
    """A file that is not settled.

    It looks like `look` since `since`, for the last time when it was `looked` at; `first_seen` is when it came up,
    `refusals` how often the decoder refused it, `code` and `detail` why it refused just this state of it, `tries` how
    often it did so. While it is `offered` somebody works on just this state; once it was `tried` nobody begins early
    any more.
    """

    look: Look
    since: float
    first_seen: float
    refusals: int = 0
    code: Code | None = None
    detail: str = ""
    tries: int = 0
    looked: float = 0.0
    offered: bool = False
    tried: bool = False


class Verdict(Enum):
    """What is to be done with a file now."""

    WAIT = auto()
    READY = auto()
    FAILED = auto()


def seen(before: Waiting | None, look: Look, now: float) -> Waiting:
    """The file as it waits after a look at it."""
    if before is None:
        return Waiting(look, now, now, looked=now)
    if before.look == look:
        return msgspec.structs.replace(before, looked=now)
    return Waiting(look, now, before.first_seen, before.refusals, looked=now, tried=before.tried)


def refused(waiting: Waiting, code: Code, now: float, rules: Rules, detail: str = "") -> Waiting:
    """The file after the decoder refused it in the state of its last look; an early try is not held against it."""
    counted = waiting.looked >= waiting.since + rules.apart
    return msgspec.structs.replace(
        waiting,
        code=code,
        detail=detail,
        refusals=waiting.refusals + counted,
        tries=waiting.tries + 1,
        looked=now,
        offered=False,
    )


def offered(waiting: Waiting) -> Waiting:
    """The file while somebody works on it."""
    return msgspec.structs.replace(waiting, offered=True, tried=True)


def stands(waiting: Waiting | None, look: Look, now: float, rules: Rules) -> float | None:
    """Seconds until a file that was decoded as `look` has stood still for long enough, None when it changed since."""
    if waiting is None or waiting.look != look:
        return None
    return max(0.0, waiting.since + rules.apart - now)


def stillness(waiting: Waiting, rules: Rules) -> float:
    """How long it has to stand still before the decoder sees it: longer for one that was offered too early before."""
    longer: float = rules.apart * 2.0 ** min(waiting.refusals, 10)
    return max(rules.apart, min(longer, LONGEST_STILLNESS_S))


def verdict(waiting: Waiting, rules: Rules) -> Verdict:
    """What the last look at the file means."""
    if waiting.offered:
        return Verdict.WAIT
    if waiting.code is None:
        early = rules.early and not waiting.tried and waiting.look.size > 0
        return Verdict.READY if early or waiting.looked >= waiting.since + stillness(waiting, rules) else Verdict.WAIT
    if waiting.code in FINAL:
        return Verdict.FAILED
    if waiting.looked < _again(waiting, rules):
        return Verdict.WAIT
    return Verdict.READY if waiting.tries <= MORE_TRIES else Verdict.FAILED


def _again(waiting: Waiting, rules: Rules) -> float:
    """When a refused file that stands still is tried again, or has failed."""
    return waiting.since + rules.patience * min(waiting.tries, MORE_TRIES) / MORE_TRIES


def due(waiting: Waiting, rules: Rules) -> float:
    """When to look at it again, unless something tells of it before."""
    if waiting.code is None:
        return waiting.since + stillness(waiting, rules)
    return min(_again(waiting, rules), waiting.looked + LOOK_AGAIN_S)


def fingerprint(path: str, look: Look) -> str:
    """What makes a second look at a file the same capture: where it lies, its size and its time.

    `path` is absolute and real; a content that is put in its place has another time or size.
    """
    digest = hashlib.blake2b(os.fsencode(path), digest_size=16)
    digest.update(f"\0{look.size}\0{look.mtime_ns}".encode())
    return f"file:{digest.hexdigest()}"
