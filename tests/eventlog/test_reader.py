"""Lines from a growing file, and what Clear means."""

from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path
from time import perf_counter, thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binscout_tui.errors import StorageError
from binscout_tui.eventlog.cursor import START, Cursor
from binscout_tui.eventlog.index import BLOCK_BYTES
from binscout_tui.eventlog.reader import LogReader

from .lines import append, numbered, numbered_line, settle, visible


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_a_missing_file_is_an_empty_log_until_it_appears(path: Path) -> None:
    reader = LogReader(path)
    assert visible(reader) == []
    append(path, b"one\n")
    assert visible(reader) == [b"one"]


def test_a_torn_line_shows_only_when_complete(path: Path) -> None:
    append(path, b"one\ntw")
    reader = LogReader(path)
    assert visible(reader) == [b"one"]
    append(path, b"o")
    assert reader.poll().added == 0
    append(path, b"\nthr")
    batch = reader.poll()
    assert reader.lines(batch.first, batch.first + batch.added) == [b"two"]
    assert batch.end == len(b"one\ntwo\n")


def test_a_torn_line_may_be_rewritten(path: Path) -> None:
    append(path, b"one\ntorn by a cra")
    reader = LogReader(path)
    settle(reader)
    with path.open("r+b") as handle:
        handle.truncate(4)
    append(path, b"two\nthree is longer than what was torn\n")
    batches = settle(reader)
    assert not any(batch.reset for batch in batches)
    assert visible(reader) == [b"one", b"two", b"three is longer than what was torn"]


def test_clear_shows_only_what_comes_later_and_leaves_the_file_alone(path: Path) -> None:
    append(path, b"one\ntwo\n")
    reader = LogReader(path)
    settle(reader)
    reader.clear()
    assert visible(reader) == []
    append(path, b"three\n")
    assert visible(reader) == [b"three"]
    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_clear_also_covers_lines_nobody_has_polled_yet(path: Path) -> None:
    append(path, b"one\n")
    reader = LogReader(path)
    settle(reader)
    append(path, b"two\nto")
    reader.clear()
    append(path, b"rn\n")
    assert visible(reader) == [b"torn"]


def test_clear_before_the_first_poll_counts(path: Path) -> None:
    append(path, b"one\n")
    cursor = LogReader(path).clear()
    append(path, b"two\n")
    assert visible(LogReader(path, cursor)) == [b"two"]


def test_a_stored_cursor_keeps_old_lines_away_after_a_restart(path: Path) -> None:
    append(path, numbered(0, 3000))
    with LogReader(path) as reader:
        settle(reader)
        cleared = reader.clear()
    append(path, b"later\n")
    stored = Cursor(offset=cleared.offset, identity=cleared.identity)
    for _ in range(3):
        with LogReader(path, stored) as reader:
            assert visible(reader) == [b"later"]


def test_clearing_twice_moves_on(path: Path) -> None:
    append(path, b"one\n")
    reader = LogReader(path)
    reader.clear()
    append(path, b"two\n")
    settle(reader)
    cursor = reader.clear()
    append(path, b"three\n")
    assert visible(reader) == visible(LogReader(path, cursor)) == [b"three"]


def test_show_all_brings_everything_back(path: Path) -> None:
    append(path, numbered(0, 5000))
    reader = LogReader(path)
    reader.clear()
    append(path, b"later\n")
    assert visible(reader) == [b"later"]
    assert reader.show_all() == START
    assert visible(reader) == path.read_bytes().splitlines()


def test_clear_while_the_file_is_away_keeps_the_cursor(path: Path) -> None:
    append(path, b"one\ntwo\n")
    cursor = LogReader(path).clear()
    away = path.rename(path.with_suffix(".away"))
    reader = LogReader(path, cursor)
    assert reader.clear() == cursor
    away.rename(path)
    append(path, b"three\n")
    assert visible(reader) == [b"three"]


