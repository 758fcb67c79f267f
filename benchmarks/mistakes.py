"""How early wrong labels come in the queue of suspects, when a share of right ones is made wrong.

    python benchmarks/mistakes.py [FOLDER] [--seeds 20] [--first 1000] [--share 0.05]

FOLDER holds `parts/` with its MANIFEST.csv (default: $BINSCOUT_TEST_PHOTOS). Each family is a data set of its own. For
each seed that share of the labels is changed to another class at random; printed is the mean share of them that lie in
the first 10 and 15 % of the queue, the smallest over the seeds, and how often the judge is right of the true labels.
"by order" keeps photos that were taken one after the other in one fold. Below it what other features and the other
order would do, and the time for 10,000 images of 20 classes with features at hand.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from binscout_tui.learning.features import Features, describe_pictures
from binscout_tui.learning.metrics import Ints
from binscout_tui.learning.mistakes import FOLDS, Opinions, deal, find_mistakes, opinions, out_of_fold, projected
from binscout_tui.learning.pixels import read_square
from binscout_tui.learning.rings import COLOURS, SIDE, describe_parts, rings
from binscout_tui.operations.mistakes import WEIGHTS

BLOCKS = 10  # of consecutive photos, for "by order"
CUTS = (0.10, 0.15)


@dataclass(frozen=True)
class Family:
    """One data set: features by kind, true class numbers, source photos."""

    name: str
    blocks: dict[str, Features]
    labels: Ints
    groups: list[str]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("BINSCOUT_TEST_PHOTOS"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1000, help="the first seed")
    parser.add_argument("--share", type=float, default=0.05)
    given = parser.parse_args()
    if given.folder is None:
        parser.error("name the folder, or set BINSCOUT_TEST_PHOTOS")
    families = read_families(given.folder / "parts")
    seeds = range(given.first, given.first + given.seeds)
    print(f"{given.share:.0%} of the labels wrong, {given.seeds} seeds from {given.first}; mean (smallest)\n")
    print(f"{'':<34}" + "".join(f"{family.name:<25}" for family in families))
    ours = ("rings", "colour")
    show("rings and colour, by photo", families, lambda f, y: judge(f, y, ours), seeds, given.share)
    by_photos = "rings and colour, by order"
    show(by_photos, families, lambda f, y: judge(f, y, ours, in_order(f.groups)), seeds, given.share)
    low = "the same, lowest probability first"
    show(low, families, lambda f, y: judge(f, y, ours), seeds, given.share, order="confidence")
    show("rings alone", families, lambda f, y: judge(f, y, ("rings",)), seeds, given.share)
    show("HOG and colour", families, lambda f, y: judge(f, y, ("hog",)), seeds, given.share)
    show("prior of each fold's own", families, own_prior, seeds, given.share)
    show_time()


def read_families(folder: Path) -> list[Family]:
    """All families of the folder with their features."""
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    pixels = np.stack([read_square(folder / row["path"], None, SIDE) for row in rows])
    began = time.perf_counter()
    described = describe_parts(pixels)
    print(f"features: {(time.perf_counter() - began) / len(rows) * 1000:.2f} ms a picture")
    ring_count = len(rings(pixels[:1])[0])
    kinds = {"rings": described[:, :ring_count], "colour": described[:, -COLOURS:], "hog": describe_pictures(pixels)}
    families = []
    for name in dict.fromkeys(row["family"] for row in rows):
        own = [index for index, row in enumerate(rows) if row["family"] == name]
        labels = np.unique([rows[i]["label"] for i in own], return_inverse=True)[1].astype(np.int64)
        groups = [f"{rows[i]['group']}/{rows[i]['source_photo']}" for i in own]
        families.append(Family(name, {kind: found[own] for kind, found in kinds.items()}, labels, groups))
    return families


def in_order(groups: Sequence[str]) -> list[str]:
    """The groups joined to blocks of photos that follow each other."""

    def natural(text: str) -> list[tuple[int, str]]:
        return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]

    known = sorted(set(groups), key=natural)
    block = {name: str(place * BLOCKS // len(known)) for place, name in enumerate(known)}
    return [block[name] for name in groups]


def judge(family: Family, labels: Ints, kinds: Sequence[str], groups: Sequence[str] | None = None) -> Opinions:
    """What the program says of these labels, with features of these kinds."""
    weights = [WEIGHTS.get(kind, 1.0) for kind in kinds]
    return find_mistakes([family.blocks[kind] for kind in kinds], weights, labels, groups or family.groups)


def own_prior(family: Family, labels: Ints) -> Opinions:
    """As `judge`, without putting the class prior of all labels in the place of each fold's own."""
    features = projected([family.blocks["rings"], family.blocks["colour"]], [WEIGHTS["rings"], WEIGHTS["colour"]])
    folds = deal(labels, family.groups, FOLDS)
    found = out_of_fold(features, labels, folds)
    prior = np.bincount(labels)
    for fold in np.unique(folds):
        held = folds == fold
        found[held] *= np.bincount(labels[~held], minlength=len(prior)) / prior
        found[held] /= np.nansum(found[held], axis=1, keepdims=True)
    return opinions(found, labels)


