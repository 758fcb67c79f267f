"""What stands out in a picture, without learning: edges, and colours that its border does not have.

What touches the border of a photo is mostly background (Wei et al. 2012), so a colour is strange as far as it is from
the border's commonest colours. numpy and Pillow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIDE = 96  # pixels of the copy that is looked at, each way: places are shares of the picture
CELLS = 48  # a side of the grid of the maps
BORDER = 4  # pixels
COLOURS = 12  # of the border at most
CELL_OF_COLOURS = 24  # levels
COMMON = 0.02  # of the border's pixels
LEVEL = 0.2  # of the strongest; what is weaker counts as background
NAMES = (
    "strange",
    "edges",
    "strange around",
    "edges around",
    "both",
    "both around",
    "unlike its surroundings",
    "colourful",
    "bright",
    "off middle, across",
    "off middle, down",
)

Map = NDArray[np.float32]


def maps(image: Image.Image) -> Map:
    """(CELLS, CELLS, F) float32: for each cell of an RGB picture the values of `NAMES`, about 0..1 or standardised."""
    pixels = _pixels(image)
    strange, edges = unlike_border(pixels), edge_strength(pixels)
    near, far = (_blurred(strange, 1.5), _blurred(edges, 1.5)), (_blurred(strange, 4), _blurred(edges, 4))
    light = pixels[:, :, 0]
    colour = np.hypot(pixels[:, :, 1] - 256, pixels[:, :, 2] - 256)  # from grey; chroma is doubled
    place = ((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 - 1) ** 2
    found = (
        *near,
        *far,
        near[0] * near[1],
        far[0] * far[1],
        _surroundings(pixels),
        _blurred(_standard(colour), 2),
        _blurred(_standard(light), 2),
        np.tile(place, (SIDE, 1)),
        np.tile(place[:, None], (1, SIDE)),
    )
    step = SIDE // CELLS
    return np.asarray(np.stack(found, axis=-1).reshape(CELLS, step, CELLS, step, -1).mean(axis=(1, 3)))


def border_density(image: Image.Image) -> float:
    """How much of what stands out lies along the frame: 0 for none, 1 for as much as an even spread would leave there.

    A thing that the frame cuts off has more there than one that lies inside.
    """
    pixels = _pixels(image)
    weight = _blurred(unlike_border(pixels), 3) * (0.25 + _blurred(edge_strength(pixels), 3))
    weight = np.where(weight > LEVEL * weight.max(), weight, 0)
    ring = np.ones(weight.shape, bool)
    ring[BORDER // 2 : -BORDER // 2, BORDER // 2 : -BORDER // 2] = False
    return float(weight[ring].mean() / weight.mean()) if weight.any() else 0.0


def unlike_border(pixels: Map) -> Map:
    """(H, W) 0..1: the distance of each colour of (H, W, 3) to the nearest common colour of the border."""
    parts = (pixels[:BORDER], pixels[-BORDER:], pixels[:, :BORDER], pixels[:, -BORDER:])
    palette = _palette(np.concatenate([part.reshape(-1, 3) for part in parts]))
    apart = ((pixels[:, :, None, :] - palette) ** 2).sum(axis=-1).min(axis=-1)
    return _normal(np.sqrt(apart))


def edge_strength(pixels: Map) -> Map:
    """(H, W) 0..1: the gradient of the light of (H, W, 3)."""
    light = np.pad(pixels[:, :, 0], 1, mode="edge")
    return _normal(np.hypot(light[1:-1, 2:] - light[1:-1, :-2], light[2:, 1:-1] - light[:-2, 1:-1]))


def _pixels(image: Image.Image) -> Map:
    """(SIDE, SIDE, 3): light, and both differences of colour doubled, so that a hue counts as much as a shade."""
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(1))
    return np.asarray(small.convert("YCbCr"), np.float32) * np.array([1, 2, 2], np.float32)


def _palette(colours: Map) -> Map:
    """(K, 3) means of the fullest cells of a coarse grid over `colours` (N, 3), at least one."""
    cells = (colours // CELL_OF_COLOURS).astype(int)
    _, where, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), 3))
    np.add.at(sums, where.reshape(-1), colours)
    fullest = np.argsort(-counts, kind="stable")[:COLOURS]
    common = fullest[counts[fullest] >= COMMON * len(colours)]
    kept = common if len(common) else fullest[:1]
    return np.asarray(sums[kept] / counts[kept, None], np.float32)


def _surroundings(pixels: Map) -> Map:
    near = np.stack([_blurred(pixels[:, :, channel], 2) for channel in range(3)], axis=-1)
    wide = np.stack([_blurred(pixels[:, :, channel], 12) for channel in range(3)], axis=-1)
    return _normal(np.sqrt(((near - wide) ** 2).sum(axis=-1)))


def _normal(values: Map) -> Map:
    """0..1, one from the 99th percentile on, so that one glint does not dim everything else."""
    top = float(np.percentile(values, 99))
    return np.minimum(values / top, 1).astype(np.float32) if top > 0 else np.zeros_like(values)


def _standard(values: Map) -> Map:
    """Mean 0, deviation about 1; a picture of nearly one level stays near 0."""
    return np.asarray((values - values.mean()) / (values.std() + 8))


def _blurred(values: Map, width: float) -> Map:
    """Gaussian of `width` pixels, edges repeated."""
    reach = int(3 * width) + 1
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * width**2)).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        margin = [(reach, reach) if axis == other else (0, 0) for other in (0, 1)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, margin, mode="edge"), len(kernel), axis=axis)
        values = windows @ kernel
    return values
