"""A timm backbone with two heads: how good a candidate is, and where to cut it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.networks import build_network, load_pretrained
from binscout_tui.learning.plan import Plan
from binscout_tui.learning.presets import Preset, find_preset

GRID = 7  # the heads see the picture in so many parts each way
SPREAD = 12**0.5  # a box of even weight is so many standard deviations wide


class SetNetwork(nn.Module):
    """Pictures (N, 3, S, S) to (N, 5): a score, and a box as centre x, centre y, log width, log height.

    Scores mean something within a set only; boxes are in the letterboxed square.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = Heads(int(backbone.num_features))  # type: ignore[arg-type]
        self.pretrained_cfg = {"classifier": "heads"}  # where timm looks for what learns fastest

    def forward(self, images: Tensor) -> Tensor:
        """(N, 5) of normalised pictures (N, 3, S, S)."""
        answers: Tensor = self.heads(self.features(images))
        return answers

    def features(self, images: Tensor) -> Tensor:
        """(N, C, GRID, GRID) what the backbone sees."""
        return as_grid(self.backbone, self.backbone.forward_features(images))  # type: ignore[operator]


class Heads(nn.Module):
    """Features (N, C, GRID, GRID) to (N, 5).

    The box starts as the middle and the spread of an attention over the grid, so that it follows the thing from the
    first step on; a linear layer corrects it.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.rank = nn.Linear(width, 1)
        self.attention = nn.Linear(width, 1)
        self.correction = nn.Linear(width, 4)
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)
        self.register_buffer("middles", (torch.arange(GRID) + 0.5) / GRID, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(N, 5) of (N, C, GRID, GRID)."""
        cells = self.norm(features.flatten(2).transpose(1, 2))
        pooled = cells.mean(dim=1)
        attention = self.attention(cells).softmax(dim=1).view(-1, GRID, GRID)
        box = self._attended(attention) + self.correction(pooled)
        return torch.cat([self.rank(pooled), box], dim=1)

    def _attended(self, attention: Tensor) -> Tensor:
        across, down = attention.sum(dim=1), attention.sum(dim=2)
        shares = torch.stack([across, down], dim=1)  # (N, 2, GRID)
        middles: Tensor = self.middles  # type: ignore[assignment]
        mean = (shares * middles).sum(dim=2)
        variance = (shares * (middles - mean[:, :, None]) ** 2).sum(dim=2) + 1 / (12 * GRID**2)
        return torch.cat([mean, (variance.sqrt() * SPREAD).log()], dim=1)


def as_grid(backbone: nn.Module, features: Tensor) -> Tensor:
    """(N, C, GRID, GRID) of what `forward_features` gives: a map, or tokens with a few before those of the picture."""
    if features.ndim == 3:
        tokens = features[:, int(getattr(backbone, "num_prefix_tokens", 0)) :]
        side = round(tokens.shape[1] ** 0.5)
        features = tokens.transpose(1, 2).reshape(len(tokens), -1, side, side)
    return nn.functional.adaptive_avg_pool2d(features, GRID)


def make_network(arch: str, options: Mapping[str, Any], image_size: int) -> SetNetwork:
    """The network with random weights; BinScoutError `arch_unknown`."""
    backbone = build_network(arch, {**options, "global_pool": ""}, 0, image_size)
    return SetNetwork(backbone)


def initial_network(preset: Preset, plan: Plan, weights: str | None, events: EventWriter) -> tuple[SetNetwork, Preset]:
    """The network before the first step, and the preset with the architecture that it has.

    Pretrained weights may be those of the preset with weights, or of its small network. Raises as `load_pretrained`.
    """
    torch.manual_seed(plan.seed)
    if weights is None:
        return make_network(preset.arch, preset.arch_options, plan.image_size), preset
    small = find_preset("select", preset.name)
    for candidate in (small, preset):
        network = make_network(candidate.arch, candidate.arch_options, plan.image_size)
        try:
            load_pretrained(network.backbone, Path(weights))
        except BinScoutError as error:
            if error.code != "weights_mismatch" or candidate is preset:
                raise
        else:
            events.log("info", f"weights of {candidate.arch} from {Path(weights).name}; new: the two heads")
            return network, candidate
    raise AssertionError("the last candidate returns or raises")
