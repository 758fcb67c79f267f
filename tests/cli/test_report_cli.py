"""`report` and `runs compare`: figures as text and JSON, pages and notebooks as files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.learning.tasks import CHECKPOINT_FILE
from binscout_tui.store import runs
from binscout_tui.workers.reports import open_report
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.app import filling
from tests.command_line import binscout
from tests.reporting import made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with two finished runs of classifiers."""
    folder = tmp_path / "bins"
    workspaces.create(folder)
    with Workspace(folder) as ws:
        made.add_run(ws)
        made.add_run(ws, wrong=(3, 8), seed=1)
    return folder


def call(root: Path, *words: object) -> int:
    """Run a command in this process; its exit code."""
    return run(split_arguments(["--workspace", str(root), *map(str, words)]))


def test_a_report_is_text_or_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(root, "report", "parts-1") == 0
    text = capsys.readouterr().out
    assert text.startswith("Report of parts-1\n\nFigures on 40 test images")
    assert "simple features     0.64" in text
    assert "case-7.jpg" in text
    assert call(root, "report", "parts-1", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["report"]["test"]["figures"]["accuracy"]["value"] == pytest.approx(37 / 40)
    assert found["report"]["baselines"]["simple_features"]["figures"]["accuracy"]["ci95"] == [0.5, 0.77]
    assert [case["truth"] for case in found["worst"]] == ["washer", "M3 screw", "M2 screw"]


@pytest.mark.parametrize(("item", "told"), [("M3 nut", "M3 nut"), ("", "everything")])
def test_a_report_of_counts_says_what_is_counted(
    root: Path, capsys: pytest.CaptureFixture[str], item: str, told: str
) -> None:
    with Workspace(root) as ws:
        made.add_run(ws, "count", "bins")
        ws.db.write(lambda db: db.execute("UPDATE dataset SET item = ?", (item,)))
    assert call(root, "report", "bins-1") == 0
    assert f"  counts           {told}\n" in capsys.readouterr().out
    assert call(root, "report", "bins-1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"] == told
    assert call(root, "report", "parts-1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"] is None


async def test_the_app_says_what_is_counted_too(root: Path) -> None:
    with Workspace(root) as ws:
        made.add_run(ws, "count", "bins")
        ws.db.write(lambda db: db.execute("UPDATE dataset SET item = 'M3 nut'"))
    live = await LiveWorkspace.open(root)
    try:
        assert ("counts", "M3 nut") in (await open_report(live, "bins-1")).document.facts
    finally:
        await live.close()


def test_pages_and_notebooks_are_written_once(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("report", "parts-1", "--html", "a.html", "--notebook", tmp_path / "b.ipynb")
    assert call(root, *words, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "run": "parts-1",
        "html": "a.html",
        "notebook": str(tmp_path / "b.ipynb"),
    }
    page = (tmp_path / "a.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 6
    assert "looks like this" in page
    notebook = json.loads((tmp_path / "b.ipynb").read_text())
    assert "RUN = Path('bins/runs/parts-1')" in "".join("".join(cell["source"]) for cell in notebook["cells"])
    before = (tmp_path / "a.html").stat().st_mtime_ns
    assert call(root, *words) == 3
    assert "a.html exists. --force writes over it." in capsys.readouterr().err
    assert (tmp_path / "a.html").stat().st_mtime_ns == before
    assert call(root, *words, "--force") == 0
    assert (tmp_path / "a.html").stat().st_mtime_ns != before


def test_a_page_goes_to_standard_output_alone(root: Path) -> None:
    answer = binscout(root, "report", "parts-1", "--html", "-", as_json=False)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("<!DOCTYPE html>")
    assert answer.out.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("report", "parts-9"), 1, "There is no run 'parts-9'"),
        (("report", "../parts-1"), 1, "There is no run '../parts-1'"),
        (("report", "parts-1", "--html", "no/where.html"), 1, "There is no folder no."),
        (("report", "parts-1", "--html", "."), 2, ". is a folder."),
        (("report", "parts-1", "--html", ""), 2, "is a folder."),
        (("report", "parts-1", "--html", "x", "--notebook", "x"), 2, "name the same file"),
        (("report", "parts-1", "--html", "-", "--notebook", "-"), 2, "Only one of --html and --notebook"),
        (("report", "parts-1", "--html", "-", "--json"), 2, "--json answers on standard output"),
        (("runs", "compare", "parts-1", "parts-9"), 1, "There is no run 'parts-9'"),
        (("runs", "compare", "parts-1", "parts-1"), 1, "cannot be compared with itself"),
        (("runs", "compare", "parts-1"), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    root: Path,
    words: tuple[str, ...],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert call(root, *words) == code
    assert said in capsys.readouterr().err
    assert list((tmp_path / "here").iterdir()) == []


def test_a_damaged_or_missing_report_is_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Workspace(root) as ws:
        folder = ws.paths.run("parts-1")
    (folder / "report.json").write_text("{")
    assert call(root, "report", "parts-1") == 1
    assert "cannot be read" in capsys.readouterr().err
    (folder / "report.json").unlink()
    assert call(root, "report", "parts-1") == 1
    assert "parts-1 has no report." in capsys.readouterr().err


def test_a_run_that_goes_on_has_no_report_yet(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Workspace(root) as ws:
        running = filling.add_run(ws, filling.add_dataset(ws), state="running")
    assert call(root, "report", running) == 1
    assert f"{running} is running; no report yet." in capsys.readouterr().err


@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_a_run_that_failed_says_why_wherever_it_is_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str], has_checkpoint: bool
) -> None:
    with Workspace(root) as ws:
        failed = filling.add_run(ws, filling.add_dataset(ws), state="failed", error="No memory was left.\nTry less.")
        job = ws.db.read(runs.get, failed).job.id
        if has_checkpoint:
            (ws.paths.run(failed) / CHECKPOINT_FILE).write_bytes(b"x")
    what = "goes on from its last checkpoint" if has_checkpoint else "starts it again from the beginning"
    next_step = f"`binscout jobs retry {job}` {what}."
    for words in (("report", failed), ("runs", "compare", "parts-1", failed), ("runs", "compare", failed, "parts-1")):
        assert call(root, *words) == 1
        said = capsys.readouterr().err
        assert f"{failed} failed, so it has no report. No memory was left." in said
        assert next_step in said
    for words in (("runs", "list"), ("jobs", "list"), ("jobs", "show", str(job))):
        assert call(root, *words) == 0
        assert "No memory was left. Try less.\n" in capsys.readouterr().out
    assert call(root, "runs", "show", failed) == 0
    said = capsys.readouterr().out
    assert "No memory was left. Try less.\n" in said
    assert next_step in said


def test_damaged_cases_are_a_doubt_of_the_report_and_end_a_comparison(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Workspace(root) as ws:
        (ws.paths.run("parts-1") / "cases.jsonl").write_text("{\n")
    assert call(root, "report", "parts-1") == 0
    assert "! The cases" in capsys.readouterr().out
    assert call(root, "runs", "compare", "parts-1", "parts-2") == 1
    assert "line 1" in capsys.readouterr().err


def test_two_runs_are_compared_case_by_case(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(root, "runs", "compare", "parts-1", "parts-2") == 0
    text = capsys.readouterr().out
    assert "parts-1 → parts-2 on the 40 test images that both were asked" in text
    assert "       2  fixed: wrong before, right now" in text
    assert "is M3 screw: washer 0.91 → M3 screw 0.91" in text
    assert call(root, "runs", "compare", "parts-1", "parts-2", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"fixed": 2, "broken": 1, "wrong": 1, "right": 36}
    assert found["left_out"] == {"only_before": 0, "only_after": 0, "truth_changed": 0}
    assert found["figures"]["accuracy"]["difference"] == pytest.approx(1 / 40)
    assert found["settings"]["seed"] == ["0", "1"]
    assert [case["truth"] for case in found["cases"]["broken"]] == ["washer"]


def test_runs_of_different_tasks_are_not_compared(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Workspace(root) as ws:
        other = made.add_run(ws, "count", name="bins")
    assert call(root, "runs", "compare", "parts-1", other) == 1
    assert "only runs of one task can be compared" in capsys.readouterr().err
