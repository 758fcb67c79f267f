"""Decoding a whole dataset once."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from binscout_tui.learning.cache import decode_items, decode_to_disk, map_cache
from binscout_tui.learning.classify.samples import arrange

from .shapes import make_items


def test_disk_and_memory_hold_the_same_and_failures_are_named(tmp_path: Path) -> None:
    items = make_items(tmp_path / "p", 6)
    items[4] = msgspec.structs.replace(items[4], path=str(tmp_path / "gone.png"))
    items[7] = msgspec.structs.replace(items[7], crop=(0.0, 0.0, 0.5, 0.5))
    told: list[int] = []
    failures = decode_to_disk(tmp_path / "pixels.npy", items, 24, told.append)
    assert list(failures) == [4]
    assert told == [len(items)]
    pixels, same = decode_items(items, 24)
    assert same == failures
    assert np.array_equal(map_cache(tmp_path / "pixels.npy"), pixels)
    assert not pixels[4].any()
    samples = arrange(items, ["bar", "disc"], failures)
    assert sorted(i for rows in samples.rows.values() for i in rows) == [
        i for i, item in enumerate(items) if item.label != "frame" and i != 4
    ]
    assert [entry["path"] for entry in samples.unreadable_in("val")] == [str(tmp_path / "gone.png")]


def test_a_file_with_other_bytes_than_the_dataset_says_is_left_out(tmp_path: Path) -> None:
    items = make_items(tmp_path / "p", 2)
    shutil.copy(items[1].path, items[0].path)
    pixels, failures = decode_items(items, 24)
    assert list(failures) == [0]
    assert "other bytes" in failures[0]
    assert not pixels[0].any()
    assert pixels[1].any()


def test_a_disk_without_room_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    items = make_items(tmp_path / "p", 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            decode_to_disk(tmp_path / "pixels.npy", items, 64, lambda done: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
