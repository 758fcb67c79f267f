"""The figures as lines of text, ratios and limits beside them."""

from __future__ import annotations

from collections.abc import Sequence

from binscout_tui.bench import limits
from binscout_tui.bench.figures import OURS, Encoding, KeyFigures, MemoryFigures

_ENCODERS = f"  {'':<22} {'ms':>8} {'best':>8} {'x draft':>7} {'bytes':>10} {'x draft':>7}  dots"
_KEYS = f"  {'median':>7} {'p95':>7} {'first':>7} {'bytes':>9} {'most':>9} {'later':>9}  start"


def encodings(found: Sequence[Encoding]) -> list[str]:
    """A table for each protocol and source; ratios are to our draft."""
    lines: list[str] = []
    for protocol, source in dict.fromkeys((one.protocol, one.source) for one in found):
        group = [one for one in found if (one.protocol, one.source) == (protocol, source)]
        draft = next((one for one in group if one.who.startswith(OURS)), None)
        lines += [f"{protocol}, from {source}", _ENCODERS, *(_encoder(one, draft) for one in group)]
        lines += [*_verdicts(limits.of_encodings(group)), ""]
    return lines


def _encoder(one: Encoding, draft: Encoding | None) -> str:
    if one.why_not:
        return f"  {one.who:<22} {one.why_not}"
    size = f"{one.size[0]}x{one.size[1]}" if one.size else "?"
    time, data = (draft.median_ms, draft.bytes) if draft else (0, 0)
    return (
        f"  {one.who:<22} {one.median_ms:8.1f} {one.best_ms:8.1f} {_ratio(one.median_ms, time):>7}"
        f" {one.bytes:10,} {_ratio(one.bytes, data):>7}  {size}"
    )


def _ratio(value: float, base: float) -> str:
    return f"{value / base:.2f}" if base else "-"


def _verdicts(found: Sequence[limits.Verdict]) -> list[str]:
    """A line for each subject."""
    return [
        f"  {subject.rpartition(', ')[2]}: " + ", ".join(str(one) for one in found if one.subject == subject)
        for subject in dict.fromkeys(one.subject for one in found)
    ]


def keys(one: KeyFigures) -> list[str]:
    """What one view answered to its key, and the verdicts."""
    return [
        f"key to last byte (ms), {one.protocol} {one.view}, {one.presses} keys, others slowed this machine"
        f" {one.slowdown:.1f} times (p95)",
        _KEYS,
        f"  {one.median_ms:7.1f} {one.p95_ms:7.1f} {one.first_byte_ms:7.1f}"
        f" {one.bytes:9,} {one.most_bytes:9,} {one.later_bytes:9,}  {one.start_s:.2f} s",
        *_verdicts(limits.of_keys(one)),
    ]


def memory(one: MemoryFigures) -> list[str]:
    """The megabytes at each tenth, and the verdicts."""
    return [
        f"memory, {one.protocol} {one.view}, MB at each tenth of {one.presses} keys in {one.seconds:.0f} s"
        + (f" (of {one.asked}, then no more pictures came)" if one.presses < one.asked else ""),
        "  " + " ".join(f"{value:.0f}" for value in one.mb),
        *_verdicts(limits.of_memory(one)),
    ]
