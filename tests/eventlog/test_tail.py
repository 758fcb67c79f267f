"""Lines with the cursors behind them, which are their ids, and what those survive."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.errors import StorageError
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.index import BLOCK_BYTES
from binscout_tui.eventlog.tail import LINE_BYTES, Line, LogTail, follows

from .lines import append, numbered

LINE = st.one_of(
    st.sampled_from([b"", b"a", b"x" * (BLOCK_BYTES - 1), b"y" * (BLOCK_BYTES + 7)]),
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"~")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def drain(tail: LogTail) -> tuple[list[Line], int]:
    """All that is there, and how often it began again."""
    lines: list[Line] = []
    resets = 0
    while True:
        taken = tail.take()
        resets += taken.reset
        lines = [*([] if taken.reset else lines), *taken.lines]
        if not (taken.more or taken.lines):
            return lines, resets


@given(lines=st.lists(LINE, max_size=12), cut=st.integers(0, 12), torn=st.binary(max_size=5))
def test_from_any_id_on_the_rest_comes_once(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cut: int, torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("t") / "log"
    append(path, b"".join(line + b"\n" for line in lines) + torn.replace(b"\n", b"~"))
    found, _ = drain(LogTail(path))
    assert [line.data for line in found] == lines
    before = START
    for line in found:
        assert follows(before, line)
        before = line.cursor
    begin = found[cut - 1].cursor if 0 < cut <= len(found) else START
    rest, resets = drain(LogTail(path, Cursor.parse(str(begin))))
    assert (rest, resets) == (found[cut:] if begin != START else found, 0)


def test_a_missing_line_and_a_doubled_one_are_seen() -> None:
    one, two = Line(Cursor(4, "a" * 16), b"one"), Line(Cursor(8, "b" * 16), b"two")
    assert follows(START, one)
    assert follows(one.cursor, two)
    assert not follows(START, two)
    assert not follows(two.cursor, two)
    assert not follows(two.cursor, one)


def test_a_bare_offset_begins_with_the_line_it_lies_in(path: Path) -> None:
    append(path, b"one\ntwo\nthree\n")
    for offset, expected in ((0, 3), (1, 3), (4, 2), (5, 2), (14, 0)):
        lines, resets = drain(LogTail(path, Cursor(offset)))
        assert (len(lines), resets) == (expected, 0), offset
    lines, resets = drain(LogTail(path, Cursor(15)))
    assert (len(lines), resets) == (3, 1)


def test_a_bare_offset_waits_for_the_file(path: Path) -> None:
    tail = LogTail(path, Cursor(4))
    assert tail.take().lines == ()
    append(path, b"one\ntwo\n")
    assert [line.data for line in drain(tail)[0]] == [b"two"]


def test_an_id_of_another_file_begins_again(path: Path) -> None:
    append(path, b"one\ntwo\n")
    lines, _ = drain(LogTail(path))
    path.write_bytes(b"ONE\nTWO\nTHREE\n")
    again, resets = drain(LogTail(path, lines[-1].cursor))
    assert resets == 1
    assert [line.data for line in again] == [b"ONE", b"TWO", b"THREE"]


def test_a_line_of_any_length_costs_no_more_than_its_beginning(path: Path) -> None:
    append(path, b"z" * (3 * LINE_BYTES) + b"\nnext\n")
    lines, _ = drain(LogTail(path))
    assert [len(line.data) for line in lines] == [LINE_BYTES, 4]
    assert follows(START, lines[0])
    assert follows(lines[0].cursor, lines[1])


def test_pieces_are_small_however_long_the_log_is(path: Path) -> None:
    append(path, numbered(0, 20_000))
    tail = LogTail(path)
    sizes = []
    while (taken := tail.take()).lines:
        sizes.append(sum(len(line.data) + 1 for line in taken.lines))
    assert sum(sizes) == path.stat().st_size
    assert max(sizes) < 2 * BLOCK_BYTES


def test_what_cannot_be_read_is_said(path: Path) -> None:
    path.mkdir()
    for cursor in (START, Cursor(5)):
        with pytest.raises(StorageError):
            LogTail(path, cursor).take()


@pytest.mark.parametrize("text", ["", "-1", "1-", "1-xyz", "1-" + "A" * 16, "9" * 19, "1 ", "٣", "0x1"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a place"):
        Cursor.parse(text)
