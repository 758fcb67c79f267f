"""The folder of made-up pictures: layout, truth, and the same bytes every time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.synthetic.library import write_library
from binscout_tui.synthetic.shapes import CLASSES

from .conftest import Library


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_file_is_named_in_the_truth_and_the_other_way_round(library: Library) -> None:
    truth = library.truth
    named = [entry["path"] for entry in truth["parts"] + truth["counts"]]
    named += [shot["path"] for entry in truth["sets"] for shot in entry["shots"]]
    found = [str(path.relative_to(library.folder)) for path in library.folder.rglob("*.jpg")]
    assert sorted(named) == sorted(found)
    assert len(library.progress) == len(found)
    assert {entry["class"] for entry in truth["parts"]} == set(CLASSES)
    assert all(Path(entry["path"]).parent.name == entry["class"] for entry in truth["parts"])
    assert all(Path(entry["path"]).name.startswith(entry["session"] + "_") for entry in truth["parts"])


def test_summary_and_progress_agree_with_the_disk(library: Library) -> None:
    summary, total = library.summary, len(library.progress)
    assert library.progress == [(done, total) for done in range(1, total + 1)]
    assert (summary.parts, summary.sets, summary.counts) == (2 * len(CLASSES), 8, 4)
    assert summary.parts + summary.set_photos + summary.counts == total
    assert summary.bytes == sum(path.stat().st_size for path in library.folder.rglob("*") if path.is_file())


def test_every_picture_says_that_it_is_synthetic(library: Library) -> None:
    for path in library.folder.rglob("*.jpg"):
        with Image.open(path) as image:
            image.load()
            assert image.format == "JPEG"
            assert image.size == ((240, 240) if path.parts[-3] == "parts" else (480, 360))
            assert image.info["comment"] == b"synthetic, made by BinScout"
            assert image.getexif()[0x010E] == "synthetic, made by BinScout"
    assert "No camera took them" in (library.folder / "README.txt").read_text()
    assert library.truth["note"] == "synthetic, made by BinScout"
    assert library.truth["parameters"]["seed"] == library.truth["seed"] == 7


def test_no_two_pictures_are_the_same(library: Library) -> None:
    found = digests(library.folder)
    assert len(set(found.values())) == len(found)


def test_another_process_hash_seed_locale_and_amount_give_the_same_bytes(library: Library, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from binscout_tui.synthetic.library import write_library as w;"
        "w(Path(sys.argv[1]), per_class=1, sets=1, counts=4, sessions=2)"
    )
    settings = {"PYTHONHASHSEED": "12345", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], check=True, env={**os.environ, **settings})
    again, first = digests(tmp_path / "again"), digests(library.folder)
    pictures = {name: digest for name, digest in again.items() if name.endswith(".jpg")}
    assert len(pictures) >= len(CLASSES) + 3 + 4
    assert pictures == {name: first[name] for name in pictures}


def test_interrupted_and_repeated_gives_the_same_folder(tmp_path: Path) -> None:
    class Stop(Exception):  # noqa: N818 - stands for a person's ctrl+c
        pass

    def stop_after_three(done: int, _total: int) -> None:
        if done == 3:
            raise Stop

    write = partial(write_library, seed=3, per_class=1, sets=1, counts=1, sessions=1)
    with pytest.raises(Stop):
        write(tmp_path / "a", on_progress=stop_after_three)
    assert not (tmp_path / "a" / "truth.json").exists()
    (tmp_path / "a" / "parts" / "clip" / ".tmp-left").write_bytes(b"half a picture")
    write(tmp_path / "a")
    write(tmp_path / "b")
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_another_seed_gives_other_pictures(library: Library, tmp_path: Path) -> None:
    write_library(tmp_path, seed=8, per_class=1, sets=0, counts=0, sessions=2)
    other, first = digests(tmp_path), digests(library.folder)
    assert not set(other.values()) & set(first.values())


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"precious")
    with pytest.raises(RefusedError, match="not empty"):
        write_library(tmp_path, per_class=1, sets=0, counts=0)
    assert digests(tmp_path).keys() == {"holiday.jpg"}


def test_a_library_made_with_other_numbers_is_not_overwritten(library: Library) -> None:
    before = digests(library.folder)
    with pytest.raises(RefusedError):
        write_library(library.folder, seed=99, per_class=1, sets=0, counts=0)
    assert digests(library.folder) == before


@pytest.mark.parametrize("wrong", [{"per_class": -1}, {"sessions": 0}, {"seed": -1}, {"sets": -2}, {"counts": -3}])
def test_numbers_that_make_no_sense_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        write_library(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()
