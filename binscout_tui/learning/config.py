"""What a run is told: its settings and its pictures, as two files in the run folder. No torch here."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, RefusedError, UsageError
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.splits import Split

CONFIG_FILE = "config.json"
DATASET_FILE = "dataset.jsonl"
Crop = tuple[float, float, float, float]


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one training run; None means "what the preset says".

    `weights` is a local file of pretrained weights, `dataset` the id of the dataset version (copied to the card),
    `image_size` pixels, `devices` the number of processes that train together.
    """

    task: str = "classify"
    preset: str = "tiny"
    seed: int = 0
    epochs: int | None = None
    devices: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    weights: str | None = None
    image_size: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    dataset: str = ""


class DatasetItem(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled image. `path` is absolute; bytes that are not UTF-8 are kept as `os.fsdecode` gives them.

    `crop` is `x1, y1, x2, y2`, 0..1 of the upright picture. `family` names the folder above the class folder, if any.
    """

    sha256: str
    path: str
    label: str
    split: Split
    group: str = ""
    crop: Crop | None = None
    family: str | None = None


def prepare_run(folder: Path, config: TrainConfig, items: Sequence[DatasetItem]) -> None:
    """Make `folder` ready to train in. Every refusal is raised before anything is written.

    Raises UsageError (`task_unknown`, `preset_unknown`, `config_invalid`), BinScoutError (`weights_missing`,
    `dataset_empty`, `dataset_one_class`, `dataset_no_train`, `dataset_no_val`, `dataset_leak`), RefusedError
    (`run_exists`), OSError.
    """
    check_config(config)
    check_dataset(items)
    if (folder / DATASET_FILE).exists():
        raise RefusedError(
            f"{folder} already holds a run.", hint="Train in a new folder, or continue this run.", code="run_exists"
        )
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_text(folder / DATASET_FILE, dataset_text(items))
    atomic.write_bytes(folder / CONFIG_FILE, msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n")


def check_config(config: TrainConfig) -> None:
    """Refuse settings that cannot work; raises UsageError or BinScoutError."""
    if config.task != "classify":
        raise UsageError(f"There is no training task {config.task!r}.", hint="Use classify.", code="task_unknown")
    find_preset(config.preset)
    numbers = {"epochs": config.epochs, "devices": config.devices, "batch_size": config.batch_size, "lr": config.lr}
    for name, number in numbers.items():
        if number is not None and not number > 0:
            raise UsageError(f"{name} must be above 0, not {number}.", code="config_invalid")
    if config.image_size is not None and config.image_size < 32:
        raise UsageError("image_size must be 32 pixels or more.", code="config_invalid")
    if config.weights is not None and not Path(config.weights).is_file():
        raise BinScoutError(
            f"There is no weights file {config.weights}.",
            hint="Name a .safetensors or .pt file, or train from scratch with the preset tiny.",
            code="weights_missing",
        )


def check_dataset(items: Sequence[DatasetItem]) -> None:
    """Refuse a dataset from which nothing can be learned or judged; raises BinScoutError."""
    if not items:
        raise BinScoutError("The dataset is empty.", hint="Label some images first.", code="dataset_empty")
    classes = Counter(item.label for item in items if item.split == "train")
    if not classes:
        raise BinScoutError("The dataset has no train split.", hint="Build it again.", code="dataset_no_train")
    if len(classes) < 2:
        raise BinScoutError(
            f"All training images have the one class {next(iter(classes))!r}; there is nothing to tell apart.",
            hint="Label images of at least one other class, then build the dataset again.",
            code="dataset_one_class",
        )
    if not any(item.split == "val" for item in items):
        raise BinScoutError(
            "The dataset has no validation images.",
            hint="Add photos of other groups, or give the val split a larger share.",
            code="dataset_no_val",
        )
    _check_leaks(items)


def _check_leaks(items: Sequence[DatasetItem]) -> None:
    places: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        places["image", item.sha256 + repr(item.crop)].add(item.split)
        if item.group:
            places["group", item.group].add(item.split)
    leaked = sorted(f"{kind} {name[:60]}" for (kind, name), splits in places.items() if len(splits) > 1)
    if leaked:
        raise BinScoutError(
            f"{len(leaked)} images or groups are in more than one split, first: {leaked[0]}.",
            hint="Split by group, so that figures on the test split are honest.",
            code="dataset_leak",
        )


def dataset_text(items: Iterable[DatasetItem]) -> str:
    """The lines of `dataset.jsonl`: pure ASCII, so that any file name survives."""
    return "".join(json.dumps(msgspec.structs.asdict(item), ensure_ascii=True) + "\n" for item in items)


def read_config(folder: Path) -> TrainConfig:
    """The settings of the run in `folder`; BinScoutError `run_damaged` when they are missing or wrong."""
    try:
        return msgspec.json.decode((folder / CONFIG_FILE).read_bytes(), type=TrainConfig)
    except (OSError, msgspec.MsgspecError) as error:
        raise _damaged(folder / CONFIG_FILE, str(error)) from error


def read_dataset(path: Path) -> list[DatasetItem]:
    """The images of a `dataset.jsonl`; BinScoutError `run_damaged` names the first bad line."""
    items = []
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    for number, line in enumerate(lines, 1):
        try:
            # json and not msgspec: msgspec refuses the lone surrogates that stand for undecodable file names
            items.append(msgspec.convert(json.loads(line), DatasetItem))
        except ValueError as error:
            raise _damaged(path, f"line {number}: {error}") from error
    return items


def _damaged(path: Path, reason: str) -> BinScoutError:
    return BinScoutError(
        f"{path.name} of the run cannot be read: {reason}.", hint="Prepare the run again.", code="run_damaged"
    )


def command(folder: Path, devices: int = 1) -> list[str]:
    """The argument list that trains in `folder`, for a subprocess; `devices` processes share the work."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(devices)]
    return [*launcher, "-m", "binscout_tui.learning.train", str(folder)]
