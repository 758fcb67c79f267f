"""Pretrained weights on a CPU: features once for each picture, a head in no time, and a model like any other."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from binscout_tui.learning.card import Preprocessing, read_card
from binscout_tui.learning.classify.backbone import TURNS, fingerprint, put_head
from binscout_tui.learning.classify.task import Classification, learner
from binscout_tui.learning.config import TrainConfig, prepare_run, read_config
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.inference import Classifier
from binscout_tui.learning.items import DatasetItem, read_dataset
from binscout_tui.learning.linear import LinearHead
from binscout_tui.learning.networks import build_network
from binscout_tui.learning.plan import make_plan
from binscout_tui.learning.presets import PRESETS, find_preset
from binscout_tui.learning.process import Place
from binscout_tui.learning.scoring import embeddings, probabilities, probabilities_and_features
from binscout_tui.learning.task import Learner, RunSetup

from .shapes import draw, events, make_items, read_json, start

SMALL_VIT = {"depth": 2, "embed_dim": 32, "num_heads": 2, "patch_size": 8}
TINY = find_preset("classify", "tiny")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the network of the preset `tiny`, as if somebody had pretrained them on 10 classes."""
    torch.manual_seed(3)
    file = tmp_path_factory.mktemp("weights") / "pretrained.safetensors"
    save_file(build_network(TINY.arch, TINY.arch_options, 10, 32).state_dict(), file)
    return file


def prepared(folder: Path, items: list[DatasetItem], weights: Path, **settings: object) -> Path:
    config = TrainConfig(
        preset="tiny", image_size=32, batch_size=8, device="cpu", weights=str(weights), features=str(folder / "kept")
    )
    run = folder / f"run{len(list(folder.glob('run*')))}"
    prepare_run(run, msgspec.structs.replace(config, **settings), items)
    return run


def learner_of(run: Path, writer: EventWriter) -> Learner:
    config, items, place = read_config(run), read_dataset(run / "dataset.jsonl"), Place(0, 1, torch.device("cpu"))
    return learner(RunSetup(run, config, items, make_plan(config, items, 1), place, writer, lambda: None))


def fitted(run: Path) -> Path:
    """Fit a head in this process, as the last step of the training process does."""
    with EventWriter(run) as writer:
        found = learner_of(run, writer)
        found.finish(found.network, {})
    return run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frozen")


@pytest.fixture(scope="module")
def items(place: Path) -> list[DatasetItem]:
    """Pictures on disk, one of them to be looked at in part, one of them damaged."""
    made = make_items(place / "pictures", per_class=18)
    made[0] = msgspec.structs.replace(made[0], crop=(0.0, 0.0, 0.9, 0.9))
    Path(made[1].path).write_bytes(b"no picture")
    return made


@pytest.fixture(scope="module")
def frozen(place: Path, items: list[DatasetItem], weights: Path) -> Path:
    run = prepared(place, items, weights)
    assert start(run).wait(120) == 0, (run / "log.txt").read_text()
    return run


def test_on_a_cpu_weights_are_frozen_and_nothing_is_trained(frozen: Path, weights: Path) -> None:
    report, card = read_json(frozen / "report.json"), read_card(frozen)
    assert (report["mode"], report["epochs"], card.mode) == ("frozen", 0, "frozen")
    assert events(frozen, "metric") == []
    assert report["train"] == {"n": 35, "unreadable": 1}
    assert report["test"]["accuracy"] > report["baselines"]["majority"]["accuracy"] + 0.2
    assert card.unknown is not None
    assert card.unknown.features == "network"
    given = build_network(TINY.arch, TINY.arch_options, 10, 32)
    model = Classifier.load(frozen, "cpu")
    assert model.network is not None
    assert fingerprint(model.network) != fingerprint(given)
    given.load_state_dict(load_file(weights))
    assert fingerprint(model.network) == fingerprint(given)


