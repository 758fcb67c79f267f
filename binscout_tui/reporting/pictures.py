"""Small copies of previews for a page that carries its pictures with it: few, small, and all together bounded."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from binscout_tui.imaging.previews import PREVIEW, preview_path

SIDE = 320
QUALITY = 70
MOST_BYTES = 1_900_000
"""Of JPEG; base64 makes four bytes of three, and a page stays below 3 MB."""


@dataclass(frozen=True, slots=True)
class Small:
    """A picture as a `data:` address, and its size in pixels."""

    address: str
    width: int
    height: int


Pictures = Callable[[str], Small | None]
"""From the SHA-256 of an original to a small copy; None where there is no preview, or no room is left."""


def no_pictures(sha256: str) -> Small | None:
    """For pages without pictures."""
    return None


class PreviewPictures:
    """Copies of the previews below `folder`, until together they have `most` bytes; `left_out` says it came to that."""

    def __init__(self, folder: Path, most: int = MOST_BYTES) -> None:
        self._folder = folder
        self._room = most
        self._made: dict[str, Small | None] = {}
        self.left_out = False

    def __call__(self, sha256: str) -> Small | None:
        """The copy of one picture; the same one again costs nothing."""
        if sha256 not in self._made:
            self._made[sha256] = self._make(sha256)
        return self._made[sha256]

    def _make(self, sha256: str) -> Small | None:
        if self._room <= 0:
            self.left_out = True
            return None
        try:
            with Image.open(preview_path(self._folder, sha256, PREVIEW)) as found:
                found.draft("RGB", (SIDE, SIDE))
                small = found.convert("RGB")
            small.thumbnail((SIDE, SIDE))
        except (OSError, ValueError):
            return None
        data = io.BytesIO()
        small.save(data, "JPEG", quality=QUALITY, optimize=True)
        if data.tell() > self._room:
            self.left_out, self._room = True, 0
            return None
        self._room -= data.tell()
        address = "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode("ascii")
        return Small(address, small.width, small.height)
