"""The lists of a look or a fetch by restic: what they answer, and that very many files cost no memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.backup.restic.tables import Listed, Wanted
from binscout_tui.backup.restoring.todo import Piece

MANY = 20_000
MOST = 1 << 20
"""Bytes of Python's; a dictionary of so many entries has ten times that."""


def sha(number: int) -> str:
    return f"{number:064x}"


def entries(names: list[bytes]) -> Iterator[tuple[bytes, FileEntry]]:
    for number, name in enumerate(names):
        shown = name.decode("utf-8", "replace")
        yield name, FileEntry(path=shown, kind="original", size=7, sha256=sha(number), mtime_ns=1, blob="objects/x")


def piece(place: str, number: int) -> Piece:
    return Piece(place.encode(), 7, sha(number), 1, "objects/x", 0)


def peak(work: Callable[[], object]) -> int:
    """The most bytes of Python's that `work()` has at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_odd_names_that_look_alike_count_once_each(tmp_path: Path) -> None:
    with Listed(tmp_path / "db", entries([b"a", b"odd\xff", b"odd\xfe"])) as files:
        assert files.tally() == (3, 21)
        told = "/odd\N{REPLACEMENT CHARACTER}"
        assert [files.mark_told(told, size) for size in (8, 7, 7, 7)] == [False, True, True, False]
        assert not files.mark_told("/\ud800", 7)
        assert list(files.left()) == [("/a", "a")]
        assert (files.sha256_of(b"odd\xfe"), files.sha256_of(b"b")) == (sha(2), None)
        files.mark(b"a")
        assert list(files.left()) == []


def test_the_same_bytes_are_fetched_under_one_name() -> None:
    with Wanted([piece("one", 1), piece("two", 1), piece("three", 3), piece("lost", 9)]) as wanted:
        wanted.name([(b"other", sha(4)), (b"first", sha(1)), (b"second", sha(1)), (b"third", sha(3))])
        assert [one.place for one in wanted.nameless()] == [b"lost"]
        assert [one.place for one in wanted.of(b"first")] == [b"one", b"two"]
        assert wanted.of(b"second") == []
        left = []
        while (name := wanted.first()) is not None:
            left.append(name)
            wanted.drop(name)
        assert left == [b"first", b"third"]
        assert (len(wanted), wanted.of(b"first")) == (0, [])


def test_many_files_cost_no_memory(tmp_path: Path) -> None:
    def look() -> None:
        pairs = ((f"{number}".encode(), number) for number in range(MANY))
        listed = ((name, next(entries([name]))[1]) for name, _ in pairs)
        with Listed(tmp_path / "db", listed) as files:
            assert sum(1 for _ in files.left()) == MANY

    def fetch() -> None:
        with Wanted(piece(str(number), number) for number in range(MANY)) as wanted:
            wanted.name((f"{number}".encode(), sha(number)) for number in range(MANY))
            assert sum(1 for _ in wanted.nameless()) == 0
            assert len(wanted) == MANY

    assert peak(look) < MOST
    assert peak(fetch) < MOST
