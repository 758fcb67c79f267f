"""The classifier as the loop sees it: its pictures, batches, loss and figures after an epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from binscout_tui import atomic
from binscout_tui.learning.augment import augment
from binscout_tui.learning.cache import CACHE_FILE, decode_to_disk, map_cache
from binscout_tui.learning.classify.backbone import FrozenClassification, freezes
from binscout_tui.learning.classify.finish import finish
from binscout_tui.learning.classify.samples import Samples, arrange, require_every_class
from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.metrics import Ints, mean_nll
from binscout_tui.learning.networks import NoNetwork, build_network, download_pretrained, load_pretrained
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.plan import Plan, preprocessing_of
from binscout_tui.learning.presets import NO_NETWORK, find_preset
from binscout_tui.learning.process import wait_for_all
from binscout_tui.learning.scoring import probabilities_of_rows
from binscout_tui.learning.task import Learner, RunSetup

UNREADABLE_FILE = "unreadable.json"


def learner(run: RunSetup) -> Learner:
    """Everything that training a classifier needs, its pictures decoded."""
    network = initial_network(run.config, run.plan, run.events)
    if freezes(run.config, run.place):
        return FrozenClassification(run, network)
    pixels, samples = load_pictures(run)
    return Classification(run, network, pixels, samples)


def initial_network(config: TrainConfig, plan: Plan, events: EventWriter) -> nn.Module:
    """The network before the first step: random, from a local file, or from the hub; empty for a preset of none."""
    preset = find_preset(config.task, config.preset)
    if preset.arch == NO_NETWORK:
        return NoNetwork()
    torch.manual_seed(plan.seed)
    if preset.wants_weights and config.weights is None:
        events.log("info", f"downloading the pretrained weights of {preset.arch}")
        return download_pretrained(preset.arch, preset.arch_options, len(plan.classes))
    network = build_network(preset.arch, preset.arch_options, len(plan.classes), plan.image_size)
    if config.weights is not None:
        fresh = load_pretrained(network, Path(config.weights))
        events.log("info", f"weights from {Path(config.weights).name}; new: {', '.join(fresh) or 'nothing'}")
    return network


def load_pictures(run: RunSetup) -> tuple[Pixels, Samples]:
    """All pictures, decoded once on each host and mapped by its processes; what cannot be read is told and left out."""
    items = [item for item in run.items if isinstance(item, DatasetItem)]

    def decoded(done: int) -> None:
        run.events.progress(done, len(items), None, "decoding")
        run.stopped()

    if run.place.leads_host:
        failures = decode_to_disk(run.scratch / CACHE_FILE, items, run.plan.cache_size, decoded)
        atomic.write_text(run.scratch / UNREADABLE_FILE, json.dumps(failures))
        for index, reason in failures.items():
            run.events.log("warning", f"{items[index].path}: {reason}")
        if failures:
            run.events.log("warning", f"{len(failures)} of {len(items)} images cannot be read and are left out")
    wait_for_all(run.place)
    found = json.loads((run.scratch / UNREADABLE_FILE).read_text())
    samples = arrange(items, run.plan.classes, {int(key): reason for key, reason in found.items()})
    require_every_class(samples, run.plan.classes)
    return map_cache(run.scratch / CACHE_FILE), samples


class Classification:
    """Learns class numbers of the squares `pixels` (N, S, S, 3) uint8."""

    def __init__(self, run: RunSetup, network: nn.Module, pixels: Pixels, samples: Samples) -> None:
        self.run, self.network, self.pixels, self.samples = run, network, pixels, samples
        self.train = samples.rows["train"]
        self.weights = torch.from_numpy(balanced_weights(samples.labels[self.train]))
        self.unreadable = [samples.items[row].path for row in samples.unreadable]
        device = run.place.device
        self._mean = torch.tensor(run.plan.mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(run.plan.std, device=device).view(1, 3, 1, 1)

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Changed pictures (n, 3, S, S) as the network sees them, and their class numbers (n,)."""
        found, device = self.train[rows], self.run.place.device
        pixels = torch.from_numpy(self.pixels[found]).permute(0, 3, 1, 2).to(device)
        images = augment(pixels, self.run.plan.image_size, self.run.plan.augment, generator)
        images = ((images - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        return images, torch.from_numpy(self.samples.labels[found]).to(device)

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy with smoothed labels, and `train_acc`."""
        images, truth = batch
        logits = network(images).float()
        right = (logits.argmax(1) == truth).float().mean()
        smoothing = self.run.plan.label_smoothing
        return functional.cross_entropy(logits, truth, label_smoothing=smoothing), {"train_acc": right}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """`val_acc` and `val_loss`, on one view of each picture."""
        plan, rows = self.run.plan, self.samples.rows["val"]
        scores = probabilities_of_rows(
            network, self.pixels, rows, preprocessing_of(plan, 1), self.run.place.device, len(plan.classes)
        )
        truth = self.samples.labels[rows]
        return {"val_acc": float((scores.argmax(axis=1) == truth).mean()), "val_loss": mean_nll(scores, truth)}

    def finish(self, network: nn.Module, training: Mapping[str, Any]) -> dict[str, Any]:
        """Calibrate, judge and write the model; the pictures are let go of."""
        run = self.run
        known = None if isinstance(network, NoNetwork) else network
        report = finish(run, known, self.pixels, self.samples, training)
        for name in (CACHE_FILE, UNREADABLE_FILE):
            (run.folder / name).unlink(missing_ok=True)
        return report


def balanced_weights(labels: Ints) -> NDArray[np.float64]:
    """A drawing weight a picture: 1 / sqrt of its class's size, halfway between even classes and even pictures."""
    counts = np.bincount(labels)
    return np.asarray(1 / np.sqrt(counts[labels]))
