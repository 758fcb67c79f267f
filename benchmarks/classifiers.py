"""What a classifier learns on real photos without pretrained weights: each recipe and each of its parts, by family.

    python benchmarks/classifiers.py [FOLDER] [--splits photos1 order3 …] [--presets tiny descriptors] [--ssl]

FOLDER holds `parts/` with its MANIFEST.csv (default: $BINSCOUT_TEST_PHOTOS). Split by source photo, never by file:
`photosN` holds back a quarter of the source photos of each family at random (seed N), `orderN` the N-th quarter of them
in the order they were taken, and all of the second coin session. Every preset is trained by the real training process;
printed is the accuracy on the photos held back, of the model, of its parts and of the baselines, with 95 % intervals,
and the seconds of CPU time. `--ssl` also trains the small network without labels on the train photos (VICReg) and
judges a linear head on it, and the same network trained further with labels.
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
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from binscout_tui.learning.augment import augment
from binscout_tui.learning.cache import decode_items
from binscout_tui.learning.config import TrainConfig, prepare_run
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.linear import Views, fit_head
from binscout_tui.learning.metrics import by_family
from binscout_tui.learning.networks import build_network
from binscout_tui.learning.plan import Plan, make_plan, preprocessing_of
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.scoring import embeddings
from binscout_tui.operations.splitting import assign

FAMILIES = ("coins", "boards", "cards", "screwseat", "nuts")
CPU = torch.device("cpu")
SSL_STEPS, SSL_BATCH, SSL_WIDTH = 600, 64, 512


def natural(text: str) -> list[tuple[int, str]]:
    """A key by which IMG_9 comes before IMG_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def held_back(split: str, groups: Sequence[str], families: Sequence[str]) -> set[str]:
    """The source photos that `split` keeps for testing."""
    kind, number = split.rstrip("0123456789"), int(split.lstrip("abcdefghijklmnopqrstuvwxyz"))
    held: set[str] = set()
    for family in sorted(set(families)):
        own = sorted({g for g, of in zip(groups, families, strict=True) if of == family}, key=natural)
        if kind == "photos":
            order = np.random.default_rng([number, len(family)]).permutation(len(own))
            held |= {own[place] for place in order[: round(len(own) / 4)]}
        else:
            first = [group for group in own if "wood-cloth" not in group]
            quarter = len(first) / 4
            held |= set(first[round(number * quarter) : round((number + 1) * quarter)]) | (set(own) - set(first))
    return held


def parts_items(folder: Path, split: str) -> list[DatasetItem]:
    """The photos as a dataset; what is not held back is dealt to train and val by source photo."""
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    groups = [f"{row['group']}/{row['source_photo']}" for row in rows]
    labels = [f"{row['family']}/{row['label']}" for row in rows]
    held = held_back(split, groups, [row["family"] for row in rows])
    rest = [i for i, group in enumerate(groups) if group not in held]
    dealt = assign([groups[i] for i in rest], [labels[i] for i in rest], {}, (80, 10, 10))
    given = {i: "val" if part == "val" else "train" for i, part in zip(rest, dealt, strict=True)}
    return [
        DatasetItem(
            sha256=row["sha256"],
            path=str(folder / row["path"]),
            label=labels[i],
            split=given.get(i, "test"),  # type: ignore[arg-type]
            group=groups[i],
            family=row["family"],
        )
        for i, row in enumerate(rows)
    ]


def line(name: str, figures: Mapping[str, Any], seconds: float | None = None) -> str:
    """Accuracy by family and of all with its interval."""
    found = figures["by_family"]
    shares = [found[family]["accuracy"] if isinstance(found[family], dict) else found[family] for family in FAMILIES]
    low, high = figures["ci95"]
    spent = "" if seconds is None else f"  {seconds:.0f} s"
    cells = " ".join(f"{share:9.3f}" for share in shares)
    return f"{name:34}{cells} {figures['accuracy']:9.3f} [{low:.3f}, {high:.3f}]{spent}"


