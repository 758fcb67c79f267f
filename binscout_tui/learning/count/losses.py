"""What the network is punished for: centres in the wrong place, and sizes."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

SIZE_WEIGHT = 0.2


def focal(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """The penalty-reduced focal loss of CornerNet and CenterNet (Zhou et al. 2019, equation 1), alpha 2 and beta 4.

    `target` (N, 1, H, W) is 1 at a centre and falls off around it; cells where `mask` is 0 are not judged. The sum is
    divided by the number of centres, at least one a picture, so that empty pictures count as much as full ones.
    """
    hit = logits.sigmoid()
    centre = (target >= 1).to(logits.dtype) * mask
    found = functional.logsigmoid(logits) * (1 - hit) ** 2 * centre
    elsewhere = functional.logsigmoid(-logits) * hit**2 * (1 - target) ** 4 * mask * (1 - centre)
    return -(found.sum() + elsewhere.sum()) / centre.sum().clamp(min=float(len(logits)))


def size_loss(sizes: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """The mean absolute error of log sizes (N, 1, H, W) where they are `known`; 0 where none is."""
    return ((sizes - target).abs() * known).sum() / known.sum().clamp(min=1.0)
