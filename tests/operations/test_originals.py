"""Copies of originals: the right bytes or nothing, on any file system."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.errors import StorageError
from binscout_tui.operations.originals import ChangedError, UnreadableError, hash_of, keep_copy, original_path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(os.urandom(300_000))
    return path


@pytest.fixture(params=["nameless", "named"])
def any_file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With files that have no name, and as on a file system that knows none."""
    if request.param == "named":
        real = os.open

        def without(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(errno.EOPNOTSUPP, "not supported")
            return real(path, flags, *args, **kwargs)

        monkeypatch.setattr(os, "open", without)


@pytest.mark.usefixtures("any_file_system")
def test_a_copy_is_read_only_and_has_the_bytes(tmp_path: Path, source: Path) -> None:
    target = tmp_path / original_path(hash_of(source), "JPEG")
    keep_copy(source, target, hash_of(source))
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o444
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.usefixtures("any_file_system")
def test_other_bytes_than_promised_leave_nothing(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "originals" / "x.jpg"
    with pytest.raises(ChangedError):
        keep_copy(source, target, "0" * 64)
    assert list(target.parent.iterdir()) == []


@pytest.mark.usefixtures("any_file_system")
def test_half_a_copy_from_elsewhere_is_replaced(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "x.jpg"
    target.write_bytes(b"half")
    keep_copy(source, target, hash_of(source))
    assert target.read_bytes() == source.read_bytes()


def test_the_side_that_fails_is_told_apart(tmp_path: Path, source: Path) -> None:
    with pytest.raises(UnreadableError):
        keep_copy(tmp_path / "gone.jpg", tmp_path / "x.jpg", hash_of(source))
    with pytest.raises(UnreadableError):
        keep_copy(tmp_path, tmp_path / "x.jpg", hash_of(source))
    with pytest.raises(StorageError) as refused:
        keep_copy(source, source / "x.jpg", hash_of(source))
    assert str(source) in refused.value.sentence


def test_a_read_error_in_the_middle_is_the_sources(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int, length: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "read", broken)
    with pytest.raises(UnreadableError, match="Input/output"):
        keep_copy(source, tmp_path / "x.jpg", hash_of(source))
    assert not (tmp_path / "x.jpg").exists()


def test_the_extension_follows_the_content() -> None:
    assert original_path("ab" * 32, "JPEG") == Path("originals", "ab", "ab" * 32 + ".jpg")
    assert original_path("ab" * 32, "WEBP").suffix == ".webp"
