"""Names of boxes drawn in dots, where no cells can show them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.overlay import Box, draw_names, ink
from binscout_tui.terminal.payload import Payloads, Request

SIZE = (200, 100)
WHOLE = (0, 0, *SIZE)


def changed(*boxes: Box, dots: int = 20) -> tuple[int, int, int, int] | None:
    """What of a grey picture the names cover."""
    plain = Image.new("RGB", SIZE, (90, 90, 90))
    named = plain.copy()
    draw_names(named, boxes, WHOLE, dots=dots)
    return ImageChops.difference(plain, named).getbbox()


def test_a_name_is_no_wider_than_its_box_unless_it_is_edited() -> None:
    place = changed(Box(0.1, 0.2, 0.3, 0.9, name="a very long name", dashed=False))
    assert place is not None
    assert place[:2] == (20, 20)
    assert place[2] <= 60
    assert place[3] == 40
    edited = changed(Box(0.1, 0.2, 0.3, 0.9, name="a very long name"))
    assert edited is not None
    assert edited[2] > 60


def test_no_name_where_letters_could_not_be_read() -> None:
    assert changed(Box(0.1, 0.2, 0.9, 0.9, name="nut"), dots=5) is None
    assert changed(Box(0.1, 0.2, 0.9, 0.9)) is None
    assert changed(Box(0.1, 0.95, 0.9, 1, name="nut")) is None


def test_letters_that_the_font_lacks_do_no_harm() -> None:
    assert changed(Box(0, 0, 1, 1, name="▸nüt 螺\x1b\n")) is not None


def test_letters_are_read_on_light_and_dark() -> None:
    assert (ink((255, 255, 0)), ink((10, 10, 120))) == ((0, 0, 0), (255, 255, 255))


@pytest.mark.parametrize(("protocol", "differs"), [(Protocol.SIXEL, True), (Protocol.KITTY, False)])
def test_only_sixel_needs_names_in_its_pixels(tmp_path: Path, protocol: Protocol, differs: bool) -> None:
    path = tmp_path / "grey.png"
    Image.new("RGB", (400, 300), (90, 90, 90)).save(path)

    def made(name: str) -> str:
        request = Request(path, 30, 12, 10, 20, protocol, boxes=(Box(0.2, 0.2, 0.8, 0.8, name=name),))
        payload = Payloads().make(request)
        assert payload is not None
        return payload.sixel or repr(payload.picture)

    assert (made("nut") != made("")) is differs
