"""What the presets of sets teach their network by, and whether the opinions from measures stand beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from binscout_tui.learning.select.losses import classic_box, giou_box, listwise, margin_ranking

ChoiceLoss = Callable[[Tensor, Sequence[int], Tensor], Tensor]
BoxLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Recipe:
    """`choice` and `box` are losses of `losses`; with `opinions` the measures of the candidates have a say too."""

    choice: ChoiceLoss
    box: BoxLoss
    opinions: bool


RECIPES = {
    "recommended": Recipe(listwise, giou_box, opinions=True),
    "classic": Recipe(margin_ranking, classic_box, opinions=False),
}