def test_the_model_says_what_the_report_says(frozen: Path, items: list[DatasetItem]) -> None:
    model = Classifier.load(frozen, "cpu")
    test = [item for item in items if item.split == "test"]
    answers = model.predict([Path(item.path) for item in test], [item.crop for item in test])
    lines = [msgspec.json.decode(line) for line in (frozen / "cases.jsonl").read_bytes().splitlines()]
    said = {case["id"]: case for case in lines if case["split"] == "test"}
    assert len(said) == len(test)
    for item, answer in zip(test, answers, strict=True):
        assert said[item.sha256]["said"] == answer.label
        assert said[item.sha256]["score"] == pytest.approx(answer.score, abs=0.02)
    assert model.predict([b"nonsense"])[0].error is not None


def test_a_second_training_decodes_nothing_and_gives_the_same(
    place: Path, frozen: Path, items: list[DatasetItem], weights: Path
) -> None:
    away = [(Path(item.path), Path(item.path).with_suffix(".away")) for item in items]
    for here, there in away:
        here.rename(there)
    try:
        again = fitted(prepared(place, items, weights))
    finally:
        for here, there in away:
            there.rename(here)
    for name in ("model.safetensors", "cases.jsonl"):
        assert (again / name).read_bytes() == (frozen / name).read_bytes()


def test_other_weights_and_other_sizes_are_other_features(
    place: Path, frozen: Path, items: list[DatasetItem], weights: Path
) -> None:
    kept = {path.name for path in (place / "kept").iterdir()}
    assert {name.split("-")[0] for name in kept} == {"backbone", "simple"}
    fitted(prepared(place, items, weights, image_size=48))
    assert len({path.name for path in (place / "kept").iterdir()} - kept) == 1


def test_a_handful_of_pictures_gets_prototypes(place: Path, weights: Path) -> None:
    run = fitted(prepared(place, make_items(place / "few", per_class=6), weights))
    words = [event["msg"] for event in events(run, "log")]
    assert any("prototypes: a class has 4 training pictures" in line for line in words)
    model = Classifier.load(run, "cpu")
    answers = model.predict([draw("disc", 77), draw("bar", 77)])
    assert all(answer.error is None for answer in answers)


def test_asked_to_fine_tune_it_does(place: Path, items: list[DatasetItem], weights: Path) -> None:
    run = prepared(place, items, weights, mode="fine-tune")
    with EventWriter(run) as writer:
        found = learner_of(run, writer)
    assert isinstance(found, Classification)
    assert all(weight.requires_grad for weight in found.network.parameters())


def test_what_is_seen_and_the_last_layer_make_the_answer() -> None:
    torch.manual_seed(0)
    wanted = Preprocessing(square=37, size=32, mean=(0.5,) * 3, std=(0.25,) * 3, views=1)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 37, 37, 3), dtype=np.uint8)
    for arch, options in ((TINY.arch, TINY.arch_options), ("vit_tiny_patch16_224", SMALL_VIT)):
        network = build_network(arch, options, 3, 32).eval()
        device = torch.device("cpu")
        scores, features = probabilities_and_features(network, pixels, wanted, device)
        assert scores == pytest.approx(probabilities(network, pixels, wanted, device), abs=1e-5)
        views = embeddings(network, pixels, wanted, device, TURNS)
        assert np.array_equal(views[0], features)
        width = features.shape[1]
        dice = np.random.default_rng(1)
        head = LinearHead(*(dice.random(shape).astype(np.float32) + 0.5 for shape in (width, width, (3, width), 3)))
        put_head(network, head)
        assert probabilities(network, pixels, wanted, device) == pytest.approx(head.probabilities([views[0]]), abs=1e-3)


def test_presets_for_pretrained_vits_drop_paths() -> None:
    for preset in PRESETS["classify"].values():
        if preset.arch.startswith("vit"):
            assert preset.arch_options["drop_path_rate"] == 0.1
            assert preset.layer_decay is not None
