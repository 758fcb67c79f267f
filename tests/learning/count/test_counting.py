"""Training to count on made-up bins, by the real launcher, and what the model says afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.count.heat import Look, _spans
from binscout_tui.learning.count.inference import Counter
from binscout_tui.learning.count.network import build_counter
from binscout_tui.learning.count.pictures import scaled
from binscout_tui.learning.items import CountItem
from binscout_tui.learning.networks import build_network

from ..shapes import events, read_json
from .bins import HEIGHT, QUICK, WIDTH, draw_bin, make_bins, train_here, trainer_of


def test_a_model_counts_bins_it_has_not_seen(counted: Path) -> None:
    report = read_json(counted / "report.json")
    mae = report["test"]["figures"]["mae"]["value"]
    assert mae < report["baselines"]["mean_count"]["figures"]["mae"]["value"] / 3
    assert report["test"]["empty"] == {"n": 3, "seen_some": 0}
    assert report["test"]["points"]["f1"] > 0.9
    assert report["train"] == {"n": 17, "marked": 17, "unreadable": 1}
    assert report["task"] == "count"
    assert report["format"] == 2
    assert report["training"]["processes"] == 1
    assert report["baselines"]["area"]["val"]["n"] == report["val"]["n"] == 6
    assert events(counted, "state")[-1]["state"] == "done"
    assert sorted(path.name for path in counted.iterdir()) == [
        "card.json", "cases.jsonl", "config.json", "dataset.jsonl", "events.jsonl", "model.safetensors", "report.json",
        "run.lock",
    ]  # fmt: skip


def test_what_cannot_be_read_is_told_one_by_one(counted: Path) -> None:
    warnings = [event["msg"] for event in events(counted, "log") if event["level"] == "warning"]
    assert "bin0.png" in warnings[0]
    assert warnings[1] == "1 of 30 images cannot be read and are left out"


def test_the_cases_are_what_the_figures_are_made_of(counted: Path) -> None:
    cases = [json.loads(line) for line in (counted / "cases.jsonl").read_text().splitlines()]
    tested = [case for case in cases if case["split"] == "test"]
    figures = read_json(counted / "report.json")["test"]["figures"]
    assert np.mean([case["loss"] for case in tested]) == pytest.approx(figures["mae"]["value"])
    assert np.mean([case["right"] for case in tested]) == pytest.approx(figures["exact"]["value"])
    assert all(case["said"] == len(case["points"]) and 0 <= case["score"] <= 1 for case in cases)
    assert all(case["truth"] == len(case["points_truth"]) for case in cases)


def test_the_loaded_model_says_what_the_report_says(counted: Path) -> None:
    model = Counter.load(counted, "cpu")
    model.warm_up()
    cases = [json.loads(line) for line in (counted / "cases.jsonl").read_text().splitlines()]
    answers = model.count([Path(case["images"][0]["path"]) for case in cases])
    assert [answer.count for answer in answers] == [case["said"] for case in cases]
    assert [answer.raw for answer in answers] == pytest.approx([case["raw"] for case in cases], abs=1e-4)
    assert any(answer.points for answer in answers)
    for answer, case in zip(answers, cases, strict=True):
        assert [x for x, _, _ in answer.points] == pytest.approx([x for x, _, _ in case["points"]], abs=1e-4)
    assert model.device == "cpu"
    assert model.memory_bytes() == sum(t.numel() * 4 for t in load_file(counted / "model.safetensors").values())


def test_an_unreadable_picture_is_an_error_and_an_empty_one_zero(counted: Path, tmp_path: Path) -> None:
    model = Counter.load(counted, "cpu")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    empty, _ = draw_bin(0, 1000)
    bad, missing, nothing = model.count([tmp_path / "bad.png", tmp_path / "none.png", empty])
    assert (bad.count, bad.raw, bad.points) == (None, None, [])
    assert bad.error
    assert missing.count is None
    assert missing.error
    assert (nothing.count, nothing.error) == (0, None)


def test_a_network_that_gives_no_number_is_an_error_and_not_zero(counted: Path) -> None:
    model = Counter.load(counted, "cpu")
    assert model._network is not None
    with torch.no_grad():
        next(model._network.parameters()).fill_(float("nan"))
    answer = model.count([draw_bin(3, 1)[0]])[0]
    assert (answer.count, answer.points) == (None, [])
    assert answer.error == "The model gave no number for this picture."


def test_a_crop_counts_what_lies_in_it(counted: Path) -> None:
    model = Counter.load(counted, "cpu")
    picture, boxes = draw_bin(12, 2000)
    half = (0.0, 0.0, 0.5, 1.0)
    inside = sum((box[0] + box[2]) / 2 < 0.5 for box in boxes)
    whole, part, wrong = model.count([picture] * 3, [None, half, (0.5, 0.0, 0.4, 1.0)])
    assert whole.count is not None
    assert part.count is not None
    assert abs(whole.count - 12) <= 1
    assert abs(part.count - inside) <= 2
    assert part.count < whole.count
    assert all(x <= 0.52 for x, _, _ in part.points)
    assert wrong.count is None
    with pytest.raises(ValueError, match="length"):
        model.count([picture], [])


def test_a_mirrored_bin_has_the_same_count(counted: Path) -> None:
    model = Counter.load(counted, "cpu")
    picture, _ = draw_bin(9, 3000)
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    first, second = model.count([picture, mirrored])
    assert first.count == second.count
    assert sorted(1 - x for x, _, _ in second.points) == pytest.approx(sorted(x for x, _, _ in first.points), abs=0.02)


class Killed(Exception):  # noqa: N818
    """Raised between two steps."""


def test_a_run_stopped_at_any_step_goes_on_with_the_same_numbers(tmp_path: Path) -> None:
    config = msgspec.structs.replace(QUICK, epochs=3)
    prepare_run(tmp_path, config, make_bins(tmp_path / "pictures"))
    whole = trainer_of(tmp_path)
    losses: list[float] = []
    while not whole.finished:
        whole.run_epoch(losses.append)
    again: list[float] = []

    def until_the_third(loss: float) -> None:
        again.append(loss)
        if len(again) == 3:
            raise Killed

    first = trainer_of(tmp_path)
    first.run_epoch(again.append)
    with pytest.raises(Killed):
        first.run_epoch(until_the_third)
    second = trainer_of(tmp_path)
    second.restore(first.state())
    while not second.finished:
        second.run_epoch(again.append)
    assert again == losses
    assert len(losses) == 6
    ended, expected = second.averaged().state_dict(), whole.averaged().state_dict()
    assert all(ended[name].equal(expected[name]) for name in expected)


def test_the_area_preset_needs_counts_alone(tmp_path: Path) -> None:
    items = [msgspec.structs.replace(item, boxes=[], complete=False) for item in make_bins(tmp_path / "pictures")]
    prepare_run(tmp_path / "run", TrainConfig(task="count", preset="area", device="cpu"), items)
    report = train_here(tmp_path / "run")
    mae = report["test"]["figures"]["mae"]["value"]
    assert mae < report["baselines"]["mean_count"]["figures"]["mae"]["value"] / 2
    assert report["baselines"]["area"]["figures"]["mae"]["value"] == mae
    model = Counter.load(tmp_path / "run", "cpu")
    model.warm_up()
    few, many, empty = model.count([draw_bin(number, 50 + number)[0] for number in (3, 18, 0)])
    assert few.count is not None
    assert many.count is not None
    assert empty.count == 0
    assert 0 < few.count < many.count
    assert many.points == []
    assert model.memory_bytes() == 0


def test_without_marks_a_network_is_refused_in_words(tmp_path: Path) -> None:
    items = [msgspec.structs.replace(item, boxes=[]) for item in make_bins(tmp_path / "pictures", 10)]
    prepare_run(tmp_path / "run", QUICK, items)
    with pytest.raises(BinScoutError) as caught:
        train_here(tmp_path / "run")
    assert caught.value.code == "dataset_no_points"
    assert "preset area" in caught.value.hint


def test_a_split_without_a_readable_picture_is_refused_in_words(tmp_path: Path) -> None:
    items = make_bins(tmp_path / "pictures", 10)
    for item in items:
        if item.split == "val":
            Path(item.path).write_bytes(b"no picture")
    prepare_run(tmp_path / "run", QUICK, items)
    with pytest.raises(BinScoutError) as caught:
        train_here(tmp_path / "run")
    assert caught.value.code == "dataset_unreadable"


def incomplete(item: CountItem) -> CountItem:
    """Half of the boxes as points, the picture no longer complete."""
    kept = item.boxes[: len(item.boxes) // 2 + 1]
    points = [((x1 + x2) / 2, (y1 + y2) / 2) for x1, y1, x2, y2 in kept]
    return msgspec.structs.replace(item, boxes=[], points=points, complete=False)


def test_some_points_a_picture_are_enough_to_learn_from(tmp_path: Path) -> None:
    items = [incomplete(item) if item.split == "train" and item.count else item for item in make_bins(tmp_path / "p")]
    prepare_run(tmp_path / "run", QUICK, items)
    report = train_here(tmp_path / "run")
    mean = report["baselines"]["mean_count"]["figures"]["mae"]["value"]
    assert report["test"]["figures"]["mae"]["value"] < mean / 2


def test_a_backbone_with_weights_stays_as_it_is_on_a_cpu(tmp_path: Path) -> None:
    torch.manual_seed(0)
    backbone = build_network("resnet18", {}, 1000, 64)
    save_file(backbone.state_dict(), tmp_path / "resnet18.safetensors")
    config = msgspec.structs.replace(QUICK, epochs=1, weights=str(tmp_path / "resnet18.safetensors"))
    prepare_run(tmp_path / "run", config, make_bins(tmp_path / "pictures", 10))
    train_here(tmp_path / "run")
    written = load_file(tmp_path / "run" / "model.safetensors")
    given = backbone.state_dict()
    own = {name.removeprefix("encoder."): tensor for name, tensor in written.items() if name.startswith("encoder.")}
    assert len(own) > 90
    assert all(torch.equal(tensor, given[name]) for name, tensor in own.items() if "num_batches" not in name)
    assert Counter.load(tmp_path / "run", "cpu").count([draw_bin(3, 1)[0]])[0].error is None


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda folder: (folder / "card.json").unlink(), "model_missing"),
        (lambda folder: (folder / "model.safetensors").unlink(), "model_missing"),
        (lambda folder: (folder / "card.json").write_text("{}"), "model_other_task"),
        (lambda folder: (folder / "card.json").write_text('{"task": "count"}'), "model_corrupt"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x"), "model_corrupt"),
        (
            lambda folder: (folder / "card.json").write_text(
                (folder / "card.json").read_text().replace('"width": 48', '"width": 40')
            ),
            "model_mismatch",
        ),
    ],
)
def test_a_damaged_model_is_refused(counted: Path, tmp_path: Path, break_it: object, code: str) -> None:
    for name in ("card.json", "model.safetensors"):
        (tmp_path / name).write_bytes((counted / name).read_bytes())
    break_it(tmp_path)  # type: ignore[operator]
    with pytest.raises(BinScoutError) as caught:
        Counter.load(tmp_path, "cpu")
    assert caught.value.code == code


def test_networks_that_do_not_fit_are_refused() -> None:
    for arch in ("no_such_network", "vit_tiny_patch16_224"):
        with pytest.raises(BinScoutError) as caught:
            build_counter(arch, {}, 5.0)
        assert caught.value.code == "arch_unknown"


def test_the_network_is_small() -> None:
    network = build_counter("count_unet", {"channels": [16, 32, 64, 96], "width": 48}, 5.0)
    assert sum(weight.numel() for weight in network.parameters()) < 500_000


@pytest.mark.parametrize("length", [1, 100, 1024, 1025, 1151, 1920, 1921, 5000])
def test_tiles_cover_everything_once(length: int) -> None:
    kept = [list(range(inner.start, inner.stop)) for _, inner in _spans(length)]
    assert [pixel for part in kept for pixel in part] == list(range(length))
    assert all(outer.start <= inner.start < inner.stop <= outer.stop for outer, inner in _spans(length))
    assert all(outer.start % 32 == 0 and inner.start % 4 == 0 for outer, inner in _spans(length))


def test_a_picture_in_tiles_is_seen_as_in_one(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Counter.load(counted, "cpu")
    picture = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT))
    for corner in range(4):
        picture.paste(draw_bin(9, 10 + corner)[0], (corner % 2 * WIDTH, corner // 2 * HEIGHT))
    pixels = scaled(picture, 2 * model.card.rules.side)
    assert model._network is not None
    assert model.card.rules.threshold is not None
    look = Look(model._network, torch.device("cpu"), model.card.mean, model.card.std, 1)
    whole = look.peaks(pixels).above(model.card.rules.threshold)
    monkeypatch.setattr("binscout_tui.learning.count.heat.TILE", 256)
    tiled = look.peaks(pixels).above(model.card.rules.threshold)
    assert abs(len(whole.scores) - 36) <= 3
    assert abs(len(tiled.scores) - 36) <= 3
    near = np.linalg.norm(whole.points[:, None] - tiled.points[None], axis=2).min(axis=1)
    assert np.median(near) < 4
