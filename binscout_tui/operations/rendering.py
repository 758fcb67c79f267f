"""Crops as files: exact pixels of the upright original, which itself is only read."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image as Pillow

from binscout_tui.errors import RefusedError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Unpacked
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations import crop_files
from binscout_tui.operations.crop_files import Format, Line, Manifest
from binscout_tui.operations.files.naming import rename_new
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.originals import cannot_write
from binscout_tui.operations.own_files import is_own
from binscout_tui.store import crop_rows
from binscout_tui.store.crop_rows import CropRow
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

# So many files may have to be made again after a kill.
LISTED_EVERY = 50
Progress = Callable[[int, int], None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which crops: those of `sets` (None: of all that are done), and with `boxes` every free box; and how."""

    sets: Sequence[int] | None = None
    boxes: bool = True
    format: Format = "png"


class Unrendered(msgspec.Struct, frozen=True):
    """An image whose crops could not be made, with a stable code and a sentence."""

    image: int
    name: str
    code: str
    reason: str


class RenderReport(msgspec.Struct, kw_only=True):
    """Numbers of files made now and there already, of choices without a crop, what could not be made, and the names."""

    folder: str
    dry_run: bool
    rendered: int = 0
    present: int = 0
    without_crop: int = 0
    refused: list[Unrendered] = []
    files: list[str] = []


def render(
    workspace: Workspace,
    folder: Path,
    wanted: Wanted = Wanted(),  # noqa: B008 - it is frozen
    *,
    dry_run: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> RenderReport:
    """Make a file of every wanted crop in `folder`, and a list of them; files that are there are never replaced.

    Going on after an interruption makes only what is missing. Raises RefusedError for a folder that is a workspace's
    own or holds another list, NotFoundError for an unknown set, StorageError when the folder cannot be written.
    """
    folder = folder.absolute()
    if is_own(folder.resolve()):
        raise RefusedError(f"{display_name(folder)} belongs to a workspace.", code="workspace")
    rows, without = workspace.db.read(crop_rows.of_sets, wanted.sets)
    if wanted.boxes and wanted.sets is None:
        rows += workspace.db.read(crop_rows.free)
    report = RenderReport(folder=display_name(folder), dry_run=dry_run, without_crop=without, refused=[], files=[])
    run = _Rendering(workspace, folder, wanted.format, report)
    try:
        run.all(sorted(rows, key=lambda row: row.image.id), on_progress)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return report


class _Rendering:
    def __init__(self, workspace: Workspace, folder: Path, kind: Format, report: RenderReport) -> None:
        self.workspace = workspace
        self.folder = folder
        self.kind = kind
        self.report = report
        self.manifest = Manifest(folder)
        self.unlisted = 0

    def all(self, rows: list[CropRow], on_progress: Progress) -> None:
        if self.report.dry_run:
            self.report.files = sorted({self._name(row) for row in rows if row.image.is_live})
            for image in {row.image.id: row.image for row in rows if not row.image.is_live}.values():
                self._refuse_gone(image)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.workspace.paths.previews.mkdir(exist_ok=True)
        limits = decode_limits(self.workspace.settings.importing)
        limits = msgspec.structs.replace(limits, written=limits.pixels * 3)
        done = 0
        with (
            tempfile.TemporaryDirectory(prefix=".render-", dir=self.workspace.paths.previews) as scratch,
            DecodePool(None, limits, workers=1) as pool,
        ):
            for _, same in groupby(rows, key=lambda row: row.image.id):
                crops = list(same)
                self._image(crops[0].image, crops, pool, Path(scratch) / "pixels")
                done += len(crops)
                on_progress(done, len(rows))
            self.manifest.write()

    def _name(self, row: CropRow) -> str:
        return crop_files.file_name(row, crop_files.extension(row.image, self.kind))

    def _image(self, image: Image, rows: list[CropRow], pool: DecodePool, target: Path) -> None:
        if not image.is_live:
            self._refuse_gone(image)
            return
        missing = []
        for row in rows:
            there = self.manifest.colour(self.folder, self._name(row))
            if there is None:
                missing.append(row)
            else:
                self.report.present += 1
                self._list(row, *there)
        if not missing:
            return
        made = pool.unpack(self.workspace.paths.original(image), target)
        try:
            if not isinstance(made, Unpacked):
                self._refuse(image, str(made.code), made.reason)
            elif (made.sha256, made.width, made.height) != (image.sha256, image.width, image.height):
                self._refuse(image, "changed", "The original is not what it was when it came in.")
            else:
                pixels = np.memmap(target, np.uint8, "r", shape=(made.height, made.width, 3))
                for row in missing:
                    self._crop(row, pixels, made.icc)
        finally:
            target.unlink(missing_ok=True)

    def _crop(self, row: CropRow, pixels: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], icc: bytes) -> None:
        left, top, right, bottom = crop_files.pixels_of(row)
        profile, colour = _profile(icc)
        kind = crop_files.extension(row.image, self.kind)
        try:
            data = _encoded(np.ascontiguousarray(pixels[top:bottom, left:right]), kind, profile)
        except (OSError, ValueError):  # JPEG ends at 65500 pixels a side, WebP at 16383
            told = f"A crop of {right - left}x{bottom - top} pixels cannot be a {kind} file; png can hold it."
            self._refuse(row.image, "format", told)
            return
        made = _place(self.folder / self._name(row), data)
        if made is None:
            self._refuse(row.image, "exists", f"{self._name(row)} is there and is something else; it stays.")
            return
        self.report.rendered += made
        self.report.present += not made
        self._list(row, hashlib.sha256(data).hexdigest(), colour)
        self.unlisted += 1
        if self.unlisted >= LISTED_EVERY:
            self.manifest.write()
            self.unlisted = 0

    def _list(self, row: CropRow, sha256: str, colour: str) -> None:
        line: Line = crop_files.line(row, crop_files.extension(row.image, self.kind), sha256, colour)
        self.manifest.add([line])
        self.report.files.append(line["file"])

    def _refuse_gone(self, image: Image) -> None:
        self._refuse(image, "not_live", "The image is in the trash or was not accepted.")

    def _refuse(self, image: Image, code: str, reason: str) -> None:
        self.report.refused.append(Unrendered(image.id, image.name, code, reason))


def _profile(icc: bytes) -> tuple[bytes, str]:
    """(the profile that goes with RGB pixels, what became of the original's). Only one for RGB can go with them."""
    if not icc:
        return b"", "no profile"
    space = icc[16:20]
    if space == b"RGB ":
        return icc, "profile kept"
    return b"", f"profile left out ({display_name(space.decode('latin-1').strip())})"


def _encoded(pixels: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], kind: str, profile: bytes) -> bytes:
    name, options = crop_files.WRITERS[kind]
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, name, icc_profile=profile or None, **options)
    return file.getvalue()


def _place(target: Path, data: bytes) -> bool | None:
    """True when the file was made, False when the same one is there, None when another one is."""
    descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fchmod(descriptor, 0o644)
            os.fsync(descriptor)
        rename_new(temporary, target)
    except FileExistsError:
        same = not target.is_symlink() and target.is_file() and target.read_bytes() == data
        return False if same else None
    finally:
        temporary.unlink(missing_ok=True)
    return True
