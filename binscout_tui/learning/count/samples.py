"""Which images of a count dataset can be used, and at which size they are looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError
from binscout_tui.learning.count import area
from binscout_tui.learning.count.pictures import Pictures, map_pictures, read_scaled, write_pictures
from binscout_tui.learning.count.scale import is_marked, side_for, usual_width
from binscout_tui.learning.items import CountItem
from binscout_tui.learning.process import wait_for_all
from binscout_tui.learning.sources import Pinned
from binscout_tui.learning.splits import Split
from binscout_tui.learning.task import RunSetup

SCALE_FILE = "scale.json"
MEASURED = 64  # images whose shapes tell how large the things are
ROUGH = 128  # pixels at which their shapes are looked at


@dataclass(frozen=True, slots=True)
class Samples:
    """`usual` is the width of the usual thing as a share of the longest side, which is `side` pixels in `pictures`."""

    items: Sequence[CountItem]
    pictures: Pictures
    usual: float
    side: int

    def rows(self, split: Split) -> NDArray[np.intp]:
        """The readable images of `split`."""
        found = [i for i, item in enumerate(self.items) if item.split == split and i not in self.pictures.failures]
        return np.array(found, np.intp)

    def marked(self) -> NDArray[np.intp]:
        """The readable training images that a network can learn from."""
        return np.array([i for i in self.rows("train") if is_marked(self.items[i])], np.intp)

    @property
    def lost(self) -> list[str]:
        """The path of every image that gave no pixels."""
        return [self.items[row].path for row in self.pictures.failures]

    def unreadable(self, split: Split) -> list[dict[str, str]]:
        """Path and reason of every image of `split` that gave no pixels."""
        return [
            {"path": self.items[row].path, "reason": reason}
            for row, reason in sorted(self.pictures.failures.items())
            if self.items[row].split == split
        ]


def load_samples(run: RunSetup, network: bool) -> Samples:
    """Everything decoded once on each host and mapped by its processes; what cannot be read is reported and left out.

    Raises BinScoutError `dataset_unreadable`, and `dataset_no_points` where a `network` has nothing to learn from.
    """
    items = [item for item in run.items if isinstance(item, CountItem)]
    if run.place.leads_host:
        _decode(run, items, network)
    wait_for_all(run.place)
    scale = json.loads((run.scratch / SCALE_FILE).read_text())
    samples = Samples(items, map_pictures(run.scratch), scale["usual"], scale["side"])
    _require(samples, network)
    return samples


def _decode(run: RunSetup, items: Sequence[CountItem], network: bool) -> None:
    usual = measure(items)
    side = side_for(usual) if network else area.SIDE

    def decoded(done: int) -> None:
        run.events.progress(done, len(items), None, "decoding")
        run.stopped()

    failures = write_pictures(run.scratch, items, side, decoded)
    atomic.write_text(run.scratch / SCALE_FILE, json.dumps({"usual": usual, "side": side}))
    for row, reason in failures.items():
        run.events.log("warning", f"{items[row].path}: {reason}")
    if failures:
        run.events.log("warning", f"{len(failures)} of {len(items)} images cannot be read and are left out")
    if network:
        run.events.log("info", f"the usual thing is {usual:.1%} of a picture wide; pictures are seen at {side} pixels")


def measure(items: Sequence[CountItem]) -> float:
    """The width of the usual thing as a share of the longest side, from some of the marked training images."""
    marked = [item for item in items if item.split == "train" and (item.boxes or item.points)]
    chosen = [marked[i] for i in np.unique(np.linspace(0, len(marked) - 1, MEASURED).astype(int))] if marked else []
    seen, shapes = [], []
    for item in chosen:
        try:
            shape = read_scaled(Pinned(Path(item.path), item.sha256), ROUGH).shape
        except BinScoutError:
            continue  # reported when everything is decoded
        seen.append(item)
        shapes.append((shape[0], shape[1]))
    return usual_width(seen, shapes)


def _require(samples: Samples, network: bool) -> None:
    for split in ("train", "val"):
        if not len(samples.rows(split)):
            raise BinScoutError(
                f"None of the images of the {split} split can be read.",
                hint="Look at the log for the files, restore or remove them, and build the dataset again.",
                code="dataset_unreadable",
            )
    if network and not any(samples.items[row].boxes or samples.items[row].points for row in samples.marked()):
        raise BinScoutError(
            "No training image says where its things are, so a network cannot learn to mark them.",
            hint="Mark boxes or points on some images, or train with the preset area, which needs counts alone.",
            code="dataset_no_points",
        )
