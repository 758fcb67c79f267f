"""What a program sent to the terminal: which protocol, and a picture of how many pixels."""

from __future__ import annotations

import re
import struct
from base64 import standard_b64decode
from dataclasses import dataclass

from binscout_tui.terminal.graphics import Protocol

# An answered key shows one of these: pixels, or cells that stand for pixels sent before.
_KITTY = re.compile(rb"\x1b_G(?:[^;\x1b]*,)?a=[Tp]|\xf4\x8e\xbb\xae")
_SIXEL = re.compile(rb"\x1bP[0-9;]*q")
_HALF = re.compile(rb"\xe2\x96[\x80\x84\x88\x8c\x90]")
_FEWEST_BLOCKS = 10
_KITTY_SIZE = re.compile(rb"\x1b_G(?:[^;\x1b]*,)?s=(\d+)[^;\x1b]*,v=(\d+)")
_PNG = re.compile(rb"\x1b_G[^;\x1b]*f=100[^;\x1b]*;([A-Za-z0-9+/]{32,48})")
_SIXEL_SIZE = re.compile(rb'\x1bP[0-9;]*q"\d+;\d+;(\d+);(\d+)')
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]|\r")


@dataclass(frozen=True)
class Shown:
    """The protocol found, and width and height in its dots: pixels, for half blocks two to a cell."""

    protocol: Protocol
    size: tuple[int, int] | None


def shown_in(data: bytes) -> Shown | None:
    """What `data` shows, or None when there is no picture in it."""
    if b"\x1b_G" in data:
        return Shown(Protocol.KITTY, _kitty_size(data))
    if _SIXEL.search(data):
        found = _SIXEL_SIZE.search(data)
        return Shown(Protocol.SIXEL, (int(found[1]), int(found[2])) if found else None)
    if len(_HALF.findall(data)) >= _FEWEST_BLOCKS:
        return Shown(Protocol.HALFBLOCK, _half_size(data))
    return None


def has_picture(data: bytes, protocol: Protocol) -> bool:
    """Whether `data` shows a picture, also one whose pixels the terminal holds already."""
    if protocol is Protocol.KITTY:
        return _KITTY.search(data) is not None
    if protocol is Protocol.SIXEL:
        return _SIXEL.search(data) is not None
    return len(_HALF.findall(data)) >= _FEWEST_BLOCKS


def _kitty_size(data: bytes) -> tuple[int, int] | None:
    if found := _KITTY_SIZE.search(data):
        return int(found[1]), int(found[2])
    if not (found := _PNG.search(data)):
        return None
    head = standard_b64decode(found[1][:32])
    if not head.startswith(b"\x89PNG"):
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _half_size(data: bytes) -> tuple[int, int]:
    rows = [_SEQUENCE.sub("", row) for row in data.decode("utf-8", "replace").split("\n")]
    filled = [row for row in rows if row]
    return max(map(len, filled), default=0), 2 * len(filled)
