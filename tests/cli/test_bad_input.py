"""Bad input: one clear sentence, the right exit code, nothing half-written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.store import labels
from binscout_tui.store.migrate import newest_schema
from binscout_tui.workspace import Workspace
from tests.command_line import Answer, binscout
from tests.pictures import photo


def says(answer: Answer, code: int, *words: str) -> None:
    """One sentence for people on standard error, the same as JSON, no trace of a crash."""
    assert answer.code == code, answer.err
    assert answer.data["error"]["message"]
    assert "Traceback" not in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    for word in words:
        assert word in answer.err


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_unknown_workspace(tmp_path: Path) -> None:
    says(binscout(tmp_path / "nowhere", "images", "list"), 1, "no workspace", "binscout init")
    assert not (tmp_path / "nowhere").exists()


def test_the_app_without_a_terminal(tmp_path: Path) -> None:
    answer = binscout(tmp_path, as_json=False)
    assert answer.code == 2
    assert "needs a terminal" in answer.err


def test_a_newer_schema(workspace: Workspace) -> None:
    workspace.db.connection.execute(f"PRAGMA user_version={newest_schema() + 1}")
    says(binscout(workspace.paths.root, "images", "list"), 3, f"schema {newest_schema() + 1}")


def test_unknown_words(workspace: Workspace) -> None:
    root = workspace.paths.root
    says(binscout(root, "frobnicate"), 2, "frobnicate")
    says(binscout(root, "images", "list", "--limit", "many"), 2, "--limit")
    says(binscout(root, "import", root / "nothing", "--sets", "heap"), 2, "heap")
    says(binscout(root, "label", "set", 1, "m3"), 1, "no image 1")


def test_an_empty_dataset_and_one_class(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    says(binscout(root, "dataset", "build", "parts"), 1, "nothing to learn from")
    for number in range(4):
        photo(tmp_path / "photos" / "m3" / f"{number}.jpg", number)
    assert binscout(root, "import", tmp_path / "photos", "--labels", "folder").code == 0
    says(binscout(root, "dataset", "build", "parts"), 1, "at least two classes")
    assert not workspace.paths.datasets.exists()


def test_a_dataset_name_that_is_none(workspace: Workspace) -> None:
    for name in ("\x1b[31mred", "_parts", "a/b"):
        says(binscout(workspace.paths.root, "dataset", "build", name), 2, "A dataset's name")


def test_a_dataset_or_weights_that_are_not_there(workspace: Workspace) -> None:
    root = workspace.paths.root
    says(binscout(root, "train", "--dataset", "parts"), 1, "no dataset 'parts'")
    missing = root / "weights.safetensors"
    says(binscout(root, "train", "--dataset", "parts", "--preset", "vit-b16", "--weights", missing), 1, str(missing))
    says(binscout(root, "train", "--dataset", "parts", "--preset", "huge"), 2, "huge")
    assert not workspace.paths.runs.exists()


def test_models_that_are_not_there(workspace: Workspace) -> None:
    root = workspace.paths.root
    says(binscout(root, "gate", "parts-1"), 1, "no model 'parts-1'")
    says(binscout(root, "activate", "parts-1"), 1, "no model 'parts-1'")
    says(binscout(root, "rollback"), 3, "No model is active")
    says(binscout(root, "predict", "x.jpg"), 1, "No model is active")


def test_bad_settings(workspace: Workspace) -> None:
    workspace.paths.settings.write_text("[import]\nmax_megapixels = 'many'\n")
    says(binscout(workspace.paths.root, "images", "list"), 2, "settings.toml", "max_megapixels")


def test_the_pixel_limit_is_a_setting(workspace: Workspace, tmp_path: Path) -> None:
    photo(tmp_path / "small.jpg", 1, size=(100, 100))
    workspace.paths.settings.write_text("[import]\nmax_megapixels = 0.005\n")
    found = binscout(workspace.paths.root, "import", tmp_path / "small.jpg").data
    assert [one["code"] for one in found["rejected"]] == ["too_many_pixels"]


def test_a_crop_outside_the_picture(workspace: Workspace) -> None:
    says(binscout(workspace.paths.root, "set", "choose", 1, 2, "--crop", "0,0,2,1"), 2, "between 0 and 1")
    says(binscout(workspace.paths.root, "set", "choose", 1, 2, "--crop", "left"), 2, "'left'")


def test_a_viewer_is_told_which_role_is_needed(workspace: Workspace) -> None:
    workspace.db.write(labels.add_class, "m3")
    workspace.db.connection.execute("UPDATE user SET role = 'viewer'")
    says(binscout(workspace.paths.root, "label", "set", 1, "m3"), 3, "needs the role operator", "viewer")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A workspace on a disk that is mounted read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    workspaces.create(folder / "workspace")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield folder / "workspace"
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_read_only_workspace(read_only: Path, tmp_path: Path) -> None:
    photo(tmp_path / "x.jpg", 1)
    before = tree(read_only)
    says(binscout(read_only, "import", tmp_path / "x.jpg"), 1, "cannot be written")
    says(binscout(read_only, "label", "add-class", "m3"), 1, "cannot be written")
    says(binscout(read_only.parent / "new", "init"), 1, "Read-only")
    assert tree(read_only) == before


def test_a_class_name_that_is_none(workspace: Workspace) -> None:
    says(binscout(workspace.paths.root, "label", "add-class", "\x1b[31mred"), 2, "printable")
    says(binscout(workspace.paths.root, "label", "add-class", "  "), 2, "printable")


ODD_COMMANDS = [
    (["label", "set", "99999999999999999999", "x"], "too large"),
    (["jobs", "show", "99999999999999999999"], "too large"),
    (["dataset", "show", b"\xff"], "UTF-8"),
    (["images", "list", "--label", b"\xff"], "UTF-8"),
    (["train", "--dataset", "x", "--epochs", "100000000000"], "--epochs"),
    ([], "command is missing"),
    (["images"], "command is missing"),
]


@pytest.mark.parametrize(("words", "sentence"), ODD_COMMANDS)
def test_odd_words_are_usage_errors_in_one_document(
    workspace: Workspace, words: list[str | bytes], sentence: str
) -> None:
    says(binscout(workspace.paths.root, *(os.fsdecode(word) for word in words)), 2, sentence)


def test_settings_that_cannot_be_read(workspace: Workspace) -> None:
    for content in (b"\xff\xfe", b"[import]\nmax_megapixels = inf\n", b"[engine]\ndevice = 'abacus'\n", b"[cellar]\n"):
        workspace.paths.settings.write_bytes(content)
        says(binscout(workspace.paths.root, "images", "list"), 2, "settings.toml")


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    says(binscout(tmp_path / ("x" * 300), "init"), 1, "too long")


def test_a_terminal_that_knows_ascii_only(workspace: Workspace) -> None:
    made = binscout(workspace.paths.root, "label", "add-class", "ü", as_json=False, PYTHONIOENCODING="ascii")
    assert (made.code, made.out) == (0, "The class \\xfc is there.\n")


@pytest.mark.parametrize("command", ["import", "predict"])
def test_an_empty_path_is_not_the_current_folder(workspace: Workspace, command: str) -> None:
    says(binscout(workspace.paths.root, command, ""), 2, "path is empty")
