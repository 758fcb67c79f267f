"""Examining one file in this process. Only worker processes do this: decoders can hang, crash and eat memory."""

from __future__ import annotations

import hashlib
import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import (  # noqa: F401 - importing a plugin is what makes its format readable
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    PsdImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from . import codes, exif, headers, heif, metadata, modes, plain, png_texts
from .hashes import perceptual_hash
from .names import one_line
from .outcomes import MEBIBYTE, Code, Decoded, Limits, Outcome, Refusal, Told
from .previews import PREVIEW, shrink, write_previews
from .quality_measures import laplacian_variance, measure
from .reading import PEEK_BYTES, open_regular, read_whole, rejection

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "PSD")
MOST_PROFILE = 4 * MEBIBYTE
_DRAFT_SCALES = (8, 4, 2)
_DRAFT_ENOUGH = 7 / 8  # a scaled JPEG nearly as long will do: decoding twice the size costs four times as much
SECOND_LOOK = 2048  # pixels in which codes are sought that the small picture does not show
_COUNTED_FRAME_BY_FRAME = frozenset({"GIF", "TIFF"})
_TOLD_BY_BEGINNING = frozenset({Code.TOO_MANY_PIXELS, Code.NOT_AN_IMAGE, Code.UNSUPPORTED})
_LAYERED = frozenset({"PSD", "MPO"})  # their further frames are layers, depth or gain maps of the same picture


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: `small` is upright RGB, of at most 1024 px where nothing else was asked for; the other facts
    are of the original. `icc` is its colour profile, empty where it has none or one of more than 4 MiB. `plain` says
    that the file has nothing beyond upright 8-bit RGB and that profile."""

    small: Image.Image
    size: tuple[int, int]
    format: str
    mode: str
    frames: int
    facts: exif.Facts
    warnings: tuple[str, ...]
    icc: bytes = b""
    told: Told = field(default_factory=Told)
    plain: bool = False


def examine(
    path: Path, limits: Limits, previews_root: Path | None, *, measuring: bool = False, with_codes: bool = False
) -> Outcome:
    """Read, hash and decode `path` once; write its previews when a root is given. Never raises for a bad file.

    With `measuring` the quality is measured, and `with_codes` the codes in the picture are read.
    """
    try:
        content, mtime_ns = read(path, limits)
        sha256 = hashlib.sha256(content).hexdigest()
        picture = decode(content, limits)
        previews, problems = _write(picture.small, previews_root, sha256)
        found = _read_codes(content, picture, limits) if with_codes else codes.Found()
        return Decoded(
            path=path,
            sha256=sha256,
            bytes=len(content),
            mtime_ns=mtime_ns,
            width=picture.size[0],
            height=picture.size[1],
            format=picture.format,
            mode=picture.mode,
            frames=picture.frames,
            orientation=picture.facts.orientation,
            taken_at=picture.facts.taken_at,
            phash=perceptual_hash(picture.small),
            sharpness=laplacian_variance(np.asarray(picture.small.convert("L"))),
            measures=measure(picture.small, picture.size) if measuring else None,
            codes=found.texts,
            warnings=picture.warnings + problems + found.warnings,
            previews=previews,
            told=metadata.with_sidecars(picture.told, path),
        )
    except (Refusal, OSError, MemoryError) as error:
        return rejection(path, error, limits)


def read(path: Path, limits: Limits) -> tuple[bytes, int]:
    """All bytes of a file that begins like a picture, and its mtime in nanoseconds. Raises Refusal, or OSError."""
    with open_regular(path) as handle:
        refuse_by_header(handle, limits)
        return read_whole(handle, limits.file_bytes)


def read_header(content: bytes, limits: Limits) -> tuple[tuple[int, int], str, str, exif.Facts]:
    """(upright size, format, mode, facts) of the picture in `content`, not decoded. Raises Refusal, or MemoryError."""
    try:
        return _read_header(content, limits)
    except Refusal:
        if (shorter := png_texts.without_long(content)) is None:
            raise
    return _read_header(shorter, limits)


def _read_header(content: bytes, limits: Limits) -> tuple[tuple[int, int], str, str, exif.Facts]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _refusing(content, limits), _open(io.BytesIO(content), limits) as image:
            mode, kind, facts = image.mode, image.format or "", exif.read_facts(image)
            width, height = image.size
    turned = facts.orientation >= 5 and kind != "TIFF"  # Pillow says of a TIFF how large it is when turned
    return (height, width) if turned else (width, height), kind, mode, facts


def decode(content: bytes, limits: Limits, *, longest: int | None = PREVIEW) -> Picture:
    """The picture in `content`, scaled down to `longest` pixels unless that is None. Raises Refusal, or MemoryError."""
    try:
        return _decode(content, limits, longest)
    except Refusal:
        if (shorter := png_texts.without_long(content)) is None:
            raise
    picture = _decode(shorter, limits, longest)
    return replace(picture, told=metadata.with_problem(picture.told, png_texts.LEFT_OUT))


def _decode(content: bytes, limits: Limits, longest: int | None) -> Picture:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with _refusing(content, limits), _open(io.BytesIO(content), limits) as image:
            mode, kind = image.mode, image.format or ""
            frames, problems = _count_frames(image, content)
            facts = exif.read_facts(image) if kind == "TIFF" else None
            told = metadata.told(image) if kind == "TIFF" else None
            size = image.size
            if longest is not None:
                _draft(image, longest)
            image.load()
            icc = image.info.get("icc_profile")
            told = told or metadata.told(image)
            profile = _profile(icc)
            is_plain = plain.is_plain(image, mode, frames, content) and bool(profile) == bool(icc)
            if facts is None:
                facts, turn = exif.read_facts(image), True
            else:
                size, turn = image.size, False  # Pillow turns a TIFF itself while it loads it
            small = modes.opaque(shrink(modes.eight_bit(image), longest or max(size)))
        if turn:
            small = exif.upright(small, facts.orientation)
            size = size if facts.orientation < 5 else (size[1], size[0])
    messages = [one_line(str(warning.message)) for warning in caught]
    said = tuple(dict.fromkeys([*messages, *facts.warnings, *problems]))
    return Picture(small, size, kind, mode, frames, facts, said, profile, told, is_plain)


def _profile(icc: object) -> bytes:
    return icc if isinstance(icc, bytes) and len(icc) <= MOST_PROFILE else b""


def _open(file: BinaryIO | io.BytesIO, limits: Limits) -> Image.Image:
    """The picture with only its header read, within the limit of pixels. Raises Refusal and what Pillow raises."""
    # Pillow refuses twice this number; its own check also comes before buffers that some formats make on opening.
    Image.MAX_IMAGE_PIXELS = limits.pixels // 2
    beginning = file.read(32)
    file.seek(0)
    if (pixels := headers.png_pixels(beginning)) > limits.pixels:
        # Before Pillow, which reads whole chunks of any size on its way to the pixels.
        raise headers.too_many_pixels(pixels, limits)
    if kind := headers.unsupported_kind(beginning):
        raise Refusal(Code.UNSUPPORTED, kind)
    plugin = heif.is_heif(beginning) and heif.register_plugin()
    image = Image.open(file, formats=[*FORMATS, "HEIF"] if plugin else FORMATS)
    width, height = image.size
    if width * height > limits.pixels:
        raise headers.too_many_pixels(width * height, limits)
    return image


@contextmanager
def _refusing(content: bytes, limits: Limits) -> Iterator[None]:
    """Turn what decoders raise into a Refusal."""
    try:
        yield
    except (Refusal, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise headers.diagnose(content, limits) from error
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise headers.too_many_pixels(int(pixels[0]) if pixels else limits.pixels, limits) from error
    except Exception as error:  # decoders raise nearly every built-in exception on damaged files
        raise Refusal(_damage(error), one_line(f"{error}" or type(error).__name__)) from error


def refuse_by_header(handle: BinaryIO, limits: Limits) -> None:
    """Refuse a large file that has too many pixels, or is no picture at all, before it is read whole."""
    if os.fstat(handle.fileno()).st_size <= PEEK_BYTES:
        return
    beginning = handle.read(PEEK_BYTES)
    handle.seek(0)
    try:
        with _refusing(beginning, limits), io.BufferedReader(_Unclosed(handle.fileno())) as reader:
            _open(reader, limits)
    except Refusal as refusal:
        # Any other verdict needs the whole file: its beginning alone always looks cut off.
        if refusal.code in _TOLD_BY_BEGINNING:
            raise


class _Unclosed(io.FileIO):
    """A second file object for a descriptor that somebody else closes."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, closefd=False)


