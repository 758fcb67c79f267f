"""How well images are grouped into sets, against folders of photos of which each is one scene, and how fast.

    python benchmarks/grouping.py PHOTOS [--images 10000]

PHOTOS has one folder a scene and a MANIFEST.csv (path, source_path, set_id, is_best). Thresholds are chosen on every
other set, for times on the earlier half of the sets (`tuned on`), and judged on the rest (`judged on`). Precision is
the share of pairs put together that belong together, recall the share of pairs that belong together that were put
together; exact is the share of folders that came out as a set with the very same images. Times come from the names of
the source photos, where they hold one.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import math
import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from binscout_tui import workspace
from binscout_tui.imaging.grouping import by_similarity as similarity
from binscout_tui.imaging.grouping.by_burst import GAP_MS, by_burst
from binscout_tui.imaging.grouping.by_folder import by_folder
from binscout_tui.imaging.grouping.candidates import Candidate
from binscout_tui.imaging.grouping.focus import POWER, shares
from binscout_tui.imaging.grouping.report import Grouping
from binscout_tui.imaging.outcomes import Decoded
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path
from binscout_tui.imaging.quality_measures import focus_ratio, laplacian_variance
from binscout_tui.operations.grouping import RULES, Rule, group
from binscout_tui.operations.looking import focus_at, look_at
from binscout_tui.store import images
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace

MOMENT = re.compile(r"_(\d{8})_(\d{6})")
GAPS_S = (0.5, 1, 2, 3, 4, 5, 6, 7, 10, 20)
RADII = (2, 4, 6, 8, 10, 12, 14, 16, 18)
POWERS = (0.5, 1, 1.5, 2, 3, 4)
LIMIT_S = 5.0


class Photo(NamedTuple):
    """One photo of the truth: `focus`, two plain measures beside it, and whether it is known to be the best."""

    candidate: Candidate
    focus: float
    ratio: float
    variance: float
    best: bool | None


class Score(NamedTuple):
    """Pairs and sets against the folders."""

    precision: float
    recall: float
    exact: float
    sets: int

    @property
    def f_half(self) -> float:
        """Precision counted twice as much as recall: a wrong set costs a person more than a missing one."""
        bottom = 0.25 * self.precision + self.recall
        return 1.25 * self.precision * self.recall / bottom if bottom else 0.0

    def __str__(self) -> str:
        return f"{self.precision:9.2f} {self.recall:7.2f} {self.exact:6.2f} {self.sets:5d} {self.f_half:7.3f}"


def read(folder: Path) -> list[Photo]:
    """All photos of the manifest, decoded as an import does it."""
    with (folder / "MANIFEST.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    with tempfile.TemporaryDirectory() as previews, DecodePool(Path(previews)) as pool:
        outcomes = list(pool.run(folder / row["path"] for row in rows))
        decoded = [one for one in outcomes if isinstance(one, Decoded)]
        if len(decoded) != len(rows):
            raise SystemExit(f"{len(rows) - len(decoded)} photos cannot be read")
        looks = look_at(Path(previews), {number: one.sha256 for number, one in enumerate(decoded)})
        measured = [_measured(Path(previews), one.sha256) for one in decoded]
    return [
        Photo(_candidate(number, row, one, looks[number]), *figures, {"1": True, "0": False}.get(row["is_best"]))
        for number, (row, one, figures) in enumerate(zip(rows, decoded, measured, strict=True))
    ]


def _measured(previews: Path, sha256: str) -> tuple[float, float, float]:
    """(what `sharpest` compares, the plain focus ratio, the plain variance of the Laplacian), all on the preview."""
    with Image.open(preview_path(previews, sha256, PREVIEW)) as picture:
        grey = np.asarray(picture.convert("L"))
    return focus_at(previews, sha256) or 1.0, focus_ratio(grey), laplacian_variance(grey)


def _candidate(number: int, row: dict[str, str], one: Decoded, look: bytes) -> Candidate:
    match = MOMENT.search(row["source_path"])
    return Candidate(
        key=(number, row["path"]),
        name=Path(row["path"]).name,
        folder=row["set_id"],
        taken_ms=None if match is None else _milliseconds(match[1], match[2]),
        phash=one.phash,
        look=look,
    )


def _milliseconds(day: str, clock: str) -> int:
    """The moment in a name, also one with 60 seconds."""
    moment = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    hours, minutes, seconds = (int(clock[start : start + 2]) for start in (0, 2, 4))
    return round((moment + timedelta(hours=hours, minutes=minutes, seconds=seconds)).timestamp() * 1000)


def score(found: Grouping, candidates: Sequence[Candidate]) -> Score:
    """`found` beside the folders of all `candidates`."""
    scenes = defaultdict(set)
    for one in candidates:
        scenes[one.folder].add(one.image)
    truth = {pair for scene in scenes.values() for pair in _pairs(scene)}
    groups = [{member.image for member in made.members} for made in found.sets]
    told = {pair for made in groups for pair in _pairs(made)}
    exact = sum(scene in groups for scene in scenes.values()) / len(scenes)
    return Score(len(truth & told) / max(1, len(told)), len(truth & told) / len(truth), exact, len(groups))


def _pairs(numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    return itertools.combinations(sorted(numbers), 2)


def halves(candidates: Sequence[Candidate], *, in_time: bool) -> tuple[list[Candidate], list[Candidate]]:
    """(tuned on, judged on): every other set, or the earlier and the later ones, which leaves neighbours in time."""
    names = sorted({one.folder for one in candidates})
    tuned = set(names[: (len(names) + 1) // 2] if in_time else names[::2])
    return [one for one in candidates if one.folder in tuned], [one for one in candidates if one.folder not in tuned]


def sweep(
    title: str,
    candidates: Sequence[Candidate],
    values: Sequence[float],
    rule: Callable[[list[Candidate], float], Grouping],
    default: float,
    *,
    in_time: bool = False,
) -> None:
    """Print the table of one threshold."""
    tuned, judged = halves(candidates, in_time=in_time)
    print(f"\n{title}: {len({one.folder for one in candidates})} sets, {len(candidates)} photos; default {default:g}")
    print(f"{'':>8} | {'tuned on':^38} | {'judged on':^38}")
    heading = f"{'precision':>9} {'recall':>7} {'exact':>6} {'sets':>5} {'F0.5':>7}"
    print(f"{'value':>8} | {heading} | {heading}")
    for value in values:
        mark = "*" if value == default else " "
        rows = [score(rule(half, value), half) for half in (tuned, judged)]
        print(f"{value:7g}{mark} | {rows[0]} | {rows[1]}")
    print(f"{'all':>8} | {score(rule(list(candidates), default), candidates)} |")


def whole_run(candidate: Candidate) -> Candidate:
    """The photo as if it lay with all others in one folder, as a card of a camera has it."""
    return replace(candidate, key=(candidate.image, candidate.key[1]), folder="card")


def burst(candidates: list[Candidate], gap_s: float) -> Grouping:
    """Bursts without help of the folders."""
    return by_burst([whole_run(one) for one in candidates], gap_ms=round(gap_s * 1000))


def similar(candidates: list[Candidate], radius: float) -> Grouping:
    """Look-alikes without help of the folders."""
    return similarity.by_similarity([whole_run(one) for one in candidates], radius=int(radius))


def sharpest(photos: Sequence[Photo]) -> None:
    """Print how often the sharpest is the best, and whether its score is worth its name."""
    scenes = defaultdict(list)
    for photo in photos:
        scenes[photo.candidate.folder].append(photo)
    known = [scenes[name] for name in sorted(scenes) if any(photo.best for photo in scenes[name])]
    print(f"\nsharpest: {len(known)} sets with a known best; default power {POWER:g}")
    print("the measure itself was chosen after looking at all of them, so only the power was ever held out")
    for name in ("focus", "ratio", "variance"):
        hits = sum(bool(max(scene, key=lambda one: getattr(one, name)).best) for scene in known)
        print(f"{name:>8} finds {hits} of {len(known)}")
    print(f"{'power':>8} | {'half':<9} | top-1  random  mean score  log loss")
    for power in POWERS:
        for name, half in (("tuned on", known[::2]), ("judged on", known[1::2])):
            told = [[share or 0.0 for share in shares([one.focus for one in scene], power)] for scene in half]
            best = [next(number for number, one in enumerate(scene) if one.best) for scene in half]
            hits = np.mean([int(np.argmax(scores)) == at for scores, at in zip(told, best, strict=True)])
            loss = np.mean([-math.log(max(scores[at], 1e-9)) for scores, at in zip(told, best, strict=True)])
            luck = np.mean([1 / len(scene) for scene in half])
            mean = np.mean([max(scores) for scores in told])
            mark = "*" if power == POWER else " "
            print(f"{power:7g}{mark} | {name:<9} | {hits:5.2f}  {luck:6.2f}  {mean:10.2f}  {loss:8.2f}")


def speed(count: int) -> None:
    """Print how long each rule takes on a workspace of `count` rows in sets of four, with the writing."""
    print(f"\n{count} images, four a scene, seconds until all sets are written (limit {LIMIT_S:g})")
    for by in RULES:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "workspace"
            workspace.create(root)
            with Workspace(root) as opened:
                opened.db.write(_fill, opened.user.uid, count)
                _link_previews(opened.paths.previews, count)
                began = time.perf_counter()
                report = group(opened, Rule(by=by))  # type: ignore[arg-type]
                took = time.perf_counter() - began
                began = time.perf_counter()
                again = group(opened, Rule(by=by))  # type: ignore[arg-type]
                twice = time.perf_counter() - began
        told = f"{report.made} sets, {len(report.left_out)} left out; again: {again.made} sets in {twice:.2f}"
        print(f"{by:>8}  {took:6.2f}  {told}")
    random = np.random.default_rng(1)
    hashes = random.integers(0, 1 << 63, count // 4, dtype=np.uint64).repeat(4) ^ random.integers(0, 8, count).astype(
        "u8"
    )
    candidates = [
        Candidate(key=(number, str(number)), name=str(number), phash=int(phash), look=bytes(192))
        for number, phash in enumerate(hashes)
    ]
    began = time.perf_counter()
    made = len(similarity.by_similarity(candidates).sets)
    print(f"look-alikes in memory: {time.perf_counter() - began:.2f} s, {made} sets")


def _fill(db: object, uid: int, count: int) -> None:
    for number in range(count):
        scene, take = divmod(number, 4)
        moment = datetime.fromtimestamp(1_700_000_000 + scene * 60 + take, UTC)
        new = NewImage(
            sha256=_sha256(number),
            storage="copy",
            path=Path("originals") / f"{number}.jpg",
            name=f"{scene}_stage{(1, 1.5, 2, 3)[take]:g}.jpg",
            source=f"/photos/{scene}/{scene}_stage{(1, 1.5, 2, 3)[take]:g}.jpg",
            bytes=1000,
            mtime_ns=number,
            width=640,
            height=480,
            format="JPEG",
            mode="RGB",
            source_group=f"scene {scene}",
            taken_at=moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            phash=int.from_bytes(hashlib.sha256(str(scene).encode()).digest()[:8]) ^ take,
        )
        images.add(db, uid, new)  # type: ignore[arg-type]


def _link_previews(folder: Path, count: int) -> None:
    """Every image gets the same small preview: the time to read it is what counts."""
    picture = folder.parent / "preview.jpg"
    Image.effect_noise((THUMB, THUMB * 3 // 4), 60).convert("RGB").save(picture, quality=80)
    for number in range(count):
        target = preview_path(folder, _sha256(number), THUMB)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(picture, target)


def _sha256(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("photos", type=Path, nargs="?", help="folder with MANIFEST.csv and one folder a scene")
    parser.add_argument("--images", type=int, default=10_000)
    wanted = parser.parse_args()
    if wanted.photos:
        photos = read(wanted.photos)
        everything = [photo.candidate for photo in photos]
        print(f"folder: {len(by_folder(everything).sets)} sets of {len({one.folder for one in everything})} folders")
        timed = [one for one in everything if one.taken_ms is not None and one.folder.startswith("real")]
        print(f"burst: {len(timed)} photos of {len({one.folder for one in timed})} real sets have a time")
        sweep("burst, gap in seconds", timed, GAPS_S, burst, GAP_MS / 1000, in_time=True)
        sweep("similar, bits", everything, RADII, similar, similarity.RADIUS)
        sharpest(photos)
    if wanted.images:
        speed(wanted.images)


if __name__ == "__main__":
    main()
