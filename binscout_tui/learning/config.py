"""What a run is told: its settings and its pictures, as two files in the run folder. No torch here."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, RefusedError, UsageError
from binscout_tui.learning.items import (
    DATASET_FILE,
    KINDS,
    CountItem,
    DatasetItem,
    Item,
    SetItem,
    damaged,
    dataset_text,
)
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.tasks import find_task

CONFIG_FILE = "config.json"


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one training run; None means "what the preset says", an empty preset the task's first.

    `weights` is a local file of pretrained weights, `dataset` the id of the dataset version (copied to the card),
    `image_size` pixels, `devices` the number of processes that train together on one host, `nnodes` that of hosts,
    which meet at `rdzv` (HOST:PORT of the first one). `mode` says whether a pretrained backbone learns too or only the
    head on its features; `auto` freezes it on a CPU.
    `code_version` is that of the program that prepared the run, `checkpoint_every` the seconds between two checkpoints
    within an epoch.
    """

    task: str = "classify"
    preset: str = ""
    seed: int = 0
    epochs: int | None = None
    devices: int = 1
    nnodes: int = 1
    rdzv: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    weights: str | None = None
    mode: Literal["auto", "frozen", "fine-tune"] = "auto"
    features: str = ""
    image_size: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    dataset: str = ""
    code_version: str = ""
    checkpoint_every: float = 30.0


