"""Learning to count: what the loop needs of this task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui.learning.count.augment import change_light, cut_piece, draw_piece, on_other_ground
from binscout_tui.learning.count.card import AREA
from binscout_tui.learning.count.finish import finish
from binscout_tui.learning.count.heat import Look
from binscout_tui.learning.count.losses import SIZE_WEIGHT, focal, size_loss
from binscout_tui.learning.count.network import MULTIPLE, STRIDE, CentreNetwork, build_counter
from binscout_tui.learning.count.peaks import choose_threshold
from binscout_tui.learning.count.samples import Samples, load_samples
from binscout_tui.learning.count.scale import centres, widths
from binscout_tui.learning.count.targets import Target, draw_target
from binscout_tui.learning.networks import build_network, load_pretrained
from binscout_tui.learning.presets import find_preset, recipe
from binscout_tui.learning.task import Learner, RunSetup

IMAGENET_CLASSES = 1000
OTHER_GROUND = 0.3  # the share of pieces of pictures with boxes that lie on a made-up surface

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def learner(run: RunSetup) -> Learner:
    """The learner of `run`: a network that marks centres, or the area fit alone.

    Raises what `load_samples` raises.
    """
    preset = find_preset(run.config.task, run.config.preset)
    if preset.arch == AREA:
        return AreaLearner(run, load_samples(run, network=False))
    samples = load_samples(run, network=True)
    torch.manual_seed(run.plan.seed)
    return CountLearner(run, samples, initial_network(run, samples))


def initial_network(run: RunSetup, samples: Samples) -> CentreNetwork:
    """The network before the first step: random, or a backbone with the weights of a local file.

    On a CPU, or where the settings ask for it, such a backbone stays as it is and only what is built on it learns.
    """
    config = run.config
    preset = recipe(config.task, config.preset, config.weights)
    network = build_counter(preset.arch, preset.arch_options, samples.side * samples.usual / STRIDE)
    if config.weights is None:
        return network
    backbone = build_network(preset.arch, {}, IMAGENET_CLASSES, run.plan.image_size)
    load_pretrained(backbone, Path(config.weights))
    given = backbone.state_dict()
    network.encoder.load_state_dict({name: given[name] for name in network.encoder.state_dict()})
    frozen = config.mode == "frozen" or (config.mode == "auto" and run.place.device.type == "cpu")
    if frozen:
        network.freeze()
    what = "stays as it is" if frozen else "learns too"
    run.events.log("info", f"backbone weights from {Path(config.weights).name}; the backbone {what}")
    return network


class CountLearner:
    """Learns centres from random pieces of the marked training pictures."""

    def __init__(self, run: RunSetup, samples: Samples, network: CentreNetwork) -> None:
        self.run, self.samples = run, samples
        self.network: nn.Module = network
        self.rows = samples.marked()
        self.weights = torch.ones(len(self.rows), dtype=torch.float64)
        self.unreadable = samples.lost
        self.side = -(-run.plan.image_size // MULTIPLE) * MULTIPLE
        self._mean = torch.tensor(run.plan.mean).view(1, 3, 1, 1)
        self._std = torch.tensor(run.plan.std).view(1, 3, 1, 1)

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> Batch:
        """Normalised pieces (N, 3, S, S), and heat, sizes, known and mask (N, 1, S/4, S/4)."""
        pieces = [self._piece(int(self.rows[row]), generator) for row in rows]
        images = change_light(torch.stack([pixels for pixels, _ in pieces]), self.run.plan.augment, generator)
        images = ((images - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        targets = [target for _, target in pieces]
        maps = (
            torch.from_numpy(np.stack([getattr(target, name) for target in targets])[:, None])
            for name in ("heat", "sizes", "known", "mask")
        )
        heat, sizes, known, mask = (part.to(self.run.place.device) for part in maps)
        return images.to(self.run.place.device), heat, sizes, known, mask

    def _piece(self, row: int, generator: torch.Generator) -> tuple[Tensor, Target]:
        item, picture = self.samples.items[row], self.samples.pictures[row]
        height, width = picture.shape[:2]
        points = np.array(centres(item), np.float64).reshape(-1, 2) * (width, height)
        across = widths(item, width, height, self.samples.usual * self.samples.side)
        piece = draw_piece((height, width), points, self.side, generator)
        pixels, visible = cut_piece(picture, piece)
        moved, across = piece.moved(points), across * piece.scale
        complete = item.complete or item.count == 0
        if complete and item.boxes and float(torch.rand(1, generator=generator)) < OTHER_GROUND:
            pixels = on_other_ground(pixels, moved, across, generator)
        cells = self.side // STRIDE
        target = draw_target(moved / STRIDE, across / STRIDE, (cells, cells), visible, complete)
        return pixels, target

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Focal loss of the centres and, weighted, the error of the log sizes."""
        images, heat, sizes, known, mask = batch
        answer = network(images).float()
        centre = focal(answer[:, :1], heat, mask)
        size = size_loss(answer[:, 1:], sizes, known)
        return centre + SIZE_WEIGHT * size, {"train_centre": centre.detach(), "train_size": size.detach()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Errors on the validation images at the threshold that suits them best, one view."""
        plan = self.run.plan
        look = Look(network, self.run.place.device, plan.mean, plan.std, 1)
        rows = self.samples.rows("val")
        peaks = [look.peaks(self.samples.pictures[row]) for row in rows]
        truth = [self.samples.items[row].count for row in rows]
        threshold = choose_threshold(peaks, truth)
        errors = np.abs([found.count(threshold) - count for found, count in zip(peaks, truth, strict=True)])
        return {"val_mae": float(errors.mean()), "val_exact": float((errors == 0).mean())}

    def finish(self, network: nn.Module, training: Mapping[str, Any]) -> dict[str, Any]:
        """Calibrate, judge and write the model."""
        return finish(self.run, self.samples, network.eval(), training)


class AreaLearner:
    """Nothing to train: the area fit is made at the end."""

    def __init__(self, run: RunSetup, samples: Samples) -> None:
        self.run, self.samples = run, samples
        self.network = nn.Module()
        self.network.register_parameter("none", nn.Parameter(torch.zeros(1), requires_grad=False))  # nothing to average
        self.weights = torch.ones(len(samples.rows("train")), dtype=torch.float64)
        self.unreadable = samples.lost

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> Any:
        """Not called: there are no parameters."""
        raise NotImplementedError

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Not called: there are no parameters."""
        raise NotImplementedError

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Not called: there are no epochs."""
        raise NotImplementedError

    def finish(self, network: nn.Module, training: Mapping[str, Any]) -> dict[str, Any]:
        """Fit, judge and write the model."""
        return finish(self.run, self.samples, None, training)
