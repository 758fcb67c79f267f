"""Proving that two files show the same, by all their pixels, which guarded workers unpack."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from binscout_tui.imaging import plain
from binscout_tui.imaging.duplicates import proof
from binscout_tui.imaging.outcomes import Code, Limits, Rejected, Unpacked
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.duplicates.cache import Facts
from binscout_tui.operations.duplicates.scratch import scratch

KEPT = 2


class Proof(NamedTuple):
    """`same`: nothing but encoding, size and metadata differs; `pixels`: not even the size."""

    same: bool
    pixels: bool


DIFFERENT = Proof(same=False, pixels=False)


class Prover:
    """A context manager that unpacks pictures into `folder` while they are compared.

    The last two stay unpacked, since groups are compared around one of theirs. `failed` are files that could not be
    read, or are not what they were. Raises DecoderError.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._scratch = scratch(folder)
        self._pool = DecodePool(None, msgspec.structs.replace(limits, written=limits.pixels * 3), workers=1)
        self._unpacked: dict[str, Unpacked] = {}
        self.failed: dict[Path, Rejected] = {}

    def __enter__(self) -> Prover:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._scratch.cleanup()

    def same(self, one: Facts, paths: Sequence[Path], other: Facts, others: Sequence[Path]) -> Proof | None:
        """What can be proved of two pictures, from any of the files that each has; None where none of them is readable.

        Then `failed` says what is wrong with the files.
        """
        if not (_may_be_plain(one) and _may_be_plain(other)):
            return DIFFERENT
        if not proof.could_be_same((one.width, one.height), (other.width, other.height)):
            return DIFFERENT
        first = self._unpack(one, paths)
        second = None if first is None else self._unpack(other, others)
        if first is None or second is None:
            return None
        if not (first[0].plain and second[0].plain and proof.same_colours(first[0].icc, second[0].icc)):
            return DIFFERENT
        if not proof.same_pictures(_pixels(*first), _pixels(*second)):
            return DIFFERENT
        if (one.width, one.height) != (other.width, other.height):
            return Proof(same=True, pixels=False)
        hashes = self._hash(one, paths), self._hash(other, others)
        return None if None in hashes else Proof(same=True, pixels=hashes[0] == hashes[1])

    def _hash(self, facts: Facts, paths: Sequence[Path]) -> str | None:
        """The hash of all upright pixels, those of the unpacked picture where it was not made smaller."""
        kept = self._unpack(facts, paths)
        if kept is not None and kept[0].size == (kept[0].width, kept[0].height):
            return _digest(kept[1])
        whole = Path(self._scratch.name) / "whole"
        try:
            return None if self._read(facts, paths, whole) is None else _digest(whole)
        finally:
            whole.unlink(missing_ok=True)

    def _unpack(self, facts: Facts, paths: Sequence[Path]) -> tuple[Unpacked, Path] | None:
        """The pixels of at most 2048 on the longer side."""
        target = Path(self._scratch.name) / facts.sha256
        made = self._unpacked.pop(facts.sha256, None) or self._read(facts, paths, target, proof.LONGEST)
        if made is None:
            return None
        self._unpacked[facts.sha256] = made
        for old in list(self._unpacked)[:-KEPT]:
            del self._unpacked[old]
            (Path(self._scratch.name) / old).unlink(missing_ok=True)
        return made, target

    def _read(self, facts: Facts, paths: Sequence[Path], target: Path, longest: int | None = None) -> Unpacked | None:
        """Unpack the first of these files that is still this picture; one that failed is not tried again."""
        for path in paths:
            if path in self.failed:
                continue
            made = self._pool.unpack(path, target, longest)
            if isinstance(made, Unpacked) and made.sha256 == facts.sha256:
                return made
            target.unlink(missing_ok=True)
            self.failed[path] = made if isinstance(made, Rejected) else Rejected.of(path, Code.CHANGED_WHILE_READING)
        return None


def _may_be_plain(facts: Facts) -> bool:
    return facts.mode in plain.MODES and facts.frames == 1


def _pixels(unpacked: Unpacked, path: Path) -> NDArray[np.uint8]:
    return np.fromfile(path, dtype=np.uint8).reshape(unpacked.height, unpacked.width, 3)


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
