"""Verdicts: within, missed, unclear, or none at all."""

from __future__ import annotations

from typing import Any

import pytest

from binscout_tui.bench import limits, tables
from binscout_tui.bench.figures import Encoding, KeyFigures, MemoryFigures, percentile
from binscout_tui.terminal.graphics import Protocol


def encoding(who: str, ms: float, sent: int, **more: Any) -> Encoding:
    values = {"protocol": Protocol.KITTY, "source": "the photo", "best_ms": ms, "size": (800, 600)} | more
    return Encoding(who=who, ms=[ms], bytes=sent, **values)


MINE = encoding("binscout fine", 10, 1000)


@pytest.mark.parametrize(
    ("peer", "holds"),
    [
        (encoding("chafa", 20, 2000), [True, True]),
        (encoding("timg", 5, 500), [False, False]),
        (encoding("timg", 20, 2000, best_ms=5), [None, True]),
        (encoding("timg", 0, 2000, best_ms=5), [None, True]),
        (encoding("timg", 0, 2000), [None, True]),
        (encoding("timg --compress", 5, 500), []),
        (encoding("textual-image 0.12.0", 5, 500), []),
        (encoding("chafa", 5, 500, size=(400, 300)), []),
        (encoding("chafa", 5, 500, why_not="not installed"), []),
    ],
)
def test_verdicts_beside_a_peer(peer: Encoding, holds: list[bool | None]) -> None:
    assert [verdict.holds for verdict in limits.of_encodings([MINE, peer])] == holds


def test_sixel_may_take_a_little_longer() -> None:
    mine, chafa = (
        encoding(who, ms, 10, protocol=Protocol.SIXEL) for who, ms in (("binscout draft", 12.0), ("chafa", 10.0))
    )
    assert [verdict.holds for verdict in limits.of_encodings([mine, chafa])] == [True, True]


def answered(**more: Any) -> KeyFigures:
    values: dict[str, Any] = {
        "protocol": Protocol.SIXEL,
        "view": "full",
        "presses": 20,
        "without_picture": 0,
        "start_s": 1.0,
        "first_byte_ms": 5.0,
        "median_ms": 20.0,
        "p95_ms": 45.0,
        "bytes": 90_000,
        "most_bytes": 140_000,
        "later_bytes": 0,
        "slowdown": 1.0,
    }
    return KeyFigures(**(values | more))


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        (answered(), []),
        (answered(median_ms=31), ["median ms"]),
        (answered(p95_ms=51, most_bytes=150_001), ["p95 ms", "most bytes"]),
        (answered(view="grid", median_ms=70, p95_ms=79), []),
        (answered(view="grid", p95_ms=81, start_s=1.6), ["p95 ms", "start s"]),
        (answered(without_picture=1), ["keys without a picture"]),
        (answered(without_picture=20, median_ms=0, p95_ms=0, most_bytes=0), ["keys without a picture"]),
    ],
)
def test_verdicts_on_keys(figures: KeyFigures, missed: list[str]) -> None:
    assert [verdict.what for verdict in limits.of_keys(figures) if not verdict.holds] == missed


@pytest.mark.parametrize(
    ("mb", "missed"),
    [
        ([90, 95, 99, 100, 100, 100, 101, 102, 103, 104], []),
        ([90, 95, 99, 100, 100, 100, 101, 102, 103, 106], ["growth over the last half"]),
        ([260, 255, 240, 240, 240, 240, 240, 240, 240, 240], ["most MB"]),
    ],
)
def test_verdicts_on_memory(mb: list[float], missed: list[str]) -> None:
    figures = MemoryFigures(
        protocol=Protocol.KITTY, view="full", asked=10, presses=10, without_picture=0, mb=mb, seconds=1
    )
    assert [verdict.what for verdict in limits.of_memory(figures) if not verdict.holds] == missed


def test_tables_say_who_is_not_there_and_what_was_missed() -> None:
    text = "\n".join(
        tables.encodings([MINE, encoding("chafa", 5, 2000), encoding("timg", 0, 0, why_not="not installed")])
    )
    assert "timg                   not installed" in text
    assert "binscout fine / chafa: time 2 (MISSED, limit 1), bytes 0.5 (within, limit 1)" in text


def test_percentiles() -> None:
    assert percentile([], 0.95) == 0
    assert percentile([3.0], 0.95) == 3
    assert percentile([float(value) for value in range(100)], 0.95) == 95
