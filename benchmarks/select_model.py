"""How good the model for sets is on real photos, cross-validated by session, beside rules that need no learning.

    python benchmarks/select_model.py opinions [FOLDER]     measures and saliency alone: seconds
    python benchmarks/select_model.py recommended [FOLDER]  a whole training for each session: minutes
    python benchmarks/select_model.py classic [FOLDER]
    python benchmarks/select_model.py prior [FOLDER]        the priors, fitted again on photos that are in no set

FOLDER holds `sets/` and `counting/` with their MANIFEST.csv (default: $BINSCOUT_TEST_PHOTOS). Each session (`group`) is
tested by a model of the others. Top-1 is judged on the sets whose best photo is certain, boxes on all that have one;
where the best is not certain, the sharpest photo stands in for it in training, and is not judged.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from binscout_tui.learning.config import TrainConfig, command, prepare_run
from binscout_tui.learning.items import SetImage, SetItem
from binscout_tui.learning.select.baselines import choice_baselines, crop_baselines
from binscout_tui.learning.select.boxes import overlap
from binscout_tui.learning.select.crops import DOUBT, cells_inside, fit_weight
from binscout_tui.learning.select.finish import learn_opinions
from binscout_tui.learning.select.judging import judge
from binscout_tui.learning.select.measures import measure_candidate, relative
from binscout_tui.learning.select.metrics import choice_figures, crop_figures
from binscout_tui.learning.select.opinion import fit_choices
from binscout_tui.learning.select.reading import Pictures, read_pictures
from binscout_tui.learning.select.saliency import maps
from binscout_tui.learning.select.samples import ChoiceSet, arrange, distinct

SIDE = 128
DOUBT_OF_PRIOR = 0.5
LEAST_USUAL = 0.05  # hardly a photo has black parts here, which says nothing about those of others


@dataclass(frozen=True)
class Entry:
    """A set, whether its best photo is certain, and its kind."""

    item: SetItem
    certain: bool
    kind: str


@dataclass(frozen=True)
class Outcome:
    """What was said of one set: whether the choice was found (None where it is not certain), and the box."""

    entry: Entry
    right: float | None
    box: Sequence[float]


def main() -> None:
    mode = sys.argv[1] if len(sys.argv) > 1 else "opinions"
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("BINSCOUT_TEST_PHOTOS", ""))
    if mode not in ("opinions", "recommended", "classic", "prior") or not (folder / "sets" / "MANIFEST.csv").is_file():
        sys.exit(__doc__)
    if mode == "prior":
        print_priors(folder / "counting")
        return
    entries = read_entries(folder / "sets")
    begun = process_time()
    pictures, sets = read(entries)
    print(f"{len(pictures.sizes)} photos read and measured in {process_time() - begun:.1f} s of CPU time")
    found = by_opinions(entries, sets, pictures) if mode == "opinions" else by_training(entries, mode)
    table(mode, found)
    baselines(entries, sets, pictures)


def read_entries(folder: Path) -> list[Entry]:
    """The sets of which a photo has a box: of the certain best one, else of the sharpest."""
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    by_set: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_set.setdefault(row["set_id"], []).append(row)
    entries = []
    for set_id, own in by_set.items():
        certain = any(row["is_best"] == "1" for row in own)
        best = max(own, key=lambda row: (row["is_best"] == "1", float(row["sharpness"])))
        if not best["crop_box"]:
            continue
        with Image.open(folder / best["path"]) as image:
            size = np.array([*image.size, *image.size])
        crop = np.clip(np.array(json.loads(best["crop_box"])) / size, 0, 1)
        item = SetItem(
            key=hashlib.sha256(set_id.encode()).hexdigest(),
            images=[SetImage(sha256=row["sha256"], path=str(folder / row["path"])) for row in own],
            chosen=own.index(best),
            split="train",
            group=best["group"],
            crop=tuple(crop.tolist()),
            family=best["kind"],
        )
        entries.append(Entry(item, certain, best["kind"]))
    return entries


def read(entries: Sequence[Entry]) -> tuple[Pictures, list[ChoiceSet]]:
    items = [entry.item for entry in entries]
    images = distinct(items)
    pictures, failures = read_pictures(images, SIDE)
    return pictures, list(arrange(items, images, failures).sets["train"])


def by_opinions(entries: Sequence[Entry], sets: Sequence[ChoiceSet], pictures: Pictures) -> list[Outcome]:
    """Without a network: the choice learned from certain sets of other sessions, the box from all of them."""
    found, begun = [], process_time()
    for group in groups_of(entries):
        others = [one for one, entry in zip(sets, entries, strict=True) if entry.item.group != group]
        certain = [one for one, e in zip(sets, entries, strict=True) if e.item.group != group and e.certain]
        choice, crops = learn_opinions(certain, pictures), learn_opinions(others, pictures)
        held = [(one, entry) for one, entry in zip(sets, entries, strict=True) if entry.item.group == group]
        judged = judge(choice, [one for one, _ in held], pictures, None)
        boxes = judge(crops, [one for one, _ in held], pictures, None).boxes
        assert boxes is not None
        for (_, entry), right, box in zip(held, judged.right, boxes, strict=True):
            found.append(Outcome(entry, float(right) if entry.certain else None, box.tolist()))
    print(f"learned and judged {len(groups_of(entries))} times in {process_time() - begun:.1f} s of CPU time")
    return found


def by_training(entries: Sequence[Entry], preset: str) -> list[Outcome]:
    """A whole run for each session; the next session in the list is for validation."""
    names, found = groups_of(entries), []
    by_key = {entry.item.key: entry for entry in entries}
    for number, group in enumerate(names):
        val = names[(number + 1) % len(names)]
        parts = {group: "test", val: "val"}
        items = [put_in(entry.item, parts.get(entry.item.group, "train")) for entry in entries]
        with tempfile.TemporaryDirectory() as scratch:
            run = Path(scratch) / "run"
            prepare_run(run, TrainConfig(task="select", preset=preset, device="cpu"), items)
            answer = subprocess.run(command(run), capture_output=True, text=True, check=False)
            if answer.returncode:
                sys.exit(answer.stderr)
            report = json.loads((run / "report.json").read_text())
            lines = [json.loads(line) for line in (run / "cases.jsonl").read_text().splitlines()]
        told = {key: report["parts"][key] for key in ("choice_share", "crop_share")}
        alone = {name: round(f["value"], 3) for name, f in report["parts"]["network"]["test"].items() if f["value"]}
        print(group, "val", val, told, "network alone", alone, f"{report['training']['seconds']} s", flush=True)
        for case in lines:
            entry = by_key[case["id"]]
            if case["split"] == "test":
                found.append(Outcome(entry, float(case["right"]) if entry.certain else None, case["crop_said"]))
    return found


def put_in(item: SetItem, split: Any) -> SetItem:
    return SetItem(
        key=item.key,
        images=item.images,
        chosen=item.chosen,
        split=split,
        group=item.group,
        crop=item.crop,
        family=item.family,
    )


def groups_of(entries: Sequence[Entry]) -> list[str]:
    return sorted({entry.item.group for entry in entries})


def table(name: str, found: Sequence[Outcome]) -> None:
    print(
        f"\n{'who':<14}{'sets':>5} {'top-1':>6} {'95 %':>12} {'boxes':>6} {'mean IoU':>9} {'95 %':>12}"
        "  >0.5  >0.75  edge"
    )
    line(name, found)
    for kind in sorted({one.entry.kind for one in found}):
        line(f"  {kind}", [one for one in found if one.entry.kind == kind])
    for group in sorted({one.entry.item.group for one in found}):
        line(f"  {group[:11]}", [one for one in found if one.entry.item.group == group])


def line(name: str, found: Sequence[Outcome]) -> None:
    right = [one.right for one in found if one.right is not None]
    top = choice_figures(right)["top1"]
    boxes, truth = np.array([one.box for one in found]), np.array([one.entry.item.crop for one in found])
    crops = crop_figures(boxes, truth, [one.entry.item.group for one in found])
    values = "  ".join(f"{crops[key]['value']:.2f}" for key in ("iou50", "iou75", "crop_mae"))
    print(
        f"{name:<14}{len(right):>5} {text(top)} {len(found):>6} {crops['mean_iou']['value']:>9.3f} "
        f"{interval(crops['mean_iou']['ci95']):>12}  {values}"
    )


def text(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return f"{'-':>6} {'':>12}"
    return f"{figure['value']:>6.3f} {interval(figure['ci95']):>12}"


def interval(ends: Sequence[float] | None) -> str:
    return "-" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"


def baselines(entries: Sequence[Entry], sets: Sequence[ChoiceSet], pictures: Pictures) -> None:
    print("\nbaselines")
    certain = [one for one, entry in zip(sets, entries, strict=True) if entry.certain]
    for name, right in choice_baselines(certain, pictures).items():
        print(f"{name:<14}{len(right):>5} {text(choice_figures(right)['top1'])}")
    truth = np.array([entry.item.crop for entry in entries])
    groups = np.array([entry.item.group for entry in entries])
    for name in ("full_frame", "centre80", "mean_crop"):
        boxes = np.zeros_like(truth)
        for group in set(groups):
            held = groups == group
            boxes[held] = crop_baselines(int(held.sum()), [tuple(box) for box in truth[~held]])[name]
        figures = crop_figures(boxes, truth, groups.tolist())["mean_iou"]
        print(f"{name:<14}{'':>26}{len(truth):>6} {figures['value']:>9.3f} {interval(figures['ci95']):>12}")
        for kind in ("derived", "real", "video"):
            own = np.array([entry.kind == kind for entry in entries])
            print(f"  {kind:<12}{'':>26}{own.sum():>6} {overlap(boxes[own], truth[own]).mean():>9.3f}")


def print_priors(folder: Path) -> None:
    """The constants of `opinion` and `crops`."""
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    relatives = [made_set(folder, row) for row in rows if not row["path"].startswith(("bloodcells", "boards", "cards"))]
    usual = np.maximum(LEAST_USUAL, np.sqrt(np.mean(np.concatenate(relatives) ** 2, axis=0)))
    zero = np.zeros(len(usual))
    weight = fit_choices(relatives, [0] * len(relatives), zero, DOUBT_OF_PRIOR / usual).weight
    print("opinion.USUAL", usual.round(2).tolist())
    print("opinion.PRIOR", weight.round(1).tolist())
    right = np.mean([np.argmax(own @ weight) == 0 for own in relatives])
    print(f"  finds the undamaged photo in {right:.3f} of {len(relatives)} made-up sets (those that it was fitted on)")
    print_crop_prior(folder, [row for row in rows if row["path"].startswith(("fruit", "nuts", "screws"))])


def made_set(folder: Path, row: dict[str, str]) -> Any:
    """(4, M) relative measures of a photo and three damaged copies of it, the photo first."""
    dice = random.Random(row["path"])
    photo = ImageOps.exif_transpose(Image.open(folder / row["path"])).convert("RGB")
    photo.thumbnail((dice.choice([512, 768, 1024]),) * 2)
    harms = dice.sample(sorted(HARMS), 3)
    made = [stored(photo), *(stored(HARMS[name](photo, dice)) for name in harms)]
    return relative([measure_candidate(image, image.size).values for image in made])


def stored(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def shaken(image: Image.Image, dice: random.Random) -> Image.Image:
    pixels, (down, right) = np.asarray(image, np.float32), dice.choice([(1, 0), (0, 1), (1, 1), (1, -1)])
    steps = range(dice.randrange(4, 14))
    return Image.fromarray(
        np.mean([np.roll(pixels, (step * down, step * right), (0, 1)) for step in steps], axis=0).astype(np.uint8)
    )


def lit(image: Image.Image, gain: float) -> Image.Image:
    return image.point([min(255, round(value * gain)) for value in range(256)] * 3)


def noisy(image: Image.Image, dice: random.Random) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    grain = np.random.default_rng(dice.randrange(1 << 30)).normal(0, dice.uniform(6, 30), pixels.shape)
    return Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8))


def coarse(image: Image.Image, dice: random.Random) -> Image.Image:
    factor = dice.choice([2, 3, 4])
    small = image.resize((image.width // factor, image.height // factor), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.BICUBIC)


def cut_off(image: Image.Image, dice: random.Random) -> Image.Image:
    """A part of the frame is missing, so that the picture is smaller."""
    width, height, share = *image.size, dice.uniform(0.45, 0.8)
    sides = [
        (0, 0, int(width * share), height),
        (int(width * (1 - share)), 0, width, height),
        (0, 0, width, int(height * share)),
        (0, int(height * (1 - share)), width, height),
    ]
    return image.crop(dice.choice(sides))


def moved(image: Image.Image, dice: random.Random) -> Image.Image:
    """The camera looked elsewhere: of the same size, a part of the scene outside."""
    away = int(image.width * dice.uniform(0.3, 0.5)) * dice.choice([-1, 1])
    wide = np.pad(np.asarray(image), ((0, 0), (abs(away), abs(away)), (0, 0)), mode="edge")
    return Image.fromarray(wide[:, abs(away) + away : abs(away) + away + image.width])


HARMS: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "defocus": lambda image, dice: image.filter(ImageFilter.GaussianBlur(dice.uniform(0.8, 4))),
    "shake": shaken,
    "dark": lambda image, dice: lit(image, dice.uniform(0.2, 0.6)),
    "bright": lambda image, dice: lit(image, dice.uniform(1.5, 3)),
    "noise": noisy,
    "coarse": coarse,
    "cut off": cut_off,
    "moved": moved,
}


def print_crop_prior(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """What makes a cell one of a thing, in photos of fruit, nuts and screws: none of them is in a set."""
    found, kept, groups = [], [], []
    for row in rows:
        image = ImageOps.exif_transpose(Image.open(folder / row["path"])).convert("RGB")
        boxes = np.array([box[-4:] for box in json.loads(row["boxes"] or "[]")], float).reshape(-1, 4)
        if len(boxes):
            found.append(maps(image))
            kept.append(cells_inside(np.clip(boxes / np.array([*image.size, *image.size]), 0, 1)).any(axis=0))
            groups.append(row["path"].split("/")[0])
    cells = np.array(found).reshape(-1, found[0].shape[-1])
    print(f"{len(found)} photos of {', '.join(sorted(set(groups)))}")
    print("crops.MEAN", cells.mean(axis=0).astype(float).round(3).tolist())
    print("crops.SCALE", cells.std(axis=0).astype(float).round(3).tolist())
    zero = np.zeros(len(DOUBT))
    weak = np.array([1.0] * (len(DOUBT) - 1) + [10.0])
    print("crops.PRIOR", fit_weight(np.array(found), np.array(kept), groups, zero, weak).round(2).tolist())


if __name__ == "__main__":
    main()
