"""The named training recipes. One small table, no torch, so that the command line can list and check it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from binscout_tui.errors import UsageError

NO_NETWORK = "none"


@dataclass(frozen=True, slots=True)
class Preset:
    """One recipe.

    `image_size` is the side in pixels of the square the network sees; `steps` the optimiser steps of a whole training,
    turned into epochs by the size of the train split, 0 where there is nothing to train; `augment` scales the strength
    of light and colour changes; `views` is the number of turned copies whose answers are averaged; `wants_weights` says
    that training from random weights would be pointless. `with_weights` are the fields that are others where pretrained
    weights are given. `opinions` are the descriptors that a classifier asks beside its network, or instead of one.
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
    with_weights: dict[str, Any] = field(default_factory=dict)
    opinions: tuple[str, ...] = ()


def _named(*presets: Preset) -> dict[str, Preset]:
    return {preset.name: preset for preset in presets}


CLASSIFY = _named(
    Preset(
        name="tiny",
        summary="small residual network from scratch beside descriptors, minutes on two CPU cores",
        arch="resnet10t",
        arch_options={"channels": [32, 64, 128, 256], "layers": [1, 1, 1, 1], "stem_width": 24},
        image_size=112,
        batch_size=32,
        steps=2000,
        lr=3e-3,
        views=4,
        opinions=("gradients", "circles"),
    ),
    Preset(
        name="descriptors",
        summary="no network: descriptors with linear heads, seconds on one CPU core",
        arch=NO_NETWORK,
        image_size=112,
        batch_size=32,
        steps=0,
        lr=1e-3,
        opinions=("gradients", "circles", "patches"),
    ),
    Preset(
        name="vit-b16",
        summary="ViT-B/16 from pretrained weights: fine-tuned on a GPU, frozen on a CPU",
        arch="vit_base_patch16_224",
        arch_options={"drop_path_rate": 0.1},
        std=(0.5, 0.5, 0.5),
        image_size=224,
        batch_size=32,
        steps=2000,
        lr=3e-4,
        augment=0.7,
        layer_decay=0.7,
        wants_weights=True,
        opinions=("gradients", "circles"),
    ),
)

VIT_B16 = {  # what a network for sets becomes where pretrained weights are given
    "arch": "vit_base_patch16_224",
    "arch_options": {},
    "image_size": 224,
    "layer_decay": 0.65,
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
}

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
        with_weights=VIT_B16,
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
        with_weights=VIT_B16,
    ),
)

RESNET18 = {  # what looks at the pictures where pretrained weights are given to count
    "arch": "resnet18",
    "arch_options": {},
    "image_size": 192,
    "lr": 1e-3,
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
}

COUNT = _named(
    Preset(
        name="peaks",
        summary="a small network marks the middle of each thing",
        arch="count_unet",
        arch_options={"channels": [16, 32, 64, 96], "width": 48},
        image_size=128,
        batch_size=8,
        steps=1000,
        lr=3e-3,
        views=4,
        with_weights=RESNET18,
    ),
    Preset(
        name="area",
        summary="no network: covered area against counts",
        arch="area",
        image_size=256,
        batch_size=8,
        steps=0,
        lr=1e-3,
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


def recipe(task: str, name: str, weights: str | None) -> Preset:
    """The preset as it is used with these pretrained weights, or without any; raises as `find_preset` does."""
    preset = find_preset(task, name)
    return preset if weights is None else replace(preset, **preset.with_weights)
