"""Pictures made anew for an export: smaller, cut, upright, without anything of the file but its colours."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import numpy as np
from PIL import Image as Pillow

from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.crops import CropBox, to_pixels
from binscout_tui.imaging.outcomes import Unpacked
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.importing import decode_limits
from binscout_tui.store.boxes import Box
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

KINDS = {"JPEG": (".jpg", "JPEG", {"quality": 92, "subsampling": 0}), "MPO": (".jpg", "JPEG", {"quality": 92})}
WITHOUT_LOSS: tuple[str, str, dict[str, object]] = (".png", "PNG", {})
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as bytes with its ending and size in pixels; `box` is what was cut out, None for the whole."""

    data: bytes
    ending: str
    width: int
    height: int
    box: Box | None = None


class Maker:
    """Makes pictures in a guarded process; a context manager."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        limits = decode_limits(workspace.settings.importing)
        self._pool = DecodePool(None, msgspec.structs.replace(limits, written=limits.pixels * 3), workers=1)
        workspace.paths.previews.mkdir(exist_ok=True)
        self._scratch = tempfile.TemporaryDirectory(prefix=".export-", dir=workspace.paths.previews)

    def __enter__(self) -> Maker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._scratch.cleanup()

    def make(self, image: Image, boxes: Sequence[Box], size: int | None) -> Iterator[Made]:
        """Each box of an image as a picture, without boxes the whole; the longer side has at most `size` pixels.

        Raises BinScoutError when the original cannot be read, or is not what it was.
        """
        with self._pixels(image, None if boxes else size) as (pixels, profile):
            height, width, _ = pixels.shape
            for box in boxes or (None,):
                left, top, right, bottom = (0, 0, width, height)
                if box is not None:
                    left, top, right, bottom = to_pixels(CropBox(*box), (width, height))
                yield _encoded(image, np.ascontiguousarray(pixels[top:bottom, left:right]), size, profile, box)

    @contextmanager
    def _pixels(self, image: Image, longest: int | None) -> Iterator[tuple[Pixels, bytes]]:
        target = Path(self._scratch.name) / "pixels"
        try:
            found = self._pool.unpack(self._workspace.paths.original(image), target, longest)
            if not isinstance(found, Unpacked):
                raise BinScoutError(found.reason, code=str(found.code))
            if found.sha256 != image.sha256:
                raise BinScoutError("The original is not what it was when it came in.", code="changed")
            yield np.memmap(target, np.uint8, "r", shape=(found.height, found.width, 3)), _profile(found.icc)
        finally:
            target.unlink(missing_ok=True)


def _encoded(image: Image, pixels: Pixels, size: int | None, profile: bytes, box: Box | None) -> Made:
    ending, kind, options = KINDS.get(image.format, WITHOUT_LOSS)
    picture = Pillow.fromarray(pixels)
    if size is not None:
        picture.thumbnail((size, size), Pillow.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    try:
        picture.save(file, kind, icc_profile=profile or None, **options)
    except (OSError, ValueError) as error:  # JPEG ends at 65500 pixels a side
        told = f"A picture of {picture.width}x{picture.height} pixels cannot be a {kind} file."
        raise BinScoutError(told, code="format") from error
    return Made(data=file.getvalue(), ending=ending, width=picture.width, height=picture.height, box=box)


def _profile(icc: bytes) -> bytes:
    """Only a profile for RGB can go with RGB pixels."""
    return icc if icc[16:20] == b"RGB " else b""
