"""A whole training through the real launcher: what it writes, and what the model then says."""

from __future__ import annotations

import hashlib
import math
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.evaluate import evaluate
from binscout_tui.learning.inference import Classifier
from binscout_tui.learning.items import read_dataset

from .shapes import CLASSES, QUICK, draw, events, make_items, read_json, start, train


def test_events_tell_the_whole_story(finished: Path) -> None:
    states = events(finished, "state")
    assert [event["state"] for event in states] == ["running", "done"]
    assert states[1]["metrics"]["accuracy"] == read_json(finished / "report.json")["test"]["accuracy"]
    metrics = events(finished, "metric")
    assert [event["epoch"] for event in metrics] == [1, 2, 3, 4, 5, 6]
    assert all(0 <= event["val_acc"] <= 1 and event["loss"] > 0 for event in metrics)
    assert metrics[-1]["loss"] < metrics[0]["loss"]
    assert {event["what"] for event in events(finished, "progress")} >= {"decoding", "report"}


def test_an_unreadable_picture_is_reported_and_left_out(finished: Path) -> None:
    warnings = [event["msg"] for event in events(finished, "log") if event["level"] == "warning"]
    assert any("disc-0.png" in message for message in warnings)
    assert any("1 of 36" in message for message in warnings)
    assert read_json(finished / "report.json")["train"] == {"n": 23, "unreadable": 1}


def test_the_report_holds_model_and_baselines(finished: Path) -> None:
    report = read_json(finished / "report.json")
    for split in ("val", "test"):
        figures = report[split]
        assert figures["n"] == 6
        assert figures["ci95"][0] <= figures["accuracy"] <= figures["ci95"][1]
        assert {part["support"] for part in figures["per_class"].values()} == {2}
        assert sum(map(sum, figures["confusion"]["matrix"])) == 6
        assert set(figures["by_family"]) == {"round", "square"}
        assert report["calibration"][split]["nll_after"] == pytest.approx(figures["nll"])
    assert report["calibration"]["val"]["nll_after"] <= report["calibration"]["val"]["nll_before"]
    baselines = report["baselines"]
    assert baselines["majority"]["accuracy"] == pytest.approx(1 / 3)
    assert baselines["simple_features"]["accuracy"] >= 0.5
    assert set(baselines["simple_features"]["by_family"]) == {"round", "square"}


def test_only_the_outputs_stay(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == {
        "config.json", "dataset.jsonl", "events.jsonl", "run.lock", "model.safetensors", "card.json", "report.json",
        "cases.jsonl",
    }  # fmt: skip


def test_a_finished_run_is_not_trained_again(finished: Path) -> None:
    before = (finished / "events.jsonl").read_bytes()
    assert start(finished).wait(120) == 0
    (finished / "log.txt").unlink()
    assert (finished / "events.jsonl").read_bytes() == before


def test_evaluating_the_files_gives_the_figures_of_the_report(finished: Path) -> None:
    report = read_json(finished / "report.json")
    for split in ("val", "test"):
        again = evaluate(finished, finished / "dataset.jsonl", split, device="cpu")
        assert again["confusion"] == report[split]["confusion"]
        assert again["nll"] == pytest.approx(report[split]["nll"], rel=1e-3)
    assert evaluate(finished, finished / "dataset.jsonl", "train")["unreadable"] == 1


def test_predictions_come_in_order_and_a_bad_source_fails_alone(finished: Path) -> None:
    model = Classifier.load(finished, "cpu")
    model.warm_up()
    good = [Path(item.path) for item in read_dataset(finished / "dataset.jsonl") if item.split == "test"]
    answers = model.predict([good[0], b"nonsense", Path("/nowhere.png"), draw("bar", 99), good[1]], [None] * 5)
    assert [answer.error is None for answer in answers] == [True, False, False, True, True]
    assert answers[1].label is None
    for answer in (answers[0], answers[3], answers[4]):
        assert math.isclose(sum(answer.probabilities.values()), 1, rel_tol=1e-6)
        assert answer.score == max(answer.probabilities.values())
        assert answer.label == max(answer.probabilities, key=lambda name: answer.probabilities[name])
    alone = model.predict([good[1]])[0]
    assert alone.probabilities == pytest.approx(answers[4].probabilities, abs=1e-4)
    assert model.classes == sorted(CLASSES)
    assert model.memory_bytes() > 1_000_000
    assert model.predict([]) == []
    with pytest.raises(ValueError, match="length"):
        model.predict([good[0]], [])


def test_a_crop_changes_what_is_seen(finished: Path) -> None:
    model = Classifier.load(finished, "cpu")
    whole, part, bad = model.predict([draw("disc", 5)] * 3, [None, (0.0, 0.0, 0.3, 0.3), (0.5, 0.5, 0.5, 0.6)])
    assert whole.probabilities != part.probabilities
    assert bad.error is not None


def copied(finished: Path, tmp_path: Path) -> Path:
    for name in ("model.safetensors", "card.json"):
        shutil.copy(finished / name, tmp_path)
    return tmp_path


def test_a_model_needs_two_files_only(finished: Path, tmp_path: Path) -> None:
    assert Classifier.load(copied(finished, tmp_path)).card.dataset == "made-up"


def test_damaged_models_are_refused(finished: Path, tmp_path: Path) -> None:
    folder = copied(finished, tmp_path)
    weights, card = folder / "model.safetensors", folder / "card.json"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert code_of(folder) == "model_corrupt"
    tensors = load_file(finished / "model.safetensors")
    del tensors["network.fc.bias"]
    save_file(tensors, weights)
    sha256 = hashlib.sha256((finished / "model.safetensors").read_bytes()).hexdigest()
    text = card.read_text()
    card.write_text(text.replace(sha256, hashlib.sha256(weights.read_bytes()).hexdigest()))
    assert code_of(folder) == "model_mismatch"
    weights.unlink()
    assert code_of(folder) == "model_missing"
    card.write_text(text[:100])
    assert code_of(folder) == "model_corrupt"
    card.unlink()
    assert code_of(folder) == "model_missing"


def code_of(folder: Path) -> str:
    with pytest.raises(BinScoutError) as caught:
        Classifier.load(folder, "cpu")
    return caught.value.code


def test_weights_that_cannot_be_downloaded_fail_with_advice(tmp_path: Path) -> None:
    prepare_run(tmp_path / "run", TrainConfig(preset="vit-b16", device="cpu"), make_items(tmp_path / "p", 6))
    assert start(tmp_path / "run").wait(120) == 1
    last = events(tmp_path / "run", "state")[-1]
    assert (last["state"], last["code"]) == ("failed", "weights_unavailable")
    assert "--weights" in last["hint"]


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path: Path) -> None:
    prepare_run(tmp_path / "run", QUICK, make_items(tmp_path / "p"))
    answer = train(tmp_path / "run", devices=2)
    assert answer.returncode == 0, answer.stderr
    assert events(tmp_path / "run", "state")[0]["processes"] == 2
    assert any("2 process(es) agree" in event["msg"] for event in events(tmp_path / "run", "log"))
    assert read_json(tmp_path / "run" / "report.json")["test"]["n"] == 6
