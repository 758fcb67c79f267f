"""Writing all pixels of a picture to a file that is read in parts. Only worker processes do this."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image

from .decode import decode, read
from .names import one_line
from .outcomes import MEBIBYTE, Code, Limits, Refusal, Rejected, Unpacked

ROWS_AT_ONCE = 256


def unpack(path: Path, limits: Limits, target: Path, longest: int | None = None) -> Unpacked | Rejected:
    """Write the upright RGB pixels of the picture at `path` to `target`, which appears only when all are there.

    With `longest` the picture is made smaller, so that no side has more pixels.
    """
    temporary = temporary_path(target)
    try:
        content, _ = read(path, limits)
        sha256 = hashlib.sha256(content).hexdigest()
        picture = decode(content, limits, longest=longest)
        image = picture.small
        del content
        _write(image, temporary)
        temporary.replace(target)
        return Unpacked(path, sha256, image.width, image.height, picture.icc, picture.size, picture.plain)
    except Refusal as refusal:
        return Rejected.of(path, refusal.code, refusal.detail)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        return Rejected.of(path, Code.UNREADABLE, one_line(error.strerror or str(error)))
    except MemoryError:
        temporary.unlink(missing_ok=True)
        return Rejected.of(path, Code.OUT_OF_MEMORY, f"{limits.memory // MEBIBYTE} MiB")


def temporary_path(target: Path) -> Path:
    """The name under which the pixels are written before they are complete."""
    return target.with_name(f"{target.name}.part")


def _write(image: Image.Image, temporary: Path) -> None:
    with temporary.open("wb") as handle:
        for top in range(0, image.height, ROWS_AT_ONCE):
            rows = image.crop((0, top, image.width, min(image.height, top + ROWS_AT_ONCE)))
            handle.write(rows.tobytes())
