"""Proving that two files show the same, by all their pixels, which guarded workers unpack."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType

import msgspec
import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging.duplicates import proof
from binscout_tui.imaging.outcomes import Limits, Unpacked
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.duplicates.cache import Facts
from binscout_tui.operations.duplicates.scratch import scratch

KEPT = 2


class Prover:
    """A context manager that unpacks pictures into `folder` while they are compared.

    The last two stay unpacked, since groups are compared around one of theirs. Raises DecoderError.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._scratch = scratch(folder)
        self._pool = DecodePool(None, msgspec.structs.replace(limits, written=limits.pixels * 3), workers=1)
        self._unpacked: dict[str, tuple[Unpacked, Path] | None] = {}

    def __enter__(self) -> Prover:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._scratch.cleanup()

    def same(self, one: Facts, path: Path, other: Facts, other_path: Path) -> tuple[bool, bool]:
        """Whether nothing but encoding, size and metadata differs, and whether the pixels are equal."""
        if not (proof.is_plain(one.mode, one.frames) and proof.is_plain(other.mode, other.frames)):
            return False, False
        if not proof.could_be_same((one.width, one.height), (other.width, other.height)):
            return False, False
        first, second = self._unpack(one, path), self._unpack(other, other_path)
        if first is None or second is None or not proof.same_colours(first[0].icc, second[0].icc):
            return False, False
        if not proof.same_pictures(_pixels(*first), _pixels(*second)):
            return False, False
        return True, self._equal(one, path, other, other_path)

    def _equal(self, one: Facts, path: Path, other: Facts, other_path: Path) -> bool:
        if (one.width, one.height) != (other.width, other.height):
            return False
        found = [self._hash(one, path), self._hash(other, other_path)]
        return None not in found and found[0] == found[1]

    def _hash(self, facts: Facts, path: Path) -> str | None:
        """The hash of all upright pixels, those of the unpacked picture where it was not made smaller."""
        kept = self._unpack(facts, path)
        if kept is not None and kept[0].size == (kept[0].width, kept[0].height):
            return _digest(kept[1])
        whole = Path(self._scratch.name) / "whole"
        try:
            made = self._pool.unpack(path, whole)
            return _digest(whole) if isinstance(made, Unpacked) and made.sha256 == facts.sha256 else None
        finally:
            whole.unlink(missing_ok=True)

    def _unpack(self, facts: Facts, path: Path) -> tuple[Unpacked, Path] | None:
        """The pixels of at most 2048 on the longer side; None where the file is not what it was."""
        if facts.sha256 in self._unpacked:
            kept = self._unpacked.pop(facts.sha256)
        else:
            target = Path(self._scratch.name) / facts.sha256
            made = self._pool.unpack(path, target, proof.LONGEST)
            kept = (made, target) if isinstance(made, Unpacked) and made.sha256 == facts.sha256 else None
        self._unpacked[facts.sha256] = kept
        for old in list(self._unpacked)[:-KEPT]:
            del self._unpacked[old]
            (Path(self._scratch.name) / old).unlink(missing_ok=True)
        return kept


def _pixels(unpacked: Unpacked, path: Path) -> NDArray[np.uint8]:
    return np.fromfile(path, dtype=np.uint8).reshape(unpacked.height, unpacked.width, 3)


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
