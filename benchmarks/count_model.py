"""Counting by the presets of the task count, cross-validated on real photos, beside the mean count and the area fit.

    python benchmarks/count_model.py PHOTOS coins-sessions coins-blocks screws-blocks [--preset peaks] [--steps N]

PHOTOS is a folder with a MANIFEST.csv (path, sha256, family, group, count, boxes in pixels, boxes_complete).
`FAMILY-sessions` holds out each session in turn, `FAMILY-blocks` each fifth of the photos of every session in the order
they were taken; `all-blocks` is one model for all families. One training a fold, by the command that a run uses; what
all folds say is judged together, with intervals from a bootstrap over photos. One fifth of what is not held out is for
validation.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.count import metrics
from binscout_tui.learning.count.rules import whole
from binscout_tui.learning.items import CountItem
from binscout_tui.learning.splits import Split

FIFTHS = 5
NOT_COUNTED = "empty_hole"  # boxes of this class show where nothing is
Photo = dict[str, Any]


def natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def read_photos(folder: Path, family: str) -> list[Photo]:
    """The photos of `family` (`all`: of every one), in the order in which they were taken."""
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if family in ("all", row["family"])]
    return [photo_of(folder, row) for row in sorted(rows, key=lambda row: natural(row["path"]))]


def photo_of(folder: Path, row: dict[str, str]) -> Photo:
    path = folder / row["path"]
    with Image.open(path) as image:
        width, height = image.size
    boxes = [
        (max(0.0, x1 / width), max(0.0, y1 / height), min(1.0, x2 / width), min(1.0, y2 / height))
        for name, x1, y1, x2, y2 in json.loads(row["boxes"] or "[]")
        if name != NOT_COUNTED
    ]
    return {
        "session": row["group"],
        "fields": {
            "sha256": row["sha256"],
            "path": str(path),
            "count": int(row["count"]),
            "boxes": boxes,
            "complete": row["boxes_complete"] == "1",
            "family": row["family"],
            "group": row["path"],
        },
    }


def folds(photos: Sequence[Photo], how: str) -> Iterator[tuple[str, list[CountItem]]]:
    """A name and the dataset of each fold."""
    sessions = sorted({photo["session"] for photo in photos})
    block = {}
    for session in sessions:
        own = [i for i, photo in enumerate(photos) if photo["session"] == session]
        block |= {row: place * FIFTHS // len(own) for place, row in enumerate(own)}
    if how == "blocks":
        for fold in range(FIFTHS):
            held = {i for i in block if block[i] == fold}
            checked = {i for i in block if block[i] == (fold + 1) % FIFTHS}
            yield str(fold), dataset(photos, held, checked)
    else:
        for session in sessions:
            held = {i for i, photo in enumerate(photos) if photo["session"] == session}
            rest = [i for i in range(len(photos)) if i not in held]
            checked = {i for place, i in enumerate(rest) if place * FIFTHS // len(rest) == FIFTHS // 2}
            yield session, dataset(photos, held, checked)


def dataset(photos: Sequence[Photo], held: set[int], checked: set[int]) -> list[CountItem]:
    def split(row: int) -> Split:
        return "test" if row in held else "val" if row in checked else "train"

    return [CountItem(split=split(row), **photo["fields"]) for row, photo in enumerate(photos)]


def train(items: Sequence[CountItem], preset: str, steps: int | None, seed: int) -> tuple[list[dict[str, Any]], float]:
    """The cases that one training judges, and its seconds of CPU time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        epochs = None if steps is None else max(1, steps // max(1, sum(i.split == "train" for i in items) // 8))
        prepare_run(folder, TrainConfig(task="count", preset=preset, device="cpu", epochs=epochs, seed=seed), items)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "binscout_tui.learning.train", str(folder)]
        subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return [case for case in cases if case["split"] == "test"], seconds


def judge(folder: Path, what: str, preset: str, steps: int | None, seed: int) -> None:
    family, _, how = what.partition("-")
    photos = read_photos(folder, family)
    found: list[dict[str, Any]] = []
    means: list[int] = []
    seconds = 0.0
    for name, items in folds(photos, how):
        cases, took = train(items, preset, steps, seed)
        mean = whole(float(np.mean([item.count for item in items if item.split == "train"])))
        found, means, seconds = found + cases, means + [mean] * len(cases), seconds + took
        for who, said in {
            "model": [c["said"] for c in cases],
            "area": by_area(cases),
            "mean": [mean] * len(cases),
        }.items():
            print(f"  {what} {name:16} {who:6} {line(said, cases)}", flush=True)
    print(f"{what}: {len(found)} photos, {seconds:.0f} s of CPU time for all trainings")
    for who, said in {"model": [c["said"] for c in found], "area": by_area(found), "mean": means}.items():
        print(f"{what:16} {who:6} {line(said, found)}", flush=True)
        for name, part in metrics.by_family(said, [c["truth"] for c in found], [c["family"] for c in found]).items():
            print(
                f"    {name:12} n {part['n']:3} mae {part['mae']:.2f} exact {part['exact']:.2f} bias {part['bias']:.2f}"
            )
    doubted = [case for case in found if case["doubt"]]
    print(f"{what:16} in doubt {len(doubted)}, of them wrong {sum(not case['right'] for case in doubted)}")


def by_area(cases: Sequence[dict[str, Any]]) -> list[int]:
    return [whole(case["by_area"]) for case in cases]


def line(said: Sequence[int], cases: Sequence[dict[str, Any]]) -> str:
    figures = metrics.figures(said, [case["truth"] for case in cases], [case["id"] for case in cases])
    parts = []
    for name in ("mae", "exact", "within1", "bias"):
        figure = figures[name]
        interval = "" if figure["ci95"] is None else " [{:.2f}, {:.2f}]".format(*figure["ci95"])
        parts.append(f"{name} {figure['value']:.2f}{interval}")
    return f"n {len(cases):3}  " + "  ".join(parts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("what", nargs="+")
    parser.add_argument("--preset", default="peaks")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for what in arguments.what:
        judge(arguments.photos, what, arguments.preset, arguments.steps, arguments.seed)
