"""Figures of a model on images that it learned from say so."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from safetensors.torch import save

from binscout_tui.learning.card import WEIGHTS_FILE, ModelCard, Preprocessing, write_card
from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.count.card import read_count_card
from binscout_tui.learning.inference import NETWORK
from binscout_tui.learning.networks import build_network
from binscout_tui.operations.evaluating import evaluate
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import datasets, images, items, labels, models, runs
from binscout_tui.store.datasets import Counted, Item, Split
from binscout_tui.workspace import Workspace
from tests.command_line import answered_here
from tests.learning.count.bins import make_bins, train_here

from .using_models import TASK, add_pictures

OPTIONS = {"channels": [8, 8, 8, 8], "layers": [1, 1, 1, 1], "stem_width": 8}


def random_model(folder: Path) -> ModelCard:
    """A classifier of red and blue that has learned nothing."""
    folder.mkdir(parents=True)
    network = build_network("resnet10t", OPTIONS, 2, 32)
    weights = save({NETWORK + name: tensor.contiguous() for name, tensor in network.state_dict().items()})
    half = (0.5, 0.5, 0.5)
    card = ModelCard(
        arch="resnet10t",
        arch_options=OPTIONS,
        preset="tiny",
        classes=["red", "blue"],
        preprocessing=Preprocessing(square=32, size=32, mean=half, std=half, views=1),
        second_opinion=None,
        temperature=1.0,
        unknown_threshold=0.0,
        dataset="",
        seed=0,
        epochs=1,
        code_version="0",
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        metrics={},
    )
    (folder / WEIGHTS_FILE).write_bytes(weights)
    write_card(folder, card)
    return card


def add_dataset(workspace: Workspace, name: str, splits: str) -> str:
    """A version in which image i is in the split that begins with `splits[i]`; returns its id."""
    names: dict[str, Split] = {"t": "train", "v": "val", "x": "test"}
    items = [
        Item(image.sha256, ("red", "blue")[number % 2], names[letter], str(number))
        for number, (image, letter) in enumerate(zip(workspace.db.read(images.page), splits, strict=True))
    ]
    version = datasets.content_id(TASK, items)
    dataset = datasets.new_dataset(name, TASK, version, f"datasets/{name}.jsonl", items)
    workspace.db.write(datasets.add, workspace.user.uid, dataset, items)
    return version


def test_images_of_training_and_validation_are_counted(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_pictures(workspace, tmp_path / "photos", labelled=False)
    old, new = add_dataset(workspace, "old", "ttttttvvxx"), add_dataset(workspace, "new", "ttttxxxvxx")
    card = random_model(workspace.paths.model("m-1"))
    uid, write = workspace.user.uid, workspace.db.write
    write(runs.add, uid, "m-1", task=TASK, dataset_id=old, config={"preset": "tiny"})
    plain = msgspec.to_builtins(card)
    write(models.add, uid, "m-1", run_id="m-1", task=TASK, sha256=card.weights_sha256, size=1, card=plain)

    found = evaluate(workspace, "m-1", old, "test")
    assert (found["seen"], found["metrics"]["n"]) == (0, 2)
    found = evaluate(workspace, "m-1", new, "test")
    assert (found["seen"], found["metrics"]["n"]) == (3, 5), "two of training and one of validation"
    assert evaluate(workspace, "m-1", old, "train")["seen"] == 6

    write(lambda db: db.execute("UPDATE model SET run_id = NULL"))
    assert evaluate(workspace, "m-1", old, "train")["seen"] is None
    told = answered_here(workspace.paths.root, capsys, "evaluate", "m-1", "--dataset", "old", "--split", "train")
    assert "Nobody knows what m-1 learned from" in told.err


def test_numbers_of_another_thing_are_told(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bins = make_bins(tmp_path / "bins", 20)
    import_paths(workspace, [tmp_path / "bins"])
    uid, write = workspace.user.uid, workspace.db.write
    nut = write(labels.add_class, "nut").name
    write(items.add, uid, "M3 nut", class_name=nut)
    versions = {}
    for name, item in (("nuts", "M3 nut"), ("same", "nut"), ("all", "")):
        found = [Item(one.sha256, item, one.split, one.group, Counted(one.count)) for one in bins]
        version = datasets.content_id("count", found)
        write(datasets.add, uid, datasets.new_dataset(name, "count", version, "x.jsonl", found, item=item), found)
        versions[name] = version
    folder = workspace.paths.model("c-1")
    prepare_run(folder, TrainConfig(task="count", preset="area", device="cpu"), bins)
    train_here(folder)
    card = read_count_card(folder)
    write(runs.add, uid, "c-1", task="count", dataset_id=versions["nuts"], config={"preset": "area"})
    plain = msgspec.to_builtins(card)
    write(models.add, uid, "c-1", run_id="c-1", task="count", sha256=card.weights_sha256, size=1, card=plain)

    said = "c-1 counts M3 nut, and all has numbers of everything: these are different things."
    told = answered_here(workspace.paths.root, capsys, "evaluate", "c-1", "--dataset", "all")
    assert told.code == 0
    assert told.data["warning"] == said
    assert said in told.err
    for name in ("nuts", "same"):
        assert evaluate(workspace, "c-1", name, "test")["warning"] is None