def prepare_run(folder: Path, config: TrainConfig, items: Sequence[Item]) -> None:
    """Make `folder` ready to train in. Every refusal is raised before anything is written.

    Raises UsageError (`task_unknown`, `preset_unknown`, `config_invalid`), BinScoutError (`weights_missing`,
    `dataset_empty`, `dataset_one_class`, `dataset_no_train`, `dataset_no_val`, `dataset_leak`, `dataset_wrong_task`),
    RefusedError (`run_exists`), OSError.
    """
    check_config(config)
    check_dataset(items, config.task)
    if (folder / DATASET_FILE).exists():
        raise RefusedError(
            f"{folder} already holds a run.", hint="Train in a new folder, or continue this run.", code="run_exists"
        )
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_text(folder / DATASET_FILE, dataset_text(items))
    atomic.write_bytes(folder / CONFIG_FILE, msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n")


def check_config(config: TrainConfig) -> None:
    """Refuse settings that cannot work; raises UsageError or BinScoutError."""
    find_task(config.task)
    preset = find_preset(config.task, config.preset)
    if config.weights is not None and not preset.steps:
        raise UsageError(
            f"The preset {preset.name} has no network that weights could be for.",
            hint="Leave out --weights, or name another preset.",
            code="config_invalid",
        )
    numbers = {"epochs": config.epochs, "devices": config.devices, "batch_size": config.batch_size, "lr": config.lr}
    for name, number in {**numbers, "nnodes": config.nnodes}.items():
        if number is not None and not number > 0:
            raise UsageError(f"{name} must be above 0, not {number}.", code="config_invalid")
    if config.image_size is not None and config.image_size < 32:
        raise UsageError("image_size must be 32 pixels or more.", code="config_invalid")
    _check_hosts(config)
    if config.mode == "frozen" and config.weights is None:
        raise UsageError(
            "Only a pretrained network can be frozen; a random one would know nothing.",
            hint="Give its weights with --weights FILE.",
            code="config_invalid",
        )
    if config.weights is not None and not Path(config.weights).is_file():
        raise BinScoutError(
            f"There is no weights file {config.weights}.",
            hint="Name a .safetensors or .pt file, or train from scratch without --weights.",
            code="weights_missing",
        )


def _check_hosts(config: TrainConfig) -> None:
    host, _, port = (config.rdzv or "").rpartition(":")
    if config.nnodes > 1 and config.rdzv is None:
        raise UsageError(
            "Several hosts must know where to meet.",
            hint="Give the address of this host with --rdzv HOST:PORT.",
            code="config_invalid",
        )
    if config.rdzv is not None and not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(f"rdzv must be HOST:PORT, not {config.rdzv!r}.", code="config_invalid")
    if config.rdzv is not None and config.nnodes == 1:
        raise UsageError("One host has nobody to meet.", hint="Say how many with --nnodes.", code="config_invalid")


def check_dataset(items: Sequence[Item], task: str = "classify") -> None:
    """Refuse a dataset from which nothing can be learned or judged; raises BinScoutError."""
    if not items:
        raise BinScoutError("The dataset is empty.", hint="Label some images first.", code="dataset_empty")
    if not all(isinstance(item, KINDS[task]) for item in items):
        raise BinScoutError(
            f"The dataset is not one for the task {task}.",
            hint="Name a dataset of this task, or build one.",
            code="dataset_wrong_task",
        )
    training = [item for item in items if item.split == "train"]
    if not training:
        raise BinScoutError("The dataset has no train split.", hint="Build it again.", code="dataset_no_train")
    _check_training(training)
    if not any(item.split == "val" for item in items):
        raise BinScoutError(
            "The dataset has no validation images.",
            hint="Add photos of other groups, or give the val split a larger share.",
            code="dataset_no_val",
        )
    _check_leaks(items)


def _check_training(training: Sequence[Item]) -> None:
    """Refuse a train split that teaches nothing."""
    classes = Counter(item.label for item in training if isinstance(item, DatasetItem))
    if len(classes) == 1:
        raise BinScoutError(
            f"All training images have the one class {next(iter(classes))!r}; there is nothing to tell apart.",
            hint="Label images of at least one other class, then build the dataset again.",
            code="dataset_one_class",
        )
    bad = [item for item in training if isinstance(item, SetItem) and not 0 <= item.chosen < len(item.images) > 1]
    if bad:
        raise BinScoutError(
            f"The set {bad[0].key[:12]} has no choice among two or more images.",
            hint="Build the dataset again.",
            code="dataset_bad_set",
        )
    counted = [item for item in training if isinstance(item, CountItem)]
    if counted and not any(item.count for item in counted):
        raise BinScoutError(
            "Nothing was counted in any of the training images.",
            hint="Label images with something in them, then build the dataset again.",
            code="dataset_nothing_counted",
        )


def _check_leaks(items: Sequence[Item]) -> None:
    places: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        for name in item.contents:
            places["image", name].add(item.split)
        if item.group:
            places["group", item.group].add(item.split)
    leaked = sorted(f"{kind} {name[:60]}" for (kind, name), splits in places.items() if len(splits) > 1)
    if leaked:
        raise BinScoutError(
            f"{len(leaked)} images or groups are in more than one split, first: {leaked[0]}.",
            hint="Split by group, so that figures on the test split are honest.",
            code="dataset_leak",
        )


def read_config(folder: Path) -> TrainConfig:
    """The settings of the run in `folder`; BinScoutError `run_damaged` when they are missing or wrong."""
    try:
        return msgspec.json.decode((folder / CONFIG_FILE).read_bytes(), type=TrainConfig)
    except (OSError, msgspec.MsgspecError) as error:
        raise damaged(folder / CONFIG_FILE, str(error)) from error


def command(folder: Path, devices: int = 1, nnodes: int = 1, rdzv: str | None = None, node_rank: int = 0) -> list[str]:
    """The argument list that trains in `folder`, for a subprocess; `devices` processes share the work.

    With `nnodes` hosts each of them starts this with its own `node_rank`; rank 0 is the host named in `rdzv`.
    """
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(devices)]
    if rdzv is None:
        launcher += ["--standalone"]
    else:
        meeting = ["--rdzv-backend", "static", "--rdzv-endpoint", rdzv, "--rdzv-id", "binscout"]
        launcher += ["--nnodes", str(nnodes), "--node-rank", str(node_rank), *meeting]
    return [*launcher, "-m", "binscout_tui.learning.train", str(folder)]
