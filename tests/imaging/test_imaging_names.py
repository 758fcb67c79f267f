"""Names from outside on a terminal."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.imaging.names import display_name, one_line


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain.jpg", "plain.jpg"),
        (b"caf\xe9 latin1.jpg", r"caf\xe9 latin1.jpg"),
        ("naïve façade.jpg".encode(), "naïve façade.jpg"),
        ("螺丝 M3x12.jpg".encode(), "螺丝 M3x12.jpg"),
        (b"esc\x1b[31mred\x1b[0m.jpg", r"esc\x1b[31mred\x1b[0m.jpg"),
        (b"new\nline.jpg", r"new\nline.jpg"),
        (b"back\\slash", r"back\\slash"),
        ("gpj.\u202egnp", r"gpj.\u202egnp"),
        ("c1\u009bm", r"c1\u009bm"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("\u2028line\u00a0space", r"\u2028line\u00a0space"),
        ("lone\ud800", r"lone\ud800"),
        ("tag\U000e0041", r"tag\U000e0041"),
        (Path("a/b\t.jpg"), r"a/b\t.jpg"),
        (b"[bold red]markup.jpg", "[bold red]markup.jpg"),
    ],
)
def test_shown_safely(name: bytes | str | Path, shown: str) -> None:
    assert display_name(name) == shown


@given(st.binary(max_size=40))
def test_nothing_moves_the_cursor(name: bytes) -> None:
    shown = display_name(name)
    assert shown == display_name(os.fsdecode(name))
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_two_names_never_look_the_same(one: bytes, other: bytes) -> None:
    assert (display_name(one) == display_name(other)) == (one == other)


def test_one_line_is_short_and_single() -> None:
    assert one_line("a\n  b\x1b[2J") == r"a b\x1b[2J"
    assert len(one_line("x" * 1000, limit=50)) == 50
