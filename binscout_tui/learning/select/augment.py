"""Changes of a whole set that leave its best candidate the best, and the box on the thing.

All candidates of a set are turned, mirrored, moved and lit alike: what differs between them is what is to be learned.
torchvision moves the box along with the picture.
"""

from __future__ import annotations

import torch
from torch import Tensor

from binscout_tui.learning import torchvision_shim  # noqa: F401 - must come before torchvision

# isort: split
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

SCALE, SHIFT, LIGHT = 0.15, 0.08, 0.2  # the most by which size, place (of a side) and light change


def augment_set(images: Tensor, box: Tensor | None, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
    """One random variant of a set (n, 3, S, S) float 0..1, and of the box (4,) 0..1 of one of its pictures.

    The box is the one around the moved box, cut to the square.
    """
    side = images.shape[-1]
    dice = torch.rand(8, generator=generator).tolist()
    boxes = None if box is None else as_boxes(box, side)
    if dice[0] < 0.5:
        images, boxes = mirrored(images, boxes)
    images, boxes = turned(images, boxes, int(dice[1] * 4))
    right, down = (round((2 * part - 1) * SHIFT * side) for part in dice[2:4])
    images, boxes = moved(images, boxes, (right, down), 1 + (2 * dice[4] - 1) * SCALE)
    images = lit(images, *(1 + (2 * part - 1) * LIGHT for part in dice[5:8]))
    return images, None if boxes is None else plain(boxes, side)


def as_boxes(box: Tensor, side: int) -> tv_tensors.BoundingBoxes:
    """A box (4,) 0..1 as torchvision's, in pixels of a square of `side`."""
    return tv_tensors.BoundingBoxes(box[None] * side, format="XYXY", canvas_size=(side, side))


def plain(boxes: tv_tensors.BoundingBoxes, side: int) -> Tensor:
    """The inverse: (4,) 0..1."""
    corners: Tensor = boxes.as_subclass(Tensor)[0]
    return corners.clamp(0, side) / side


def mirrored(images: Tensor, boxes: tv_tensors.BoundingBoxes | None) -> tuple[Tensor, tv_tensors.BoundingBoxes | None]:
    """Left and right exchanged."""
    return functional.horizontal_flip(images), None if boxes is None else functional.horizontal_flip(boxes)


def turned(
    images: Tensor, boxes: tv_tensors.BoundingBoxes | None, quarters: int
) -> tuple[Tensor, tv_tensors.BoundingBoxes | None]:
    """A number of quarter turns to the left."""
    images = torch.rot90(images, quarters, (-2, -1))
    return images, None if boxes is None else functional.rotate(boxes, 90.0 * quarters)


def moved(
    images: Tensor, boxes: tv_tensors.BoundingBoxes | None, by: tuple[int, int], scale: float
) -> tuple[Tensor, tv_tensors.BoundingBoxes | None]:
    """Moved by pixels to the right and down, and scaled around the middle; what comes in is mid grey."""
    images = functional.affine(
        images, 0.0, list(by), scale, [0.0, 0.0], interpolation=InterpolationMode.BILINEAR, fill=[0.5]
    )
    return images, None if boxes is None else functional.affine(boxes, 0.0, list(by), scale, [0.0, 0.0])


def lit(images: Tensor, brightness: float, contrast: float, saturation: float) -> Tensor:
    """The same change of light for all; contrast around mid grey, so that it does not depend on the picture."""
    images = functional.adjust_saturation(images * brightness, saturation)
    return ((images - 0.5) * contrast + 0.5).clamp(0, 1)
