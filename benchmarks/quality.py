"""How often the quality checks catch a photo that is known to be bad, and how often they accuse a good one.

    python benchmarks/quality.py [FOLDER]

FOLDER holds `sets/`, `counting/` and `dups/` with their MANIFEST.csv (default: $BINSCOUT_TEST_PHOTOS). In `sets/` a
derived set is one good photo and damaged copies of it, so the kind of damage is known. Prints a table for the photos
alone and one where the good photo of the set is the accepted capture of the same compartment, what other thresholds of
sharpness would do, what a plain variance of the Laplacian would do, and how often copies are called alike.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from binscout_tui.imaging.near import RADIUS, same_picture
from binscout_tui.imaging.outcomes import Decoded, Measures
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.imaging.quality import Earlier, checks
from binscout_tui.imaging.quality_measures import measure
from binscout_tui.settings import QualitySettings

CATCHES = {
    "defocus blur": "blur",
    "motion blur": "blur",
    "low resolution": "blur",
    "under-exposed": "dark",
    "over-exposed": "bright",
    "noise": "noise",
    "object cut off": "",
}
GOOD = "good"
THRESHOLDS = (2.5, 3.5, 4.5, 5.5, 7.0, 9.0, 12.0)
SETTINGS = QualitySettings()


@dataclass(frozen=True)
class Photo:
    """One photo: its family, the set it is in, what was done to it (`good` when nothing was), and its measures."""

    family: str
    set_id: str
    damage: str
    measures: Measures


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BINSCOUT_TEST_PHOTOS", ""))
    if not (folder / "sets" / "MANIFEST.csv").is_file():
        sys.exit("name the folder that holds sets/, counting/ and dups/, or set BINSCOUT_TEST_PHOTOS")
    began = perf_counter()
    photos = list(read(folder))
    each = 1000 * (perf_counter() - began) / len(photos)
    print(f"{len(photos)} photos, {each:.0f} ms each with decoding, one worker; thresholds {SETTINGS}\n")
    damage_table(photos)
    good_table(photos)
    damaged_here(folder / "counting")
    sweep(photos)
    plain_variance(photos)
    if (folder / "dups").is_dir():
        duplicates(folder / "dups")


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def read(folder: Path) -> Iterable[Photo]:
    listed = []
    for row in rows(folder / "sets"):
        damage = row["how"].removeprefix("derived: ") if row["kind"] == "derived" and row["is_best"] != "1" else GOOD
        family = "derived" if row["kind"] == "derived" else f"sets, {row['kind']}"
        listed.append((folder / "sets" / row["path"], family, row["set_id"], damage))
    for row in rows(folder / "counting"):
        listed.append((folder / "counting" / row["path"], f"counting, {row['family'].split('/')[-1]}", "", GOOD))
    with DecodePool(None, workers=1, measuring=True) as pool:
        for (_, family, set_id, damage), outcome in zip(listed, pool.run(one[0] for one in listed), strict=True):
            if isinstance(outcome, Decoded) and outcome.measures is not None:
                yield Photo(family, set_id, damage, outcome.measures)


def warned(photo: Photo, twins: Sequence[float] = ()) -> set[str]:
    return {finding.check for finding in checks(photo.measures, SETTINGS, Earlier(focus=twins)).warnings}


def damage_table(photos: Sequence[Photo]) -> None:
    best = {
        photo.set_id: photo.measures.focus for photo in photos if photo.family == "derived" and photo.damage == GOOD
    }
    print("damaged copies            n   caught  with twin  any check   (caught: by the check that is meant for it)")
    for damage, check in CATCHES.items():
        some = [photo for photo in photos if photo.damage == damage]
        alone = sum(check in warned(photo) for photo in some)
        beside = sum(check in warned(photo, [best[photo.set_id]]) for photo in some)
        anyhow = sum(bool(warned(photo, [best[photo.set_id]])) for photo in some)
        print(
            f"  {damage:<20} {len(some):>4} {share(alone, some):>8} {share(beside, some):>10} {share(anyhow, some):>10}"
        )
    print()


def damaged_here(folder: Path) -> None:
    """Every third counting photo, none of which had a part in choosing a threshold for damage, damaged here."""
    listed = [row for row in rows(folder) if not row["path"].startswith("bloodcells")][::3]
    images = [ImageOps.exif_transpose(Image.open(folder / row["path"])).convert("RGB") for row in listed]
    print(f"{len(images)} counting photos damaged here      caught  with twin")
    for (damage, check), harm in HARMS.items():
        alone = beside = 0
        for image in images:
            harmed = Photo("", "", damage, measure(harm(image), image.size))
            alone += check in warned(harmed)
            beside += check in warned(harmed, [measure(image, image.size).focus])
        print(f"  {damage:<28} {share(alone, images):>12} {share(beside, images):>10}")
    print()


def shaken(image: Image.Image, length: int) -> Image.Image:
    pixels = np.asarray(image, dtype=np.float32)
    return Image.fromarray(np.mean([np.roll(pixels, step, axis=1) for step in range(length)], axis=0).astype(np.uint8))


def lit(image: Image.Image, gain: float, offset: float = 0) -> Image.Image:
    return image.point([min(255, round(value * gain + offset)) for value in range(256)] * 3)


HARMS: dict[tuple[str, str], Callable[[Image.Image], Image.Image]] = {
    ("defocus, Gaussian of 1 px", "blur"): lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    ("defocus, Gaussian of 2 px", "blur"): lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    ("shake, 5 px", "blur"): lambda image: shaken(image, 5),
    ("shake, 11 px", "blur"): lambda image: shaken(image, 11),
    ("2 stops too dark", "dark"): lambda image: lit(image, 0.25),
    ("1.5 stops too bright", "bright"): lambda image: lit(image, 2.8),
    ("an eighth of the contrast", "contrast"): lambda image: lit(image, 0.125, 110),
}


def good_table(photos: Sequence[Photo]) -> None:
    print("photos nobody damaged      n  accused  with twins  by")
    families = sorted({photo.family for photo in photos})
    for family in families:
        some = [photo for photo in photos if photo.family == family and photo.damage == GOOD]
        found = [warned(photo) for photo in some]
        beside = sum(bool(warned(photo, twins(photo, some))) for photo in some)
        by = ", ".join(f"{check} {n}" for check, n in Counter(one for each in found for one in each).most_common())
        accused = sum(bool(one) for one in found)
        print(f"  {family:<20} {len(some):>5} {share(accused, some):>8} {share(beside, some):>10}   {by}")
    print()


def twins(photo: Photo, family: Sequence[Photo]) -> list[float]:
    """Other photos of the same set, or of the same family where there are no sets."""
    return [other.measures.focus for other in family if other is not photo and other.set_id == photo.set_id]


def sweep(photos: Sequence[Photo]) -> None:
    print("threshold of focus       " + "".join(f"{threshold:>7}" for threshold in THRESHOLDS))
    for name in ("defocus blur", "low resolution", "motion blur"):
        line(f"  catches {name}", [photo for photo in photos if photo.damage == name])
    good = [photo for photo in photos if photo.damage == GOOD]
    line("  accuses derived, good", [photo for photo in good if photo.family == "derived"])
    line("  accuses sets, real", [photo for photo in good if photo.family == "sets, real"])
    line("  accuses counting", [photo for photo in good if photo.family.startswith("counting")])
    print()


def line(name: str, photos: Sequence[Photo]) -> None:
    found = [sum(photo.measures.focus < threshold for photo in photos) for threshold in THRESHOLDS]
    print(f"{name:<25}" + "".join(f"{share(number, photos):>7}" for number in found))


def plain_variance(photos: Sequence[Photo]) -> None:
    """The best that one threshold on the variance of the Laplacian can do at the same rate of false accusations."""
    good = [photo for photo in photos if photo.damage == GOOD and photo.family in {"derived", "sets, real"}]
    blurred = [photo for photo in photos if CATCHES.get(photo.damage) == "blur"]
    for name, value in (("variance", lambda p: p.measures.detail), ("focus", lambda p: p.measures.focus)):
        threshold = float(np.percentile([value(photo) for photo in good], 5))
        caught = sum(value(photo) < threshold for photo in blurred)
        rate = share(caught, blurred)
        print(f"at 5 % of {len(good)} good photos accused, {name} < {threshold:.1f} catches {rate} of the blur")
    print()


def duplicates(folder: Path) -> None:
    listed = rows(folder)
    alike: dict[str, Counter[bool]] = defaultdict(Counter)
    wrong, seconds = 0, []
    with tempfile.TemporaryDirectory() as kept, DecodePool(Path(kept), workers=1) as pool:
        decoded = dict(enumerate(pool.run(folder / row["path"] for row in listed)))
        good = {number: one for number, one in decoded.items() if isinstance(one, Decoded)}
        for i, j in combinations(good, 2):
            near = (good[i].phash ^ good[j].phash).bit_count() <= RADIUS
            if near:
                began = perf_counter()
                near = same_picture(*(preview_path(Path(kept), good[one].sha256, PREVIEW) for one in (i, j)))
                seconds.append(perf_counter() - began)
            same, relations = (
                listed[i]["cluster"] == listed[j]["cluster"],
                {listed[i]["relation"], listed[j]["relation"]},
            )
            wrong += near and not same
            if same and "base" in relations:
                alike[next(iter(relations - {"base"}), "base")][near] += 1
    print(
        f"`looks like`: {wrong} pairs of different photos; {1000 * median(seconds):.0f} ms a pair. Found of the copies:"
    )
    print("  " + ", ".join(f"{relation} {found[True]}/{found.total()}" for relation, found in sorted(alike.items())))


def share(number: int, of: Sequence[object]) -> str:
    return f"{100 * number / len(of):.0f} %" if of else "-"


if __name__ == "__main__":
    main()
