"""Events as text for people."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.eventlog.format import LineStyle, duration, format_line


def shown(event: dict[str, Any]) -> str:
    return format_line(json.dumps(event).encode(), zone=UTC).text


NOON = "2026-03-01T12:00:05.123Z"


@pytest.mark.parametrize(
    ("event", "text", "style"),
    [
        ({"t": NOON, "type": "log", "level": "info", "msg": "hello"}, "12:00:05 hello", LineStyle.PLAIN),
        ({"t": 5, "type": "log", "level": "error", "msg": "no disk"}, "00:00:05 error: no disk", LineStyle.ERROR),
        ({"type": "log", "level": "warning", "message": "slow"}, "--:--:-- warning: slow", LineStyle.WARNING),
        (
            {"v": 1, "t": NOON, "type": "metric", "loss": 0.61234, "step": 210, "epoch": 7, "lr": 2.1e-4},
            "12:00:05 epoch 7 step 210 loss 0.6123 lr 2.1e-4",
            LineStyle.METRIC,
        ),
        ({"t": NOON, "type": "metric", "name": "loss", "value": None}, "12:00:05 loss none", LineStyle.METRIC),
        (
            {"t": NOON, "type": "progress", "done": 3, "total": 40, "eta_s": 240.0, "what": "images"},
            "12:00:05 images 3/40 4 min left",
            LineStyle.PROGRESS,
        ),
        (
            {"t": NOON, "type": "progress", "epoch": 7, "epochs": 20, "samples_per_s": 148.3, "eta_s": None},
            "12:00:05 epoch 7/20 148.3/s",
            LineStyle.PROGRESS,
        ),
        (
            {"t": NOON, "type": "progress", "done": 1, "total": 1, "eta_s": 0.0, "what": "report"},
            "12:00:05 report 1/1",
            LineStyle.PROGRESS,
        ),
        ({"t": NOON, "type": "state", "state": "running", "pid": 7}, "12:00:05 running pid 7", LineStyle.STATE),
        (
            {"t": NOON, "type": "state", "state": "done", "metrics": {"n": 61, "accuracy": 57 / 61}, "val": {"n": 5}},
            "12:00:05 done: 57 of 61 right (.93)",
            LineStyle.STATE,
        ),
        ({"t": NOON, "type": "state", "state": "done", "metrics": 3}, "12:00:05 done metrics 3", LineStyle.STATE),
        ({"t": NOON, "type": "state", "state": "failed"}, "12:00:05 error: failed", LineStyle.ERROR),
        ({"t": 1e300, "type": "log", "msg": "far"}, "--:--:-- far", LineStyle.PLAIN),
    ],
)
def test_each_type_reads_well(event: dict[str, Any], text: str, style: LineStyle) -> None:
    assert format_line(json.dumps(event).encode(), zone=UTC) == (text, style)


def test_nothing_an_event_says_is_lost() -> None:
    text = shown({"type": "strange", "a": [1, {"b": None}], "c": True, "d": "e"})
    assert text == '--:--:-- a [1, {"b": null}] c true d e'


def test_a_loss_that_went_wrong_is_readable() -> None:
    assert format_line(b'{"type":"metric","loss":NaN}').text == "--:--:-- loss nan"


@pytest.mark.parametrize("line", [b"plain", b"[1]", b'{"torn":', b"", b"[" * 100_000])
def test_what_is_not_an_event_is_shown_raw(line: bytes) -> None:
    formatted = format_line(line, limit=50)
    assert formatted.style is LineStyle.RAW
    assert formatted.text.rstrip("…") == line.decode()[: len(formatted.text.rstrip("…"))]


def test_control_characters_are_written_out() -> None:
    assert shown({"msg": "a\x1b[31mb\r\nc\td\u202ee\ud800"}) == r"--:--:-- a\x1b[31mb\r\nc\td\u202ee\ud800"
    assert format_line(b"\x1b]0;x\x07 \xff\xfe").text == r"\x1b]0;x\x07 \xff\xfe"


hostile = st.text(st.sampled_from("a [/]€\n\t\x1b\x9b\x00\u202e\u200b\ud800\U000e0001"), max_size=100)


@given(st.binary(max_size=300) | hostile.map(lambda text: json.dumps({"msg": text}).encode()))
def test_any_bytes_give_one_printable_line_within_the_limit(line: bytes) -> None:
    text = format_line(line, limit=80).text
    assert text.isprintable()
    assert len(text) <= 80


def test_long_lines_are_clipped_and_say_so() -> None:
    text = shown({"msg": "x" * 10_000})
    assert len(text) == 2000
    assert text.endswith("x…")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (61, "1 min"), (7800, "2 h 10 min"), (3599, "1 h 0 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        (
            {"cpu_percent": 180, "cores": 2, "rss_bytes": 1.2 * 2**30, "disk_free_bytes": 40 * 2**30},
            "CPU 180 % · 1.2 GB · 40 GB free",
        ),
        ({"gpu_percent": 71, "gpu_bytes": 3.1 * 2**30, "cpu_percent": 9}, "GPU 71 % · 3.1 GB there · CPU 9 %"),
        ({"rss_bytes": 300 * 2**20, "cpu_percent": None}, "300 MB"),
        ({}, "resources unknown"),
    ],
)
def test_what_a_run_uses_is_one_short_line(figures: dict[str, Any], text: str) -> None:
    assert shown({"t": NOON, "type": "resources", **figures}) == f"12:00:05 {text}"
