"""Features are computed once for each picture, survive a stop, and are made again where their file is damaged."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from binscout_tui.learning import frozen
from binscout_tui.learning.features import Features
from binscout_tui.learning.frozen import Kind, Stopped, describe_sources
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.sources import Pinned
from tests.pictures import photo


class Means:
    """Mean colours; counts the pictures it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, pixels: Pixels) -> Features:
        self.asked += len(pixels)
        return pixels.mean(axis=(1, 2)).astype(np.float32)


def pinned(path: Path) -> Pinned:
    return Pinned(path, hashlib.sha256(path.read_bytes()).hexdigest())


def go_on(done: int) -> bool:
    return False


@pytest.fixture
def means() -> Means:
    return Means()


@pytest.fixture
def kind(means: Means) -> Kind:
    return Kind("means-1", 16, 3, means)


@pytest.fixture
def sources(tmp_path: Path) -> list[Pinned]:
    return [pinned(photo(tmp_path / f"{number}.jpg", number)) for number in range(5)]


def test_each_picture_is_described_once(tmp_path: Path, kind: Kind, means: Means, sources: list[Pinned]) -> None:
    first = describe_sources(tmp_path / "f", kind, sources[:3], go_on)
    again = describe_sources(tmp_path / "f", kind, sources[::-1], go_on)
    assert means.asked == 5
    assert again.features[::-1][:3] == pytest.approx(first.features, rel=1e-2)
    assert (np.abs(first.features).sum(axis=1) > 0).all()
    assert again.failures == {}


def test_what_nobody_asks_for_is_not_held_in_memory(tmp_path: Path, sources: list[Pinned]) -> None:
    width = 1000
    kind = Kind("wide-1", 16, width, lambda pixels: np.full((len(pixels), width), len(pixels), np.float32))
    first = describe_sources(tmp_path / "f", kind, sources[:1], go_on)
    others = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(3000)]
    for start in range(0, len(others), 1000):
        frozen._keep(tmp_path / "f" / "wide-1", kind, others[start : start + 1000], np.ones((1000, width), np.float32))
    tracemalloc.start()
    try:
        again = describe_sources(tmp_path / "f", kind, [sources[0], sources[0]], go_on)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (again.features == first.features[0]).all()
    assert peak < 1_000_000, "the parts hold 6 MB"


def test_another_method_starts_anew(tmp_path: Path, kind: Kind, means: Means, sources: list[Pinned]) -> None:
    describe_sources(tmp_path / "f", kind, sources, go_on)
    describe_sources(tmp_path / "f", Kind("means-2", 16, 3, means), sources, go_on)
    assert means.asked == 10


def test_what_cannot_be_read_is_told_and_asked_again(tmp_path: Path, kind: Kind, sources: list[Pinned]) -> None:
    content = sources[1].path.read_bytes()
    sources[1].path.write_bytes(b"other bytes")
    found = describe_sources(tmp_path / "f", kind, sources, go_on)
    assert list(found.failures) == [1]
    assert "other bytes" in found.failures[1]
    assert not found.features[1].any()
    sources[1].path.write_bytes(content)
    assert describe_sources(tmp_path / "f", kind, sources, go_on).failures == {}


def test_after_a_stop_it_goes_on_where_it_was(
    tmp_path: Path, kind: Kind, means: Means, sources: list[Pinned], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "CHUNK", 2)
    with pytest.raises(Stopped):
        describe_sources(tmp_path / "f", kind, sources, lambda done: done >= 4)
    assert means.asked == 4
    describe_sources(tmp_path / "f", kind, sources, go_on)
    assert means.asked == 5


@pytest.mark.parametrize("damage", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_damaged_part_is_made_again(
    tmp_path: Path, kind: Kind, means: Means, sources: list[Pinned], damage: bytes
) -> None:
    describe_sources(tmp_path / "f", kind, sources, go_on)
    (part,) = (tmp_path / "f" / "means-1").iterdir()
    part.write_bytes(damage)
    describe_sources(tmp_path / "f", kind, sources, go_on)
    assert means.asked == 10
    describe_sources(tmp_path / "f", kind, sources, go_on)
    assert means.asked == 10
