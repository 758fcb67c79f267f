"""Vectors in files that only grow, whatever a crash or a hand leaves of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.imaging.similar import vectors
from binscout_tui.imaging.similar.vectors import ABOUT, ROWS, VECTORS, VectorFile, appending, drop_others, mark_of

WIDTH = 3


def add(folder: Path, ids: list[int], *, mark: int = 7, width: int = WIDTH, first: float = 1.0) -> None:
    with appending(folder, width) as end:
        made = np.full((len(ids), width), first, np.float32)
        made[:, 0] = [found + first for found in ids]
        end.append(np.array(ids), np.full(len(ids), mark), made)


def rows(folder: Path, ids: list[int], mark: int = 7) -> list[int]:
    file = VectorFile.open(folder)
    assert file is not None
    return file.rows_of(np.array(ids), np.full(len(ids), mark)).tolist()


def test_rows_are_found_by_image_and_bytes(tmp_path: Path) -> None:
    add(tmp_path, [5, 2])
    add(tmp_path, [9])
    assert rows(tmp_path, [2, 5, 9, 3, 10]) == [1, 0, 2, -1, -1]
    assert rows(tmp_path, [2, 5], mark=8) == [-1, -1]
    add(tmp_path, [2], mark=8)
    assert rows(tmp_path, [2], mark=8) == [3]
    file = VectorFile.open(tmp_path)
    assert file is not None
    assert np.allclose(np.linalg.norm(file.vectors.astype(np.float32), axis=1), 1, atol=2e-3)


def test_nothing_is_there_before_anything_was_added(tmp_path: Path) -> None:
    assert VectorFile.open(tmp_path / "none") is None
    with appending(tmp_path, WIDTH):
        assert VectorFile.open(tmp_path) is None


@settings(max_examples=30)
@given(st.integers(0, 40), st.integers(0, 100))
def test_whatever_is_cut_off_the_rest_is_right(
    tmp_path_factory: pytest.TempPathFactory, cut_vectors: int, cut_rows: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    add(folder, [1, 2, 3, 4, 5])
    for name, cut in ((VECTORS, cut_vectors), (ROWS, cut_rows)):
        path = folder / name
        path.write_bytes(path.read_bytes()[: max(0, path.stat().st_size - cut)])
    whole = min((30 - min(cut_vectors, 30)) // 6, (80 - min(cut_rows, 80)) // 16)
    file = VectorFile.open(folder)
    assert (0 if file is None else len(file.ids)) == whole
    add(folder, [6])
    file = VectorFile.open(folder)
    assert file is not None
    assert file.ids.tolist() == [*range(1, whole + 1), 6]
    expected = np.array([7, 1, 1]) / np.linalg.norm([7, 1, 1])
    assert np.allclose(file.vectors[-1], expected, atol=2e-3)


def test_vectors_of_another_length_begin_anew(tmp_path: Path) -> None:
    add(tmp_path, [1, 2])
    add(tmp_path, [3], width=5)
    assert rows(tmp_path, [1, 2, 3]) == [-1, -1, 0]


def test_vectors_that_were_made_otherwise_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path, [1, 2])
    monkeypatch.setattr(vectors, "MAKING", vectors.MAKING + 1)
    assert VectorFile.open(tmp_path) is None
    add(tmp_path, [3])
    assert rows(tmp_path, [1, 2, 3]) == [-1, -1, 0]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"width": 0, "making": 1}', '{"width": "3", "making": 1}', '{"width": 3}', "{}"]
)
def test_a_damaged_description_is_as_nothing(tmp_path: Path, text: str) -> None:
    add(tmp_path, [1])
    (tmp_path / ABOUT).write_text(text)
    assert VectorFile.open(tmp_path) is None
    add(tmp_path, [2])
    assert rows(tmp_path, [1, 2]) == [-1, 0]


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    with appending(tmp_path, WIDTH), pytest.raises(BlockingIOError), appending(tmp_path, WIDTH):
        pass


@pytest.mark.parametrize("bad", [np.ones((2, WIDTH + 1)), np.ones((1, WIDTH)), np.full((2, WIDTH), np.nan)])
def test_what_is_no_vector_is_not_kept(tmp_path: Path, bad: np.ndarray) -> None:
    with appending(tmp_path, WIDTH) as end, pytest.raises(ValueError, match="not 2 vectors of 3"):
        end.append(np.array([1, 2]), np.array([1, 1]), bad.astype(np.float32))
    assert VectorFile.open(tmp_path) is None


def test_the_vectors_of_models_long_gone_are_dropped(tmp_path: Path) -> None:
    for age, name in enumerate(["now", "before", "old", "oldest"]):
        add(tmp_path / name, [1])
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    drop_others(tmp_path, "now", 1)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["before", "now"]
    drop_others(tmp_path / "none", "now", 1)


def test_marks_tell_bytes_apart() -> None:
    assert mark_of("f" * 64) < 1 << 63
    assert mark_of("0" * 14 + "1" + "0" * 49) == 1