def _damage(error: Exception) -> Code:
    text = str(error).lower()
    return Code.TRUNCATED if isinstance(error, EOFError) or "truncated" in text else Code.CORRUPT


def _count_frames(image: Image.Image, content: bytes) -> tuple[int, tuple[str, ...]]:
    """The number of frames or pages, and what to say about it. Only the first is used."""
    try:
        if image.format in _COUNTED_FRAME_BY_FRAME:
            # Counted in a second object: a bad later frame must not spoil the first.
            with Image.open(io.BytesIO(content), formats=[image.format or ""]) as other:
                frames = int(getattr(other, "n_frames", 1))
        else:
            frames = int(getattr(image, "n_frames", 1))
    except Exception as error:  # noqa: BLE001 - as for decoding: anything can come
        return 1, (one_line(f"A later frame is damaged: {error}"),)
    if frames <= 1 or image.format in _LAYERED:
        return frames, ()
    return frames, (f"The file has {frames} frames; the first is used.",)


def _read_codes(content: bytes, picture: Picture, limits: Limits) -> codes.Found:
    """The codes in the small picture, or in a larger one where that shows none."""
    try:
        found = codes.read(picture.small)
        if found.texts or max(picture.size) <= PREVIEW:
            return found
        return codes.read(decode(content, limits, longest=SECOND_LOOK).small)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the picture is good all the same, whatever its reader of codes says
        return codes.Found((), (one_line(f"The codes in the picture could not be read: {error}"),))


def _draft(image: Image.Image, longest: int) -> None:
    """Let the JPEG decoder scale down while it decodes, where the result is still about `longest` pixels."""
    if image.format in {"JPEG", "MPO"}:
        width, height = image.size
        for scale in _DRAFT_SCALES:
            if max(width, height) >= scale * longest * _DRAFT_ENOUGH:
                image.draft(image.mode, (max(1, width // scale), max(1, height // scale)))
                return


def _write(small: Image.Image, root: Path | None, sha256: str) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    if root is None:
        return (), ()
    try:
        return write_previews(small, root, sha256), ()
    except OSError as error:
        # The picture is good all the same, and previews can be made again.
        return (), (one_line(f"The previews could not be written: {error.strerror or error}"),)
