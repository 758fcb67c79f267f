"""Whole trainings on made-up sets, through the loop, and the models that they leave behind."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.items import SetItem
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.select.evaluate import evaluate
from binscout_tui.learning.select.inference import Selector
from binscout_tui.learning.select.network import make_network

from ..nursery import Nursery
from ..shapes import events, read_json, train
from .conftest import QUICK, Train
from .made_sets import make_sets, scene


def test_the_report_has_every_figure_beside_its_baselines(run: Path) -> None:
    report = read_json(run / "report.json")
    assert (report["format"], report["task"], report["preset"], report["epochs"]) == (2, "select", "recommended", 3)
    assert report["train"] == {"n": 18, "unreadable": 1, "crops": 18}
    figures = report["test"]["figures"]
    assert set(figures) == {"top1", "mean_iou", "iou50", "iou75", "crop_mae"}
    baselines = report["baselines"]
    assert set(baselines) == {
        "random", "first", "last", "largest_file", "laplacian", "sharpest", "full_frame", "centre80", "mean_crop",
    }  # fmt: skip
    assert figures["top1"]["value"] > baselines["random"]["figures"]["top1"]["value"] + 0.3
    assert figures["mean_iou"]["value"] > baselines["mean_crop"]["figures"]["mean_iou"]["value"] + 0.3
    assert baselines["mean_crop"]["val"]["n"] == 6
    assert report["test"]["confident"]["n"] <= report["test"]["n"] == 6
    metrics = events(run, "metric")
    assert [metric["epoch"] for metric in metrics] == [1, 2, 3]
    assert {"train_top1", "val_top1", "val_iou"} <= set(metrics[0])
    assert any("broken.png" in event["msg"] for event in events(run, "log"))
    assert not list(run.glob("*.npy"))


def test_each_case_says_what_was_said(run: Path, sets: list[SetItem]) -> None:
    cases = [json.loads(line) for line in (run / "cases.jsonl").read_text().splitlines()]
    by_key = {item.key: item for item in sets}
    assert [case["split"] for case in cases] == ["test"] * 6 + ["val"] * 6
    for case in cases:
        item = by_key[case["id"]]
        assert case["truth"] == item.chosen
        assert [image["sha256"] for image in case["images"]] == [image.sha256 for image in item.images]
        assert sum(case["scores"]) == pytest.approx(1)
        assert case["score"] == max(case["scores"]) == case["scores"][case["said"]]
        assert case["right"] == (case["said"] == case["truth"])
        assert case["crop_truth"] == pytest.approx(item.crop, abs=1e-5)
        assert 0 <= case["iou"] <= 1
        assert case["loss"] >= 1 - case["iou"]
    report = read_json(run / "report.json")
    tested = [case for case in cases if case["split"] == "test"]
    assert report["test"]["figures"]["top1"]["value"] == pytest.approx(sum(c["right"] for c in tested) / 6)
    assert report["test"]["figures"]["mean_iou"]["value"] == pytest.approx(sum(c["iou"] for c in tested) / 6)


def test_the_model_says_of_files_what_the_report_says(run: Path, sets: list[SetItem]) -> None:
    selector = Selector.load(run, "cpu")
    selector.warm_up()
    cases = {c["id"]: c for c in map(json.loads, (run / "cases.jsonl").read_text().splitlines())}
    tested = [item for item in sets if item.key in cases]
    advice = selector.suggest([[Path(image.path) for image in item.images] for item in tested])
    for item, said in zip(tested, advice, strict=True):
        assert said.error is None
        assert said.chosen == cases[item.key]["said"]
        assert said.scores == pytest.approx(cases[item.key]["scores"], abs=1e-5)
        assert said.confident == cases[item.key]["confident"]
        assert said.crop is not None
        if said.chosen == item.chosen:
            assert said.crop == pytest.approx(cases[item.key]["crop_said"], abs=1e-5)


def test_the_order_of_the_pictures_changes_nothing(run: Path, sets: list[SetItem]) -> None:
    selector = Selector.load(run, "cpu")
    paths = [Path(image.path) for image in max(sets, key=lambda item: len(item.images)).images]
    there, back = selector.suggest([paths, paths[::-1]])
    assert there.scores == pytest.approx(back.scores[::-1], abs=1e-6)
    assert there.crop == back.crop


def test_evaluating_again_gives_the_figures_of_the_report(run: Path, sets: list[SetItem]) -> None:
    found = evaluate(run, sets, "test", "cpu", with_cases=True)
    report = read_json(run / "report.json")
    assert found["figures"] == report["test"]["figures"]
    assert found["baselines"]["sharpest"]["figures"] == report["baselines"]["sharpest"]["figures"]
    assert len(found["cases"]) == 6
    with pytest.raises(BinScoutError) as refused:
        evaluate(run, [item for item in sets if item.split != "test"], "test", "cpu")
    assert refused.value.code == "split_empty"


def test_bad_pictures_are_said_and_never_chosen(run: Path, sets: list[SetItem], tmp_path: Path) -> None:
    selector = Selector.load(run, "cpu")
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"nothing")
    paths = [Path(image.path) for image in sets[1].images]
    plain, mixed, alone, none = selector.suggest([paths, [bad, *paths], [bad, paths[0]], []])
    assert mixed.scores == pytest.approx([0.0, *plain.scores])
    assert plain.chosen is not None
    assert mixed.chosen == plain.chosen + 1
    assert set(mixed.unreadable) == {0}
    assert alone.error is not None
    assert alone.chosen is None
    assert none.error is not None


def test_equal_pictures_share_and_nobody_is_sure(run: Path) -> None:
    image, _ = scene(random.Random(8))
    (said,) = Selector.load(run, "cpu").suggest([[image, image.copy(), image.copy()]])
    assert said.scores == pytest.approx([1 / 3] * 3, abs=1e-6)
    assert not said.confident


def test_damaged_models_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(BinScoutError) as missing:
        Selector.load(tmp_path)
    assert missing.value.code == "model_missing"
    card = read_json(run / "card.json")
    (tmp_path / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    for change, code in (
        ({"task": "classify"}, "model_other_task"),
        ({"weights_sha256": "0" * 64}, "model_corrupt"),
        ({"measures": ["other"]}, "model_mismatch"),
        ({"choice_share": "much"}, "model_corrupt"),
    ):
        (tmp_path / "card.json").write_text(json.dumps({**card, **change}))
        with pytest.raises(BinScoutError) as refused:
            Selector.load(tmp_path)
        assert refused.value.code == code, change


def test_a_killed_training_goes_on_to_the_same_model(
    nursery: Nursery, trained: Train, sets: list[SetItem], tmp_path: Path
) -> None:
    config = changed(QUICK, preset="classic", epochs=4, checkpoint_every=0.0)
    once = trained(tmp_path / "one", config, sets)
    prepare_run(tmp_path / "two", config, sets)
    killed = nursery.start(tmp_path / "two")
    while not (tmp_path / "two" / "checkpoint.pt").exists():
        assert not (tmp_path / "two" / "card.json").exists()
        time.sleep(0.01)
    os.kill(killed, signal.SIGKILL)
    assert nursery.wait(killed) == -signal.SIGKILL
    assert nursery.run(tmp_path / "two") == 0
    assert "resumed_step" in events(tmp_path / "two", "state")[-2]
    assert (once / "model.safetensors").read_bytes() == (tmp_path / "two" / "model.safetensors").read_bytes()
    report = read_json(once / "report.json")
    assert report["preset"] == "classic"
    assert report["parts"]["choice_share"] == report["parts"]["crop_share"] == 1.0
    assert "measures" not in report["parts"]


def changed(config: TrainConfig, **fields: Any) -> TrainConfig:
    return msgspec.structs.replace(config, **fields)


def test_pretrained_weights_are_frozen_on_a_cpu_and_seen_once(
    trained: Train, sets: list[SetItem], tmp_path: Path
) -> None:
    preset = find_preset("select", "classic")
    torch.manual_seed(7)
    backbone = make_network(preset.arch, preset.arch_options, 64).backbone.state_dict()
    save_file({name: tensor.contiguous() for name, tensor in backbone.items()}, tmp_path / "weights.safetensors")
    config = changed(
        QUICK,
        preset="classic",
        weights=str(tmp_path / "weights.safetensors"),
        features=str(tmp_path / "features"),
        epochs=2,
    )
    first = trained(tmp_path / "first", config, sets)
    kept = sorted((tmp_path / "features").rglob("*.npy"))
    model = load_file(first / "model.safetensors")
    for name, tensor in backbone.items():
        assert torch.equal(model[f"network.backbone.{name}"], tensor), name
    assert any(name.startswith("network.heads.") for name in model)
    assert Selector.load(first, "cpu").memory_bytes() > 1_000_000
    second = trained(tmp_path / "second", config, sets)
    assert sorted((tmp_path / "features").rglob("*.npy")) == kept != []
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()


def test_weights_of_another_network_are_refused(nursery: Nursery, sets: list[SetItem], tmp_path: Path) -> None:
    save_file({"stem.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    prepare_run(tmp_path / "run", changed(QUICK, weights=str(tmp_path / "other.safetensors")), sets)
    assert nursery.run(tmp_path / "run") == 1
    assert events(tmp_path / "run", "state")[-1]["code"] == "weights_mismatch"


def test_sets_without_crops_teach_a_choice_and_no_box(trained: Train, sets: list[SetItem], tmp_path: Path) -> None:
    plain = [msgspec.structs.replace(item, crop=None) for item in sets]
    run = trained(tmp_path / "run", changed(QUICK, epochs=1), plain)
    report = read_json(run / "report.json")
    assert report["test"]["figures"]["mean_iou"] == {"value": None, "ci95": None}
    assert report["test"]["figures"]["top1"]["value"] is not None
    (said,) = Selector.load(run, "cpu").suggest([[Path(image.path) for image in sets[0].images]])
    assert said.crop is None
    assert said.chosen is not None


def test_nothing_readable_is_said_before_anything_is_learned(
    nursery: Nursery, sets: list[SetItem], tmp_path: Path
) -> None:
    gone = [
        msgspec.structs.replace(
            item, images=[msgspec.structs.replace(image, path=str(tmp_path / "gone.png")) for image in item.images]
        )
        if item.split == "val"
        else item
        for item in sets
    ]
    prepare_run(tmp_path / "run", QUICK, gone)
    assert nursery.run(tmp_path / "run") == 1
    assert events(tmp_path / "run", "state")[-1]["code"] == "dataset_unreadable"


@pytest.mark.slow
def test_two_processes_hold_one_network(sets: list[SetItem], tmp_path: Path) -> None:
    prepare_run(tmp_path / "run", changed(QUICK, preset="classic", epochs=1, devices=2), sets)
    answer = train(tmp_path / "run", devices=2)
    assert answer.returncode == 0, answer.stderr
    assert read_json(tmp_path / "run" / "report.json")["training"]["processes"] == 2


def test_a_network_learns_what_is_best_and_where_it_is(trained: Train, tmp_path: Path) -> None:
    """The network alone, from scratch: dark and blurred photos lose, and the box follows the thing."""
    items = make_sets(tmp_path / "sets", 60, seed=1)
    config = changed(QUICK, preset="classic", epochs=12, batch_size=12, lr=3e-3)
    report = read_json(trained(tmp_path / "run", config, items) / "report.json")
    figures, baselines = report["test"]["figures"], report["baselines"]
    assert figures["top1"]["value"] > baselines["random"]["figures"]["top1"]["value"] + 0.25
    assert figures["mean_iou"]["value"] > baselines["mean_crop"]["figures"]["mean_iou"]["value"]


def test_no_picture_is_stretched(tmp_path: Path) -> None:
    """A wide picture and a tall one give a box inside them, and the same thing keeps its shape."""
    image = Image.new("RGB", (400, 100), (200, 200, 200))
    image.paste((150, 30, 30), (180, 20, 240, 80))
    from binscout_tui.learning.select.reading import read_picture

    picture = read_picture(image, 64)
    assert picture.size == (400, 100)
    red = picture.pixels[:, :, 1] < 100
    height, width = red.any(axis=1).sum(), red.any(axis=0).sum()
    assert abs(int(height) - int(width)) <= 2
