"""What differs between two images, measured on all pixels of their originals beside the event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image as Pillow

from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.difference import Difference, Pixels, bands, compare, reduced
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.store.images import Image
from binscout_tui.terminal.scale import Detail, open_upright
from binscout_tui.workers.details import DetailError, DetailMaker

KEPT = 2
"""So many differences stay on the disk: one may still be read while the next one is shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A difference as pictures: a small one at `path`, and all its pixels where originals were compared.

    `problem` says why only the previews were compared, "" for originals.
    """

    difference: Difference
    path: Path
    detail: Detail | None = None
    problem: str = ""


class DifferenceMaker:
    """Compares what a DetailMaker unpacks; its files lie in the maker's folder and go with it."""

    def __init__(self, details: DetailMaker, previews: Path) -> None:
        self._details = details
        self._previews = previews
        self._made = 0
        self._files: list[list[Path]] = []

    async def measure(self, one: Image, other: Image) -> Difference:
        """How the originals differ. Raises DetailError, DecoderError."""
        ours, theirs = await self._detail(one), await self._detail(other)
        return await asyncio.to_thread(_compared, ours, theirs)

    async def make(self, one: Image, other: Image) -> Shown:
        """The difference of two images as pictures; that of their previews where an original cannot be read.

        Raises BinScoutError where the previews cannot be read either.
        """
        try:
            ours, theirs = await self._detail(one), await self._detail(other)
        except BinScoutError as error:
            return await asyncio.to_thread(self._of_previews, one, other, error.sentence)
        return await asyncio.to_thread(self._of_originals, ours, theirs)

    async def write(self, one: Image, other: Image, longest: int) -> tuple[Difference, Pixels]:
        """The measures, and the picture of the difference with at most `longest` pixels a side.

        Raises DetailError, DecoderError.
        """
        shown = await self.make(one, other)
        if shown.detail is None:
            raise DetailError(shown.problem)
        detail = shown.detail
        return shown.difference, await asyncio.to_thread(lambda: reduced(_opened(detail), longest))

    async def _detail(self, image: Image) -> Detail:
        detail = await self._details.make(image)
        if detail is None:
            raise DetailError("Another image was looked at meanwhile.", hint="Try again.", code="overtaken")
        return detail

    def _of_originals(self, one: Detail, other: Detail) -> Shown:
        ours, theirs = _opened(one), _opened(other)
        found = _compared(one, other)
        self._made += 1
        target = one.path.parent / f"difference-{self._made}.rgb"
        self._keep([target, target.with_suffix(".png")])
        with target.open("wb") as handle:
            for band in bands(ours, theirs, found.stretch):
                handle.write(band.tobytes())
        detail = Detail(target, *found.size)
        _save(reduced(_opened(detail), PREVIEW), target.with_suffix(".png"))
        return Shown(found, target.with_suffix(".png"), detail)

    def _of_previews(self, one: Image, other: Image, problem: str) -> Shown:
        ours, theirs = (_preview(preview_path(self._previews, image.sha256, PREVIEW)) for image in (one, other))
        found = compare(ours, theirs)
        picture = np.concatenate(list(bands(ours, theirs, found.stretch)))
        self._made += 1
        target = self._details.folder() / f"difference-{self._made}.png"
        self._keep([target])
        _save(picture, target)
        return Shown(found, target, problem=problem)

    def _keep(self, files: list[Path]) -> None:
        """Forget the oldest."""
        self._files.append(files)
        while len(self._files) > KEPT:
            for path in self._files.pop(0):
                path.unlink(missing_ok=True)


def _compared(one: Detail, other: Detail) -> Difference:
    return compare(_opened(one), _opened(other), plain=one.plain and other.plain)


def _opened(detail: Detail) -> Pixels:
    shape = (detail.height, detail.width, 3)
    return cast(Pixels, np.memmap(detail.path, dtype=np.uint8, mode="r", shape=shape))


def _preview(path: Path) -> Pixels:
    return np.asarray(open_upright(path, (PREVIEW, PREVIEW)))


def _save(picture: Pixels, path: Path) -> None:
    Pillow.fromarray(picture).save(path, compress_level=1)
