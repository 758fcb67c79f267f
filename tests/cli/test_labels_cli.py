"""`labels import|export`, `label classes …` and `label boxes …` on the real command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages


@pytest.fixture
def cli(workspace: Workspace, add_images: AddImages, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on a workspace with two images: (exit code, JSON answer)."""
    add_images(2)

    def call(*words: object) -> tuple[int, Any]:
        code = run(split_arguments(["--workspace", str(workspace.paths.root), "--json", *map(str, words)]))
        return code, json.loads(capsys.readouterr().out)

    return call


def test_what_is_exported_comes_back(cli: Any, tmp_path: Path) -> None:
    cli("label", "add-class", "m3")
    cli("label", "boxes", "set", 1, "0.1,0.2,0.3,0.4=m3", "0.5,0.5,0.6,0.6")
    cli("label", "boxes", "skip", 2)
    cli("label", "count", 2, 12)
    code, done = cli("labels", "export", tmp_path / "out.jsonl", "--format", "jsonl")
    assert (code, done["images"], done["boxes"], done["counts"]) == (0, 2, 2, 1)
    code, error = cli("labels", "export", tmp_path / "out.jsonl", "--format", "jsonl")
    assert (code, error["error"]["code"]) == (3, "exists")
    assert cli("labels", "export", tmp_path / "out.jsonl", "--format", "jsonl", "--replace")[0] == 0
    cli("label", "boxes", "clear", 1)
    code, report = cli("labels", "import", tmp_path / "out.jsonl", "--format", "jsonl")
    assert (code, report["boxed"], report["known"], report["refused"]) == (0, 1, 2, [])
    assert cli("label", "boxes", "list", 1)[1] == {
        "image": 1,
        "state": "boxes",
        "boxes": [{"box": [0.1, 0.2, 0.3, 0.4], "class": "m3"}, {"box": [0.5, 0.5, 0.6, 0.6], "class": None}],
        "counts": [],
    }
    assert cli("label", "boxes", "list", 2)[1]["counts"] == [{"class": None, "count": 12}]


def test_exit_codes_of_an_import(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("file,label\n0.jpg,m3\nnowhere.jpg,m3\n")
    code, report = cli("labels", "import", path, "--format", "csv", "--strict")
    assert (code, report["written"], report["refused"][0]["line"]) == (1, False, 3)
    assert cli("label", "classes") == (0, [])
    code, report = cli("labels", "import", path, "--format", "csv", "--dry-run")
    assert (code, report["written"], report["labels"]) == (0, False, 1)
    code, report = cli("labels", "import", path, "--format", "csv")
    assert (code, report["written"], report["labels"]) == (0, True, 1)
    path.write_text("file,label\nnowhere.jpg,m3\n")
    assert cli("labels", "import", path, "--format", "csv")[0] == 1
    assert cli("labels", "import", tmp_path / "none.csv", "--format", "csv")[0] == 1
    assert cli("labels", "import", path, "--format", "excel")[0] == 2
    assert cli("labels", "export", tmp_path / "o.csv", "--format", "csv", "--pictures", "copy")[0] == 2


def test_the_set_of_classes(cli: Any) -> None:
    for name in ("m3", "m4", "nut"):
        cli("label", "add-class", name)
    assert cli("label", "classes", "rename", "m3", "M3x8")[1]["class"]["name"] == "M3x8"
    assert cli("label", "classes", "colour", "nut", "#FF8800")[1]["class"]["colour"] == "#ff8800"
    assert cli("label", "classes", "group", "nut", "round")[1]["class"]["group"] == "round"
    assert cli("label", "classes", "parent", "nut", "m4")[1]["class"]["parent_id"] == 2
    assert cli("label", "classes", "key", "nut", "1")[1]["class"]["key"] == "1"
    code, error = cli("label", "classes", "key", "m4", "1")
    assert (code, error["error"]["code"]) == (1, "key_taken")
    code, error = cli("label", "classes", "key", "m4", "y")
    assert (code, error["error"]["code"]) == (1, "key_taken"), "the label screen takes suggestions with it"
    assert cli("label", "classes", "order", "nut", "m4")[1]["classes"] == ["nut", "m4", "M3x8"]
    cli("label", "set", 1, "nut")
    moves = {"images": 1, "boxes": 0, "counts": 0, "items": 0, "below": 0}
    would = cli("label", "classes", "merge", "nut", "M3x8", "--dry-run")[1]
    assert would == {"class": "nut", "into": "M3x8", "images": 0, "moves": moves, "changed": False}
    assert cli("label", "classes")[1][0]["images"] == 1
    done = cli("label", "classes", "merge", "nut", "M3x8")[1]
    assert done == {"class": "nut", "into": "M3x8", "images": 1, "moves": moves, "changed": True}
    assert [(one["name"], one["images"]) for one in cli("label", "classes")[1]] == [("m4", 0), ("M3x8", 1)]
    assert len(cli("label", "classes", "--archived")[1]) == 3
    assert cli("undo", "--area", "class")[0] == 0
    assert [one["images"] for one in cli("label", "classes")[1]] == [1, 0, 0]
    assert cli("label", "classes", "archive", "m4")[1]["changed"]
    assert cli("label", "classes", "archive", "m4", "--undo")[1]["class"]["archived_at"] is None
    assert cli("label", "classes", "rename", "none", "x")[0] == 1
    assert cli("label", "classes", "add", "bolt")[1]["class"]["name"] == "bolt"
    assert cli("label", "classes", "add", "bolt")[1]["error"]["code"] == "name_taken"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("label", "boxes", "set", 1, "0.1,0.2"), "bad_box"),
        (("label", "boxes", "set", 1, "0.1,0.2,2,3"), "bad_box"),
        (("label", "boxes", "set", 1, "0.1,0.2,0.3,0.4=none"), "no_class"),
        (("label", "boxes", "list", 9), "no_image"),
        (("label", "count", 1), "usage"),
        (("label", "count", 1, -1), "usage"),
    ],
)
def test_bad_input_is_one_sentence(cli: Any, words: tuple[object, ...], code: str) -> None:
    ended, answer = cli(*words)
    assert (ended in (1, 2), answer["error"]["code"]) == (True, code)
