"""The named training recipes. One small table, no torch, so that the command line can list and check it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from binscout_tui.errors import UsageError


@dataclass(frozen=True, slots=True)
class Preset:
    """One recipe.

    `image_size` is the side in pixels of the square the network sees; `steps` the optimiser steps of a whole training,
    turned into epochs by the size of the train split; `augment` scales the strength of light and colour changes;
    `views` is the number of turned copies whose answers are averaged; `wants_weights` says that training from
    random weights would be pointless.
    """

    name: str
    summary: str
    arch: str
    image_size: int
    batch_size: int
    steps: int
    lr: float
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    augment: float = 1.0
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.25, 0.25, 0.25)
    layer_decay: float | None = None
    wants_weights: bool = False
    views: int = 1
    arch_options: dict[str, Any] = field(default_factory=dict)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="tiny",
            summary="small residual network from scratch, minutes on two CPU cores",
            arch="resnet10t",
            arch_options={"channels": [32, 64, 128, 256], "layers": [1, 1, 1, 1], "stem_width": 24},
            image_size=112,
            batch_size=32,
            steps=2000,
            lr=3e-3,
            views=4,
        ),
        Preset(
            name="vit-b16",
            summary="ViT-B/16 fine-tuned from pretrained weights, for a GPU",
            arch="vit_base_patch16_224",
            image_size=224,
            batch_size=32,
            steps=2000,
            lr=3e-4,
            augment=0.7,
            layer_decay=0.7,
            wants_weights=True,
        ),
    )
}


def find_preset(name: str) -> Preset:
    """The preset called `name`; UsageError (`preset_unknown`) when there is none."""
    try:
        return PRESETS[name]
    except KeyError:
        known = ", ".join(PRESETS)
        raise UsageError(
            f"There is no preset called {name!r}.", hint=f"Use one of: {known}.", code="preset_unknown"
        ) from None
