"""Header, footer, curves: rows for any width."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.widgets.footer import FooterKey, fitting, footer_line
from binscout_tui.widgets.header import HeaderState, header_line, short_path
from binscout_tui.widgets.line_plot import braille, value_range
from binscout_tui.widgets.row_list import Row, kept_cursor

STATE = HeaderState(workspace="~/bins", environment="PROD", jobs=2, user="ana", clock="14:05")


def test_header_at_80_columns_shows_everything() -> None:
    line = header_line(STATE, "Label", 80).plain
    assert line.startswith(" BinScout   PROD   ~/bins  Label  ")
    assert line.endswith("⟳ 2 jobs  ana  14:05 ")
    assert len(line) == 80


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [(46, "ana", "jobs"), (40, "14:05", "ana"), (34, "~/bins", "14:05"), (26, "PROD", "~/bins")],
)
def test_the_right_side_folds_from_its_left(width: int, there: str, gone: str) -> None:
    line = header_line(STATE, "Label", width).plain
    assert there in line
    assert gone not in line


@given(st.integers(24, 200), st.text(st.characters(categories=["L"]), max_size=30), st.integers(0, 99))
def test_the_marker_never_goes_and_nothing_overflows(width: int, user: str, jobs: int) -> None:
    line = header_line(replace(STATE, user=user, jobs=jobs), "Label", width)
    assert " PROD " in line.plain
    assert line.cell_length <= max(width, 25)


def test_no_marker_without_an_environment() -> None:
    assert header_line(HeaderState(clock="09:00"), "Home", 40).plain == " BinScout  Home" + " " * 19 + "09:00 "


@pytest.mark.parametrize(
    ("path", "home", "expected"),
    [
        ("/home/ana/bins", "/home/ana", "~/bins"),
        ("/home/ana", "/home/ana", "~"),
        ("/srv/data", "/home/ana", "/srv/data"),
        ("/srv/a/very/long/way/down/to/the/bins", None, "…ry/long/way/down/to/the/bins"[-24:]),
    ],
)
def test_short_path(path: str, home: str | None, expected: str) -> None:
    shown = short_path(Path(path), Path(home) if home else None)
    assert shown == expected or (shown.startswith("…") and len(shown) == 24 and path.endswith(shown[1:]))


KEYS = [
    FooterKey("a", "1-9", "class"),
    FooterKey("b", "/", "find", allowed=False),
    FooterKey("c", ",", "go", last=True),
    FooterKey("d", "?", "help", last=True),
]


def test_footer_keeps_its_last_keys_at_the_right_end() -> None:
    assert footer_line(KEYS, 60).plain == " 1-9 class  / find" + " " * 29 + ", go  ? help"
    assert [key.command_id for key in fitting(KEYS, 28)] == ["a", "c", "d"]
    assert [key.command_id for key in fitting(KEYS, 16)] == ["c", "d"]


def test_a_refused_key_is_greyed() -> None:
    styles = {
        span.style
        for span in footer_line(KEYS, 60).spans
        if "find" in footer_line(KEYS, 60).plain[span.start : span.end]
    }
    assert styles == {"$text-disabled"}


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-5, 5)), max_size=40), st.integers(1, 30), st.integers(1, 8))
def test_a_curve_fills_its_rows_and_stays_in_them(points: list[tuple[float, float]], width: int, height: int) -> None:
    rows = braille(sorted(points), width, height, *value_range(points))
    assert [len(row) for row in rows] == [width] * height
    assert all(0x2800 <= ord(cell) <= 0x28FF for row in rows for cell in row)
    assert any(cell != "\u2800" for row in rows for cell in row) == bool(points)


def test_a_falling_curve_begins_at_the_top_and_ends_at_the_bottom() -> None:
    rows = braille([(0, 1.0), (1, 0.0)], 2, 1, 0.0, 1.0)
    assert rows == ["⠑⢄"]


@pytest.mark.parametrize(
    ("names", "key", "old", "expected"),
    [("abc", "b", 0, 1), ("xabc", "b", 1, 2), ("ac", "b", 1, 1), ("", "b", 1, -1), ("-a", "b", 0, 1)],
)
def test_the_cursor_stays_on_its_row(names: str, key: str, old: int, expected: int) -> None:
    rows = [Row(name, lambda width: None, selectable=name != "-") for name in names]  # type: ignore[arg-type, return-value]
    assert kept_cursor(rows, key, old) == expected


def _course(job_state: str, **progress: object) -> str:
    from binscout_tui.eventlog.metrics import MetricsReducer
    from binscout_tui.screens.training_rows import progress_line
    from binscout_tui.store.jobs import Job
    from binscout_tui.store.runs import Run

    fields = dict.fromkeys(Job.__struct_fields__)
    job = Job(**(fields | {"id": 1, "state": job_state, "cancel_asked": False, "error": "It broke.\nmore"}))
    fields = dict.fromkeys(Run.__struct_fields__)
    run = Run(**(fields | {"id": "parts-1", "config": {}, "job": job}))
    reducer = MetricsReducer()
    reducer.feed([json.dumps({"type": "progress", **progress}).encode()] if progress else [])
    return progress_line(run, reducer.progress, 60).plain


@pytest.mark.parametrize(
    ("state", "progress", "expected"),
    [
        ("queued", {}, "parts-1  ◌ queued  starts when its process is up"),
        ("failed", {}, "parts-1  ✗ failed  It broke."),
        ("done", {"epoch": 4, "epochs": 4}, "parts-1  ✓ done"),
        (
            "running",
            {"done": 700, "total": 1400, "eta_s": 240, "what": "training"},
            "parts-1  ⟳ running  training  ▓▓▓▓▓▓▓▓▓░░░░░░░░░  4 min left",
        ),
        ("running", {"epoch": 2, "epochs": 8}, "parts-1  ⟳ running  epoch 2/8  ▓▓▓▓▓▓▓" + "░" * 22),
    ],
)
def test_the_course_of_a_run(state: str, progress: dict[str, object], expected: str) -> None:
    assert _course(state, **progress) == expected
