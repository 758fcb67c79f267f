"""A run is refused before anything is written, and what is written comes back unchanged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.config import TrainConfig, prepare_run, read_config
from binscout_tui.learning.items import DatasetItem, SetImage, SetItem, read_dataset
from binscout_tui.learning.plan import make_plan
from binscout_tui.learning.splits import Split

GOOD = [
    DatasetItem(sha256=f"{label}{split}", path=f"/p/{label}{split}", label=label, split=split, group=f"{label}{split}")
    for label in ("a", "b")
    for split in ("train", "val", "test")
]


def replaced(index: int, **changes: object) -> list[DatasetItem]:
    return [msgspec.structs.replace(item, **changes) if i == index else item for i, item in enumerate(GOOD)]


@pytest.mark.parametrize(
    ("config", "items", "code"),
    [
        (TrainConfig(), [], "dataset_empty"),
        (TrainConfig(), [item for item in GOOD if item.label == "a"], "dataset_one_class"),
        (TrainConfig(), [item for item in GOOD if item.split != "val"], "dataset_no_val"),
        (TrainConfig(), [item for item in GOOD if item.split != "train"], "dataset_no_train"),
        (TrainConfig(), replaced(1, group="atrain"), "dataset_leak"),
        (TrainConfig(), replaced(2, sha256="atrain"), "dataset_leak"),
        (TrainConfig(preset="huge"), GOOD, "preset_unknown"),
        (TrainConfig(task="dream"), GOOD, "task_unknown"),
        (TrainConfig(task="select"), GOOD, "dataset_wrong_task"),
        (TrainConfig(mode="frozen"), GOOD, "config_invalid"),
        (TrainConfig(task="count", preset="area", weights="w.pt"), GOOD, "config_invalid"),
        (TrainConfig(preset="descriptors", weights="w.pt"), GOOD, "config_invalid"),
        (TrainConfig(epochs=0), GOOD, "config_invalid"),
        (TrainConfig(lr=float("nan")), GOOD, "config_invalid"),
        (TrainConfig(image_size=8), GOOD, "config_invalid"),
        (TrainConfig(weights="/nowhere/weights.safetensors"), GOOD, "weights_missing"),
    ],
)
def test_refusals_write_nothing(config: TrainConfig, items: list[DatasetItem], code: str, tmp_path: Path) -> None:
    with pytest.raises(BinScoutError) as caught:
        prepare_run(tmp_path / "run", config, items)
    assert caught.value.code == code
    assert caught.value.hint or code == "config_invalid"
    assert not (tmp_path / "run").exists()


def test_sets_of_different_splits_share_no_picture(tmp_path: Path) -> None:
    def of(split: Split, *names: str) -> SetItem:
        images = [SetImage(sha256=name, path=f"/p/{name}") for name in names]
        return SetItem(key="".join(names), images=images, chosen=0, split=split, group="".join(names))

    config = TrainConfig(task="select")
    with pytest.raises(BinScoutError, match="first: image shared") as caught:
        prepare_run(tmp_path / "run", config, [of("train", "a", "shared"), of("val", "shared", "b"), of("test", "c")])
    assert caught.value.code == "dataset_leak"
    prepare_run(tmp_path / "run", config, [of("train", "a", "b"), of("train", "b", "c"), of("val", "d", "e")])


def test_what_has_nothing_to_train_announces_no_epochs() -> None:
    for task, preset in (("classify", "descriptors"), ("count", "area")):
        plans = [make_plan(TrainConfig(task=task, preset=preset, epochs=epochs), GOOD, 1) for epochs in (None, 5)]
        assert [plan.epochs for plan in plans] == [0, 0]
    assert make_plan(TrainConfig(epochs=7), GOOD, 1).epochs == 7


def test_what_was_prepared_is_read_back(tmp_path: Path) -> None:
    hostile = os.fsdecode(b"/photos/\xff\xfe\n\xe2\x80\xa8.jpg")
    items = replaced(0, path=hostile, crop=(0.1, 0.2, 0.9, 1.0), family="screws")
    config = TrainConfig(seed=3, epochs=4)
    prepare_run(tmp_path, config, items)
    assert read_config(tmp_path) == config
    assert read_dataset(tmp_path / "dataset.jsonl") == items


def test_a_run_is_not_overwritten(tmp_path: Path) -> None:
    prepare_run(tmp_path, TrainConfig(), GOOD)
    with pytest.raises(BinScoutError, match="already holds"):
        prepare_run(tmp_path, TrainConfig(seed=1), GOOD)
    assert read_config(tmp_path).seed == 0


@pytest.mark.parametrize("line", ["{", "[]", '{"sha256": "x"}', '{"sha256":"x","path":"p","label":"l","split":"all"}'])
def test_a_damaged_dataset_is_named(line: str, tmp_path: Path) -> None:
    prepare_run(tmp_path, TrainConfig(), GOOD)
    with (tmp_path / "dataset.jsonl").open("a") as handle:
        handle.write(line + "\n")
    with pytest.raises(BinScoutError, match="line 7"):
        read_dataset(tmp_path / "dataset.jsonl")


def test_the_command_line_can_prepare_and_judge_without_torch() -> None:
    code = (
        "import sys; from binscout_tui.learning import card, config, events, gate, plan, presets, splits;"
        "print([m for m in ('torch', 'timm', 'sklearn', 'torchvision', 'textual') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
