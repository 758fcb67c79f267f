"""The limits, and whether the figures are within them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from binscout_tui.bench.figures import OURS, Encoding, KeyFigures, MemoryFigures
from binscout_tui.terminal.graphics import Protocol

SIXEL_RATIO = 1.3
MEDIAN_MS = {"full": 30.0}
P95_MS = {"full": 50.0, "grid": 80.0}
KEY_BYTES = 150_000
START_S = 1.5
MEMORY_MB = 250.0
GROWTH = 0.05


class Verdict(msgspec.Struct, frozen=True):
    """`value` of a subject beside its limit. `holds` is None where the figures contradict each other."""

    subject: str
    what: str
    value: float
    limit: float
    holds: bool | None

    def __str__(self) -> str:
        word = {True: "within", False: "MISSED", None: "unclear"}[self.holds]
        value = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:.3g}"
        return f"{self.what} {value} ({word}, limit {self.limit:,g})"


def of_encodings(group: Iterable[Encoding]) -> list[Verdict]:
    """Ours beside the peers of one protocol and source, where they showed as many dots as our fine picture."""
    rows = [one for one in group if not one.why_not]
    mine = [one for one in rows if one.who.startswith(OURS)]
    return [
        verdict
        for one in mine
        for peer in rows
        if (limit := ratio_limit(peer)) is not None and _same_size(peer, mine[-1])
        for verdict in _beside(one, peer, limit)
    ]


def ratio_limit(peer: Encoding) -> float | None:
    """How many times the peer's time and bytes ours may take, None where there is no limit."""
    if peer.protocol is Protocol.SIXEL:
        return SIXEL_RATIO if peer.who == "chafa" else None
    return 1.0 if peer.who in ("chafa", "timg") else None


def _beside(mine: Encoding, peer: Encoding, limit: float) -> Iterator[Verdict]:
    subject = f"{mine.protocol} from {mine.source}, {mine.who} / {peer.who}"
    # The start of a process varies more than some pictures take: medians and fastest runs must say the same.
    ratios = [_ratio(mine.median_ms, peer.median_ms), _ratio(mine.best_ms, peer.best_ms)]
    known = [ratio for ratio in ratios if ratio is not None]
    agreed = len(known) == len(ratios) and len({ratio <= limit for ratio in known}) == 1
    yield Verdict(subject, "time", known[0] if known else 0.0, limit, known[0] <= limit if agreed else None)
    by_bytes = mine.bytes / peer.bytes
    yield Verdict(subject, "bytes", by_bytes, limit, by_bytes <= limit)


def _ratio(mine: float, theirs: float) -> float | None:
    """None where the peer's start alone seemed to take longer."""
    return mine / theirs if theirs > 0 else None


def _same_size(one: Encoding, other: Encoding) -> bool:
    """But for rounding to cells and bands."""
    if one.size is None or other.size is None:
        return False
    return all(abs(a - b) <= 0.05 * max(a, b) + 2 for a, b in zip(one.size, other.size, strict=True))


def of_keys(one: KeyFigures) -> list[Verdict]:
    """Pictures shown, times, bytes and start of one view."""
    subject = f"keys, {one.protocol} {one.view}"
    found = [_at_most(subject, "keys without a picture", one.without_picture, 0)]
    if one.without_picture == one.presses:
        return found
    if one.view in MEDIAN_MS:
        found.append(_at_most(subject, "median ms", one.median_ms, MEDIAN_MS[one.view]))
    return [
        *found,
        _at_most(subject, "p95 ms", one.p95_ms, P95_MS[one.view]),
        _at_most(subject, "most bytes", one.most_bytes, KEY_BYTES),
        _at_most(subject, "start s", one.start_s, START_S),
    ]


def of_memory(one: MemoryFigures) -> list[Verdict]:
    """Pictures shown, the most memory and its growth."""
    subject = f"memory, {one.protocol} {one.view}"
    if not one.mb:
        return [_at_most(subject, "keys without a picture", one.asked, 0)]
    return [
        _at_most(subject, "keys without a picture", one.without_picture, 0),
        _at_most(subject, "most MB", max(one.mb), MEMORY_MB),
        _at_most(subject, "growth over the last half", one.growth, GROWTH),
    ]


def _at_most(subject: str, what: str, value: float, limit: float) -> Verdict:
    return Verdict(subject, what, value, limit, value <= limit)
