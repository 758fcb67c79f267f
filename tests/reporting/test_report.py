"""Reading reports and cases, of both formats, and whatever is not one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.errors import NotFoundError, StorageError
from binscout_tui.reporting.cases import read_cases, read_sources, worst
from binscout_tui.reporting.folder import read_curves, read_run
from binscout_tui.reporting.report import read_report, report_of
from tests.app import filling
from tests.reporting import made


@pytest.mark.parametrize("task", ["classify", "select", "count"])
def test_a_report_of_each_task_is_read_with_its_baselines(tmp_path: Path, task: str) -> None:
    made.write_run(tmp_path, task)
    found = read_report(tmp_path)
    first = found.about.primary.name
    assert found.task == task
    assert found.test.figure(first).ci95 is not None
    assert any(entry.figure(first).value is not None for entry in found.baselines.values())
    assert found.test.figure("nothing").value is None


def test_a_report_of_an_older_version_is_read_in_the_same_words(tmp_path: Path) -> None:
    old = filling.report()
    worst_one = {"path": "/a.jpg", "sha256": "a" * 64, "label": "washer", "predicted": "M3 screw", "score": 0.9}
    old["test"] = old["test"] | {
        "worst": [worst_one],
        "by_family": {"s": {"n": 3, "accuracy": 0.5, "ci95": [0.1, 0.9]}},
    }
    (tmp_path / "report.json").write_text(json.dumps(old))
    found = read_run(tmp_path)
    assert found.report.task == "classify"
    assert found.report.test.figure("accuracy").ci95 == (0.7, 0.95)
    assert found.report.test.by_family["s"].figures["accuracy"].value == 0.5
    assert found.cases is None
    assert [case.said for case in found.document().worst] == ["M3 screw"]
    assert any("no list of cases" in doubt for doubt in found.document().doubts)


BAD_REPORTS: list[tuple[str, str]] = [
    ("{", "cannot be read"),
    ("[]", "cannot be read"),
    ("{}", "lacks its test figures"),
    ('{"test": {}, "baselines": 3}', "lacks its test figures or its baselines"),
    ('{"format": 3, "test": {}, "baselines": {}}', "has the format 3, and this program reads 1 and 2"),
    ('{"task": "fly", "test": {}, "baselines": {}}', "a task 'fly' that this program does not know"),
    ('{"test": {"n": "many"}, "baselines": {}}', "cannot be read"),
    ('{"test": {"figures": {"accuracy": {"value": "good"}}}, "baselines": {}}', "cannot be read"),
    ('{"test": {"confusion": {"labels": ["a"], "matrix": [[1, 2]]}}, "baselines": {}}', "not a square of its labels"),
    ('{"test": {"accuracy": NaN}, "baselines": {}}', "cannot be read"),
    ("[" * 100_000, "cannot be read"),
]


@pytest.mark.parametrize(("text", "words"), BAD_REPORTS)
def test_what_is_no_report_is_said_in_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(StorageError) as raised:
        read_report(tmp_path)
    assert words in raised.value.sentence
    assert raised.value.code == "bad_report"
    assert "\n" not in raised.value.sentence


def test_a_run_without_a_report_has_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as raised:
        read_report(tmp_path)
    assert raised.value.code == "no_report"


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["test", "baselines", "val", "figures", "per_class", "confusion", "n", "task", "format", "train"]
)


@given(st.dictionaries(KEYS, Json | st.dictionaries(KEYS, Json, max_size=4), max_size=8))
def test_whatever_stands_in_a_report_it_is_read_or_refused(found: dict[str, Any]) -> None:
    try:
        task = report_of(found, Path("report.json")).task
    except StorageError as error:
        task = error.code
    assert task in ("classify", "select", "count", "bad_report")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("{", "line 2"),
        ('{"split": "test"}', "line 2"),
        ('{"split": "test", "id": "x", "images": [{"sha256": "../../etc"}], "right": true}', "line 2"),
        ('{"split": "test", "id": "x", "images": [], "right": true, "loss": NaN}', "NaN is not a number"),
        ('{"split": "test", "id": "x", "images": [], "right": 1}', "line 2"),
    ],
)
def test_a_damaged_case_is_named_by_its_line(tmp_path: Path, change: str, words: str) -> None:
    made.write_run(tmp_path, "classify")
    lines = (tmp_path / "cases.jsonl").read_text().splitlines()
    (tmp_path / "cases.jsonl").write_text("\n".join([lines[0], change, *lines[2:]]))
    with pytest.raises(StorageError) as raised:
        read_cases(tmp_path)
    assert words in raised.value.sentence
    found = read_run(tmp_path)
    assert found.cases is None
    assert "cannot be read" in found.trouble
    assert found.document().doubts[0] == found.trouble


def test_a_file_name_of_any_bytes_survives(tmp_path: Path) -> None:
    made.write_run(tmp_path, "classify")
    case = made.classify_cases(1)[0]
    case["images"][0]["path"] = "/photos/caf\udce9.jpg"
    (tmp_path / "cases.jsonl").write_text(json.dumps(case) + "\n")
    assert read_cases(tmp_path)[0].images[0].path == "/photos/caf\udce9.jpg"


def test_the_worst_are_wrong_and_the_largest_loss_comes_first(tmp_path: Path) -> None:
    made.write_run(tmp_path, "select")
    found = worst(read_cases(tmp_path), "select")
    assert [case.right for case in found] == [False, False, True]
    assert found[-1].iou == 0.4
    assert [case.loss for case in found] == sorted((case.loss or 0 for case in found), reverse=True)
    assert worst(read_cases(tmp_path), "select", most=1) == found[:1]


def test_sources_are_those_of_the_data_set(tmp_path: Path) -> None:
    cases = made.write_run(tmp_path, "classify")
    found = read_sources(tmp_path)
    assert found.splits == {"train": 6, "val": 0, "test": 10}
    assert found.groups[cases[5]["id"]] == "shot 1"
    assert found.examples["washer"] == [made.sha("train washer 0"), made.sha("train washer 1")]
    (tmp_path / "dataset.jsonl").write_text("{")
    assert read_sources(tmp_path).groups == {}


def test_curves_come_from_the_events_and_a_damaged_log_has_none(tmp_path: Path) -> None:
    made.write_run(tmp_path, "classify")
    curves = read_curves(tmp_path)
    assert next(iter(curves)) == "loss"
    assert curves["val_acc"][-1] == (200.0, pytest.approx(0.96))
    (tmp_path / "events.jsonl").unlink()
    assert read_curves(tmp_path) == {}
