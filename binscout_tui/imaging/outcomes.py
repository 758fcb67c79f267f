"""What can become of a file that is offered as a picture: decoded, or rejected with a code and a sentence."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

MEBIBYTE = 1024 * 1024


class Code(StrEnum):
    """Why a file was not taken. Stable, for scripts."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    NEEDS_PLUGIN = "needs_plugin"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    CHANGED_WHILE_READING = "changed_while_reading"
    NOT_A_FILE = "not_a_file"
    LINK_OUTSIDE = "link_outside"
    LINK_LOOP = "link_loop"
    LINK_DANGLING = "link_dangling"
    PRIVATE = "private"


SENTENCES: dict[Code, str] = {
    Code.EMPTY: "The file is empty.",
    Code.NOT_AN_IMAGE: "The file is not a picture.",
    Code.TRUNCATED: "The picture is cut off: part of the file is missing.",
    Code.CORRUPT: "The picture is damaged and cannot be decoded.",
    Code.UNSUPPORTED: "This kind of picture cannot be read.",
    Code.NEEDS_PLUGIN: "Reading HEIC needs the package pillow-heif, which is not installed.",
    Code.TOO_MANY_PIXELS: "The picture has more pixels than the limit allows.",
    Code.TOO_LARGE: "The file is larger than the limit allows.",
    Code.TIMEOUT: "Decoding the picture took too long and was stopped.",
    Code.CRASHED: "The decoder crashed on this file.",
    Code.OUT_OF_MEMORY: "Decoding the picture needs more memory than the limit allows.",
    Code.UNREADABLE: "The file or folder cannot be read.",
    Code.VANISHED: "There is no such file or folder.",
    Code.CHANGED_WHILE_READING: "The file changed while it was read; try again when nothing writes to it.",
    Code.NOT_A_FILE: "This is not a regular file.",
    Code.LINK_OUTSIDE: "The link leads out of the given folders and was not followed.",
    Code.LINK_LOOP: "The link leads back to a folder above it and was not followed.",
    Code.LINK_DANGLING: "The link leads to nothing.",
    Code.PRIVATE: "This belongs to a workspace, which has its pictures already.",
}


class Limits(msgspec.Struct, frozen=True):
    """What one file may cost. Memory is the address space of a whole worker process, `written` a file it writes."""

    pixels: int = 100_000_000
    seconds: float = 10.0
    memory: int = 2048 * MEBIBYTE
    file_bytes: int = 512 * MEBIBYTE
    written: int = 64 * MEBIBYTE


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one photo.

    `width` and `height` are pixels of the upright original; all else is of its small picture (at most 1024 px) in grey.
    `focus` is that of `quality_measures.focus`, at least 1; `detail` is the variance of the Laplacian; `low`, `middle`
    and `high` are the 5th, 50th and 95th percentile of the grey values (0..255); `black` and `white` are the shares
    (0..1) of pixels that are as good as black and white; `noise` is the standard deviation of what looks like sensor
    noise, in grey values.
    """

    width: int
    height: int
    focus: float
    detail: float
    low: float
    middle: float
    high: float
    black: float
    white: float
    noise: float


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself: what it was made from, and other facts by their names; [which](../docs/details.md).

    All text is without control characters, and all of it together less than 256 KiB.
    """

    prompt: str = ""
    data: dict[str, Any] = {}


class Decoded(msgspec.Struct, frozen=True, kw_only=True, tag="decoded"):
    """A picture that can be used.

    `width` and `height` are pixels of the upright picture, `orientation` is EXIF's 1..8 as it was stored,
    `taken_at` is UTC text and takes the camera's clock for UTC where no offset is stored. `previews` are the
    files that were written now; those that existed are not named. `measures` and `codes`, the texts of codes in the
    picture, are there only where they were asked for.
    """

    path: Path
    sha256: str
    bytes: int
    mtime_ns: int
    width: int
    height: int
    format: str
    mode: str
    frames: int
    orientation: int
    taken_at: str | None
    phash: int
    sharpness: float
    measures: Measures | None = None
    codes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    previews: tuple[Path, ...] = ()
    told: Told = msgspec.field(default_factory=Told)


class Glanced(msgspec.Struct, frozen=True, kw_only=True, tag="glanced"):
    """A file that begins like a picture: fields as in `Decoded`, as far as its header tells; nothing was decoded."""

    sha256: str
    bytes: int
    mtime_ns: int
    width: int
    height: int
    format: str
    mode: str
    orientation: int = 1
    taken_at: str | None = None


class Unpacked(msgspec.Struct, frozen=True, tag="unpacked"):
    """A picture whose pixels were written: `width` * `height` * 3 bytes, upright; `sha256` is of the picture's file.

    `icc` is the picture's colour profile, empty where it has none. `size` is how many pixels the picture has itself.
    `plain` says that the file has nothing beyond these pixels: no transparency, wider samples, inks, further frames.
    """

    path: Path
    sha256: str
    width: int
    height: int
    icc: bytes = b""
    size: tuple[int, int] = (0, 0)
    plain: bool = False


class Rejected(msgspec.Struct, frozen=True, tag="rejected"):
    """A file that was not taken: `reason` is a sentence for people, `detail` one safe line about this file."""

    path: Path
    code: Code
    reason: str
    detail: str = ""

    @classmethod
    def of(cls, path: Path, code: Code, detail: str = "") -> Rejected:
        """The rejection of `path` with the sentence of `code`."""
        return cls(path, code, SENTENCES[code], detail)


Outcome = Decoded | Rejected


class Refusal(Exception):  # noqa: N818 - a file that is refused is an outcome, not an error
    """Raised inside a decoder to end the examination of one file."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