def show(
    title: str,
    families: Sequence[Family],
    judged: Callable[[Family, Ints], Opinions],
    seeds: Sequence[int],
    share: float,
    order: str = "margin",
) -> None:
    """One line of the table."""
    line = f"{title:<34}"
    for family in families:
        right = judged(family, family.labels)
        accuracy = (right.margin > 0.5).mean()
        found = [recalls(family, judged, seed, share, order) for seed in seeds]
        ten, fifteen = np.mean(found, axis=0)
        line += f"{ten:.2f} {fifteen:.2f} ({np.min(found, axis=0)[1]:.2f}) {accuracy:.2f}".ljust(25)
    print(line, flush=True)


def recalls(
    family: Family, judged: Callable[[Family, Ints], Opinions], seed: int, share: float, order: str
) -> list[float]:
    """The share of the wrong labels in the first part of the queue, for each of CUTS."""
    labels, wrong = flipped(family.labels, share, seed)
    queue = judged(family, labels).queue("confidence" if order == "confidence" else "margin")
    return [float(wrong[queue[: int(np.ceil(cut * len(labels)))]].sum() / wrong.sum()) for cut in CUTS]


def flipped(labels: Ints, share: float, seed: int) -> tuple[Ints, np.ndarray]:
    """(labels with that share changed to another class, which were changed)."""
    random = np.random.default_rng(seed)
    chosen = random.choice(len(labels), max(1, round(share * len(labels))), replace=False)
    changed, classes = labels.copy(), int(labels.max()) + 1
    changed[chosen] = (labels[chosen] + random.integers(1, classes, len(chosen))) % classes
    wrong = np.zeros(len(labels), bool)
    wrong[chosen] = True
    return changed, wrong


def show_time(images: int = 10_000, classes: int = 20) -> None:
    """The time from features to the queue, on made-up features as wide as real ones."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, images)
    hidden = random.normal(size=(images, 60)) * 1.5 + random.normal(size=(classes, 60))[labels]
    width = describe_parts(np.zeros((1, SIDE, SIDE, 3), np.uint8)).shape[1]
    features = (hidden @ random.normal(size=(60, width)) + random.normal(size=(images, width)) * 3).astype(np.float32)
    blocks = [features[:, :-COLOURS], features[:, -COLOURS:]]
    groups = [f"photo {index // 2}" for index in range(images)]
    find_mistakes([block[:200] for block in blocks], [1, 0.5], labels[:200], groups[:200])  # imports
    spent = []
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        find_mistakes(blocks, [1, 0.5], labels, groups).queue()
        spent.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = min(spent)
    print(f"\n{images} images of {classes} classes: {wall:.2f} s, {cpu:.2f} s of CPU time (best of 3)")


if __name__ == "__main__":
    main()
