"""`binscout background`."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from binscout_tui.engine.background_files import DEFAULT_MODEL
from binscout_tui.errors import StorageError
from binscout_tui.operations import backgrounds
from binscout_tui.workspace import Workspace
from tests.command_line import binscout, ok
from tests.engine import tiny_onnx
from tests.engine.fakes import engine_processes


def photo(path: Path) -> Path:
    image = Image.new("RGB", (400, 300), (8, 8, 8))
    ImageDraw.Draw(image).rectangle((120, 100, 280, 200), fill=(230, 220, 210))
    image.save(path)
    return path


def test_without_a_model_it_says_where_to_put_one_and_starts_nothing(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    answer = binscout(root, "background", photo(tmp_path / "a.png"), "--to", tmp_path / "out")
    assert answer.code == 1
    assert answer.data["error"]["code"] == "background_off"
    assert str(root / DEFAULT_MODEL) in answer.data["error"]["message"]
    assert not (tmp_path / "out").exists()
    assert not (root / "derived").exists()
    assert engine_processes(root) == []


def test_files_folders_and_images_are_cut_out(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    tiny_onnx.write(root / DEFAULT_MODEL)
    (tmp_path / "shots").mkdir()
    original = photo(tmp_path / "shots" / "part.png")
    Image.new("RGB", (50, 50), (9, 9, 9)).save(tmp_path / "shots" / "empty.png")
    (tmp_path / "shots" / "notes.jpg").write_text("no picture")
    content = original.read_bytes()
    ok(root, "import", original)
    try:
        answer = binscout(root, "background", "1", tmp_path / "shots", "--to", tmp_path / "out")
    finally:
        ok(root, "engine", "stop")
    assert answer.code == 1, "not all could be cut out"
    told = {Path(one["source"]).name: one["code"] for one in answer.data[1:]}
    assert told == {"part.png": None, "empty.png": "background_empty", "notes.jpg": "not_an_image"}
    assert answer.data[0]["code"] is None
    assert original.read_bytes() == content
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert "part.png" in names
    assert len(names) == 2, names
    with Image.open(tmp_path / "out" / "part.png") as cut:
        assert (cut.mode, cut.size) == ("RGBA", (400, 300))
    assert engine_processes(root) == []


def test_a_copy_that_does_not_fit_is_not_left_by_half(tmp_path: Path) -> None:
    (tmp_path / "made.png").write_bytes(b"x" * 20_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(StorageError, match="File too large"):
            backgrounds._copy(tmp_path / "made.png", tmp_path / "copy.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "copy.png").exists()
    assert backgrounds._copy(tmp_path / "made.png", tmp_path / "copy.png").read_bytes() == b"x" * 20_000
