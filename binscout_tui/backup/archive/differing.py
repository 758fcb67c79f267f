"""What differs between two runs, from their lists of files: one pass over both, little of them in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from binscout_tui.backup.archive.manifest import FileEntry, Tally

Way = Literal["added", "changed", "gone"]
WAYS: tuple[Way, ...] = ("added", "changed", "gone")
LARGEST = 10


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A file that one run has otherwise than the other; sizes in bytes, None where it is not there."""

    way: Way
    path: str
    kind: str
    before: int | None
    after: int | None

    @property
    def size(self) -> int:
        """The larger of both sizes."""
        return max(self.before or 0, self.after or 0)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How the second of two lists differs from the first.

    Bytes of what was added and changed are those of the second, of what is gone those of the first. `largest` are the
    ten largest changes, `page` as many as were asked for, in the order of their paths; `more` says that it goes on
    behind them.
    """

    added: Tally
    changed: Tally
    gone: Tally
    same: Tally
    largest: list[Change]
    page: list[Change] = []
    more: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether both name the same files with the same content."""
        return not (self.added.files or self.changed.files or self.gone.files)


class _Sum:
    def __init__(self) -> None:
        self.files = self.bytes = 0

    def add(self, size: int) -> None:
        self.files += 1
        self.bytes += size

    def done(self) -> Tally:
        return Tally(self.files, self.bytes)


def pairs(
    before: Iterable[FileEntry], after: Iterable[FileEntry]
) -> Iterator[tuple[FileEntry | None, FileEntry | None]]:
    """The entries of two sorted lists side by side, None where a list does not have the path."""
    ones, others = iter(before), iter(after)
    one, other = next(ones, None), next(others, None)
    while one is not None or other is not None:
        here = None if one is None else one.name()
        there = None if other is None else other.name()
        if there is None or (here is not None and here < there):
            yield one, None
            one = next(ones, None)
        elif here is None or there < here:
            yield None, other
            other = next(others, None)
        else:
            yield one, other
            one, other = next(ones, None), next(others, None)


def change(one: FileEntry | None, other: FileEntry | None) -> Change | None:
    """How a path of the second list differs from that of the first; None when its content is the same.

    The content alone counts: a file that was only touched, or lies in another pack, is the same.
    """
    found = other or one
    if found is None or (one is not None and other is not None and one.sha256 == other.sha256):
        return None
    return Change(
        way="added" if one is None else "gone" if other is None else "changed",
        path=found.path,
        kind=found.kind,
        before=None if one is None else one.size,
        after=None if other is None else other.size,
    )


def difference(
    before: Iterable[FileEntry],
    after: Iterable[FileEntry],
    *,
    ways: Iterable[Way] = WAYS,
    skip: int = 0,
    limit: int = 0,
) -> Difference:
    """Compare two lists, each sorted by path; `page` has up to `limit` changes of these `ways` behind the first `skip`.

    The lists are read once and never held.
    """
    tallies = {way: _Sum() for way in (*WAYS, "same")}
    wanted = frozenset(ways)
    seen = 0
    largest: list[tuple[int, int, Change]] = []
    page: list[Change] = []
    for number, (one, other) in enumerate(pairs(before, after)):
        found = change(one, other)
        if found is None:
            tallies["same"].add(other.size if other is not None else 0)
            continue
        tallies[found.way].add((found.after if found.after is not None else found.before) or 0)
        _keep_largest(largest, number, found)
        if found.way in wanted:
            seen += 1
            if skip < seen <= skip + limit:
                page.append(found)
    return Difference(
        **{way: tally.done() for way, tally in tallies.items()},
        largest=[found for _, _, found in sorted(largest, key=lambda one: (-one[0], -one[1]))],
        page=page,
        more=seen > skip + limit,
    )


def _keep_largest(heap: list[tuple[int, int, Change]], number: int, found: Change) -> None:
    """Of equal sizes the earlier path stays."""
    entry = (found.size, -number, found)
    if len(heap) < LARGEST:
        heapq.heappush(heap, entry)
    elif entry[:2] > heap[0][:2]:
        heapq.heapreplace(heap, entry)
