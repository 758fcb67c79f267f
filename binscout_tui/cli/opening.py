"""`binscout open [AREA] [--image ID] [--full] [--filter EXPR]`, read without the command line's library.

The app has to start fast.
"""

from __future__ import annotations

from collections.abc import Sequence

from binscout_tui.commands.areas import AREAS, Opening
from binscout_tui.errors import UsageError

HINT = "`binscout open --help` explains it."


def read_opening(words: Sequence[str]) -> Opening:
    """Where to begin, from what follows `open`. Raises UsageError."""
    area, image, full = "", "", False
    wanted: str | None = None
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--full":
            full = True
        elif word == "--image" and rest:
            image = rest.pop(0)
        elif word.startswith("--image="):
            image = word.removeprefix("--image=")
        elif word == "--filter" and rest:
            wanted = rest.pop(0)
        elif word.startswith("--filter="):
            wanted = word.removeprefix("--filter=")
        elif word.startswith("-") or area:
            raise UsageError(f"`binscout open` does not take {word!r} here.", hint=HINT)
        else:
            area = word
    return opening(area, image, full=full, wanted=wanted)


def opening(area: str, image: str, *, full: bool, wanted: str | None = None) -> Opening:
    """Where to begin, from words that may be empty. Raises UsageError."""
    area = area or ("gallery" if image or full or wanted is not None else "home")
    if area not in AREAS:
        raise UsageError(f"There is no area {area!r}.", hint=f"The areas are {', '.join(AREAS)}.", code="no_area")
    if (image or full) and area != "gallery":
        raise UsageError("--image and --full belong to the area gallery.", hint=HINT)
    if image and not (image.isascii() and image.isdigit() and 0 < int(image) < 1 << 63):
        raise UsageError(f"{image!r} is not the number of an image.", hint=HINT)
    if wanted is not None and area != "gallery":
        raise UsageError("--filter belongs to the area gallery.", hint=HINT)
    return Opening(area, int(image) if image else None, full, wanted)
