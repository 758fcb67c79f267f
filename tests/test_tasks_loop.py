"""Sets and counts from pictures to a judged model, with the real command line and trainer."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.workspace import Workspace
from tests.command_line import binscout, ok

Call = Callable[..., Any]
SETS, BINS = 15, 24
CROP = "0.2,0.2,0.8,0.8"


@pytest.fixture
def call(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command in this process: many short ones would take long to start."""

    def answer(*words: object) -> Any:
        capsys.readouterr()
        assert run(split_arguments(["--workspace", str(workspace.paths.root), "--json", *map(str, words)])) == 0
        return json.loads(capsys.readouterr().out)

    return answer


def picture(dice: random.Random, number: int) -> tuple[Image.Image, list[list[int]]]:
    """So many discs on a grainy ground, and their boxes as x, y, width, height in pixels."""
    image = Image.new("RGB", (120, 90), tuple(dice.randrange(150, 230) for _ in range(3)))
    pen, boxes = ImageDraw.Draw(image), []
    for cell in dice.sample(range(20), number):
        x, y = cell % 5 * 24 + 4, cell // 5 * 22 + 4
        pen.ellipse((x, y, x + 14, y + 14), fill=tuple(dice.randrange(20, 90) for _ in range(3)))
        boxes.append([x, y, 15, 15])
    noise = np.random.default_rng(dice.randrange(1 << 30)).normal(0, 5, (90, 120, 3))
    return Image.fromarray((np.asarray(image, np.float64) + noise).clip(0, 255).astype(np.uint8)), boxes


def retakes(folder: Path) -> None:
    """A folder for each set: one sharp picture, called by a letter that tells nothing, and two blurred ones."""
    for index in range(SETS):
        dice = random.Random(f"set{index}")
        (sharp, _), best = picture(dice, 3 + index % 5), index % 3
        (folder / f"set{index:02d}").mkdir(parents=True)
        for place in range(3):
            taken = sharp if place == best else sharp.filter(ImageFilter.GaussianBlur(1.5 + place))
            taken.save(folder / f"set{index:02d}" / f"{'abc'[place]}.png")


def bins(folder: Path) -> Path:
    """Pictures of discs and a table of how many are in each; the first is empty."""
    folder.mkdir(parents=True)
    with (folder.parent / "counts.csv").open("w", newline="") as handle:
        table = csv.writer(handle)
        table.writerow(["file", "kind", "class", "x1", "y1", "x2", "y2", "count"])
        for index in range(BINS):
            number = index % 12
            picture(random.Random(f"bin{index}"), number)[0].save(folder / f"bin{index:02d}.png")
            table.writerow([f"bin{index:02d}.png", "count", "", "", "", "", "", number])
    return folder.parent / "counts.csv"


def boxed_bins(folder: Path) -> Path:
    """The same pictures with a box around each disc, as COCO."""
    bins(folder)
    found: dict[str, list[Any]] = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "disc"}]}
    for index in range(BINS):
        _, boxes = picture(random.Random(f"bin{index}"), index % 12)
        found["images"].append({"id": index + 1, "file_name": f"bin{index:02d}.png", "width": 120, "height": 90})
        for box in boxes:
            number = len(found["annotations"]) + 1
            found["annotations"].append({"id": number, "image_id": index + 1, "category_id": 1, "bbox": box})
    (folder / "annotations.json").write_text(json.dumps(found))
    return folder / "annotations.json"