def test_clear_holds_when_the_log_was_restored_from_a_copy(path: Path) -> None:
    append(path, numbered(0, 100))
    cursor = LogReader(path).clear()
    copy = path.with_suffix(".copy")
    shutil.copyfile(path, copy)
    path.unlink()
    copy.rename(path)
    append(path, b"later\n")
    assert visible(LogReader(path, cursor)) == [b"later"]


@pytest.mark.parametrize("replacement", [b"", b"new\n", b"NEW\nTWO\n", b"new and much longer\n" * 9])
@pytest.mark.parametrize("in_place", [True, False], ids=["truncated", "replaced"])
def test_another_file_resets_to_its_start(path: Path, replacement: bytes, in_place: bool) -> None:
    append(path, b"one\ntwo\n")
    reader = LogReader(path)
    settle(reader)
    if in_place:
        path.write_bytes(replacement)
    else:
        other = path.with_suffix(".other")
        other.write_bytes(replacement)
        other.replace(path)
    batches = settle(reader)
    assert [batch.reset for batch in batches].count(True) == 1
    assert visible(reader) == replacement.splitlines()
    append(path, b"more\n")
    assert not reader.poll().reset
    assert visible(reader) == [*replacement.splitlines(), b"more"]


def test_a_stored_cursor_of_another_file_resets(path: Path) -> None:
    append(path, b"one\ntwo\n")
    cursor = LogReader(path).clear()
    path.write_bytes(b"a new log that is longer\nand longer\n")
    reader = LogReader(path, cursor)
    assert reader.poll().reset
    assert reader.cursor == START
    assert visible(reader) == [b"a new log that is longer", b"and longer"]


def test_a_deleted_log_stays_readable_until_another_takes_its_place(path: Path) -> None:
    append(path, b"one\n")
    reader = LogReader(path)
    settle(reader)
    path.unlink()
    assert visible(reader) == [b"one"]
    append(path, b"fresh\n")
    assert reader.poll().reset
    assert visible(reader) == [b"fresh"]


def test_what_is_not_a_readable_file_gives_a_sentence(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StorageError, match=r"events\.jsonl cannot be read") as caught:
        LogReader(path).poll()
    assert caught.value.hint


def test_the_last_page_comes_first_and_numbers_do_not_change(path: Path) -> None:
    append(path, numbered(0, 20_000))
    reader = LogReader(path)
    first_batch = reader.poll(budget_s=0.0)
    assert first_batch.more
    assert 100 < reader.line_count < 2000
    last = reader.lines(reader.stop - 1, reader.stop)
    stop = reader.stop
    append(path, numbered(20_000, 20_100))
    assert visible(reader) == [numbered_line(number) for number in range(20_100)]
    assert reader.lines(stop - 1, stop) == last == [numbered_line(19_999)]


