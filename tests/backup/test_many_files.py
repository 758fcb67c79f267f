"""Runs of very many files: lists and comparisons are read line by line and never held."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.differing import difference
from binscout_tui.backup.archive.manifest import FileEntry, Part, read_files, write_lines
from binscout_tui.operations.backups.file_index import FileIndex
from tests.conftest import REPOSITORY

MANY = 100_000
FEW = 1000
MEBI = 1 << 20


def entries(files: int, changed: int = 0) -> Iterator[FileEntry]:
    """So many originals in order; every `changed`th has other bytes."""
    for number in range(files):
        other = bool(changed) and number % changed == 0
        sha256 = hashlib.sha256(f"{number} {other}".encode()).hexdigest()
        yield FileEntry(
            path=f"originals/{number:08}.jpg",
            kind="original",
            size=200_000 + number % 1000,
            sha256=sha256,
            mtime_ns=number,
            blob=layout.object_name(sha256),
        )


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[tuple[Path, Part]]]:
    """Two lists of few files, and two of many; the second of each has one in a hundred otherwise."""
    folder = tmp_path_factory.mktemp("lists")
    made: dict[int, list[tuple[Path, Part]]] = {}
    for files in (FEW, MANY):
        for changed in (0, 100):
            path = folder / f"{files}-{changed}.gz"
            made.setdefault(files, []).append((path, write_lines(path, entries(files, changed))))
    return made


def peak(work: object) -> int:
    """The most bytes of Python's that `work()` has at once."""
    tracemalloc.start()
    try:
        work()  # type: ignore[operator]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_comparison_takes_no_more_memory_for_many_files(lists: dict[int, list[tuple[Path, Part]]]) -> None:
    def compare(files: int) -> None:
        one, other = (read_files(path, part) for path, part in lists[files])
        found = difference(one, other, limit=50)
        assert (found.changed.files, found.same.files) == (files // 100, files - files // 100)
        assert (len(found.page), len(found.largest)) == (min(50, files // 100), 10)

    few, many = peak(lambda: compare(FEW)), peak(lambda: compare(MANY))
    assert many < few + MEBI // 2


def test_looking_at_files_takes_sixteen_bytes_each(lists: dict[int, list[tuple[Path, Part]]], tmp_path: Path) -> None:
    path, part = lists[MANY][0]
    made: list[FileIndex] = []
    most = peak(lambda: made.append(FileIndex(read_files(path, part), tmp_path)))
    assert most < 3 * MEBI
    [index] = made
    assert len(index) == MANY
    assert index[MANY - 1].path == f"originals/{MANY - 1:08}.jpg"
    assert list(index.find("orig 00077777")) == [77_777]
    assert len(index.find("7777")) == len([n for n in range(MANY) if "7777" in f"{n:08}"])


@pytest.mark.slow
def test_looking_at_a_hundred_thousand_files_keeps_its_limits(tmp_path: Path) -> None:
    """The benchmark says itself when the first page takes too long or memory grows with the files."""
    script = REPOSITORY / "benchmarks" / "backup_listing.py"
    done = subprocess.run(
        [sys.executable, script, "--folder", tmp_path], capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
