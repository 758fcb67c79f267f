"""Resized upright pictures for scripts and agents, as files of their own or on one sheet. Originals are only read."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from binscout_tui.errors import BinScoutError, RefusedError, UsageError
from binscout_tui.imaging.crops import CropBox, to_pixels
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Limits, Unpacked
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.exporting import names, placing
from binscout_tui.operations.originals import cannot_write
from binscout_tui.operations.own_files import is_own
from binscout_tui.store import details, images
from binscout_tui.workspace import Workspace

Box = tuple[float, float, float, float]
Format = Literal["jpeg", "png", "webp"]
WRITERS: dict[str, tuple[str, dict[str, object]]] = {
    "jpeg": (".jpg", {"quality": 92}),
    "png": (".png", {}),
    "webp": (".webp", {"quality": 92, "method": 4}),
}
SMALLEST, LARGEST = 16, 16_384
MOST_SHEET = 100_000_000
"""Pixels of a sheet."""
CAPTION = 18
GAP = 4
PAPER, INK, BROKEN = (24, 24, 24), (235, 235, 235), (90, 40, 40)
Progress = Callable[[int, int], None]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to view: an image with its id and hash, or any file. `boxes` are its kept crops."""

    path: Path
    name: str
    id: int | None = None
    sha256: str | None = None
    boxes: tuple[Box, ...] = ()

    @property
    def caption(self) -> str:
        """What stands below it on a sheet."""
        return f"#{self.id}" if self.id is not None else self.name


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The longer side has at most `size` pixels; with `crop` each kept crop is a picture, the whole where none is."""

    size: int = 1024
    crop: bool = False
    format: Format = "jpeg"


class Problem(msgspec.Struct, frozen=True):
    """Why a picture could not be made."""

    code: str
    reason: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written, or why not: then `path` is None and `error` says it.

    `scale` is its size by that of the original's same part, `crop` that part normalised, None for the whole. `ids` are
    all images on a sheet.
    """

    id: int | None
    source: str
    path: str | None = None
    width: int = 0
    height: int = 0
    scale: float | None = None
    crop: Box | None = None
    ids: list[int] | None = None
    error: Problem | None = None


class _Made(msgspec.Struct, frozen=True):
    picture: Pillow.Image
    icc: bytes
    scale: float
    crop: Box | None


def sources_of(workspace: Workspace, ids: Sequence[int], *, boxes: bool = False) -> Iterator[Source]:
    """The images with these ids, with their kept crops where `boxes` are asked for. Raises NotFoundError."""
    for image_id in ids:
        image = workspace.db.read(images.get, image_id)
        cuts = workspace.db.read(details.crops_of, image_id) if boxes else ()
        yield Source(
            path=workspace.paths.original(image),
            name=image.name,
            id=image.id,
            sha256=image.sha256,
            boxes=tuple(dict.fromkeys(one.box for one in cuts)),
        )


def of_file(path: Path) -> Source:
    """A file that need not be an image of the workspace."""
    return Source(path=path.absolute(), name=display_name(path.name))


def view(
    sources: Sequence[Source],
    folder: Path | None,
    options: Options,
    limits: Limits,
    *,
    on_progress: Progress = lambda done, total: None,
) -> list[View]:
    """Write each picture to `folder`, a fresh one where that is None; nothing that is there is replaced.

    A picture that cannot be made is told in its place and stops no other. Raises UsageError for a bad size,
    RefusedError for a folder that is a workspace's own, StorageError when the folder cannot be written.
    """
    folder = _folder(folder, options)
    found: list[View] = []
    places = placing.Places(folder)
    with _made_in(folder, limits) as (pool, scratch):
        for number, source in enumerate(sources):
            try:
                for number_of, made in enumerate(_pictures(source, options, pool, scratch)):
                    found.append(_written(source, made, number_of, folder, options, places))
            except BinScoutError as error:
                found.append(_failed(source, error))
            on_progress(number + 1, len(sources))
    return found


