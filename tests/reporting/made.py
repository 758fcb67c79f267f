"""Runs as a training leaves them, made up: reports, cases and pictures of the three tasks."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from binscout_tui.imaging.previews import write_previews
from binscout_tui.store import datasets, images, jobs, labels, runs
from binscout_tui.store.datasets import Item
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace

CLASSES = ("M2 screw", "M3 screw", "washer")
COLOURS = {"M2 screw": (180, 40, 30), "M3 screw": (20, 60, 160), "washer": (40, 130, 60)}


def sha(name: object) -> str:
    """The hash of a made-up file."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def figure(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """A figure as reports of format 2 write it."""
    return {"value": value, "ci95": None if low is None else [low, high]}


def classify_cases(count: int = 40, wrong: Sequence[int] = (3, 7, 20)) -> list[dict[str, Any]]:
    """Cases of a classifier; those at the places `wrong` are taken for the next class."""
    return [_classified(place, place in wrong) for place in range(count)]


def _classified(place: int, is_wrong: bool) -> dict[str, Any]:
    truth = CLASSES[place % 3]
    said = CLASSES[(place + 1) % 3] if is_wrong else truth
    score = 0.55 + 0.4 * ((place * 7) % 10) / 10
    return {
        "split": "test",
        "id": sha(f"case {place}"),
        "images": [{"sha256": sha(f"case {place}"), "path": f"/photos/part-{place}.jpg"}],
        "truth": truth,
        "said": said,
        "score": score,
        "right": not is_wrong,
        "loss": 2.0 + place / 100 if is_wrong else 0.2,
    }


def classify_report(cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The report to such cases."""
    matrix = [[0] * 3 for _ in range(3)]
    for case in cases:
        matrix[CLASSES.index(case["truth"])][CLASSES.index(case["said"])] += 1
    right = sum(case["right"] for case in cases) / len(cases)
    own = {
        "n": len(cases),
        "figures": {
            "accuracy": figure(right, max(0.0, right - 0.1), min(1.0, right + 0.06)),
            "macro_recall": figure(right, max(0.0, right - 0.12), min(1.0, right + 0.07)),
            "ece": figure(0.06),
            "nll": figure(0.4),
        },
        "accuracy": right,
        "ci95": [max(0.0, right - 0.1), min(1.0, right + 0.06)],
        "per_class": {
            name: {"recall": matrix[row][row] / sum(matrix[row]), "support": sum(matrix[row])}
            for row, name in enumerate(CLASSES)
        },
        "confusion": {"labels": list(CLASSES), "matrix": matrix},
        "by_family": {"screws": {"n": 27, "accuracy": 0.9, "ci95": [0.72, 0.97]}},
        "unreadable": 1,
        "unreadable_images": [{"path": "/photos/broken.jpg", "reason": "cut off"}],
        "ece": 0.06,
        "nll": 0.4,
    }
    baselines = {
        "majority": {
            "n": len(cases),
            "accuracy": 0.33,
            "ci95": [0.2, 0.5],
            "figures": {"accuracy": figure(0.33, 0.2, 0.5)},
        },
        "simple_features": {
            "n": len(cases),
            "accuracy": 0.64,
            "ci95": [0.5, 0.77],
            "figures": {"accuracy": figure(0.64, 0.5, 0.77)},
            "by_family": {"screws": {"n": 27, "accuracy": 0.6, "ci95": [0.4, 0.8]}},
        },
    }
    return _report("classify", own, baselines)


def select_cases(count: int = 20, wrong: Sequence[int] = (2, 5)) -> list[dict[str, Any]]:
    """Cases over sets of two to four pictures; of those at the places `wrong` another one is kept."""
    found = []
    for place in range(count):
        size, truth = 2 + place % 3, place % 2
        said = (truth + 1) % size if place in wrong else truth
        found.append(
            {
                "split": "test",
                "id": sha(f"set {place}"),
                "images": [
                    {"sha256": sha(f"set {place} {one}"), "path": f"/photos/set-{place}/{one}.jpg"}
                    for one in range(size)
                ],
                "truth": truth,
                "said": said,
                "score": 0.8,
                "right": said == truth,
                "loss": 1.5 if place in wrong else 0.1,
                "crop_truth": [0.2, 0.2, 0.8, 0.8],
                "crop_said": [0.25, 0.2, 0.85, 0.8],
                "iou": 0.4 if place == 9 else 0.85,
            }
        )
    return found


