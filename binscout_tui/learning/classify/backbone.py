"""A pretrained network that stays as it is: its features are computed once for each picture, and a head is fitted.

The features are kept on disk by the hash of the picture, so that the next training decodes and computes nothing that
was there before. The fitted head becomes the last layer of the network, and the model is one like any other.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui.learning.card import Preprocessing
from binscout_tui.learning.classify.finish import Finished, write
from binscout_tui.learning.classify.opinions import some
from binscout_tui.learning.classify.pool import JUDGED, Scores, weigh
from binscout_tui.learning.classify.samples import Samples, arrange, require_every_class
from binscout_tui.learning.classify.unknown import familiarise
from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.features import Features, describe_pictures
from binscout_tui.learning.frozen import Described, Kind, describe_sources
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.linear import FEWEST_FOR_REGRESSION, LinearHead, Views, fit_head, fit_prototypes
from binscout_tui.learning.networks import classifier_names
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.plan import Plan, preprocessing_of
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.process import Place
from binscout_tui.learning.scoring import embeddings
from binscout_tui.learning.sources import Pinned
from binscout_tui.learning.task import RunSetup

TURNS = 4  # evenly turned views of a training picture that the head learns from
PART = 128  # pictures after which features are kept: minutes of work for a large network on a CPU
SIMPLE_SIDE = 128  # pixels of the squares that the baseline of simple features looks at
FOLDER = "features"


def freezes(config: TrainConfig, place: Place) -> bool:
    """Whether only a head is fitted: on pretrained weights, where it was asked for or there is only a CPU."""
    if config.weights is None and not find_preset(config.task, config.preset).wants_weights:
        return False
    return config.mode == "frozen" or (config.mode == "auto" and place.device.type == "cpu")


class FrozenClassification:
    """Fits a head to what a pretrained `network` sees. There is nothing for the loop to train."""

    def __init__(self, run: RunSetup, network: nn.Module) -> None:
        self.run, self.network = run, network.requires_grad_(False).eval()
        self.weights = torch.zeros(0, dtype=torch.float64)
        self.unreadable: list[str] = []  # nothing is read before the end

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> Any:
        """Never asked for."""
        raise NotImplementedError

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Never asked for."""
        raise NotImplementedError

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Never asked for."""
        raise NotImplementedError

    def finish(self, network: nn.Module, training: Mapping[str, Any]) -> dict[str, Any]:
        """Describe the pictures, fit the head, judge and write the model; returns the report."""
        run = self.run
        items = [item for item in run.items if isinstance(item, DatasetItem)]
        network.eval()
        seen = self._described(backbone_kind(network, run.config, run.plan, run.place), items)
        simple = self._described(SIMPLE, items)
        samples = arrange(items, run.plan.classes, {**simple.failures, **seen.failures})
        self._tell(samples)
        require_every_class(samples, run.plan.classes)
        views = np.split(seen.features, TURNS, axis=1)
        head, mode_words = fit(views, samples, len(run.plan.classes), run.config.seed)
        run.events.log("info", mode_words)
        put_head(network, head)
        return write(run, self._finished(network, views, head, simple.features, samples), samples, training)

    def _finished(
        self, network: nn.Module, views: Sequence[Features], head: LinearHead, simple: Features, samples: Samples
    ) -> Finished:
        rows, run = samples.rows, self.run
        judged = views if run.plan.views == TURNS else views[:1]
        scores: Scores = {split: head.probabilities([view[rows[split]] for view in judged]) for split in JUDGED}
        plain, strength = fit_head(
            Views([simple[rows["train"]]], samples.labels[rows["train"]]),
            Views([simple[rows["val"]]], samples.labels[rows["val"]]),
            len(run.plan.classes),
        )
        train = some(rows["train"], run.config.seed)
        seen = {"train": views[0][train], **{split: views[0][rows[split]] for split in JUDGED}}
        return Finished(
            network=network,
            opinions=[],
            pool=weigh({"network": scores}, samples.labels[rows["val"]]),
            familiar=familiarise(seen["train"], run.config.seed),
            seen=seen,
            seen_kind="network",
            simple=({split: plain.probabilities([simple[rows[split]]]) for split in JUDGED}, strength),
            mode="frozen",
            epochs=0,
        )

    def _described(self, kind: Kind, items: Sequence[DatasetItem]) -> Described:
        """The features of all pictures, from disk where they are there; a stop keeps what is done."""
        run = self.run

        def look(done: int) -> bool:
            run.events.progress(done, len(items), None, "features")
            run.stopped()
            return False

        folder = Path(run.config.features) if run.config.features else run.folder / FOLDER
        sources = [Pinned(Path(item.path), item.sha256) for item in items]
        return describe_sources(folder, kind, sources, look, [item.crop for item in items], PART)

    def _tell(self, samples: Samples) -> None:
        for index, reason in samples.unreadable.items():
            self.run.events.log("warning", f"{samples.items[index].path}: {reason}")
        if samples.unreadable:
            left_out = f"{len(samples.unreadable)} of {len(samples.items)} images cannot be read and are left out"
            self.run.events.log("warning", left_out)


def fit(views: Sequence[Features], samples: Samples, classes: int, seed: int) -> tuple[LinearHead, str]:
    """The head that suits the number of pictures, and what it is in words."""
    train, val = some(samples.rows["train"], seed), samples.rows["val"]
    lesson = Views([view[train] for view in views], samples.labels[train])
    fewest = min(Counter(lesson.labels.tolist()).values())
    if fewest < FEWEST_FOR_REGRESSION:
        return fit_prototypes(lesson, classes), f"prototypes: a class has {fewest} training pictures"
    head, strength = fit_head(lesson, Views([views[0][val]], samples.labels[val]), classes)
    return head, f"logistic regression of strength {strength:g} on frozen features"


def put_head(network: Any, head: LinearHead) -> None:
    """Make the fitted head the last layer of a timm `network`."""
    weight, bias = head.unscaled()
    layer = network.get_classifier()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))


def backbone_kind(network: nn.Module, config: TrainConfig, plan: Plan, place: Place) -> Kind:
    """What `network` sees in TURNS views, side by side.

    The name changes with the weights, the network and the way pixels reach it.
    """
    preset, wanted = find_preset(config.task, config.preset), preprocessing_of(plan, TURNS)
    way = json.dumps([preset.arch, preset.arch_options, wanted.square, wanted.size, wanted.mean, wanted.std, TURNS])
    name = f"backbone-{fingerprint(network)[:16]}-{hashlib.sha256(way.encode()).hexdigest()[:8]}"
    see = _Seeing(network.to(place.device), wanted, place.device)
    width = see(np.zeros((1, wanted.square, wanted.square, 3), np.uint8)).shape[1]
    return Kind(name, wanted.square, width, see)


def fingerprint(network: nn.Module) -> str:
    """SHA-256 of all weights but those of the last layer."""
    found, head = hashlib.sha256(), classifier_names(network)
    for name, tensor in network.state_dict().items():
        if name not in head:
            found.update(name.encode())
            found.update(tensor.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


class _Seeing:
    """A network, asked for what it sees."""

    def __init__(self, network: nn.Module, wanted: Preprocessing, device: torch.device) -> None:
        self._network, self._wanted, self._device = network, wanted, device

    def __call__(self, pixels: Pixels) -> Features:
        """(N, S, S, 3) uint8 to (N, TURNS * width) float32."""
        return np.concatenate(embeddings(self._network, pixels, self._wanted, self._device, TURNS), axis=1)


SIMPLE = Kind("simple-1", SIMPLE_SIDE, describe_pictures(np.zeros((1, 8, 8, 3), np.uint8)).shape[1], describe_pictures)