def sheet(
    sources: Sequence[Source],
    folder: Path | None,
    options: Options,
    columns: int,
    limits: Limits,
    *,
    on_progress: Progress = lambda done, total: None,
) -> list[View]:
    """One picture of all, `columns` side by side with their ids below, each within `size` pixels; then what failed.

    Raises as `view`, and UsageError for a sheet of more than 100 megapixels.
    """
    folder = _folder(folder, options)
    columns = max(1, min(columns, len(sources)))
    tile, rows = options.size, -(-len(sources) // columns)
    size = (columns * (tile + GAP) + GAP, rows * (tile + CAPTION + GAP) + GAP)
    if size[0] * size[1] > MOST_SHEET:
        raise UsageError(
            f"A sheet of {size[0]:,}x{size[1]:,} pixels is too large.", hint="Choose fewer images or a smaller --size."
        )
    paper, failed = Pillow.new("RGB", size, PAPER), []
    pen = ImageDraw.Draw(paper)
    font = ImageFont.load_default(size=13)
    with _made_in(folder, limits) as (pool, scratch):
        for number, source in enumerate(sources):
            row, column = divmod(number, columns)
            left, top = GAP + column * (tile + GAP), GAP + row * (tile + CAPTION + GAP)
            try:
                made = next(_pictures(source, options, pool, scratch))
                shift = ((tile - made.picture.width) // 2, (tile - made.picture.height) // 2)
                paper.paste(made.picture, (left + shift[0], top + shift[1]))
            except BinScoutError as error:
                failed.append(_failed(source, error))
                pen.rectangle((left, top, left + tile - 1, top + tile - 1), fill=BROKEN)
            pen.text((left, top + tile + 1), _fitting(source.caption, font, tile), font=font, fill=INK)
            on_progress(number + 1, len(sources))
        if len(failed) == len(sources):
            return failed
        made = _Made(paper, b"", 1.0, None)
        written = _written(Source(path=folder, name="sheet"), made, 0, folder, options, placing.Places(folder))
    ids = [one.id for one in sources if one.id is not None]
    return [msgspec.structs.replace(written, source="", scale=None, ids=ids), *failed]


def _folder(folder: Path | None, options: Options) -> Path:
    if not SMALLEST <= options.size <= LARGEST:
        raise UsageError(f"A size is {SMALLEST} to {LARGEST:,} pixels.", code="bad_size")
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="binscout-view-"))
    folder = folder.expanduser().absolute()
    if is_own(folder.resolve()):
        raise RefusedError(f"{display_name(folder)} belongs to a workspace.", code="workspace")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


@contextmanager
def _made_in(folder: Path, limits: Limits) -> Iterator[tuple[DecodePool, Path]]:
    """A guarded decoder and a file for its pixels."""
    limits = msgspec.structs.replace(limits, written=limits.pixels * 3)
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".view-", dir=folder) as scratch,
            DecodePool(None, limits, workers=1) as pool,
        ):
            yield pool, Path(scratch) / "pixels"
    except OSError as error:
        raise cannot_write(folder, error) from error


def _pictures(source: Source, options: Options, pool: DecodePool, scratch: Path) -> Iterator[_Made]:
    """The picture, or each crop of it. Raises BinScoutError."""
    boxes = source.boxes if options.crop else ()
    try:
        found = pool.unpack(source.path, scratch, None if boxes else options.size)
        if not isinstance(found, Unpacked):
            raise BinScoutError(found.reason, code=str(found.code))
        if source.sha256 not in (None, found.sha256):
            raise BinScoutError("The original is not what it was when it came in.", code="changed")
        pixels = np.memmap(scratch, np.uint8, "r", shape=(found.height, found.width, 3))
        icc = found.icc if found.icc[16:20] == b"RGB " else b""
        if not boxes:
            yield _Made(Pillow.fromarray(np.array(pixels)), icc, found.width / found.size[0], None)
        for box in boxes:
            left, top, right, bottom = to_pixels(CropBox(*box), (found.width, found.height))
            picture = Pillow.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
            picture.thumbnail((options.size, options.size), Pillow.Resampling.LANCZOS, reducing_gap=3.0)
            yield _Made(picture, icc, picture.width / (right - left), box)
    finally:
        scratch.unlink(missing_ok=True)


def _written(source: Source, made: _Made, number: int, folder: Path, options: Options, places: placing.Places) -> View:
    ending, settings = WRITERS[options.format]
    file = io.BytesIO()
    try:
        made.picture.save(file, options.format.upper(), icc_profile=made.icc or None, **settings)
    except (OSError, ValueError) as error:
        told = f"A picture of {made.picture.width}x{made.picture.height} pixels cannot be a {options.format} file."
        raise BinScoutError(told, code="format") from error
    stem = names.safe_stem(source.name, f"image-{source.id}") + (f"-crop-{number + 1}" if made.crop else "")
    with placing.written(folder, file.getvalue()) as (temporary, sha256):
        name = places.place(temporary, sha256, stem, ending, b"")
    return View(
        id=source.id,
        source=display_name(source.path) if source.id is None else source.name,
        path=str(folder / name),
        width=made.picture.width,
        height=made.picture.height,
        scale=round(made.scale, 6),
        crop=made.crop,
    )


def _failed(source: Source, error: BinScoutError) -> View:
    told = display_name(source.path) if source.id is None else source.name
    return View(id=source.id, source=told, error=Problem(error.code, error.sentence))


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    while len(text) > 1 and font.getlength(text) > width:
        text = f"{text[:-2]}…"
    return text
