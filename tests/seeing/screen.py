"""A terminal emulator that consumes what a program writes, answers it, and says what there is to see."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from dataclasses import dataclass

import numpy as np
import pyte
from numpy.typing import NDArray

from tests.seeing import replies, sixel
from tests.seeing.grid import Grid
from tests.seeing.kinds import IN_BAND_RESIZE, SYNCHRONIZED, Kind
from tests.seeing.kitty import PLACEHOLDER, KittyPictures, Tile, tiles

Box = tuple[int, int, int, int]
"""x, y, width, height."""

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<sign>[<=>?]?)(?P<numbers>[\d;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1bPtmux;(?P<wrapped>(?:[^\x1b]|\x1b[^\\])*)\x1b\\"
    r"|\x1bP(?!tmux;)(?P<dcs>[^\x1b]*)\x1b\\"
    r"|\x1b_(?P<apc>[^\x1b]*)\x1b\\"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[ #%()][!-~]|[0-OQ-WYZ\\`-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    r"|(?P<cut>\x1b(?:\[[^@-~\x1b]*)?(?=\x1b)|\x1b(?:P(?!tmux;)|[_\]])[^\x07\x1b]*(?=\x1b[^\\]))"
)
_ALTERNATE = (47, 1047, 1049)
_ALTERNATE_CURSOR = 1049
_CONTROLS = pyte.Stream.basic
_ESCAPES = pyte.Stream.escape
_CSI = pyte.Stream.csi
_WITHOUT_EFFECT = {"q", "p", "t", "u"}
"""Cursor shape, keyboard and window reports."""


@dataclass(frozen=True)
class Shown:
    """A kitty picture that cells show: `box` in cells, the smallest that has all of its cells."""

    image_id: int
    box: Box


class Screen:
    """What a terminal of `kind` makes of the bytes that `feed` gets.

    `errors` are things that a real terminal would draw wrongly, refuse, or print as letters; a test should find it
    empty. `unwrap_tmux` plays a tmux that lets everything through.
    """

    def __init__(
        self, kind: Kind, columns: int, rows: int, cell: tuple[int, int] = (10, 20), *, unwrap_tmux: bool = False
    ) -> None:
        self.kind = kind
        self.unwrap_tmux = unwrap_tmux
        self.modes: set[int] = set()
        self.unknown: set[str] = set()
        self._own_errors: list[str] = []
        self._grids = [Grid(columns, rows, cell), Grid(columns, rows, cell)]
        self._pictures = [KittyPictures(), KittyPictures()]
        self._active = 0
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._rest = ""
        self._answers: list[str] = []

    # What tests ask.

    @property
    def columns(self) -> int:
        """Columns of cells."""
        return self.grid.columns

    @property
    def rows(self) -> int:
        """Rows of cells."""
        return self.grid.lines

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of a cell in pixels."""
        return self.grid.cell

    @property
    def grid(self) -> Grid:
        """The cells of the screen that is shown, main or alternate."""
        return self._grids[self._active]

    @property
    def pictures(self) -> KittyPictures:
        """The kitty pictures of the screen that is shown."""
        return self._pictures[self._active]

    @property
    def held_ids(self) -> set[int]:
        """Kitty pictures in the terminal's memory, of both screens."""
        return {image_id for pictures in self._pictures for image_id in pictures.held}

    @property
    def held_bytes(self) -> int:
        """Bytes of pixels of kitty pictures in the terminal's memory."""
        return sum(pictures.held_bytes for pictures in self._pictures)

    @property
    def transmitted(self) -> list[int]:
        """The ids of all pictures that were sent, in order."""
        return [image_id for pictures in self._pictures for image_id in pictures.transmitted]

    @property
    def errors(self) -> list[str]:
        """What went wrong so far."""
        of_grids = [error for grid in self._grids for error in grid.errors]
        return [*self._own_errors, *of_grids, *(error for pictures in self._pictures for error in pictures.errors)]

    def forget_errors(self) -> None:
        """As if nothing had gone wrong so far."""
        for owner in (*self._grids, *self._pictures):
            owner.errors.clear()
        self._own_errors.clear()

    @property
    def synchronizing(self) -> bool:
        """Amid a synchronized update: a terminal still shows what was there before."""
        return SYNCHRONIZED in self.modes

    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is shown."""
        return self._active == 1

    def text(self) -> str:
        """The cells as lines; cells of pictures are spaces."""
        lines = [[" "] * self.columns for _ in range(self.rows)]
        for x, y, char in self.grid.filled():
            lines[y][x] = " " if char.data[:1] == PLACEHOLDER else char.data
        return "\n".join("".join(line).rstrip() for line in lines)

    def canvas(self) -> NDArray[np.uint8]:
        """(rows * cell height, columns * cell width, 3) uint8 RGB: what there is to see."""
        canvas = self.grid.paint()
        if self.kind.placeholders:
            self.pictures.paint(canvas, self._tiles(), self.cell)
        drawn = self.grid.pixels[..., 3] > 0
        canvas[drawn] = self.grid.pixels[drawn][:, :3]
        return canvas

    def shown(self) -> list[Shown]:
        """The kitty pictures that are held and that cells show."""
        found: dict[int, list[Tile]] = {}
        for tile in self._tiles():
            if self.kind.placeholders and tile.image_id in self.pictures.held:
                found.setdefault(tile.image_id, []).append(tile)
        return [Shown(image_id, _box(parts)) for image_id, parts in found.items()]

    def _tiles(self) -> list[Tile]:
        return tiles((x, y, char.data, char.fg) for x, y, char in self.grid.filled() if char.data[:1] == PLACEHOLDER)

    # What the terminal does.

    def resize(self, columns: int, rows: int, cell: tuple[int, int] | None = None) -> bytes:
        """Another size; returns what the terminal reports by itself."""
        for grid in self._grids:
            grid.reshape(columns, rows, cell or self.cell)
        return replies.size_report(self).encode() if IN_BAND_RESIZE in self.modes else b""

    def feed(self, data: bytes) -> bytes:
        """Take in what the program wrote; returns what the terminal answers."""
        self._answers = []
        self._take(self._rest + self._decode(data))
        return "".join(self._answers).encode()

    def _take(self, text: str) -> None:
        place = 0
        while place < len(text):
            token = _TOKEN.match(text, place)
            if token is None:
                break
            self._token(token)
            place = token.end()
        self._rest = text[place:]

    def _token(self, token: re.Match[str]) -> None:
        if token["text"] is not None:
            self.grid.draw(token["text"])
        elif token["final"] is not None:
            self._csi(token)
        elif token["wrapped"] is not None:
            self._wrapped(token["wrapped"])
        elif token["dcs"] is not None:
            self._dcs(token["dcs"])
        elif token["apc"] is not None:
            self._apc(token["apc"])
        elif token["osc"] is not None:
            self._osc(token["osc"])
        elif token["cut"] is not None:
            self._cut(token["cut"])
        else:
            self._single(token)

    def _cut(self, begun: str) -> None:
        """An escape that begins amid a sequence ends it; tmux leaves text out when a terminal cannot keep up."""
        if begun[1:2] in ("P", "_"):
            self._own_errors.append(f"a sequence that does not end: {begun[:40]!r}")

    def _single(self, token: re.Match[str]) -> None:
        table, sign = (_ESCAPES, token["escape"]) if token["escape"] is not None else (_CONTROLS, token["control"])
        if sign == "c":
            self._grids[self._active].reset()
        elif sign in table:
            getattr(self.grid, table[sign])()

    def _wrapped(self, content: str) -> None:
        if not self.unwrap_tmux:
            self._own_errors.append("an envelope for tmux reached a terminal")
            return
        rest, self._rest = self._rest, ""
        self._take(content.replace("\x1b\x1b", "\x1b"))
        if self._rest:
            self._own_errors.append(f"an envelope with an unfinished sequence: {self._rest[:40]!r}")
        self._rest = rest

    def _dcs(self, content: str) -> None:
        if not re.match(r"[\d;]*q", content):
            self.unknown.add(f"DCS {content[:8]}")
        elif self.kind.sixel:
            try:
                picture = sixel.decode(content)
            except sixel.BadSixelError as error:
                self._own_errors.append(f"sixel: {error}")
                return
            height, width = picture.shape[:2]
            if width > self.kind.max_sixel[0] or height > self.kind.max_sixel[1]:
                self._own_errors.append(f"a sixel of {width} x {height} pixels, too large to be shown")
            else:
                self.grid.put_pixels(picture)
        else:
            self._own_errors.append("a sixel picture was sent to a terminal that draws none")

    def _apc(self, content: str) -> None:
        if not content.startswith("G"):
            self.unknown.add(f"APC {content[:8]}")
        elif self.kind.kitty_answers:
            self._answers.append(self.pictures.command(content[1:]))
        elif "a=q" not in content:
            self._own_errors.append("a kitty picture was sent to a terminal that draws none")

    def _osc(self, content: str) -> None:
        if content in ("10;?", "11;?") and self.kind.kitty_answers:
            shade = "cccc/cccc/cccc" if content.startswith("10") else "0000/0000/0000"
            self._answers.append(f"\x1b]{content[:2]};rgb:{shade}\x1b\\")

    def _csi(self, token: re.Match[str]) -> None:
        sign, between, final = token["sign"], token["between"], token["final"]
        numbers = [int(part.split(":")[0] or 0) for part in token["numbers"].split(";")] if token["numbers"] else []
        if sign == "?" and not between and final in "hl":
            self._set_modes(numbers, on=final == "h")
        elif self._asked(sign, numbers, between, final) or self._without_effect(sign, between, final):
            return
        elif final == "m":
            self.grid.select_graphic_rendition(*_colours(token["numbers"]))
        elif final in "ST":
            self.grid.scroll((numbers or [1])[0] * (1 if final == "S" else -1))
        elif final in _CSI and final not in "cn":
            getattr(self.grid, _CSI[final])(*numbers, **({"private": True} if sign else {}))
        else:
            self.unknown.add(f"CSI {token[0][2:]}")

    @staticmethod
    def _without_effect(sign: str, between: str, final: str) -> bool:
        return bool(between) or sign in ("<", "=", ">") or final in _WITHOUT_EFFECT or (sign == "?" and final == "m")

    def _set_modes(self, numbers: list[int], *, on: bool) -> None:
        for number in numbers:
            if number in _ALTERNATE:
                self._alternate(number, on=on)
            elif number == IN_BAND_RESIZE and on and number in self.kind.modes:
                self._answers.append(replies.size_report(self))
            (self.modes.add if on else self.modes.discard)(number)
            (self.grid.set_mode if on else self.grid.reset_mode)(number, private=True)

    def _alternate(self, number: int, *, on: bool) -> None:
        if on == self.alternate:
            return
        if on and number == _ALTERNATE_CURSOR:
            self.grid.save_cursor()
        self._active = int(on)
        if on:
            self.grid.reset()
            self.grid.pixels[:] = 0
        elif number == _ALTERNATE_CURSOR:
            self.grid.restore_cursor()

    def _asked(self, sign: str, numbers: list[int], between: str, final: str) -> bool:
        """Answer a question; false when it was none."""
        number, action = [*numbers, 0, 0][:2]
        answer = replies.answer(self, sign + between + final, number, action)
        if answer is None:
            return False
        if self.kind.answers:
            self._answers.append(answer)
        return True


def _colours(parameters: str) -> list[int]:
    """Parameters of SGR as pyte reads them: colours with colons made plain, underlines and their colours left out."""
    found: list[int] = []
    parts = iter(parameters.split(";")) if parameters else iter(())
    for part in parts:
        numbers = [int(number or 0) for number in part.split(":")]
        if numbers[0] in (38, 48) and len(numbers) > 1:
            found += [numbers[0], 2, *numbers[-3:]] if numbers[1] == 2 else [numbers[0], 5, numbers[-1]]
        elif numbers == [58]:
            for _ in range(3 if next(parts, "5") == "2" else 1):
                next(parts, "")
        elif len(numbers) == 1:
            found += numbers
            if numbers[0] in (38, 48):
                how = int(next(parts, "5") or 0)
                found += [how, *(int(next(parts, "0") or 0) for _ in range(3 if how == 2 else 1))]
    return found


def _box(parts: list[Tile]) -> Box:
    x, y = min(tile.x for tile in parts), min(tile.y for tile in parts)
    return x, y, max(tile.x for tile in parts) + 1 - x, max(tile.y for tile in parts) + 1 - y
