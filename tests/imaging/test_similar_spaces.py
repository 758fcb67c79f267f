"""Search, groups and the map, beside the plainest way to work them out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from binscout_tui.imaging.similar import space as spaces
from binscout_tui.imaging.similar.clusters import StoppedError, cluster, usual_number
from binscout_tui.imaging.similar.plane import in_cells, project
from binscout_tui.imaging.similar.space import HashSpace, VectorSpace, best
from binscout_tui.imaging.similar.vectors import VectorFile, appending

RNG = np.random.default_rng(1)


def blobs(number: int, each: int, width: int = 16) -> np.ndarray:
    """Clouds around `number` directions, one after the other."""
    centres = RNG.normal(size=(number, width))
    return np.repeat(centres, each, axis=0) + RNG.normal(scale=0.05, size=(number * each, width))


def vector_space(folder: Path, vectors: np.ndarray, rows: list[int] | None = None) -> VectorSpace:
    ids = np.arange(1, len(vectors) + 1)
    with appending(folder, vectors.shape[1]) as end:
        end.append(ids, ids, vectors.astype(np.float32))
    file = VectorFile.open(folder)
    assert file is not None
    chosen = np.arange(len(vectors)) if rows is None else np.array(rows)
    return VectorSpace(file, ids[chosen], chosen)


@pytest.mark.parametrize("rows", [None, [0, 3, 4, 17, 39]])
def test_scores_are_cosines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[int] | None) -> None:
    monkeypatch.setattr(spaces, "NUMBERS", 35)
    vectors = RNG.normal(size=(40, 5))
    space = vector_space(tmp_path, vectors, rows)
    chosen = vectors if rows is None else vectors[rows]
    unit = chosen / np.linalg.norm(chosen, axis=1, keepdims=True)
    assert np.allclose(space.scores(2), unit @ unit[2], atol=5e-3)
    assert best(space.scores(2), 1).tolist() == [2]


def test_scores_of_hashes_are_shares_of_equal_bits() -> None:
    space = HashSpace(np.array([1, 2, 3]), np.array([0, 0b1111, 2**64 - 1], np.uint64))
    assert space.scores(0).tolist() == [1, 0.9375, 0]
    corners = space.rows(np.array([0, 1, 2]))
    # The angle between corners is what the share says: 1 - 2 * differing / 64.
    assert np.allclose(corners @ corners[0], space.scores(0) * 2 - 1)


@given(arrays.arrays(np.float32, st.integers(0, 30), elements=st.integers(0, 5).map(float)), st.integers(0, 35))
def test_the_best_are_those_of_a_whole_sort(scores: np.ndarray, most: int) -> None:
    plain = sorted(range(len(scores)), key=lambda at: (-scores[at], at))[:most]
    assert best(scores, most).tolist() == plain


def test_groups_are_the_clouds_the_largest_first(tmp_path: Path) -> None:
    vectors = np.concatenate([blobs(1, 10), blobs(1, 40), blobs(1, 25)])
    grouping = cluster(vector_space(tmp_path, vectors), 3)
    assert grouping.number == 3
    assert grouping.group.tolist() == [2] * 10 + [0] * 40 + [1] * 25
    assert grouping.closeness.min() > 0.9


def test_the_same_groups_come_again_and_no_empty_ones(tmp_path: Path) -> None:
    space = vector_space(tmp_path, blobs(5, 8))
    assert cluster(space, 9).group.tolist() == cluster(space, 9).group.tolist()
    equal = HashSpace(np.arange(1, 6), np.full(5, 77, np.uint64))
    assert cluster(equal, 4).number == 1
    assert cluster(HashSpace(np.zeros(0, np.int64), np.zeros(0, np.uint64)), 4).number == 0
    assert [usual_number(images) for images in (0, 1, 200, 100_000)] == [1, 1, 10, 30]


def test_nobody_waits_for_what_was_stopped(tmp_path: Path) -> None:
    space = vector_space(tmp_path, blobs(5, 8))
    with pytest.raises(StoppedError):
        cluster(space, 3, lambda: True)
    with pytest.raises(StoppedError):
        project(space, lambda: True)


def test_what_looks_alike_lies_together_on_the_map(tmp_path: Path) -> None:
    plane = project(vector_space(tmp_path, blobs(3, 20)))
    assert plane.points.min() >= 0
    assert plane.points.max() <= 1
    assert 0.9 < plane.share <= 1
    centres = plane.points.reshape(3, 20, 2).mean(axis=1)
    spread = plane.points.reshape(3, 20, 2).std(axis=1).max()
    apart = min(np.linalg.norm(centres[a] - centres[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert apart > 5 * spread


@pytest.mark.parametrize("hashes", [[], [5], [5, 5, 5]])
def test_a_map_of_nothing_or_of_equals_is_one_too(hashes: list[int]) -> None:
    plane = project(HashSpace(np.arange(len(hashes)), np.array(hashes, np.uint64)))
    assert plane.points.shape == (len(hashes), 2)
    assert np.isfinite(plane.points).all()


def test_cells_count_what_is_there() -> None:
    points = np.array([[0, 0], [0.1, 0.1], [1, 1], [0.99, 0.99], [0.6, 0.2]], np.float32)
    cells = in_cells(points, 4, 2, np.array([True, True, True, False, True]))
    assert cells.counts.tolist() == [2, 0, 1, 0, 0, 0, 0, 1]
    assert cells.members(0).tolist() == [0, 1]
    assert cells.members(7).tolist() == [2]
    leader, share = cells.leaders(np.array([3, 1, 2, 9, 2]))
    assert leader.tolist()[2:] == [2, -1, -1, -1, -1, 2]
    assert leader[0] in (1, 3)
    assert share.tolist() == [0.5, 0, 1, 0, 0, 0, 0, 1]


def test_every_float16_that_a_vector_may_have_is_unpacked_exactly(tmp_path: Path) -> None:
    values = np.arange(0, 0x3C01, dtype=np.uint16).view(np.float16)
    half = np.concatenate([values, -values])
    file = VectorFile(np.arange(len(half)), np.arange(len(half)), half.reshape(-1, 1))
    space = VectorSpace(file, file.ids, file.ids)
    assert np.array_equal(np.concatenate([block for _, block in space.blocks()]), half[:, None].astype(np.float32))
    assert np.array_equal(space.scores_of(np.ones(1, np.float32)), half.astype(np.float32))


def test_a_damaged_row_is_like_nothing() -> None:
    half = np.array([[0.6, 0.8], [np.nan, 0], [np.inf, 1], [60_000, 1]], np.float16)
    space = VectorSpace(VectorFile(np.arange(4), np.arange(4), half), np.arange(4), np.arange(4))
    assert space.scores(0).tolist()[1:] == [-1, -1, -1]


def test_the_map_shows_the_principal_components(tmp_path: Path) -> None:
    space = vector_space(tmp_path, RNG.normal(size=(300, 12)) * np.linspace(3, 0.2, 12))
    rows = space.rows(np.arange(300)).astype(np.float64)
    values = np.linalg.eigvalsh(np.cov(rows, rowvar=False))
    assert abs(project(space).share - values[-2:].sum() / values.sum()) < 0.01
