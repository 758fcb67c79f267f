"""What is hidden is in no answer of the command line: all are those of a workspace that never had it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from binscout_tui.cli.main import app
from tests.command_line import Answer, answered_here
from tests.leaks import library
from tests.leaks.library import MARK, Library

RUN = "parts-1"
# HIDDEN, SET, CAPTURE and PHOTO stand for ids that are hidden and for a picture.
READS = [
    "images list",
    "images list --trash",
    "images list --filter star",
    "images list --filter text:title",
    "images list --filter collection:none",
    "images list --filter tag:any",
    "images list --filter dup",
    "images list --filter pred:washer",
    "images list --label washer",
    "set list",
    "set list --state done",
    "set export OUT/sets.jsonl",
    "set group --by folder --dry-run",
    "crop list",
    "crop queue",
    "crop render OUT --dry-run",
    "crop render OUT --boxes --dry-run",
    "label queue",
    "label agreement",
    "label accuracy",
    "label boxes list",
    "label boxes list --state all",
    "label review list",
    "label gold list",
    "label take --class washer --min-confidence 0.1 --dry-run",
    "label classes merge washer M3_screw --dry-run",
    "labels export OUT/labels.json --format coco",
    "labels export OUT/labels.csv --format csv",
    "labels export OUT/labels.jsonl --format jsonl",
    "mistakes list",
    "dataset list",
    "dataset show parts",
    "dataset show parts --images",
    "dataset build new --dry-run",
    "dataset build new --task select --dry-run",
    "dataset build new --task count --dry-run",
    "runs list",
    f"runs show {RUN}",
    f"runs log {RUN}",
    f"report {RUN} --notebook OUT/report.ipynb",
    "models list",
    f"models show {RUN}",
    "models history",
    "known-good list",
    "known-good list --task select",
    "known-good list --task count",
    "jobs list",
    "capture list",
    "capture coverage",
    "capture status",
    "capture source list",
    "item list",
    "compartment list",
    "tag list",
    "tag show brass",
    "collection list",
    "collection show drawer",
    "filter list",
    "filter show kept",
    "similar status",
    "similar of 5",
    "similar clusters --by hash --number 3",
    "duplicates find",
    "collection by-name",
    "sidecars audit",
    "duplicates list",
    "view 5 --out OUT/5.jpg",
    "show 5",
    "export OUT --filter star",
    "files log",
    "dataset show seen --images",
    "dataset health seen",
    "dataset diff held seen",
    "dataset export seen OUT/seen --format imagefolder",
]
# Acting on what is hidden, and asking for it by its id or name.
OF_IDS = [
    "images trash HIDDEN",
    "images restore HIDDEN",
    "images star HIDDEN",
    "images unstar HIDDEN",
    "images label washer HIDDEN",
    "images purge HIDDEN",
    "images list --filter id:HIDDEN",
    f'images list --filter tag:"tag_{MARK}"',
    f'images list --filter tag:"tag_{MARK[:-1]}"',
    f"tag show private_{MARK}",
    f"tag merge private_{MARK} brass",
    f"tag delete private_{MARK}",
    "tag put brass HIDDEN",
    "tag take brass HIDDEN",
    "collection put drawer HIDDEN",
    "collection take drawer HIDDEN",
    f"filter show saved_{MARK}",
    "show HIDDEN",
    "view HIDDEN --out OUT/5.jpg",
    "export OUT HIDDEN",
    "compare HIDDEN 5",
    "duplicates not HIDDEN 5",
    "duplicates keep HIDDEN --trash 5",
    "similar of HIDDEN",
    "crop add HIDDEN 0.1,0.1,0.5,0.5",
    "crop list HIDDEN",
    "crop queue HIDDEN",
    "label set HIDDEN washer",
    "label empty HIDDEN",
    "label clear HIDDEN",
    "label note HIDDEN word",
    "label count HIDDEN 3",
    "label boxes show HIDDEN",
    "label boxes set HIDDEN 0.1,0.1,0.5,0.5",
    "label boxes skip HIDDEN",
    "label boxes clear HIDDEN",
    "label review add HIDDEN",
    "label review remove HIDDEN",
    "label gold add HIDDEN washer",
    "label gold remove HIDDEN",
    "mistakes dismiss HIDDEN",
    "known-good add HIDDEN",
    "known-good remove HIDDEN",
    "known-good remove HIDDEN --task count",
    "set choose SET HIDDEN",
    "set reject SET",
    "set skip SET",
    "suggest --set SET",
    "capture show CAPTURE",
    "capture accept CAPTURE",
    "capture reject CAPTURE",
    "capture reopen CAPTURE",
    "capture assign CAPTURE --item M3",
    "capture retake CAPTURE",
    "capture retry CAPTURE",
]


# What never changes has what is hidden in its numbers, and in no list.
FROZEN = [
    "dataset list",
    "dataset show held",
    "dataset show held --images",
    "dataset health held",
    "dataset leaks held",
    "dataset diff parts held",
    "dataset diff seen held --kind added",
    "dataset export held OUT/held --format coco",
    f"report {RUN}",
    f"report {RUN} --html OUT/report.html",
    f"runs compare {RUN} parts-2",
]


NAME_VERBS = ("add", "rename", "colour", "hide", "unhide", "sensitive", "not-sensitive", "merge", "delete")
# What changes, starts or stops something, or speaks of other things than images; `label rates` counts what people did.
TELL_NOTHING = [
    *("init", "open", "demo", "doctor", "version", "import", "undo", "redo", "train", "background"),
    *("evaluate", "gate", "activate", "rollback", "predict", "count", "backup", "job", "bench", "cluster", "engine"),
    *("images examine", "images metadata", "images check", "capture shoot", "capture run", "capture stop"),
    *("capture source", "item", "compartment", "set import-log", "similar build"),
    *("label add-class", "label rates", "label arrange", "label classes", "labels import"),
    *("mistakes find", "runs follow", "models note", "models delete", "models shadow", "jobs", "safe-mode"),
    *(f"{kind} {verb}" for kind in ("tag", "collection") for verb in NAME_VERBS),
    *("filter save", "filter rename", "filter forget", "files", "keys"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The two workspaces."""
    return library.build(tmp_path_factory.mktemp("leaks"))


