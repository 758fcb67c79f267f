"""Learning to choose, as the loop sees it: sets as samples, whole sets in a batch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui import atomic
from binscout_tui.learning.cache import CACHE_FILE, map_cache, new_cache
from binscout_tui.learning.frozen import describe_sources
from binscout_tui.learning.items import SetImage, SetItem
from binscout_tui.learning.presets import recipe
from binscout_tui.learning.process import wait_for_all
from binscout_tui.learning.select.advice import Parts, choice_nll
from binscout_tui.learning.select.answers import FeatureInputs, Inputs, PixelInputs, answer, backbone_kind
from binscout_tui.learning.select.augment import augment_set
from binscout_tui.learning.select.boxes import overlap, to_square
from binscout_tui.learning.select.finish import JUDGED, Finished, finish
from binscout_tui.learning.select.judging import judge
from binscout_tui.learning.select.network import GRID, SetNetwork, initial_network
from binscout_tui.learning.select.reading import Pictures, empty_pictures, fill
from binscout_tui.learning.select.recipes import RECIPES
from binscout_tui.learning.select.samples import ChoiceSet, Samples, arrange, cropped, distinct, require_sets
from binscout_tui.learning.sources import Pinned
from binscout_tui.learning.task import RunSetup
from binscout_tui.learning.tasks import FACTS_FILE

UNREADABLE_FILE = "unreadable.json"
FEATURES_FOLDER = "features"
FEATURES_PART = 128  # pictures after which features are kept: minutes of work for a large network on a CPU


@dataclass(frozen=True, slots=True)
class Batch:
    """`images` (N, 3, S, S) or their features, of the sets one after another; `lengths` of the sets, `chosen` (S,).

    `boxed` (K,) are the rows of `images` whose box `truth` (K, 4) is known.
    """

    images: Tensor
    lengths: list[int]
    chosen: Tensor
    boxed: Tensor
    truth: Tensor


def learner(run: RunSetup) -> Selection:
    """Everything that training needs, the pictures read and measured."""
    preset = recipe("select", run.config.preset, run.config.weights)
    network, built = initial_network(preset, run.plan, run.config.weights, run.events)
    pictures, samples = load_pictures(run)
    return Selection(run, network, (built.arch, built.arch_options), pictures, samples)


def load_pictures(run: RunSetup) -> tuple[Pictures, Samples]:
    """All pictures, read once on each host and mapped by all there; what cannot be read is reported and left out."""
    items = [item for item in run.items if isinstance(item, SetItem)]
    images = distinct(items)
    if run.place.leads_host:
        _read_to_disk(run, images, run.plan.image_size)
    wait_for_all(run.place)
    failures = json.loads((run.scratch / UNREADABLE_FILE).read_text())
    samples = arrange(items, images, {int(row): reason for row, reason in failures.items()})
    require_sets(samples)
    with np.load(run.scratch / FACTS_FILE) as facts:
        pictures = Pictures(map_cache(run.scratch / CACHE_FILE), **facts)
    if run.place.leads and samples.left_out:
        run.events.log("warning", f"{len(samples.left_out)} of {len(items)} sets cannot be used and are left out")
    return pictures, samples


def _read_to_disk(run: RunSetup, images: Sequence[SetImage], side: int) -> None:
    def read(done: int) -> None:
        run.events.progress(done, len(images), None, "decoding")
        run.stopped()

    pixels = new_cache(run.scratch / CACHE_FILE, len(images), side)
    pictures = empty_pictures(len(images), pixels)
    failures = fill(pictures, images, read, side)
    pixels.flush()
    with (run.scratch / FACTS_FILE).open("wb") as file:
        np.savez(file, **pictures.facts())
    atomic.write_text(run.scratch / UNREADABLE_FILE, json.dumps(failures))
    for row, reason in failures.items():
        run.events.log("warning", f"{images[row].path}: {reason}")


class Selection:
    """Learns choices and boxes of sets from their pictures, or the two heads alone from frozen features."""

    def __init__(
        self,
        run: RunSetup,
        network: SetNetwork,
        arch: tuple[str, Mapping[str, Any]],
        pictures: Pictures,
        samples: Samples,
    ) -> None:
        self.run, self.whole, self.arch, self.pictures, self.samples = run, network, arch, pictures, samples
        self.images = distinct([item for item in run.items if isinstance(item, SetItem)])
        self.recipe = RECIPES[recipe("select", run.config.preset, run.config.weights).name]
        self.pixels = PixelInputs(pictures.pixels, run.plan.mean, run.plan.std, run.place.device)
        self.frozen = self._freeze() if freezes(run) else None
        self.network: nn.Module = network if self.frozen is None else network.heads
        self.inputs: Inputs = self.pixels if self.frozen is None else self.frozen
        self.weights = torch.ones(len(samples.sets["train"]), dtype=torch.float64)
        self.unreadable = {lost["path"] for of_split in samples.unreadable.values() for lost in of_split}
        self._boxes = square_boxes(samples.sets["train"], pictures)

    def _freeze(self) -> FeatureInputs:
        """What the backbone sees in each picture, from disk where it is there; computed once on each host."""
        run, images = self.run, self.images

        def look(done: int) -> bool:
            run.events.progress(done, len(images), None, "features")
            run.stopped()
            return False

        folder = Path(run.config.features) if run.config.features else run.scratch / FEATURES_FOLDER
        kind = backbone_kind(self.whole, run.config, run.plan, run.place)
        sources = [Pinned(Path(image.path), image.sha256) for image in images]
        if not run.place.leads_host:
            wait_for_all(run.place)
        seen = describe_sources(folder, kind, sources, look, part=FEATURES_PART)
        if run.place.leads_host:
            wait_for_all(run.place)
        return FeatureInputs(seen.features.astype(np.float16).reshape(len(images), -1, GRID, GRID), run.place.device)

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> Batch:
        """Whole sets, each changed as one; frozen features are taken as they are."""
        sets = [self.samples.sets["train"][row] for row in rows]
        lengths = [len(one.rows) for one in sets]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        images, boxes = self._images(sets, [self._boxes[row] for row in rows], generator)
        boxed = [
            (start + one.chosen, box) for start, one, box in zip(starts, sets, boxes, strict=True) if box is not None
        ]
        device = self.run.place.device
        return Batch(
            images,
            lengths,
            torch.tensor([one.chosen for one in sets], device=device),
            torch.tensor([row for row, _ in boxed], dtype=torch.long, device=device),
            torch.stack([box for _, box in boxed]).to(device) if boxed else torch.zeros((0, 4), device=device),
        )

    def _images(
        self, sets: Sequence[ChoiceSet], boxes: Sequence[Tensor | None], generator: torch.Generator
    ) -> tuple[Tensor, Sequence[Tensor | None]]:
        if self.frozen is not None:
            return self.frozen(np.concatenate([one.rows for one in sets])), boxes
        changed = [
            augment_set(self.pixels.plain(one.rows), box, generator) for one, box in zip(sets, boxes, strict=True)
        ]
        return self.pixels.normal(torch.cat([images for images, _ in changed])), [box for _, box in changed]

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The losses of the recipe, and `train_top1` and `train_box`."""
        answers = network(batch.images).float()
        scores, boxes = answers[:, 0], answers[batch.boxed, 1:]
        choice = self.recipe.choice(scores, batch.lengths, batch.chosen)
        box = self.recipe.box(boxes, batch.truth) if len(boxes) else answers[:, 1:].sum() * 0
        best = torch.stack([own.argmax() for own in scores.split(batch.lengths)])
        return choice + box, {"train_top1": (best == batch.chosen).float().mean(), "train_box": box.detach()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """`val_top1`, `val_iou` (where a person cut) and `val_loss` of the network alone."""
        sets, pictures = self.samples.sets["val"], self.pictures
        answers = self._answers(network, sets)
        alone = Parts(None, None, choice_share=1.0, crop_share=1.0)
        judged = judge(alone, sets, pictures, answers)
        found = {"val_top1": float(np.mean(judged.right)), "val_loss": choice_nll(judged.chances, judged.chosen)}
        _, _, truth = cropped(sets)
        if judged.boxes is not None and len(truth):
            found["val_iou"] = float(overlap(judged.boxes, truth).mean())
        return found

    def _answers(self, network: nn.Module, sets: Sequence[ChoiceSet]) -> NDArray[np.float64]:
        """(N, 5) for every picture, NaN for those that are in none of `sets`."""
        rows = np.unique(np.concatenate([one.rows for one in sets]))
        answers = np.full((len(self.pictures.sizes), 5), np.nan)
        answers[rows] = answer(network, self.inputs, rows)
        return answers

    def finish(self, network: nn.Module, training: Mapping[str, Any]) -> dict[str, Any]:
        """Fit and weigh the opinions, judge and write the model; the pictures are let go of."""
        answers = self._answers(network, [one for split in JUDGED for one in self.samples.sets[split]])
        (self.whole if self.frozen is None else self.whole.heads).load_state_dict(network.state_dict())
        done = Finished(self.whole, self.arch, answers)
        report = finish(self.run, done, self.pictures, self.samples, training)
        for name in (CACHE_FILE, UNREADABLE_FILE, FACTS_FILE):
            (self.run.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.run.folder / FEATURES_FOLDER, ignore_errors=True)
        return report


def freezes(run: RunSetup) -> bool:
    """Whether only the heads learn: of pretrained networks, where it was asked for or there is only a CPU."""
    if run.config.weights is None:
        return False
    return run.config.mode == "frozen" or (run.config.mode == "auto" and run.place.device.type == "cpu")


def square_boxes(sets: Sequence[ChoiceSet], pictures: Pictures) -> list[Tensor | None]:
    """(4,) float32 the crop of each set as it lies in the letterboxed picture of its choice; None without a crop."""
    found: list[Tensor | None] = []
    for one in sets:
        if one.crop is None:
            found.append(None)
            continue
        size = pictures.sizes[one.rows[one.chosen]][None]
        found.append(torch.from_numpy(to_square(one.crop[None], size)[0]).float())
    return found