def test_sets_are_chosen_frozen_learned_and_judged(workspace: Workspace, tmp_path: Path, call: Call) -> None:
    root = workspace.paths.root
    retakes(tmp_path / "retakes")
    call("import", tmp_path / "retakes", "--sets", "folder")
    for one in call("set", "list"):
        call("set", "choose", one["id"], one["images"][int(one["name"][-2:]) % 3], "--crop", CROP)
    report = call("dataset", "build", "picks", "--task", "select")
    assert (report["images"], sum(report["samples"].values()), report["left_out"]) == (45, SETS, {})

    trained = ok(root, "train", "--task", "select", "--dataset", "picks", "--epochs", 2, "--seed", 5, "--wait")
    assert (trained["task"], trained["metrics"]["n"]) == ("select", report["samples"]["test"])
    assert trained["metrics"]["figures"]["top1"]["value"] is not None
    assert {"random", "sharpest", "mean_crop"} <= trained["baselines"].keys()
    config = json.loads((workspace.paths.run(trained["run"]) / "config.json").read_text())
    assert (config["seed"], config["dataset"], config["task"]) == (5, report["id"], "select")
    assert config["code_version"].startswith("0.")
    assert trained["config"] == config

    judged = ok(root, "evaluate", trained["model"], "--dataset", "picks")
    assert judged["metrics"]["figures"]["top1"] == trained["metrics"]["figures"]["top1"]
    assert (judged["baselines"], judged["seen"]) == (trained["baselines"], 0)
    learned = binscout(root, "evaluate", trained["model"], "--dataset", "picks", "--split", "train", as_json=False)
    assert learned.code == 0
    assert "sharpest" in learned.out
    assert f"learned from {report['samples']['train']} sets" in learned.err
    shown = binscout(root, "runs", "list", as_json=False).out
    assert "select" in shown
    assert "top-1" in shown


def test_counts_are_taken_over_frozen_learned_and_judged(workspace: Workspace, tmp_path: Path, call: Call) -> None:
    root = workspace.paths.root
    table = bins(tmp_path / "bins")
    call("import", tmp_path / "bins")
    call("labels", "import", table, "--format", "csv", "--strict")
    report = call("dataset", "build", "bins", "--task", "count")
    assert (report["images"], report["counts"]["0"]["train"] > 0) == (BINS, True)

    refused = binscout(root, "train", "--task", "classify", "--dataset", "bins", "--wait")
    assert (refused.code, refused.data["error"]["code"]) == (1, "wrong_task")
    trained = ok(root, "train", "--task", "count", "--dataset", "bins", "--preset", "area", "--wait")
    figures = trained["metrics"]["figures"]
    assert trained["metrics"]["n"] == report["samples"]["test"]
    assert figures["mae"]["value"] < trained["baselines"]["mean_count"]["figures"]["mae"]["value"]
    judged = ok(root, "evaluate", trained["model"], "--dataset", "bins")
    assert judged["metrics"]["figures"]["mae"] == figures["mae"]
    assert judged["baselines"] == trained["baselines"]
    on_val = ok(root, "evaluate", trained["model"], "--dataset", "bins", "--split", "val")
    assert on_val["seen"] == on_val["metrics"]["n"]
    assert {"mean_count", "area"} <= on_val["baselines"].keys()
    assert "mean error" in binscout(root, "runs", "show", trained["run"], as_json=False).out


@pytest.mark.slow
def test_boxes_of_an_item_are_taken_over_and_a_network_learns_to_mark_them(
    workspace: Workspace, tmp_path: Path, call: Call
) -> None:
    root = workspace.paths.root
    annotations = boxed_bins(tmp_path / "bins")
    call("import", tmp_path / "bins")
    call("labels", "import", annotations, "--format", "coco", "--strict")
    report = call("dataset", "build", "discs", "--task", "count", "--item", "disc")
    assert (report["images"], report["item"]) == (BINS, "disc")
    options = ("--preset", "peaks", "--epochs", 2, "--image-size", 64, "--batch-size", 4)
    trained = ok(root, "train", "--task", "count", "--dataset", "discs", *options, "--wait")
    assert (trained["config"]["batch_size"], trained["config"]["image_size"]) == (4, 64)
    assert trained["metrics"]["figures"]["mae"]["value"] is not None
    judged = ok(root, "evaluate", trained["model"], "--dataset", "discs")
    assert judged["metrics"]["figures"]["mae"] == trained["metrics"]["figures"]["mae"]
    assert judged["seen"] == 0
