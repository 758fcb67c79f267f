"""Named colours are still translated; what is in true colours is left as it is."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import ANSIToTruecolor

from binscout_tui.widgets.line_filter import SparingFilter

GROUND = Color(10, 20, 30)


def filters() -> tuple[ANSIToTruecolor, SparingFilter]:
    real = ANSIToTruecolor(App[None]().ansi_theme)
    return real, SparingFilter(real)


def test_true_colours_pass_as_they_are() -> None:
    _, sparing = filters()
    segments = [
        Segment("▀", Style.parse("#102030 on #405060")),
        Segment("bold", Style.parse("bold #102030")),
        Segment("plain"),
    ]
    assert sparing.apply(segments, GROUND) is segments


def test_named_and_dim_colours_become_what_textual_makes_of_them() -> None:
    real, sparing = filters()
    for style in ("red", "#102030 on blue", "dim #102030", "color(200)"):
        segments = [Segment("text", Style.parse(style)), Segment("▀", Style.parse("#102030 on #405060"))]
        translated = sparing.apply(segments, GROUND)
        assert translated == real.apply(segments, GROUND)
        assert translated[0].style != segments[0].style
