"""The other end of kitty's graphics protocol: the pictures that a terminal holds, and where cells show them."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.terminal.kitty import MARKS

PLACEHOLDER = "\U0010eeee"
MAX_PAYLOAD = 4096
_NUMBER_OF = {mark: number for number, mark in enumerate(MARKS)}


@dataclass
class Held:
    """A picture in the terminal's memory; `cells` is the size of its virtual placement, if it has one."""

    image: Image.Image
    cells: tuple[int, int] | None = None
    scaled: dict[tuple[int, int, int, int], NDArray[np.uint8]] = field(default_factory=dict)

    def fitted(self, columns: int, rows: int, cell: tuple[int, int]) -> NDArray[np.uint8]:
        """(h, w, 4) uint8: the picture in a place of that many cells, as large as its aspect allows, in the middle."""
        key = (columns, rows, *cell)
        if key not in self.scaled:
            room = (columns * cell[0], rows * cell[1])
            factor = min(room[0] / self.image.width, room[1] / self.image.height)
            size = (max(1, round(self.image.width * factor)), max(1, round(self.image.height * factor)))
            canvas = Image.new("RGBA", room)
            canvas.paste(self.image.resize(size), ((room[0] - size[0]) // 2, (room[1] - size[1]) // 2))
            self.scaled[key] = np.asarray(canvas)
        return self.scaled[key]


@dataclass(frozen=True)
class Tile:
    """A cell that shows one tile of a picture."""

    x: int
    y: int
    image_id: int
    column: int
    row: int


@dataclass
class KittyPictures:
    """What graphics commands did so far. `errors` collects what a strict terminal would refuse."""

    held: dict[int, Held] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    transmitted: list[int] = field(default_factory=list)
    _head: dict[str, str] | None = None
    _begun: bool = False
    _data: list[str] = field(default_factory=list)

    @property
    def held_bytes(self) -> int:
        """Bytes of pixels in the terminal's memory, four a pixel."""
        return sum(held.image.width * held.image.height * 4 for held in self.held.values())

    def command(self, text: str) -> str:
        """Carry out what stands between "APC G" and "ST"; returns the answer."""
        control, _, payload = text.partition(";")
        keys = dict(part.split("=", 1) for part in control.split(",") if "=" in part)
        if self._head is not None:
            if set(keys) - {"m", "q"}:
                self.errors.append(f"a command amid the chunks of another: {control}")
                self._head = None
            else:
                return self._chunk(keys, payload)
        if not set(keys) - {"m", "q"}:
            if payload and self._begun:
                self.errors.append("a chunk of no picture")
            return ""  # the end of nothing, or of a picture that was being sent when this terminal came
        self._begun = True
        action = keys.get("a", "t")
        if action in ("t", "T", "q"):
            self._head, self._data = keys, []
            return self._chunk(keys, payload)
        if action == "p":
            return self._place(keys)
        if action == "d":
            self._delete(keys)
            return ""
        self.errors.append(f"not emulated: {control}")
        return ""

    def _chunk(self, keys: dict[str, str], payload: str) -> str:
        more = keys.get("m") == "1"
        if len(payload) > MAX_PAYLOAD or (more and len(payload) % 4):
            self.errors.append(f"a chunk of {len(payload)} characters")
        self._data.append(payload)
        if more or self._head is None:
            return ""
        head, self._head = self._head, None
        if not payload and self._data[:-1]:
            return ""  # broken off: an empty last chunk
        try:
            image = _picture(head, b64decode("".join(self._data), validate=True))
        except (ValueError, OSError, zlib.error) as error:
            if head.get("a") != "q":
                self.errors.append(f"a picture that cannot be read: {error}")
            return _answer(head, f"EBADPNG:{error}")
        return self._loaded(head, image)

    def _loaded(self, head: dict[str, str], image: Image.Image) -> str:
        if head.get("a") == "q":
            return _answer(head, "OK")
        image_id = int(head.get("i", "0"))
        if not 0 < image_id < 2**32:
            self.errors.append(f"a picture with the id {image_id}")
            return ""
        self.held[image_id] = Held(image)
        self.transmitted.append(image_id)
        return self._place(head) if head.get("a") == "T" else _answer(head, "OK")

    def _place(self, keys: dict[str, str]) -> str:
        held = self.held.get(int(keys.get("i", "0")))
        if held is None:
            return _answer(keys, "ENOENT:no such picture")
        if keys.get("U") != "1":
            self.errors.append("a placement without U=1 is not emulated")
            return ""
        held.cells = (int(keys.get("c", "0")), int(keys.get("r", "0")))
        return _answer(keys, "OK")

    def _delete(self, keys: dict[str, str]) -> None:
        """Virtual placements are touched by deletions that name a picture only; capitals free the pixels."""
        what, image_id = keys.get("d", "a"), int(keys.get("i", "0"))
        if what == "I":
            self.held.pop(image_id, None)
        elif what == "i" and image_id in self.held:
            self.held[image_id].cells = None
        elif what not in ("a", "A", "i"):
            self.errors.append(f"not emulated: d={what}")

    def paint(self, canvas: NDArray[np.uint8], tiles: list[Tile], cell: tuple[int, int]) -> None:
        """Paint `tiles` on `canvas`, (rows * cell height, columns * cell width, 3) uint8 RGB."""
        width, height = cell
        for tile in tiles:
            held = self.held.get(tile.image_id)
            if held is None or held.cells is None or tile.column >= held.cells[0] or tile.row >= held.cells[1]:
                continue
            pixels = held.fitted(*held.cells, cell)
            piece = pixels[tile.row * height : (tile.row + 1) * height, tile.column * width : (tile.column + 1) * width]
            target = canvas[tile.y * height : (tile.y + 1) * height, tile.x * width : (tile.x + 1) * width]
            mask = piece[..., 3] > 127
            target[mask] = piece[..., :3][mask]


def tiles(cells: Iterator[tuple[int, int, str, str]]) -> list[Tile]:
    """The tiles among `cells`, which are (x, y, text, foreground) in reading order.

    A cell without its marks goes on from its left neighbour, as the protocol says.
    """
    found: list[Tile] = []
    for x, y, text, foreground in cells:
        low = int(foreground, 16) if len(foreground) == 6 else 0
        numbers = [_NUMBER_OF.get(mark, -1) for mark in text[1:4]]
        left = found[-1] if found and (found[-1].x, found[-1].y) == (x - 1, y) else None
        if left is not None and (left.image_id & 0xFFFFFF != low or (numbers and numbers[0] != left.row)):
            left = None
        row = numbers[0] if numbers else (left.row if left else 0)
        column = numbers[1] if len(numbers) > 1 else (left.column + 1 if left else 0)
        high = numbers[2] if len(numbers) > 2 else (left.image_id >> 24 if left else 0)
        found.append(Tile(x, y, high << 24 | low, column, row))
    return found


def _picture(head: dict[str, str], data: bytes) -> Image.Image:
    if head.get("t", "d") != "d":
        raise ValueError("not sent with the command")
    if head.get("o") == "z":
        data = zlib.decompress(data)
    kind = head.get("f", "32")
    if kind == "100":
        return Image.open(BytesIO(data)).convert("RGBA")
    mode = {"24": "RGB", "32": "RGBA"}[kind]
    return Image.frombytes(mode, (int(head["s"]), int(head["v"])), data).convert("RGBA")


def _answer(keys: dict[str, str], words: str) -> str:
    quiet = int(keys.get("q", "0"))
    if quiet > 1 or (quiet == 1 and words == "OK") or "i" not in keys:
        return ""
    return f"\x1b_Gi={keys['i']};{words}\x1b\\"
