"""Names, formats and the list of rendered crops: what lies in a folder of crops, and where each came from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from binscout_tui import atomic
from binscout_tui.errors import RefusedError, StorageError
from binscout_tui.imaging.crops import CropBox, Pixels, to_pixels
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.originals import hash_of
from binscout_tui.store.crop_rows import CropRow
from binscout_tui.store.images import Image

MANIFEST = "manifest.csv"
Format = Literal["png", "jpg", "keep"]
COLUMNS = (
    *("file", "sha256", "width", "height", "kind", "set_key", "item", "source_path", "source_sha256"),
    *("x1", "y1", "x2", "y2", "left", "top", "right", "bottom", "format", "colour"),
)
# What of the original's format is kept, and how it is written; all but JPEG without loss.
KEPT = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tif"}
WRITERS: dict[str, tuple[str, dict[str, object]]] = {
    "png": ("PNG", {}),
    "jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "webp": ("WEBP", {"lossless": True}),
    "tif": ("TIFF", {"compression": "tiff_deflate"}),
}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
Line = dict[str, str]


def extension(image: Image, wanted: Format) -> str:
    """The extension of a crop of `image`, without a dot."""
    return KEPT.get(image.format, "png") if wanted == "keep" else wanted


def pixels_of(row: CropRow) -> Pixels:
    """The box in whole pixels of the upright original."""
    return to_pixels(CropBox(*row.box), (row.image.width, row.image.height))


def file_name(row: CropRow, kind: str) -> str:
    """The name of a crop, which only crops of the same pixels of the same picture share."""
    stem = _UNSAFE.sub("_", Path(row.image.name).stem)[:60].lstrip(".-") or "image"
    box = "_".join(map(str, pixels_of(row)))
    return f"{stem}-{row.image.sha256[:16]}-{box}.{kind}"


def line(row: CropRow, kind: str, sha256: str, colour: str) -> Line:
    """What the list says of a rendered crop."""
    left, top, right, bottom = pixels_of(row)
    values = (
        *(file_name(row, kind), sha256, right - left, bottom - top, "set" if row.set_key else "box"),
        *(row.set_key, display_name(row.item), display_name(row.image.path), row.image.sha256),
        *(*row.box, left, top, right, bottom, WRITERS[kind][0], colour),
    )
    return dict(zip(COLUMNS, map(str, values), strict=True))


class Manifest:
    """The list beside the crops; lines of files that were rendered before stay as long as the files do."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MANIFEST
        self._lines: dict[tuple[str, ...], Line] = {}
        self._by_file: dict[str, Line] = {}
        known = _read(self._path)
        there = {path.name for path in folder.iterdir()} if known else set()
        self.add(one for one in known if one["file"] in there)

    def colour(self, folder: Path, name: str) -> tuple[str, str] | None:
        """(sha256, colour) of a file that the list knows and that still is what it was, else None."""
        known = self._by_file.get(name)
        if known is None or not _is(folder / name, known["sha256"]):
            return None
        return known["sha256"], known["colour"]

    def add(self, lines: Iterable[Line]) -> None:
        """Enter rendered crops."""
        for one in lines:
            self._lines[_key(one)] = self._by_file[one["file"]] = one

    def write(self) -> None:
        """Put the list on the disk, in order of names. Raises OSError."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._lines[key] for key in sorted(self._lines))
        atomic.write_text(self._path, text.getvalue())


def _key(one: Line) -> tuple[str, ...]:
    return tuple(one[column] for column in ("file", "kind", "set_key", "x1", "y1", "x2", "y2", "item"))


def _is(path: Path, sha256: str) -> bool:
    try:
        return not path.is_symlink() and hash_of(path) == sha256
    except OSError:
        return False


def _read(path: Path) -> list[Line]:
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            if tuple(reader.fieldnames or ()) == COLUMNS:
                return [one for one in reader if None not in one and None not in one.values()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{display_name(path)} cannot be read: {error.strerror or error}.", code="list") from error
    except (UnicodeDecodeError, csv.Error):
        pass
    raise RefusedError(
        f"{display_name(path)} is no list of crops of this program.",
        hint="Render into another folder.",
        code="exists",
    )
