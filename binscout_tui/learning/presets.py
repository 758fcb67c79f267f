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


def _named(*presets: Preset) -> dict[str, Preset]:
    return {preset.name: preset for preset in presets}


CLASSIFY = _named(
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

SELECT = _named(
    Preset(
        name="recommended",
        summary="one choice among the whole set, GIoU for the box",
        arch="resnet10t",
        arch_options={"channels": [24, 48, 96, 192], "layers": [1, 1, 1, 1], "stem_width": 16},
        image_size=128,
        batch_size=8,
        steps=400,
        lr=1e-3,
    ),
    Preset(
        name="classic",
        summary="pairs with a margin of 1.0, SmoothL1 and IoU for the box",
        arch="resnet10t",
        arch_options={"channels": [24, 48, 96, 192], "layers": [1, 1, 1, 1], "stem_width": 16},
        image_size=128,
        batch_size=8,
        steps=400,
        lr=1e-3,
    ),
)

COUNT = _named(
    Preset(
        name="peaks",
        summary="a small network marks the middle of each thing",
        arch="count_unet",
        arch_options={"channels": [16, 32, 64, 96], "width": 48},
        image_size=128,
        batch_size=8,
        steps=500,
        lr=3e-3,
        views=4,
    ),
    Preset(
        name="area",
        summary="no network: covered area against counts",
        arch="area",
        image_size=256,
        batch_size=8,
        steps=1,
        lr=1e-3,
    ),
    Preset(
        name="resnet18",
        summary="the same on a ResNet-18 with pretrained weights, for a GPU",
        arch="resnet18",
        image_size=256,
        batch_size=16,
        steps=1000,
        lr=3e-4,
        augment=0.7,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        wants_weights=True,
        views=4,
    ),
)

PRESETS: dict[str, dict[str, Preset]] = {"classify": CLASSIFY, "select": SELECT, "count": COUNT}


def find_preset(task: str, name: str = "") -> Preset:
    """The preset of `task` called `name`, its first one without a name; UsageError `preset_unknown`."""
    presets = PRESETS[task]
    if not name:
        return next(iter(presets.values()))
    try:
        return presets[name]
    except KeyError:
        raise UsageError(
            f"There is no preset called {name!r} for {task}.",
            hint=f"Use one of: {', '.join(presets)}.",
            code="preset_unknown",
        ) from None