def select_report(cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The report to such cases."""
    right = sum(case["right"] for case in cases) / len(cases)
    own = {
        "n": len(cases),
        "figures": {
            "top1": figure(right, right - 0.2, min(1.0, right + 0.07)),
            "mean_iou": figure(0.82, 0.75, 0.88),
            "iou50": figure(0.95, 0.8, 1.0),
            "iou75": figure(0.9, 0.7, 0.97),
            "crop_mae": figure(0.04, 0.03, 0.05),
        },
    }
    baselines = {
        "random": {"n": len(cases), "figures": {"top1": figure(0.36)}},
        "sharpest": {"n": len(cases), "figures": {"top1": figure(0.5, 0.3, 0.7)}},
        "mean_crop": {"n": len(cases), "figures": {"mean_iou": figure(0.6, 0.5, 0.7)}},
    }
    return _report("select", own, baselines)


def count_cases(count: int = 24, off: Sequence[int] = (1, 6, 11)) -> list[dict[str, Any]]:
    """Cases of counts from 0 to 23; those at the places `off` are two too many."""
    found = []
    for place in range(count):
        said = place + (2 if place in off else 0)
        found.append(
            {
                "split": "test",
                "id": sha(f"bin {place}"),
                "images": [{"sha256": sha(f"bin {place}"), "path": f"/photos/bin-{place}.jpg"}],
                "truth": place,
                "said": said,
                "score": 0.7,
                "right": said == place,
                "loss": float(abs(said - place)),
                "points_truth": [[(one % 6) / 6 + 0.05, (one // 6) / 6 + 0.05] for one in range(place)],
                "points": [[(one % 6) / 6 + 0.05, (one // 6) / 6 + 0.05, 0.9] for one in range(said)],
            }
        )
    return found


def count_report(cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The report to such cases."""
    errors = [case["said"] - case["truth"] for case in cases]
    mae = sum(map(abs, errors)) / len(errors)
    own = {
        "n": len(cases),
        "figures": {
            "mae": figure(mae, mae / 2, mae * 2),
            "rmse": figure(0.7, 0.3, 1.0),
            "exact": figure(sum(not error for error in errors) / len(errors), 0.7, 0.97),
            "within1": figure(0.88, 0.7, 0.97),
            "bias": figure(sum(errors) / len(errors), -0.1, 0.5),
        },
    }
    baselines = {
        "mean_count": {"n": len(cases), "figures": {"mae": figure(6.0, 4.5, 7.5), "bias": figure(-0.2, -3.0, 3.0)}},
        "area": {"n": len(cases), "figures": {"mae": figure(2.2, 1.5, 3.0), "exact": figure(0.3, 0.15, 0.5)}},
    }
    return _report("count", own, baselines)


def _report(task: str, own: dict[str, Any], baselines: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": 2,
        "task": task,
        "preset": "tiny",
        "dataset": "parts",
        "seed": 0,
        "epochs": 20,
        "train": {"n": 120, "unreadable": 2},
        "test": own,
        "val": {**own, "n": 15},
        "baselines": baselines,
        "training": {"seconds": 312.5, "samples_per_s": 148.2, "processes": 1},
    }


CASES = {"classify": classify_cases, "select": select_cases, "count": count_cases}
REPORTS = {"classify": classify_report, "select": select_report, "count": count_report}


def write_run(folder: Path, task: str, wrong: Sequence[int] | None = None, *, seed: int = 0) -> list[dict[str, Any]]:
    """A run folder with everything that a report needs; its cases."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = CASES[task]() if wrong is None else CASES[task](wrong=wrong) if task != "count" else CASES[task](off=wrong)
    report = REPORTS[task](cases) | {"seed": seed}
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (folder / "config.json").write_text(json.dumps({"task": task, "preset": "tiny", "seed": seed, "devices": 1}))
    (folder / "dataset.jsonl").write_text("".join(json.dumps(line) + "\n" for line in _lines(task, cases)))
    with (folder / "events.jsonl").open("w") as log:
        for step in range(1, 21):
            event = {"type": "metric", "time": 1.0 * step, "epoch": step, "step": step * 10}
            log.write(json.dumps(event | {"loss": 2 / step, "val_acc": 1 - 0.8 / step}) + "\n")
    return cases


def _lines(task: str, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of a data set: sources of four cases each, and two pictures of each class to learn from."""
    lines: list[dict[str, Any]] = []
    for place, case in enumerate(cases):
        key = {"key": case["id"]} if task == "select" else {"sha256": case["id"]}
        lines.append({**key, "split": "test", "group": f"shot {place // 4}"})
    if task == "classify":
        for name in CLASSES:
            for one in range(2):
                line = {"sha256": sha(f"train {name} {one}"), "path": "/x", "label": name, "group": f"{name} {one}"}
                lines.append(line | {"split": "train"})
    return lines


def picture(name: str, colour: tuple[int, int, int] = (120, 120, 120)) -> Image.Image:
    """A small photo of a part, different for each name."""
    dice = random.Random(name)
    made = Image.new("RGB", (96, 72), tuple(dice.randrange(150, 230) for _ in range(3)))
    x, y = dice.randrange(4, 30), dice.randrange(4, 20)
    ImageDraw.Draw(made).ellipse((x, y, x + 48, y + 40), fill=colour)
    return made


def add_image(ws: Workspace, name: str, colour: tuple[int, int, int] = (120, 120, 120)) -> int:
    """Enter the image whose hash is that of `name`, with previews; its id."""
    digest = sha(name)
    write_previews(picture(name, colour), ws.paths.previews, digest)
    new = NewImage(
        sha256=digest,
        storage="copy",
        path=Path("originals") / f"{digest}.jpg",
        name=f"{name.replace(' ', '-')}.jpg",
        source="tests",
        bytes=1000,
        mtime_ns=0,
        width=96,
        height=72,
        format="JPEG",
        mode="RGB",
        source_group="tests",
    )
    return ws.db.write(images.add, ws.user.uid, new)[0]


def add_run(ws: Workspace, task: str = "classify", name: str = "parts", **options: Any) -> str:
    """A finished run with its rows, folder and pictures; its id."""
    for one in CLASSES:
        ws.db.write(labels.add_class, one)
    dataset_id = _dataset(ws)
    run_id = ws.db.read(runs.free_id, name)
    config = {"preset": "tiny", "epochs": 20, "dataset": dataset_id, "task": task}
    job_id = ws.db.write(runs.add, ws.user.uid, run_id, task=task, dataset_id=dataset_id, config=config)
    ws.db.write(jobs.begin, job_id, 1, 1)
    ws.db.write(jobs.finish, job_id, "done")
    cases = write_run(ws.paths.run(run_id), task, **options)
    for case in cases:
        for place, image in enumerate(case["images"]):
            name = image_name(case, place, task)
            assert image["sha256"] == sha(name)
            add_image(ws, name, COLOURS.get(str(case["truth"]), (90, 90, 90)))
    if task == "classify":
        for one in CLASSES:
            for number in range(2):
                add_image(ws, f"train {one} {number}", COLOURS[one])
    report = REPORTS[task](cases)
    summary = {
        "task": task,
        "metrics": {"n": len(cases), "figures": report["test"]["figures"]},
        "baselines": {one: {"figures": entry["figures"]} for one, entry in report["baselines"].items()},
    }
    ws.db.write(runs.set_metrics, run_id, summary)
    return run_id


def image_name(case: dict[str, Any], place: int, task: str) -> str:
    """The name that a picture of a case was made by."""
    number = Path(case["images"][0]["path"]).stem.rpartition("-")[2]
    if task == "select":
        return f"set {Path(case['images'][0]['path']).parent.name.rpartition('-')[2]} {place}"
    return f"case {number}" if task == "classify" else f"bin {number}"


def _dataset(ws: Workspace) -> str:
    items = [Item(sha(f"line {n}"), CLASSES[n % 3], ("train", "val", "test")[n % 3], f"g{n}") for n in range(12)]
    dataset_id = datasets.content_id("classify", items)
    if all(one.id != dataset_id for one in ws.db.read(datasets.latest)):
        version = datasets.new_dataset("parts", "classify", dataset_id, "manifest.jsonl", items)
        ws.db.write(datasets.add, ws.user.uid, version, items)
    return dataset_id
