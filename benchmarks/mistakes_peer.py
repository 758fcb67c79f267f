"""Our queue of suspects beside cleanlab's, on the same probabilities and the same wrong labels.

    python benchmarks/mistakes_peer.py [FOLDER] [--seeds 20] [--first 1000] [--share 0.05] [--made 2000]

FOLDER holds `parts/` with its MANIFEST.csv (default: $BINSCOUT_TEST_PHOTOS); all its families together are one data
set, and `--made` images of drawn parts are another. For each seed that share of the labels is changed to another class
at random. Both judge the same out-of-fold probabilities; printed is the mean share of the wrong labels in the first
10 % of each queue. cleanlab is not needed by the program: `pip install cleanlab` into an environment of its own beside
it. Without it only our figures are printed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mistakes import Family, flipped, read_families

from binscout_tui.learning.metrics import Floats, Ints
from binscout_tui.learning.mistakes import FOLDS, deal, opinions, out_of_fold, projected
from binscout_tui.learning.pixels import read_square
from binscout_tui.learning.rings import COLOURS, SIDE, describe_parts
from binscout_tui.operations.mistakes import WEIGHTS

CUT = 0.10
SAME = 0.02
"""Parity is within two points."""


def main() -> int:
    """Print a line for each data set; 1 where the queues differ by more than two points."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("BINSCOUT_TEST_PHOTOS"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--made", type=int, default=2000)
    given = parser.parse_args()
    sets: list[Family] = []
    if given.folder is not None:
        sets.append(joined("all photos", read_families(given.folder / "parts")))
    if given.made:
        sets.append(drawn(given.made))
    rankers = peers()
    print(f"{given.share:.0%} of the labels wrong, {given.seeds} seeds; mean share (least) in the first {CUT:.0%}")
    far = 0.0
    for one in sets:
        found = [recalls(one, given.share, seed, rankers) for seed in range(given.first, given.first + given.seeds)]
        for name in found[0]:
            values = [each[name] for each in found]
            print(
                f"{one.name:<12} {len(one.labels):>5} images  {name:<28} {np.mean(values):.3f} ({np.min(values):.2f})"
            )
        margins = [np.mean([each[name] for each in found]) for name in found[0] if "margin" in name]
        far = max(far, float(max(margins) - min(margins)))
    print(f"the queues by margin differ by {far:.3f} at most" if rankers else "cleanlab is not installed")
    return 0 if far <= SAME else 1


def joined(name: str, families: list[Family]) -> Family:
    """One data set of several."""
    first, labels = 0, []
    for family in families:
        labels.append(family.labels + first)
        first += int(family.labels.max()) + 1
    blocks = {kind: np.concatenate([family.blocks[kind] for family in families]) for kind in families[0].blocks}
    return Family(name, blocks, np.concatenate(labels), [group for family in families for group in family.groups])


def drawn(count: int) -> Family:
    """Drawn parts of all kinds, each picture from a source of its own."""
    from binscout_tui.synthetic.library import write_library

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "made"
        write_library(root, per_class=1, sets=1, counts=1)
        classes = len([one for one in (root / "parts").rglob("*") if one.is_dir() and any(one.glob("*.*"))])
        write_library(Path(folder) / "all", per_class=-(-count // classes), sets=1, counts=1)
        files = sorted(one for one in (Path(folder) / "all" / "parts").rglob("*") if one.suffix in (".jpg", ".png"))
        pixels = np.stack([read_square(one, None, SIDE) for one in files])
    described = describe_parts(pixels)
    labels = np.unique([one.parent.name for one in files], return_inverse=True)[1].astype(np.int64)
    blocks = {"rings": described[:, :-COLOURS], "colour": described[:, -COLOURS:]}
    return Family("drawn parts", blocks, labels, [one.stem for one in files])


def peers() -> dict[str, Callable[[Ints, Floats], Floats]]:
    """cleanlab's scores, the lowest most suspect."""
    try:
        rank: Any = importlib.import_module("cleanlab.rank")
    except ImportError:
        return {}

    def scores(method: str) -> Callable[[Ints, Floats], Floats]:
        return lambda labels, found: np.asarray(rank.get_label_quality_scores(labels, found, method=method))

    return {f"cleanlab {method}": scores(method) for method in ("normalized_margin", "self_confidence")}


def recalls(
    family: Family, share: float, seed: int, rankers: dict[str, Callable[[Ints, Floats], Floats]]
) -> dict[str, float]:
    """{queue: share of the wrong labels in its first part}, all from the same probabilities."""
    labels, wrong = flipped(family.labels, share, seed)
    kinds = ("rings", "colour")
    features = projected([family.blocks[kind] for kind in kinds], [WEIGHTS.get(kind, 1.0) for kind in kinds])
    found = out_of_fold(features, labels, deal(labels, family.groups, FOLDS))
    ours = opinions(found, labels)
    whole = np.nan_to_num(found)
    whole /= np.maximum(whole.sum(axis=1, keepdims=True), 1e-12)
    first = int(np.ceil(CUT * len(labels)))
    queues = {"ours by margin": ours.queue("margin"), "ours by confidence": ours.queue("confidence")}
    queues |= {name: np.argsort(score(labels, whole), kind="stable") for name, score in rankers.items()}
    return {name: float(wrong[queue[:first]].sum() / wrong.sum()) for name, queue in queues.items()}


if __name__ == "__main__":
    begun = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - begun:.0f} s")
    raise SystemExit(code)
