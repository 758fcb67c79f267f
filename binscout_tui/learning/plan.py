"""The numbers of one training, worked out from preset, settings and the size of the dataset. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from binscout_tui.learning.card import Preprocessing
from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.items import DatasetItem, Item
from binscout_tui.learning.presets import Preset, recipe

FEWEST_STEPS = 25  # an epoch of a handful of pictures still takes this many, or checkpoints would outweigh the work
FEWEST_EPOCHS = 5
SMALL_DATASET = 0.6  # the share of the steps that the smallest datasets get
FULL_DATASET = 800  # training pictures from which a dataset gets all the steps of the preset


@dataclass(frozen=True, slots=True)
class Plan:
    """`image_size` pixels; `batch_size` samples of all processes together; `steps` an epoch.

    A sample is an image, or a whole set for the task `select`. `classes` are those of a classifier.
    """

    seed: int
    classes: tuple[str, ...]
    image_size: int
    cache_size: int
    batch_size: int
    steps: int
    epochs: int
    lr: float
    weight_decay: float
    layer_decay: float | None
    label_smoothing: float
    augment: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    views: int


def make_plan(config: TrainConfig, items: Sequence[Item], world: int) -> Plan:
    """The plan for `config` on `items`; the batch is a multiple of the `world` processes that share it."""
    preset = recipe(config.task, config.preset, config.weights)
    training = sum(item.split == "train" for item in items)
    image_size = config.image_size or preset.image_size
    batch_size = math.ceil((config.batch_size or preset.batch_size) / world) * world
    steps = max(FEWEST_STEPS if config.epochs is None else 1, training // batch_size)
    return Plan(
        seed=config.seed,
        classes=_classes(items),
        image_size=image_size,
        cache_size=round(image_size * 8 / 7),
        batch_size=batch_size,
        steps=steps,
        epochs=_epochs(config, preset, training, steps),
        lr=config.lr or preset.lr,
        weight_decay=preset.weight_decay,
        layer_decay=preset.layer_decay,
        label_smoothing=preset.label_smoothing,
        augment=preset.augment,
        mean=preset.mean,
        std=preset.std,
        views=preset.views,
    )


def _classes(items: Sequence[Item]) -> tuple[str, ...]:
    labels = {item.label for item in items if isinstance(item, DatasetItem) and item.split == "train"}
    return tuple(sorted(labels))


def _epochs(config: TrainConfig, preset: Preset, training: int, steps: int) -> int:
    if not preset.steps:
        return 0
    if config.epochs is not None:
        return config.epochs
    share = SMALL_DATASET + (1 - SMALL_DATASET) * min(1.0, training / FULL_DATASET)
    return max(FEWEST_EPOCHS, round(preset.steps * share / steps))


def preprocessing_of(plan: Plan, views: int) -> Preprocessing:
    """How a model trained by `plan` wants its pixels, judged on `views` turned copies."""
    return Preprocessing(square=plan.cache_size, size=plan.image_size, mean=plan.mean, std=plan.std, views=views)
