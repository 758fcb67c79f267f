"""What an export is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.errors import UsageError

Metadata = Literal["json", "none"]
Names = Literal["original", "id"]
SMALLEST, LARGEST = 16, 20_000


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How images are written to `folder`.

    With `size` their longer side has at most so many pixels, and with `crop` each kept crop is a picture of its own:
    both are made anew, upright; else the original's bytes are copied. `gps` writes where a picture was taken into its
    metadata file.
    """

    folder: Path
    size: int | None = None
    crop: bool = False
    metadata: Metadata = "json"
    names: Names = "original"
    gps: bool = False

    @property
    def is_rendered(self) -> bool:
        """Whether pictures are made anew."""
        return self.size is not None or self.crop

    def as_json(self) -> dict[str, object]:
        """As the payload of a job."""
        return {**msgspec.structs.asdict(self), "folder": str(self.folder)}


def checked(options: Options) -> Options:
    """`options` with the folder made absolute. Raises UsageError for a size that is none."""
    if options.size is not None and not SMALLEST <= options.size <= LARGEST:
        raise UsageError(f"A size is {SMALLEST} to {LARGEST:,} pixels.", code="bad_size")
    return msgspec.structs.replace(options, folder=options.folder.expanduser().absolute())
