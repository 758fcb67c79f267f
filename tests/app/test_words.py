"""The primary figure of each task in lists: its name, its value, its baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.screens.training_rows import result_text
from binscout_tui.screens.words import (
    baselines_of,
    beside,
    data_size,
    figure_of,
    figure_text,
    interval_of,
    primary_of,
    primary_words,
)
from binscout_tui.store import runs
from binscout_tui.workspace import Workspace
from tests.reporting import made

from .driving import press, screen_text, settle


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.977 KB"),
        (1023, "0.999 KB"),
        (5_000_000, "4.77 MB"),
        (1023 * 1024**2, "0.999 GB"),
        (1023.6 * 1024**3, "1,024 GB"),
    ],
)
def test_a_size_is_written_without_an_exponent(value: float, text: str) -> None:
    assert data_size(value) == text


OLD = {
    "metrics": {"n": 3, "accuracy": 0.87, "ci95": [0.7, 0.95]},
    "baselines": {"majority": {"accuracy": 0.33}, "odd": {}},
}


def summary(task: str) -> dict[str, Any]:
    """What a run of this task writes into its row."""
    report = made.REPORTS[task](made.CASES[task]())
    return {
        "task": task,
        "metrics": {"n": 9, "figures": report["test"]["figures"]},
        "baselines": {name: {"figures": entry["figures"]} for name, entry in report["baselines"].items()},
    }


@pytest.mark.parametrize(
    ("found", "words", "known"),
    [
        (OLD, "accuracy .87", "(majority .33)"),
        (summary("classify"), "accuracy .93", "(majority .33, simple .64)"),
        (summary("select"), "top-1 .90", "(random .36, sharpest .50)"),
        (summary("count"), "mean error 0.25", "(mean 6.00, area 2.20)"),
        (None, "", ""),
        ({"task": "fly", "metrics": {}}, "", ""),
        ({"task": "count", "metrics": {"figures": {"mae": {"value": None}}}, "baselines": {"area": 3}}, "", ""),
    ],
)
def test_the_primary_figure_stands_beside_its_baselines(found: Any, words: str, known: str) -> None:
    assert primary_words(found) == words
    assert beside(baselines_of(found), figure_of(found)) == known


def test_of_many_baselines_the_best_two_are_named() -> None:
    select = figure_of(summary("select"))
    known = {"random": 0.27, "largest_file": 0.75, "last": 0.38, "sharpest": 0.88}
    assert beside(known, select) == "(largest .75, sharpest .88, 2 lower)"
    count = figure_of(summary("count"))
    assert beside({"a": 3.0, "b": 1.0, "c": 2.0, "d": 4.0}, count) == "(b 1.00, c 2.00, others higher)"


def test_figures_and_intervals_come_from_either_form() -> None:
    assert (primary_of(OLD), interval_of(OLD)) == (0.87, (0.7, 0.95))
    assert interval_of(summary("count")) == (0.125, 0.5)
    assert interval_of(None) is None
    count = figure_of(summary("count"))
    assert [figure_text(value, count) for value in (0.25, 12.34, None)] == ["0.25", "12.3", "-"]


def test_bars_of_errors_are_as_long_as_the_errors(workspace: Workspace) -> None:
    run_id = made.add_run(workspace, "count")
    run = workspace.db.read(runs.get, run_id)
    text = result_text(run, 50)
    assert text is not None
    head, own, mean, area = text.plain.splitlines()
    assert head == "mean error on the test, less is better"
    assert own.endswith(" 0.25")
    assert mean.count("▓") > area.count("▓") > own.count("▓") > 0


async def test_home_leads_to_what_each_task_reached(root: Path) -> None:
    with Workspace(root) as ws:
        for task in ("classify", "count"):
            made.add_run(ws, task, name=task)
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        rows = [row.strip() for row in screen_text(app)]
        assert any("count-1  mean error 0.25 (mean 6.00, area 2.20)" in row for row in rows)
        assert any("classify-1  accuracy .93 (majority .33, simple .64)" in row for row in rows)
        at = next(place for place, row in enumerate(rows) if "classify-1" in row)
        while not screen_text(app)[at].lstrip().startswith("▸"):
            await press(pilot, "down")
        await press(pilot, "enter")
        assert app.current_mode == "report"
        assert "classify-1  classify" in screen_text(app)[1]
        await press(pilot, "escape")
        assert app.current_mode == "home"
