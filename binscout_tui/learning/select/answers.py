"""What the network says of many pictures, some at a time: the one way in which validation, report and engine ask it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.features import Features
from binscout_tui.learning.frozen import Kind
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.plan import Plan
from binscout_tui.learning.process import Place
from binscout_tui.learning.select.boxes import Boxes, decode, from_square
from binscout_tui.learning.select.network import GRID, SetNetwork

CHUNK = 32

Rows = NDArray[np.intp]
Inputs = Callable[[Rows], Tensor]  # what the network is given for some rows, on its device


class PixelInputs:
    """Normalised pictures (n, 3, S, S) of rows of `pixels` (N, S, S, 3) uint8."""

    def __init__(self, pixels: Pixels, mean: Sequence[float], std: Sequence[float], device: torch.device) -> None:
        self.pixels, self.device = pixels, device
        self._mean, self._std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (mean, std))

    def __call__(self, rows: Rows) -> Tensor:
        """(n, 3, S, S) float32."""
        return self.normal(self.plain(rows))

    def plain(self, rows: Rows) -> Tensor:
        """(n, 3, S, S) float32 0..1, as pictures are changed in training."""
        return torch.from_numpy(self.pixels[rows]).permute(0, 3, 1, 2).to(self.device).float() / 255

    def normal(self, images: Tensor) -> Tensor:
        """Pictures 0..1 as the network wants them."""
        return ((images - self._mean) / self._std).contiguous(memory_format=torch.channels_last)


class FeatureInputs:
    """Rows of frozen features (N, C, GRID, GRID) float16, for heads that learn alone."""

    def __init__(self, features: NDArray[np.float16], device: torch.device) -> None:
        self.features, self.device = features, device

    def __call__(self, rows: Rows) -> Tensor:
        """(n, C, GRID, GRID) float32."""
        return torch.from_numpy(self.features[rows]).to(self.device).float()


def backbone_kind(network: SetNetwork, config: TrainConfig, plan: Plan, place: Place) -> Kind:
    """What the backbone of `network` with the weights file of the run sees, as features to be kept on disk.

    The name changes with the weights, the size and the way pixels reach the network.
    """
    assert config.weights is not None
    weights = hashlib.sha256(Path(config.weights).read_bytes()).hexdigest()
    way = json.dumps([plan.image_size, plan.mean, plan.std, GRID])
    name = f"sets-{weights[:16]}-{hashlib.sha256(way.encode()).hexdigest()[:8]}"
    width = int(network.backbone.num_features)  # type: ignore[arg-type]
    see = _Seeing(network.to(place.device).eval(), plan, place.device)
    return Kind(name, plan.image_size, width * GRID**2, see)


class _Seeing:
    """A backbone, asked for what it sees: (N, S, S, 3) uint8 to (N, C * GRID * GRID) float32."""

    def __init__(self, network: SetNetwork, plan: Plan, device: torch.device) -> None:
        self._network, self._plan, self._device = network, plan, device

    def __call__(self, pixels: Pixels) -> Features:
        inputs = PixelInputs(pixels, self._plan.mean, self._plan.std, self._device)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(pixels), CHUNK):
                rows = np.arange(start, min(len(pixels), start + CHUNK))
                parts.append(self._network.features(inputs(rows)).float().flatten(1).cpu().numpy())
        return np.concatenate(parts)


def answer(network: nn.Module, inputs: Inputs, rows: Rows) -> NDArray[np.float64]:
    """(n, 5) the answers of a network in `eval` mode for some rows."""
    with torch.inference_mode():
        parts = [
            network(inputs(rows[start : start + CHUNK])).double().cpu().numpy() for start in range(0, len(rows), CHUNK)
        ]
    return np.concatenate(parts) if parts else np.zeros((0, 5))


def boxes_of(answers: NDArray[np.float64], sizes: NDArray[np.float64]) -> Boxes:
    """(n, 4) the boxes of answers (n, 5), in the pictures of `sizes` (n, 2) and no longer in their squares."""
    return from_square(decode(answers[:, 1:]), sizes)
