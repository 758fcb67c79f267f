"""The two small JPEG files that stand for a picture on screens, named by the hash of the original."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

THUMB = 160
PREVIEW = 1024
SIZES = (THUMB, PREVIEW)
_QUALITY = {THUMB: 80, PREVIEW: 85}


def preview_path(root: Path, sha256: str, size: int) -> Path:
    """Where the preview of `size` pixels (160 or 1024, longer side) of that original lies below `root`."""
    return root / sha256[:2] / f"{sha256}-{size}.jpg"


def has_previews(root: Path, sha256: str) -> bool:
    """Whether both previews of that original exist."""
    return all(preview_path(root, sha256, size).is_file() for size in SIZES)


def shrink(image: Image.Image, longest: int) -> Image.Image:
    """`image` with its longer side at most `longest` pixels, at least 1 px wide and high; never enlarged."""
    if max(image.size) <= longest:
        return image
    small = image.copy()
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small


def write_previews(image: Image.Image, root: Path, sha256: str) -> tuple[Path, ...]:
    """Write the previews of an upright RGB picture that do not exist yet; the paths of those written.

    Raises OSError (disk full, read-only, …); a half written file never has the name of a preview.
    """
    written = []
    larger = image
    for size in reversed(SIZES):
        larger = shrink(larger, size)
        target = preview_path(root, sha256, size)
        if not target.is_file():
            _save(larger, target, temporary_path(root, os.getpid(), size), _QUALITY[size])
            written.append(target)
    return tuple(written)


def temporary_path(root: Path, pid: int, size: int) -> Path:
    """The name under which process `pid` writes a preview before it renames it."""
    return root / f".tmp-{pid}-{size}"


def _save(image: Image.Image, target: Path, temporary: Path, quality: int) -> None:
    # Not fsynced: a preview can be made again, and syncing two files a picture would dominate an import.
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("wb") as handle:
            image.save(handle, "JPEG", quality=quality)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
