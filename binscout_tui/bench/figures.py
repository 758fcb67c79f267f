"""What was measured: of an encoder beside its peers, of the app's answers to keys, of its memory."""

from __future__ import annotations

import statistics

import msgspec

from binscout_tui.terminal.graphics import Protocol

OURS = "binscout"


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """How one program showed the photo.

    `ms` are decoding, scaling and encoding of each repeat: of a program of the command line less a bare start of it
    just before. `best_ms` is its fastest run less its fastest start. `size` are the picture's dots; `why_not` says why
    there are no figures.
    """

    who: str
    protocol: Protocol
    source: str
    ms: list[float] = []
    best_ms: float = 0.0
    bytes: int = 0
    size: tuple[int, int] | None = None
    why_not: str = ""

    @property
    def median_ms(self) -> float:
        """Milliseconds, 0 without figures."""
        return max(0.0, statistics.median(self.ms)) if self.ms else 0.0


class KeyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How one view of the app answers keys in one protocol.

    Milliseconds are to the last byte, bytes the median and the most of an answer; `later_bytes` the median of what
    came after an answer; `without_picture` how many of the `presses` showed none. `slowdown` is how many times longer
    work took because others used the processors, the 95th percentile of looks between the keys.
    """

    protocol: Protocol
    view: str
    presses: int
    without_picture: int
    start_s: float
    first_byte_ms: float
    median_ms: float
    p95_ms: float
    bytes: int
    most_bytes: int
    later_bytes: int
    slowdown: float


class MemoryFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Resident megabytes at each tenth of the `presses`, which are fewer than `asked` where the images ended."""

    protocol: Protocol
    view: str
    asked: int
    presses: int
    without_picture: int
    mb: list[float]
    seconds: float

    @property
    def growth(self) -> float:
        """By which fraction it grew over the second half."""
        middle = self.mb[len(self.mb) // 2 - 1]
        return self.mb[-1] / middle - 1


def percentile(values: list[float], part: float) -> float:
    """The value below which `part` (0 to 1) of `values` lie, none of them interpolated; 0 for no values."""
    if not values:
        return 0.0
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]
