"""Answers: one JSON document on standard output, in the documented form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.session import Session
from binscout_tui.workspace import Workspace
from tests.command_line import binscout, ok
from tests.pictures import photo


def test_options_may_stand_anywhere() -> None:
    for words in (["--workspace", "w", "--json", "images", "list"], ["images", "--json", "list", "--workspace=w"]):
        found = split_arguments(words)
        assert (str(found.workspace), found.as_json, found.rest) == ("w", True, ("images", "list"))
    assert split_arguments(["label", "--", "--json"]).as_json is False


def test_import_choose_label_trash_and_undo(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    for name in ("a", "b"):
        for number in range(3):
            photo(tmp_path / name / f"{number}.jpg", ord(name) * 100 + number)
    found = ok(root, "import", tmp_path / "a", tmp_path / "b", "--sets", "folder")
    assert {key: found[key] for key in ("imported", "duplicates", "sets", "rejected")} == {
        "imported": 6,
        "duplicates": 0,
        "sets": 2,
        "rejected": [],
    }
    ids = [image["id"] for image in ok(root, "images", "list")]
    first, second = ok(root, "set", "list")
    ok(root, "set", "choose", first["id"], ids[0], "--crop", "0.1,0.1,0.5,0.5")
    ok(root, "set", "reject", second["id"])
    assert [one["state"] for one in ok(root, "set", "list")] == ["done", "rejected"]
    ok(root, "label", "add-class", "m3")
    ok(root, "label", "set", ids[1], "m3")
    assert ok(root, "images", "trash", ids[2]) == {"trashed": 1}
    assert [image["id"] for image in ok(root, "images", "list", "--trash")] == [ids[2]]
    assert ok(root, "undo")["area"] == "trash"
    assert ok(root, "undo", "--area", "set")["target"] == second["id"]
    assert ok(root, "redo", "--area", "set")["target"] == second["id"]
    assert ok(root, "label", "classes")[0]["images"] == 1


def test_a_bar_says_how_long_only_between_the_first_and_the_last(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = []
    for done in (0, 1, 5):
        with Session(Path(), as_json=False).progress("train") as on_progress:
            on_progress(done, 5)
        shown.append(capsys.readouterr().err)
    assert [text.count("left") for text in shown] == [0, 1, 0]
    assert "5/5" in shown[2]


def test_json_is_the_only_thing_on_standard_output(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_text("no picture")
    answer = binscout(workspace.paths.root, "import", tmp_path / "bad.jpg")
    assert answer.out.count("\n") == 1
    assert answer.data["rejected"][0].keys() == {"path", "code", "reason"}


def test_an_import_that_took_nothing_failed(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    good, bad = photo(tmp_path / "good.jpg", 1), tmp_path / "bad.jpg"
    bad.write_text("no picture")
    assert binscout(root, "import", tmp_path / "gone").code == 1
    assert binscout(root, "import", bad).code == 1
    ok(root, "import", good)
    ok(root, "import", tmp_path)
    answer = binscout(root, "import", good, bad)
    assert (answer.code, answer.data["duplicates"], answer.data["refused_paths"]) == (1, 1, 1)


def test_a_dataset_is_shown_by_each_of_its_names(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    for number in range(12):
        photo(tmp_path / "ab"[number % 2] / f"{number}.jpg", number)
    ok(root, "import", tmp_path / "a", tmp_path / "b", "--labels", "folder")
    first, second = ok(root, "dataset", "build", "parts"), ok(root, "dataset", "build", "again")
    assert (first["is_new"], second["is_new"]) == (True, False)
    for name in ("parts", "again", first["id"]):
        assert ok(root, "dataset", "show", name)["id"] == first["id"] == second["id"]
    assert [one["name"] for one in ok(root, "dataset", "list")] == ["again"]


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['binscout', '--help']\n"
        "from binscout_tui.__main__ import main\n"
        "assert main() == 0\n"
        "heavy = {'torch', 'torchvision', 'timm', 'rembg', 'sklearn', 'numpy', 'PIL', 'textual', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "import" in done.stdout


def test_init_twice_is_harmless(tmp_path: Path) -> None:
    assert ok(tmp_path / "w", "init")["created"] is True
    assert ok(tmp_path / "w", "init")["created"] is False


def test_doctor_names_the_workspace_and_the_terminal(workspace: Workspace) -> None:
    names = {finding["name"] for finding in ok(workspace.paths.root, "doctor")["findings"]}
    assert {"workspace", "disk", "TERM"} <= names
