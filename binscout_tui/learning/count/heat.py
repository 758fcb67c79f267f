"""The map of a whole picture, in flipped copies and in tiles where it is large: the one way a network is asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.count.network import MULTIPLE, STRIDE
from binscout_tui.learning.count.peaks import Peaks, find_peaks
from binscout_tui.learning.pixels import Pixels

Map = NDArray[np.float32]

TILE = 1024  # pixels; larger pictures are looked at in tiles
OVERLAP = 128  # pixels that tiles share, some widths of a thing
FLIPS: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))  # the axes along which each copy is turned over


class Look:
    """How `network` is asked on `device`: pixels are `(x - mean) / std` with x in 0..1, `views` flipped copies of 4."""

    def __init__(
        self,
        network: nn.Module,
        device: torch.device,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        views: int,
    ) -> None:
        self.network, self.device, self.views = network, device, views
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, 3, 1, 1)

    def peaks(self, picture: Pixels) -> Peaks:
        """The candidates of `picture` (h, w, 3) uint8; points in its pixels.

        Raises BinScoutError `model_no_number` when the network gives none: that must not look like an empty picture.
        """
        heat, sizes = self.maps(picture)
        if not (np.isfinite(heat).all() and np.isfinite(sizes).all()):
            raise BinScoutError(
                "The model gave no number for this picture.", hint="Train it again.", code="model_no_number"
            )
        found = find_peaks(heat, sizes)
        limits = (picture.shape[1], picture.shape[0])
        points = (found.points + 0.5) * STRIDE
        return Peaks(np.minimum(points, limits), found.scores)

    def maps(self, picture: Pixels) -> tuple[Map, Map]:
        """Scores 0..1 and sizes in cells, both (ceil(h / 4), ceil(w / 4))."""
        height, width = picture.shape[:2]
        rows, columns = -(-height // STRIDE), -(-width // STRIDE)
        result = np.zeros((2, rows, columns), np.float32)
        for down, inner_down in _spans(height):
            for across, inner_across in _spans(width):
                part = self._tile(picture[down, across])
                top, left = down.start // STRIDE, across.start // STRIDE
                to_rows = slice(inner_down.start // STRIDE, -(-inner_down.stop // STRIDE))
                to_columns = slice(inner_across.start // STRIDE, -(-inner_across.stop // STRIDE))
                inner = (
                    slice(to_rows.start - top, to_rows.stop - top),
                    slice(to_columns.start - left, to_columns.stop - left),
                )
                result[:, to_rows, to_columns] = part[:, inner[0], inner[1]]
        return result[0], result[1]

    def _tile(self, picture: Pixels) -> Map:
        """(2, rows, columns) of a piece that is looked at whole."""
        height, width = picture.shape[:2]
        with torch.inference_mode():
            pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].to(self.device)
            images = functional.pad(
                pixels.float() / 255, (0, -width % MULTIPLE, 0, -height % MULTIPLE), mode="replicate"
            )
            images = (images - self._mean) / self._std
            looks = [self._look(images, axes) for axes in FLIPS[: self.views]]
            answer = torch.stack(looks).mean(dim=0)[0].cpu().numpy()
        return np.asarray(answer[:, : -(-height // STRIDE), : -(-width // STRIDE)])

    def _look(self, images: Tensor, axes: tuple[int, ...]) -> Tensor:
        answer = self.network(images.flip(axes) if axes else images).float()
        answer = torch.cat([answer[:, :1].sigmoid(), answer[:, 1:].clamp(-2, 6).exp()], dim=1)
        return answer.flip(axes) if axes else answer


def _spans(length: int) -> Iterator[tuple[slice, slice]]:
    """Along one side: what is looked at, and the part of it that is kept. Starts are multiples of the stride."""
    if length <= TILE:
        yield slice(0, length), slice(0, length)
        return
    step = TILE - OVERLAP
    starts = list(range(0, length - OVERLAP, step))
    for start in starts:
        stop = min(start + TILE, length)
        first = 0 if start == 0 else start + OVERLAP // 2
        last = length if start == starts[-1] else stop - OVERLAP // 2
        yield slice(start, stop), slice(first, last)
