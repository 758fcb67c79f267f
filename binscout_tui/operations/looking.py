"""Reading the previews of images for what rules want to know of them. Only files that our own workers made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from binscout_tui.imaging.grouping.focus import clear_detail
from binscout_tui.imaging.grouping.looks import look_of
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path

DRAFT = 40  # enough for a coarse look
Progress = Callable[[int, int], None]


def look_at(
    previews: Path, hashes: Mapping[int, str], on_progress: Progress = lambda done, total: None
) -> dict[int, bytes]:
    """The coarse looks of images by id, from their hashes by id; absent where no preview can be read."""
    looks = {}
    for done, (image_id, sha256) in enumerate(hashes.items(), 1):
        picture = _opened(preview_path(previews, sha256, THUMB), DRAFT)
        if picture is not None:
            looks[image_id] = look_of(picture)
        on_progress(done, len(hashes))
    return looks


def focus_at(previews: Path, sha256: str) -> float | None:
    """How sharp an image is, on its preview of 1024 pixels; None where that cannot be read."""
    picture = _opened(preview_path(previews, sha256, PREVIEW))
    return None if picture is None else clear_detail(np.asarray(picture.convert("L")))


def _opened(path: Path, draft: int | None = None) -> Image.Image | None:
    """The preview in full, or scaled down to about `draft` pixels by the decoder."""
    try:
        with Image.open(path, formats=["JPEG"]) as picture:
            if draft is not None:
                picture.draft(None, (draft, draft))
            picture.load()
            return picture
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):  # absent or damaged: it can be made again
        return None
