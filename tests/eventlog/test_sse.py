"""Lines as server-sent events and back, in pieces of any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.eventlog import sse
from binscout_tui.eventlog.cursor import Cursor
from binscout_tui.eventlog.tail import Line

DATA = st.one_of(
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")),
    st.sampled_from([b"", b" x", b"data: y", b": z", b"\r", b"\xef\xbb\xbf", "id: µ".encode(), b"event: reset", b"\0"]),
)


def streamed(datas: list[bytes]) -> tuple[bytes, list[Line]]:
    offset, lines = 0, []
    for data in datas:
        offset += len(data) + 1
        lines.append(Line(Cursor(offset, f"{offset:016x}"), data))
    return sse.greeting(0.25) + b"".join(sse.encode(line) + sse.PING for line in lines), lines


def read(stream: bytes, cuts: list[int]) -> tuple[list[Line], sse.Decoder]:
    decoder, lines, start = sse.Decoder(), [], 0
    for stop in [*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]:
        lines += [line for message in decoder.feed(stream[start:stop]) if (line := sse.decode(message))]
        start = stop
    return lines, decoder


@given(datas=st.lists(DATA, max_size=6), cuts=st.lists(st.integers(0, 2000), max_size=8))
def test_whatever_the_pieces_the_lines_are_the_same(datas: list[bytes], cuts: list[int]) -> None:
    stream, lines = streamed(datas)
    found, decoder = read(stream, cuts)
    assert found == lines
    assert decoder.retry_s == 0.25


@given(datas=st.lists(DATA, min_size=1, max_size=5), cut=st.integers(0, 2000))
def test_what_is_cut_off_is_never_half_given(datas: list[bytes], cut: int) -> None:
    stream, lines = streamed(datas)
    found, _ = read(stream[: cut % len(stream)], [])
    assert found == lines[: len(found)]


@given(data=DATA)
def test_line_ends_of_other_systems_are_line_ends(data: bytes) -> None:
    stream, lines = streamed([data])
    assert read(stream.replace(b"\n", b"\r\n"), [])[0] == lines


def test_a_ping_is_no_line_also_behind_one() -> None:
    stream, lines = streamed([b"one"])
    assert read(stream + sse.PING * 3, [])[0] == lines


def test_a_reset_begins_at_0() -> None:
    messages = sse.Decoder().feed(sse.RESET)
    assert [(message.event, message.id) for message in messages] == [("reset", "0")]


def test_foreign_events_mean_nothing_and_bad_ones_are_refused() -> None:
    decoder = sse.Decoder()
    (foreign,) = decoder.feed(b"event: news\nid: 5\ndata: x\n\n")
    assert sse.decode(foreign) is None
    (without_id,) = decoder.feed(b"id: nonsense\ndata: x\n\n")
    with pytest.raises(ValueError, match="nonsense"):
        sse.decode(without_id)
    (not_base64,) = decoder.feed(b"event: bytes\nid: 7\ndata: !\n\n")
    with pytest.raises(ValueError, match=r"."):
        sse.decode(not_base64)


def test_an_event_without_end_is_given_up() -> None:
    decoder = sse.Decoder()
    decoder.feed(b"x" * sse.MOST_BYTES)
    with pytest.raises(ValueError, match="without end"):
        decoder.feed(b"x")