def trained(items: list[DatasetItem], preset: str) -> tuple[dict[str, Any], float]:
    """The report of a run of the real training process, and its CPU seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "run"
        prepare_run(run, TrainConfig(preset=preset, device="cpu"), items)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        arguments = [sys.executable, "-m", "binscout_tui.learning.train", str(run)]
        subprocess.run(arguments, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        report: dict[str, Any] = json.loads((run / "report.json").read_text())
    return report, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show_preset(items: list[DatasetItem], preset: str) -> None:
    """Train and print one preset."""
    report, seconds = trained(items, preset)
    print(line(preset, report["test"], seconds))
    for name, part in report["parts"].items():
        print(line(f"  {name} alone (weight {part['weight']:.2f})", part["test"]))
    print(line("  baseline simple features", report["baselines"]["simple_features"]))
    unknown = report["unknown"]["leave_one_class_out"]
    print(
        f"  a class left out, {unknown['classes']} in turn: AUROC {unknown['auroc']:.3f} (distance"
        f" {unknown['auroc_distance']:.3f}, doubt {unknown['auroc_doubt']:.3f}), FPR95 {unknown['fpr95']:.3f},"
        f" caught {unknown['caught']:.3f} with {unknown['kept']:.3f} of the known ones kept"
    )


def vicreg(first: Tensor, second: Tensor) -> Tensor:
    """The loss of Bardes, Ponce and LeCun (2022) for the embeddings (N, D) of two variants of each picture.

    It needs no negatives and no large batch, and its variance term keeps a small network from collapsing. Turning a
    picture is no task here, because parts lie in any direction.
    """
    loss = 25 * functional.mse_loss(first, second)
    for found in (first, second):
        centred = found - found.mean(0)
        loss = loss + 12.5 * functional.relu(1 - torch.sqrt(centred.var(0) + 1e-4)).mean()
        covariance = centred.T @ centred / (len(centred) - 1)
        loss = loss + (covariance - torch.diag(torch.diag(covariance))).square().sum() / found.shape[1]
    return loss


def pretrained(pixels: np.ndarray, rows: np.ndarray, plan: Plan) -> nn.Module:
    """The small network after SSL_STEPS steps of VICReg on the pictures `rows`."""
    preset = find_preset("classify", "tiny")
    torch.manual_seed(0)
    network: Any = build_network(preset.arch, preset.arch_options, len(plan.classes), plan.image_size)
    width = network.num_features
    expander = nn.Sequential(
        nn.Linear(width, SSL_WIDTH, bias=False), nn.BatchNorm1d(SSL_WIDTH), nn.ReLU(), nn.Linear(SSL_WIDTH, SSL_WIDTH)
    )
    optimizer = torch.optim.AdamW([*network.parameters(), *expander.parameters()], lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=SSL_STEPS, pct_start=0.05)
    dice = torch.Generator().manual_seed(0)

    def batch() -> Tensor:
        drawn = rows[torch.randperm(len(rows), generator=dice)[:SSL_BATCH].numpy()]
        squares = torch.from_numpy(pixels[drawn]).permute(0, 3, 1, 2)
        variants = torch.cat([augment(squares, plan.image_size, plan.augment, dice) for _ in range(2)])
        return (variants - plan.mean[0]) / plan.std[0]

    network.train()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(batch)
        for _ in range(SSL_STEPS):
            images, waiting = waiting.result(), thread.submit(batch)
            with torch.autocast("cpu", torch.bfloat16):
                seen = network.forward_head(network.forward_features(images), pre_logits=True)
            loss = vicreg(*expander(seen.float()).chunk(2))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.eval()  # type: ignore[no-any-return]


def show_ssl(items: list[DatasetItem]) -> None:
    """Print what a linear head reaches on features learned without labels, and what that network does with them."""
    plan = make_plan(TrainConfig(preset="tiny"), items, 1)
    pixels, _ = decode_items(items, plan.cache_size)
    labels = np.array([plan.classes.index(item.label) for item in items])
    split = np.array([item.split for item in items])
    started = time.process_time()
    network = pretrained(pixels, np.flatnonzero(split == "train"), plan)
    wanted = preprocessing_of(plan, 1)
    seen = np.concatenate(
        [np.mean(embeddings(network, pixels[i : i + 32], wanted, CPU, 4), axis=0) for i in range(0, len(items), 32)]
    )
    views = {name: Views([seen[split == name]], labels[split == name]) for name in ("train", "val", "test")}
    head, _ = fit_head(views["train"], views["val"], len(plan.classes))
    said = head.probabilities(views["test"].features).argmax(axis=1)
    spent = time.process_time() - started
    families = [item.family for item in items if item.split == "test"]
    together = by_family(said, views["test"].labels, ["all"] * len(said))["all"]
    figures = {**together, "by_family": by_family(said, views["test"].labels, families)}
    print(line("VICReg without labels, linear head", figures, spent))
    with tempfile.TemporaryDirectory() as scratch:
        file, run = Path(scratch) / "ssl.pt", Path(scratch) / "run"
        torch.save(network.state_dict(), file)
        config = TrainConfig(preset="tiny", device="cpu", weights=str(file), mode="fine-tune")
        prepare_run(run, config, items)
        subprocess.run([sys.executable, "-m", "binscout_tui.learning.train", str(run)], check=True)
        report = json.loads((run / "report.json").read_text())
    print(line("the same, then with labels", report["parts"]["network"]["test"]))


def main() -> None:
    """Print a table for each split."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("BINSCOUT_TEST_PHOTOS"))
    parser.add_argument("--splits", nargs="+", default=["photos1", "order3", "photos2", "order1"])
    parser.add_argument("--presets", nargs="*", default=["tiny", "descriptors"])
    parser.add_argument("--ssl", action="store_true")
    wanted = parser.parse_args()
    if wanted.folder is None:
        parser.error("name the folder of the photos, or set BINSCOUT_TEST_PHOTOS")
    torch.set_num_threads(1)
    for split in wanted.splits:
        items = parts_items(Path(wanted.folder) / "parts", split)
        sizes = {part: sum(item.split == part for item in items) for part in ("train", "val", "test")}
        print(f"\n{split} {sizes}\n{'':34}" + " ".join(f"{family:>9}" for family in (*FAMILIES, "all")))
        for preset in wanted.presets:
            show_preset(items, preset)
        if wanted.ssl:
            show_ssl(items)


if __name__ == "__main__":
    main()
