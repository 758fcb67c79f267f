"""The bytes that the app writes to show a payload, made by the same code as on the screen."""

from __future__ import annotations

from rich.console import Console
from rich.style import Style
from textual.strip import Strip

from binscout_tui.terminal.payload import Payload
from binscout_tui.widgets.picture_rows import half_block_rows, placeholder_rows

IMAGE_ID = 0x0A0B0C
_CONSOLE = Console(color_system="truecolor", force_terminal=True)
_GROUND = Style(bgcolor="#000000")


def sent(payload: Payload) -> bytes:
    """Pixels and cells of `payload` as they go to the terminal."""
    if payload.sixel is not None:
        return payload.sixel.encode()
    if payload.picture is not None:
        rows = placeholder_rows(payload, IMAGE_ID, _GROUND)
        return (payload.picture.transmit(IMAGE_ID) + _written(rows)).encode()
    return _written(half_block_rows(payload.runs or ())).encode()


def _written(rows: list[Strip]) -> str:
    return "\n".join(row.render(_CONSOLE) for row in rows)
