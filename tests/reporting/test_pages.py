"""A report as a web page and as a notebook: whole, self-contained, and with nothing of a stranger's in it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.imaging.previews import write_previews
from binscout_tui.reporting.folder import read_curves, read_run
from binscout_tui.reporting.html import page
from binscout_tui.reporting.notebook import notebook
from binscout_tui.reporting.pictures import PreviewPictures
from binscout_tui.reporting.words import name_of
from tests.reporting import made

VOID = {"meta", "br"}
EVIL = '<script>alert(1)</script>"onload="x'


class Page(HTMLParser):
    """Counts what is on a page and looks that every element is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(text: str) -> Page:
    """A page that was read whole."""
    found = Page()
    found.feed(text)
    found.close()
    assert found.open == []
    return found


def made_page(folder: Path, task: str, **changes: Any) -> str:
    """The page of a made-up run whose pictures have previews."""
    cases = made.write_run(folder / "run", task)
    for case in cases:
        for place in range(len(case["images"])):
            name = made.image_name(case, place, task)
            write_previews(made.picture(name), folder / "previews", made.sha(name))
    read = read_run(folder / "run")
    return page(read.document(read_curves(folder / "run")), PreviewPictures(folder / "previews"), **changes)


@pytest.mark.parametrize("task", ["classify", "select", "count"])
def test_a_page_is_whole_and_needs_nothing_from_elsewhere(tmp_path: Path, task: str) -> None:
    text = made_page(tmp_path, task)
    found = parsed(text)
    links = [value for name, value in found.attributes if name in ("href", "src", "action", "xlink:href")]
    assert links
    assert all(link.startswith("data:image/jpeg;base64,") for link in links)
    assert not re.search(r"https?:|url\(|@import|<script", text)
    assert found.tags.count("svg") >= 5
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    said = " ".join(found.text)
    assert "What to mistrust" in said
    assert "this model" in said
    assert "0.70 to 0.97" in said or "0.83 to 0.99" in said or "0.12 to 0.50" in said


def test_a_mistake_is_shown_beside_what_it_was_taken_for(tmp_path: Path) -> None:
    write_previews(made.picture("example"), tmp_path / "previews", made.sha("example"))
    text = made_page(tmp_path, "classify", examples={"M3 screw": made.sha("example")})
    assert "M3 screw looks like this" in text
    assert "washer looks like this" not in text


def test_counts_are_points_and_crops_are_boxes(tmp_path: Path) -> None:
    counted = made_page(tmp_path / "count", "count")
    wrong = [case for case in made.count_cases() if not case["right"]]
    assert counted.count('class="point"') == sum(case["said"] for case in wrong)
    assert counted.count('class="place"') == sum(case["truth"] for case in wrong)
    chosen = made_page(tmp_path / "select", "select")
    assert chosen.count('class="box truth"') == chosen.count('class="box said"') == 3


def test_nothing_of_a_stranger_becomes_part_of_a_page(tmp_path: Path) -> None:
    cases = made.write_run(tmp_path, "classify")
    report = json.loads((tmp_path / "report.json").read_text())
    report["preset"] = report["dataset"] = EVIL
    report["training"][EVIL] = EVIL
    report["baselines"][EVIL] = report["baselines"]["majority"]
    report["test"]["by_family"] = {EVIL: {"n": 3, "accuracy": 0.5}}
    report["test"]["per_class"] = {EVIL: {"recall": 0.5, "support": 2}}
    report["test"]["confusion"] = {"labels": [EVIL, "b"], "matrix": [[1, 1], [1, 1]]}
    report["test"]["unreadable_images"] = [{"path": EVIL, "reason": EVIL}]
    (tmp_path / "report.json").write_text(json.dumps(report))
    for case in cases:
        case |= {"truth": EVIL, "said": EVIL + "2"}
        case["images"][0]["path"] = f"/x/{EVIL}\x1b[31m\udce9.jpg"
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    text = page(read_run(tmp_path).document({EVIL: [(0, 1), (1, 2)]}), made=EVIL)
    found = parsed(text)
    assert "script" not in found.tags
    assert not any(name.startswith("on") for name, _ in found.attributes)
    assert "\x1b" not in text
    text.encode()