def words_of(line: str, made: Library, out: Path) -> list[str]:
    """The words of a line of the table."""
    there = {"HIDDEN": str(made.ids[0]), "SET": "1", "CAPTURE": "1", "OUT": str(out)}
    found = []
    for word in line.split():
        for name, value in there.items():
            word = re.sub(rf"\b{name}\b", value, word)
        found.append(re.sub(r"\b(tag|private|collection|saved)_", r"\1 ", word).replace("_screw", " screw"))
    return found


def told(answer: Answer, root: Path, out: Path) -> str:
    """An answer with all that differs between two workspaces taken out of it."""
    text = f"{answer.code}\n{answer.out}\n{answer.err}".replace(str(out), "OUT").replace(str(root), "ROOT")
    return re.sub(r"\b\d+(\.\d+)? ?m?s\b", "TIME", text)


def written(out: Path) -> dict[str, bytes]:
    """Every file that was written, with its content."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


# Each in both workspaces takes time: every run of the tests asks these, the slow ones all.
OFTEN = {
    *("images list", "images list --trash", "images list --filter text:title", "set list", "crop queue"),
    *("label queue", "label gold list", "label accuracy", "labels export OUT/labels.jsonl --format jsonl"),
    *("mistakes list", "dataset build new --dry-run", "known-good list", "capture list", "capture coverage"),
    *("tag list", "filter list", "duplicates list", "show 5", "export OUT --filter star"),
    *("show HIDDEN", "label set HIDDEN washer", "capture show CAPTURE", f"tag show private_{MARK}"),
}
LINES = [
    pytest.param(line, as_json, marks=[] if as_json and line in OFTEN else pytest.mark.slow, id=f"{line[:60]}-{way}")
    for line in (*READS, *OF_IDS)
    for as_json, way in ((True, "json"), (False, "text"))
]


@pytest.mark.parametrize(("line", "as_json"), LINES)
def test_an_answer_is_that_of_a_workspace_that_never_had_what_is_hidden(
    made: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, as_json: bool
) -> None:
    answers, files = [], []
    for name, root in (("hidden", made.hidden), ("without", made.without)):
        out = tmp_path / name
        out.mkdir()
        answer = answered_here(root, capsys, *words_of(line, made, out), as_json=as_json)
        answers.append(told(answer, root, out))
        files.append(written(out))
    assert answers[0] == answers[1]
    assert not re.search("No such (option|command)|Missing option|Invalid value", answers[0])
    assert files[0].keys() == files[1].keys()
    assert MARK in line or MARK not in answers[0]
    assert not any(MARK.encode() in content for content in files[0].values())


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
@pytest.mark.parametrize("line", FROZEN, ids=lambda line: line.replace(" ", "_")[:60])
def test_what_never_changes_lists_nothing_that_is_hidden(
    made: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, as_json: bool
) -> None:
    answer = answered_here(made.hidden, capsys, *words_of(line, made, tmp_path), as_json=as_json)
    said = [answer.out, answer.err, *(path.read_text() for path in tmp_path.rglob("*") if path.is_file())]
    for word in (MARK, *made.hashes):
        assert not any(word in text for text in said)
    assert not {image["id"] for image in ids_in(answer.data)} & set(made.ids)


def leaves(command: Any, name: str = "") -> Iterator[str]:
    """The names of all commands, such as `images list`."""
    if not hasattr(command, "commands"):
        yield name
        return
    for word, inner in command.commands.items():
        yield from leaves(inner, f"{name} {word}".strip())


def test_every_command_is_looked_at_or_tells_nothing_of_images() -> None:
    known = [*READS, *OF_IDS, *FROZEN]
    missing = [
        name
        for name in leaves(typer.main.get_command(app))
        if not any(f"{one} ".startswith(f"{name} ") for one in known)
        and not any(f"{name} ".startswith(f"{one} ") for one in TELL_NOTHING)
    ]
    assert missing == []


def ids_in(data: Any) -> Iterator[dict[str, Any]]:
    """Every object with an id of an image in an answer."""
    if isinstance(data, dict):
        if isinstance(data.get("id"), int):
            yield data
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from ids_in(one)