@pytest.mark.parametrize(
    "content",
    [
        b"\n" * (3 * BLOCK_BYTES + 5),
        b"x" * (2 * BLOCK_BYTES) + b"\nshort\n",
        b"short\n" + b"x" * (3 * BLOCK_BYTES + 1) + b"\n",
        b"a\n" * 70_000 + b"x" * (3 * BLOCK_BYTES) + b"\nb\n",
        b"x" * (BLOCK_BYTES - 1) + b"\n" + b"y" * (BLOCK_BYTES - 1) + b"\n",
    ],
    ids=["empty lines", "long first", "long last", "long near the end", "exact blocks"],
)
@pytest.mark.parametrize("tail_first", [True, False])
def test_lines_of_any_length_are_found(path: Path, content: bytes, tail_first: bool) -> None:
    append(path, content)
    reader = LogReader(path, tail_first=tail_first)
    settle(reader)
    expected = content.split(b"\n")[:-1]
    assert reader.line_count == len(expected)
    for offset in {0, 1, len(expected) // 2, len(expected) - 2, len(expected) - 1} & set(range(len(expected))):
        number = reader.first + offset
        assert reader.lines(number, number + 1, limit=1 << 20) == [expected[offset]]


def test_a_long_line_is_cut_and_the_next_one_is_not(path: Path) -> None:
    append(path, b"x" * 200_000 + b"\nnext\n")
    reader = LogReader(path)
    settle(reader)
    assert reader.lines(reader.first, reader.stop, limit=10) == [b"x" * 10, b"next"]


content = st.lists(st.sampled_from([b"\n", b"a", b"\xe2\x82", b'{"type":"log"}\n', b"x" * 300]), max_size=25)


@given(pieces=content, data=st.data())
@settings(max_examples=150, deadline=None)
def test_cut_anywhere_read_any_time_nothing_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    seen: list[bytes] = []
    with LogReader(path, tail_first=data.draw(st.booleans())) as reader:
        for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            append(path, whole[start:stop])
            batch = reader.poll()
            seen += reader.lines(batch.first, batch.first + batch.added)
            assert batch.end == whole.rfind(b"\n", 0, stop) + 1
    assert seen == whole.split(b"\n")[:-1]


def test_cut_at_every_byte(path: Path) -> None:
    whole = b'{"a":1}\n\n{"b":"\xe2\x82\xac"}\nlast\n'
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with LogReader(path) as reader:
            first = visible(reader)
            append(path, whole[cut:])
            batch = reader.poll()
            second = reader.lines(batch.first, batch.first + batch.added)
        assert first + second == whole.split(b"\n")[:-1], cut


@given(st.lists(st.sampled_from(["write", "tear", "clear", "show all", "poll", "reopen"]), max_size=30))
@settings(max_examples=100, deadline=None)
def test_what_is_visible_is_what_was_written_since_the_last_clear(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    path.touch()
    reader, cursor, cleared_at, text = LogReader(path), START, 0, b""
    for number, step in enumerate(steps):
        if step in ("write", "tear"):
            piece = b"line %d" % number + (b"\n" if step == "write" else b" torn ")
            append(path, piece)
            text += piece
        elif step == "clear":
            cursor, cleared_at = reader.clear(), text.rfind(b"\n") + 1
        elif step == "show all":
            cursor, cleared_at = reader.show_all(), 0
        elif step == "reopen":
            reader.close()
            reader = LogReader(path, cursor)
        else:
            assert visible(reader) == text[cleared_at:].split(b"\n")[:-1]
    assert visible(reader) == text[cleared_at:].split(b"\n")[:-1]
    reader.close()


def _open_cost(path: Path) -> tuple[int, int]:
    """Bytes held after everything is indexed: all of Python's, and the index's own."""
    tracemalloc.start()
    with LogReader(path) as reader:
        settle(reader)
        reader.lines(reader.first, reader.first + 50)
        held = tracemalloc.get_traced_memory()[0]
        index_bytes = reader.index_bytes
    tracemalloc.stop()
    return held, index_bytes


def test_memory_does_not_grow_noticeably_with_the_file(path: Path) -> None:
    append(path, numbered(0, 20_000))
    small, small_index = _open_cost(path)
    append(path, numbered(20_000, 200_000))
    large, large_index = _open_cost(path)
    assert large_index <= 8 * (path.stat().st_size // BLOCK_BYTES + 1)
    assert large_index > small_index
    assert large - small < 20_000


def test_opening_200_000_lines_is_fast_and_never_blocks_long(path: Path) -> None:
    append(path, numbered(0, 200_000))
    began = perf_counter()
    reader = LogReader(path)
    batch = reader.poll()
    page = reader.lines(reader.stop - 50, reader.stop)
    last_page_after = perf_counter() - began
    assert batch.more
    assert page == [numbered_line(number) for number in range(199_950, 200_000)]
    assert last_page_after < 1.0
    slices = []
    while not reader.indexed:
        before = thread_time()
        reader.poll()
        slices.append(thread_time() - before)
    assert sum(slices) < 1.0
    assert max(slices) < 0.010
    assert reader.lines(reader.first, reader.first + 1) == [numbered_line(0)]