def test_pictures_stay_within_their_room(tmp_path: Path) -> None:
    for number in range(6):
        write_previews(made.picture(f"p{number}"), tmp_path, made.sha(f"p{number}"))
    free = PreviewPictures(tmp_path)
    first = free(made.sha("p0"))
    assert first is not None
    assert free(made.sha("p0")) is first
    assert (first.width, first.height) == (96, 72)
    tight = PreviewPictures(tmp_path, most=2000)
    shown = [tight(made.sha(f"p{number}")) for number in range(6)]
    assert None in shown
    assert tight.left_out
    assert sum(len(one.address) for one in shown if one) < 2000 * 4 / 3 + 200
    assert PreviewPictures(tmp_path)("f" * 64) is None
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / "ab" / f"{'ab' * 32}-1024.jpg").write_bytes(b"no picture")
    assert PreviewPictures(tmp_path)("ab" * 32) is None


def test_a_page_says_that_pictures_were_left_out(tmp_path: Path) -> None:
    made.write_run(tmp_path, "classify")
    for case in made.classify_cases():
        name = made.image_name(case, 0, "classify")
        write_previews(made.picture(name), tmp_path / "previews", made.sha(name))
    text = page(read_run(tmp_path).document(), PreviewPictures(tmp_path / "previews", most=100))
    assert "left out, to keep the page small" in text
    assert "no picture" in text


# Notebooks.


@pytest.mark.parametrize("task", ["classify", "select", "count"])
def test_a_notebook_is_one_by_the_rules_of_its_format(tmp_path: Path, task: str) -> None:
    made.write_run(tmp_path, task)
    found = json.loads(notebook(read_run(tmp_path).document(), "../run"))
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    assert found["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in found["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    for cell in found["cells"]:
        keys = {"id", "cell_type", "metadata", "source"}
        assert cell.keys() == keys | ({"outputs", "execution_count"} if cell["cell_type"] == "code" else set())
        assert all(isinstance(line, str) for line in cell["source"])


@pytest.mark.parametrize("task", ["classify", "select", "count"])
def test_a_notebook_passes_the_library_of_its_format(tmp_path: Path, task: str) -> None:
    nbformat = pytest.importorskip("nbformat")
    made.write_run(tmp_path, task)
    nbformat.validate(nbformat.reads(notebook(read_run(tmp_path).document(), "."), as_version=4))


@pytest.mark.parametrize("task", ["classify", "select", "count"])
def test_the_cells_of_a_notebook_run_beside_the_run(
    tmp_path: Path, task: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a 'run'"
    made.write_run(folder, task)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    exec(code_of(notebook(read_run(folder).document(), folder.name)), {})
    wanted = {"classify": ["accuracy", "says washer, is M3 screw"], "select": ["top1"], "count": ["mean error 0.25"]}
    told = capsys.readouterr().out
    for words in [*wanted[task], "simple_features" if task == "classify" else "this model", "loss: 20 points"]:
        assert words in told


@pytest.mark.parametrize("task", ["classify", "select", "count"])
def test_a_notebook_lists_the_worst_that_the_report_lists(
    tmp_path: Path, task: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.write_run(tmp_path, task)
    found = read_run(tmp_path).document()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    exec(code_of(notebook(found, ".")), {})
    listed = [line.split(": is ")[0] for line in capsys.readouterr().out.splitlines() if ", the model says " in line]
    assert listed == [name_of(case) for case in found.worst]
    assert len(listed) == 3, "of sets two wrong choices and one crop that missed"


def test_a_notebook_that_was_moved_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.write_run(tmp_path, "classify")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        exec(code_of(notebook(read_run(tmp_path).document(), "elsewhere")), {})
    assert "set RUN to its folder" in str(ended.value)


def code_of(text: str) -> str:
    """All code of a notebook."""
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
