"""Workspaces of many images: each with its own bytes, and nothing in it that is not true."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from binscout_tui.bench.filling import choose, fill, numbered
from binscout_tui.errors import BinScoutError, NotFoundError, RefusedError, UsageError
from binscout_tui.imaging.previews import SIZES, preview_path
from binscout_tui.store import images, labels
from binscout_tui.workspace import Workspace
from tests.pictures import photo

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "many_images.py"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(5):
        (tmp_path / "photos" / "m3").mkdir(parents=True, exist_ok=True)
        photo(tmp_path / "photos" / "m3" / f"{number}.jpg", number)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no picture")
    return tmp_path / "photos"


def hashes(root: Path) -> list[str]:
    with Workspace(root) as workspace:
        return [image.sha256 for image in workspace.db.read(images.page)]


def test_every_image_is_what_its_row_says(photos: Path, tmp_path: Path) -> None:
    fill(tmp_path / "bins", 23, choose([photos], 10))
    with Workspace(tmp_path / "bins") as workspace:
        found = workspace.db.read(images.page)
        assert len({image.sha256 for image in found}) == 23
        for image in found:
            original = workspace.paths.original(image)
            content = original.read_bytes()
            assert hashlib.sha256(content).hexdigest() == image.sha256
            assert (len(content), original.stat().st_mtime_ns) == (image.bytes, image.mtime_ns)
            assert Image.open(original).size == (image.width, image.height)
            for size in SIZES:
                assert preview_path(workspace.paths.previews, image.sha256, size).stat().st_nlink > 1
        counted = workspace.db.read(labels.counts)
        assert 0 < counted["unlabelled"] < counted["class"]
        assert [one.name for one in workspace.db.read(labels.classes)] == ["m3"]


def test_the_same_photos_make_the_same_files(photos: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        fill(tmp_path / name, 7, choose([photos], 10))
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_a_number_does_not_change_the_picture(photos: Path, tmp_path: Path) -> None:
    content = (photos / "m3" / "1.jpg").read_bytes()
    (tmp_path / "x.jpg").write_bytes(numbered(content, 12))
    with Image.open(photos / "m3" / "1.jpg") as before, Image.open(tmp_path / "x.jpg") as after:
        assert before.tobytes() == after.tobytes()
    assert numbered(content, 12) != numbered(content, 13)


def test_what_cannot_be_filled(photos: Path, tmp_path: Path) -> None:
    def refused(error: type[BinScoutError], root: str, count: int, paths: list[Path]) -> None:
        with pytest.raises(error):
            fill(tmp_path / root, count, paths)

    refused(UsageError, "none", 0, [photos / "m3" / "1.jpg"])
    refused(NotFoundError, "broken", 1, [photos / "broken.jpg"])
    fill(tmp_path / "bins", 1, [photos / "m3" / "1.jpg"])
    refused(RefusedError, "bins", 1, [photos / "m3" / "1.jpg"])
    with pytest.raises(NotFoundError):
        choose([tmp_path / "nowhere"], 3)


def test_as_many_from_each_folder(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for number in range(9):
        photo(tmp_path / "other" / f"{number}.jpg", number)
    chosen = choose([photos / "m3", tmp_path / "other"], 6)
    assert [path.parent.name for path in chosen] == ["m3"] * 3 + ["other"] * 3
    assert chosen == choose([photos / "m3", tmp_path / "other"], 6)


def test_the_script(photos: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path / "bins"), "--images", "9", "--photos", str(photos)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(hashes(tmp_path / "bins")) == 9
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert again.returncode == 3
    assert len(again.stderr.strip().splitlines()) == 1
