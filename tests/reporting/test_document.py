"""What a report says: figures beside baselines, tables, calibration, and what makes it worth less than it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.reporting.calibration import calibration
from binscout_tui.reporting.cases import Case, Sources
from binscout_tui.reporting.document import document, ends
from binscout_tui.reporting.doubts import better_than, doubts, not_beaten
from binscout_tui.reporting.facts import facts
from binscout_tui.reporting.folder import read_run
from binscout_tui.reporting.html import page
from binscout_tui.reporting.lines import (
    cut,
    fit,
    heat,
    interval_bar,
    plain,
    sections,
    table_lines,
    text_width,
    wrapped,
)
from binscout_tui.reporting.report import Figure, report_of
from tests.reporting import made


def report(task: str = "classify", **test: Any) -> Any:
    """A made-up report with other test figures."""
    found = made.REPORTS[task](made.CASES[task]())
    return report_of(found | {"test": found["test"] | test}, Path("report.json"))


def case(truth: Any, said: Any, *, score: float | None = None) -> Case:
    """A case of its own."""
    return Case(split="test", id="x", images=[], truth=truth, said=said, score=score, right=truth == said)


@pytest.mark.parametrize("task", ["classify", "select", "count"])
@pytest.mark.parametrize("width", [30, 60, 80, 110])
def test_every_task_has_figures_beside_baselines_and_no_line_is_too_long(tmp_path: Path, task: str, width: int) -> None:
    made.write_run(tmp_path, task)
    found = read_run(tmp_path).document()
    text = plain(found, width)
    assert found.headlines[0].about is found.task.primary
    assert found.headlines[0].scores[0].is_model
    assert len(found.headlines[0].scores) > 1
    assert max(text_width(line) for line in text) <= width
    if width >= 60:
        assert any("this model" in line and "●" in line for line in text)
    assert "What to mistrust" in text


def test_a_figure_that_no_baseline_has_stands_alone(tmp_path: Path) -> None:
    made.write_run(tmp_path, "classify")
    text = plain(read_run(tmp_path).document(), 80)
    assert "  calibration error   0.06  less is better" in text
    assert not any("●" in line for line in text if "calibration error" in line)


DOUBTS: list[tuple[dict[str, Any], Sources, str]] = [
    ({"n": 12}, Sources(), "Only 12 test images: one of them is 8 points."),
    ({}, Sources({}, {}, {"test": 2}), "come from 2 sources only"),
    ({}, Sources({}, {}, {"test": 0, "train": 3}), "No sources are known"),
    ({"unreadable": 3}, Sources(), "3 test files could not be read and were left out."),
    ({"labels_not_trained": ["nut"]}, Sources(), "classes that were not in training are left out: nut."),
    ({"figures": {"accuracy": made.figure(0.7, 0.6, 0.8)}}, Sources(), "Not clearly better than: simple features"),
    ({"figures": {"accuracy": made.figure(0.5, 0.4, 0.6)}}, Sources(), "Worse than: simple features, even at the"),
    ({"figures": {"accuracy": made.figure(0.5)}}, Sources(), "Worse than: simple features."),
    ({"figures": {"accuracy": made.figure(0.9), "ece": made.figure(0.2)}}, Sources(), "calibration error 0.20"),
    ({"figures": {"accuracy": made.figure(0.6, 0.5, 0.7)}}, Sources(), "Much better on the images it was tuned on"),
    ({"figures": {}, "accuracy": None}, Sources(), "no accuracy on the test split"),
    (
        {"per_class": {"a": {"recall": 1, "support": 2}, "b": {"recall": 1, "support": 9}}},
        Sources(),
        "1 class with fewer",
    ),
]


@pytest.mark.parametrize(("test", "sources", "words"), DOUBTS)
def test_what_to_mistrust_is_said(test: dict[str, Any], sources: Sources, words: str) -> None:
    said = doubts(report(**test), sources, has_cases=True)
    assert any(words in one for one in said), said
    assert not any(words in one for one in doubts(report(n=4000, unreadable=0), Sources(), has_cases=True))


def test_less_is_better_of_errors_and_zero_of_bias() -> None:
    found = report("count", figures={"mae": made.figure(2.0, 1.0, 3.0), "bias": made.figure(-2.0, -3.0, -1.0)})
    figures = {figure.name: figure for figure in found.about.figures}
    assert not_beaten(found, figures["mae"]) == ["area"]
    assert not_beaten(found, figures["bias"]) == ["mean_count"]
    assert not_beaten(report("count"), figures["mae"]) == []


def test_a_model_beyond_whose_interval_a_baseline_lies_is_worse_than_it() -> None:
    found = report("count", figures={"mae": made.figure(3.0, 3.0, 3.0), "bias": made.figure(-2.0, -3.0, -1.0)})
    figures = {figure.name: figure for figure in found.about.figures}
    assert better_than(found, figures["mae"]) == ["area"]
    assert better_than(found, figures["bias"]) == ["mean_count"]
    said = doubts(found, Sources(), has_cases=True)
    assert said[0] == "Worse than: area, even at the better end of the model's interval."
    assert not any("Not clearly better" in one for one in said)
    across = report("count", figures={"bias": made.figure(0.5, -1.0, 2.0)})
    assert better_than(across, figures["bias"]) == [], "a bias of 0 is within reach"
    level = report("count", figures={"mae": made.figure(2.4, 2.2, 3.0)})
    assert (better_than(level, figures["mae"]), not_beaten(level, figures["mae"])) == ([], ["area"])
    shown = document("r", found, [])
    assert (shown.headlines[0].behind, shown.headlines[0].worse) == (("area",), ("area",))
    assert "less is better · worse than area<" in page(shown)
    assert "less is better · not clearly better than area<" in page(document("r", level, []))


def test_counts_are_told_by_how_many_there_are() -> None:
    cases = [case(0, 0), case(3, 5), case(4, 4), case(30, 28)]
    table = next(one for one in document("r", report("count"), cases).tables if one.title == "By how many there are")
    assert [(row.name, row.cells) for row in table.rows] == [
        ("none", ("0.00", "+0.00", "1.00", "1")),
        ("1 to 5", ("1.00", "+1.00", "0.50", "2")),
        ("above 20", ("2.00", "-2.00", "0.00", "1")),
    ]


def test_what_only_one_task_has_is_told_and_other_forms_are_left_out() -> None:
    raw = made.classify_report(made.classify_cases()) | {
        "parts": {"circles": {"weight": 0.4, "test": {"accuracy": 0.9}}, "odd": 3},
        "unknown": {"leave_one_class_out": {"auroc": 0.93, "caught": "many"}},
    }
    found = {table.title: table for table in document("r", report_of(raw, Path("r")), []).tables}
    assert [(row.name, row.cells) for row in found["Its parts alone"].rows] == [("circles", ("0.40", "0.90"))]
    unknown = found["Things that it never learned, by leaving one class out"]
    assert [(row.name, row.cells, row.share) for row in unknown.rows] == [("told apart, AUROC", ("0.93",), None)]
    assert unknown.columns == ("", "value")
    counted = report("count", points={"f1": 0.8, "precision": None}, empty={"n": 4, "seen_some": 1}, doubtful=2)
    table = next(one for one in document("r", counted, []).tables if one.title == "Where it counts")
    assert [row.name for row in table.rows] == ["point f1", "empty, seen some", "in doubt"]
    assert all("".join(text for text, _ in line).strip() for line in table_lines(table, 80)), "no empty row"
    sure = report(
        "select", confident={"n": 12, "right": 0.75, "ci95": [0.4, 0.9]}, by_family={"f": {"n": 2, "value": 0.5}}
    )
    tables = {one.title: one for one in document("r", sure, []).tables}
    assert tables["Where it is sure enough to suggest"].rows[0].cells == ("12", "0.75")
    assert tables["Each family"].rows[0].cells[0] == "0.50"
    assert "Where it is sure enough to suggest" not in {one.title for one in document("r", report("select"), []).tables}


def test_the_parts_of_a_chooser_tell_their_shares_and_that_one_has_none() -> None:
    alone = {
        name: {"test": {"top1": {"value": top1}, "mean_iou": {"value": iou}}}
        for name, top1, iou in (("network", 0.25, 0.2), ("measures", 0.75, None))
    }
    raw = made.select_report(made.select_cases()) | {"parts": {"choice_share": 0.0, "crop_share": 0.25, **alone}}
    found = {table.title: table for table in document("r", report_of(raw, Path("r")), []).tables}["Its parts alone"]
    assert [(row.name, row.cells) for row in found.rows] == [
        ("network", ("none", "0.25", "0.25", "0.20")),
        ("measures", ("1.00", "0.75", "-", "-")),
    ]


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({"seconds": 0.5, "samples_per_s": 68.0}, "0.5 s"),
        ({"seconds": 0.0, "samples_per_s": 900.0}, "0.0 s"),
        ({"seconds": 0.0, "samples_per_s": None}, "none: its network learns nothing"),
    ],
)
def test_a_short_training_is_not_told_as_none(training: dict[str, Any], told: str) -> None:
    found = report_of(made.classify_report(made.classify_cases()) | {"training": training}, Path("r"))
    assert dict(facts(found, Sources()))["training time"] == told


def test_facts_are_in_words_and_units() -> None:
    training = {"seconds": 312.5, "peak_memory_bytes": 378675200, "waited": 0.031, "resumed": 0, "speed_up": None}
    found = report_of(made.classify_report(made.classify_cases()) | {"training": training}, Path("r"))
    told = dict(facts(found, Sources()))
    assert (told["training time"], told["peak memory"], told["waited for data"]) == ("5 min", "379 MB", "3.1%")
    assert not {"resumed", "speed-up"} & told.keys()


def test_a_figure_without_any_interval_is_a_line(tmp_path: Path) -> None:
    found = made.classify_report(made.classify_cases())
    found["baselines"]["majority"]["figures"]["ece"] = made.figure(0.02)
    text = plain(document("r", report_of(found, Path("r")), []), 80)
    assert "  calibration error   0.06  majority 0.02 · less is better" in text


def test_calibration_is_the_gap_between_what_it_says_and_is() -> None:
    cases = [case("a", "a", score=0.92), case("a", "b", score=0.98), case("a", "a", score=0.31), case("a", "a")]
    found = calibration(cases)
    assert found is not None
    assert [(one.n, round(one.confidence, 3), one.right) for one in found.bins] == [(1, 0.31, 1.0), (2, 0.95, 0.5)]
    assert found.error == pytest.approx((0.69 * 1 + 0.45 * 2) / 3)
    assert calibration([case("a", "a")]) is None
    whole = calibration([case("a", "a", score=1.0)])
    assert whole is not None
    assert whole.bins[0].low == 0.9


def test_a_matrix_that_does_not_fit_is_told_as_its_mistakes() -> None:
    names = [f"class {number}" for number in range(23)]
    matrix = [[5 if row == column else 0 for column in range(23)] for row in range(23)]
    matrix[0][1], matrix[2][1] = 2, 4
    found = document("r", report(confusion={"labels": names, "matrix": matrix}), [])
    narrow = next(one for one in sections(found, 80) if one.title.startswith("What is taken"))
    assert narrow.title == "What is taken for what (the model says ← it is)"
    rows = ["".join(text for text, _ in line) for line in narrow.lines]
    assert rows[0].split() == ["class", "1", "←", "class", "2", "4", "of", "9"]
    assert rows[1].split() == ["class", "1", "←", "class", "0", "2", "of", "7"]
    wide = next(one for one in sections(found, 120) if one.title.startswith("What is taken"))
    assert len(wide.lines) == 24
    assert wide.lines[1][3] == ("  2", "heat3")


@pytest.mark.parametrize(
    ("value", "total", "right", "role"),
    [
        (0, 9, False, "muted"),
        (9, 9, True, "diagonal"),
        (1, 20, False, "heat1"),
        (1, 5, False, "heat2"),
        (2, 5, False, "heat3"),
        (5, 6, False, "heat4"),
    ],
)
def test_a_cell_is_shaded_by_its_share_of_the_row(value: int, total: int, right: bool, role: str) -> None:
    assert heat(value, total, right) == role


@pytest.mark.parametrize(
    ("figure", "drawn"),
    [
        (Figure(0.5, (0.2, 0.8)), "··├──●──┤··"),
        (Figure(0.5), "·····●·····"),
        (Figure(1.0, (0.9, 1.0)), "·········├●"),
        (Figure(0.0, (0.0, 0.0)), "●··········"),
        (Figure(), "           "),
    ],
)
def test_an_interval_is_drawn_on_its_axis(figure: Figure, drawn: str) -> None:
    assert interval_bar(figure, (0.0, 1.0), 11) == drawn


@given(st.floats(-50, 50), st.floats(0, 20), st.floats(0, 20), st.integers(1, 60))
def test_a_drawn_interval_fills_its_cells_and_holds_its_value(
    value: float, below: float, above: float, cells: int
) -> None:
    figure = Figure(value, (value - below, value + above))
    about = next(one for one in report("count").about.figures if one.name == "bias")
    drawn = interval_bar(figure, ends([figure], about), cells)
    assert len(drawn) == cells
    assert drawn.count("●") == 1


@given(st.text(max_size=30), st.integers(1, 20))
def test_text_is_cut_and_padded_by_cells(text: str, cells: int) -> None:
    assert text_width(cut(text, cells)) <= cells
    assert text_width(fit(text, cells)) == cells


def test_a_wide_character_takes_two_cells() -> None:
    assert text_width("ねじ M3") == 7
    assert fit("ねじ M3", 6) == "ねじ …"
    assert fit("ねじ", 4) == "ねじ"


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), min_size=1, max_size=200))
def test_a_wrapped_sentence_loses_nothing_but_blanks(text: str) -> None:
    lines = wrapped("! ", text, 40)
    assert "".join("".join(piece for piece, _ in line[1:]) for line in lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width("".join(piece for piece, _ in line)) <= 40 for line in lines)
