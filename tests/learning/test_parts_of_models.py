"""What a classifier is made of: with and without a network, and as earlier versions kept it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from safetensors.torch import load_file

from binscout_tui.errors import UsageError
from binscout_tui.learning.card import read_card
from binscout_tui.learning.classify.opinions import GRADIENTS, Lesson, fit_opinion
from binscout_tui.learning.config import TrainConfig, check_config, prepare_run
from binscout_tui.learning.embedding import embedding_kind
from binscout_tui.learning.inference import Classifier
from binscout_tui.learning.metrics import pooled, tempered
from binscout_tui.learning.scoring import probabilities

from .shapes import draw, events, make_items, read_json, start
from .test_opinions import pictures


def noise(number: int, side: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (number, side, side, 3), dtype=np.uint8)


def test_the_parts_are_told_with_their_weights_and_figures(finished: Path) -> None:
    report, card = read_json(finished / "report.json"), read_card(finished)
    parts = report["parts"]
    assert sum(part["weight"] for part in parts.values()) == pytest.approx(1)
    assert {part.kind: part.weight for part in card.opinions} == {
        name: parts[name]["weight"] for name in parts if name != "network"
    }
    assert all(part["test"]["n"] == 6 for part in parts.values())
    assert (report["mode"], card.mode) == ("scratch", "scratch")


def test_a_model_knows_what_it_has_never_seen(finished: Path) -> None:
    report, model = read_json(finished / "report.json"), Classifier.load(finished, "cpu")
    rule = model.card.unknown
    assert rule is not None
    assert report["unknown"]["threshold"] == rule.threshold
    assert 0 <= report["unknown"]["known_kept_on_test"] <= 1
    assert report["unknown"]["leave_one_class_out"]["classes"] == 3
    _, strange = model.judge(noise(8, model.card.preprocessing.square))
    assert strange.all()
    known = model.predict([draw(kind, 500 + n) for kind in ("disc", "bar", "frame") for n in range(10)])
    assert np.mean([answer.unknown for answer in known]) < 0.5


@pytest.fixture(scope="module")
def without_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("descriptors")
    config = TrainConfig(preset="descriptors", device="cpu", image_size=32)
    prepare_run(folder / "run", config, make_items(folder / "pictures"))
    assert start(folder / "run").wait(120) == 0, (folder / "run" / "log.txt").read_text()
    return folder / "run"


def test_descriptors_alone_are_a_model(without_network: Path) -> None:
    report, model = read_json(without_network / "report.json"), Classifier.load(without_network, "cpu")
    assert (report["epochs"], report["preset"], model.card.arch) == (0, "descriptors", "none")
    assert set(report["parts"]) <= {"gradients", "circles", "patches"}
    assert report["test"]["accuracy"] >= 0.5
    assert [event["state"] for event in events(without_network, "state")] == ["running", "done"]
    assert model.network is None
    assert model.memory_bytes() > 10_000
    model.warm_up()
    answer = model.predict([draw("disc", 321)])[0]
    assert answer.error is None
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    names = {name.split(".")[0] for name in load_file(without_network / "model.safetensors")}
    assert names == {"opinion", "familiar"}


def test_weights_for_no_network_are_refused(tmp_path: Path) -> None:
    config = TrainConfig(preset="descriptors", weights=str(tmp_path / "w.pt"))
    with pytest.raises(UsageError, match="no network"):
        check_config(config)


def test_its_embedding_is_that_of_its_descriptors(without_network: Path) -> None:
    kind = embedding_kind(without_network, "x")
    pixels = noise(2, kind.side)
    assert kind.describe(pixels).shape == (2, kind.width)


def test_a_model_of_an_earlier_version_says_what_it_said(finished: Path, tmp_path: Path) -> None:
    pixels, labels = pictures(0, 8)
    rows = np.arange(len(labels))
    opinion, _ = fit_opinion(Lesson(pixels, labels, rows, rows, 3), GRADIENTS)
    network = {k: t.numpy() for k, t in load_file(finished / "model.safetensors").items() if k.startswith("network.")}
    linear = {f"linear.{name}": array for name, array in opinion.arrays().items()}
    save_file({**network, **linear}, tmp_path / "model.safetensors")
    card = json.loads((finished / "card.json").read_text())
    for name in ("opinions", "unknown", "mode"):
        del card[name]
    card |= {"second_opinion": {"weight": 0.3, "turns": 4}, "unknown_threshold": 0.5}
    card["weights_sha256"] = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    (tmp_path / "card.json").write_text(json.dumps(card))
    model = Classifier.load(tmp_path, "cpu")
    unseen = noise(4, model.card.preprocessing.square)
    scores, unknown = model.judge(unseen)
    assert model.network is not None
    alone = probabilities(model.network, unseen, model.card.preprocessing, next(model.network.parameters()).device)
    wanted = tempered(pooled([alone, opinion.probabilities(unseen)], [0.7, 0.3]), model.card.temperature)
    assert scores == pytest.approx(wanted, abs=1e-6)
    assert np.array_equal(unknown, scores.max(axis=1) < 0.5)
