"""`binscout duplicates …` as a person or a script gives it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.pictures import photo


@pytest.fixture
def said(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command with --json: (exit code, what it answered, what it complained of)."""

    def ask(*words: str) -> tuple[int, Any, str]:
        code = run(split_arguments(["--workspace", str(workspace.paths.root), "--json", *words]))
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return ask


def test_files_then_the_library_then_deciding(said: Any, workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "keep"
    first = photo(folder / "a.jpg", 1, size=(320, 240))
    shutil.copy(first, folder / "b.jpg")
    code, found, _ = said("duplicates", str(folder), "--near", "none")
    assert code == 0
    [cluster] = found["clusters"]
    assert (cluster["kind"], cluster["same"]) == ("exact", True)
    assert sorted(cluster["paths"]) == [str(folder / "a.jpg"), str(folder / "b.jpg")]
    assert [one["relation"] for one in cluster["members"]] == ["first", "exact"]
    with (folder / "b.jpg").open("ab") as handle:
        handle.write(b"other bytes, same pixels")
    assert said("import", str(folder))[0] == 0
    code, found, _ = said("duplicates")
    assert [(one["kind"], sorted(member["id"] for member in one["members"])) for one in found["clusters"]] == [
        ("pixels", [1, 2])
    ]
    [group] = said("duplicates", "list")[1]
    assert sorted(group["images"]) == [1, 2]
    assert said("duplicates", "list", "--kind", "near")[1] == []
    assert said("duplicates", "keep", "1", "--trash", "2")[1] == {"kept": 1, "trashed": 1, "not_taken_over": []}
    assert workspace.db.read(images.get, 2).trashed_at is not None
    assert said("duplicates", "list")[1] == []
    assert said("undo", "--area", "trash")[0] == 0
    assert said("duplicates", "not", "1", "2")[1] == {"pairs": 1}
    assert said("duplicates", "list")[1] == []
    assert said("duplicates")[1]["clusters"] == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["duplicates", "keep", "1"], 2, "--trash"),
        (["duplicates", "keep", "1", "--trash", "1"], 2, "which image is kept"),
        (["duplicates", "keep", "1", "--trash", "7"], 1, "There is no image"),
        (["duplicates", "not", "1"], 2, "Say of which two images"),
        (["duplicates", "--near", "far"], 2, "far"),
        (["duplicates", ""], 2, "A path is empty"),
        (["duplicates", "x", "--job"], 2, "not at files"),
    ],
)
def test_bad_input_is_one_sentence(said: Any, words: list[str], code: int, sentence: str) -> None:
    exit_code, answer, complaint = said(*words)
    assert exit_code == code
    assert sentence in answer["error"]["message"]
    assert complaint.count("\n") == 1


def test_a_path_that_is_not_there_is_told(said: Any, tmp_path: Path) -> None:
    code, found, _ = said("duplicates", str(tmp_path / "nowhere"))
    assert code == 1
    assert found["clusters"] == []
    assert [one["code"] for one in found["rejected"]] == ["vanished"]


def test_an_empty_library_has_none(said: Any) -> None:
    assert said("duplicates") == (0, {"clusters": [], "pictures": 0, "rejected": []}, "")
