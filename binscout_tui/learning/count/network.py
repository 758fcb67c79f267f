"""The network that marks centres: a small U-Net from scratch, or a timm backbone with the same way up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from binscout_tui.errors import BinScoutError
from binscout_tui.learning import torchvision_shim  # noqa: F401 - must come before timm

# isort: split
import timm

STRIDE = 4  # pixels of the picture for one cell of the map
MULTIPLE = 32  # pixels; pictures are padded to it, so that every level of any backbone fits
UNET = "count_unet"
RARE = 0.02  # the share of cells that are centres before anything is learned


class Block(nn.Sequential):
    """Two convolutions, each with a group norm: its figures are those of one picture, so batches may be small."""

    def __init__(self, entering: int, leaving: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(entering, leaving, 3, stride, 1, bias=False),
            nn.GroupNorm(8, leaving),
            nn.ReLU(inplace=True),
            nn.Conv2d(leaving, leaving, 3, 1, 1, bias=False),
            nn.GroupNorm(8, leaving),
            nn.ReLU(inplace=True),
        )


class Pyramid(nn.Module):
    """Features of a picture at strides 4, 8 and 16, from scratch. `channels`: of the stem and of the three levels."""

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        stem, *levels = channels
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.GroupNorm(8, stem), nn.ReLU(inplace=True))
        widths = [stem, *levels]
        self.levels = nn.ModuleList(Block(widths[i], widths[i + 1], 2) for i in range(len(levels)))
        self.channels = list(levels)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, 3, H, W) to one map a level, the finest first."""
        features, maps = self.stem(images), []
        for level in self.levels:
            features = level(features)
            maps.append(features)
        return maps


class CentreNetwork(nn.Module):
    """(N, 3, H, W) to (N, 2, H/4, W/4): the logit of a centre, and the log of the object's size in cells.

    `encoder` gives maps at strides 4, 8, 16 (and 32) with `channels`; H and W are multiples of 32. `usual_size` is the
    size in cells that is assumed before anything is learned.
    """

    def __init__(self, encoder: nn.Module, channels: list[int], width: int, usual_size: float) -> None:
        super().__init__()
        self.frozen = False
        self.encoder = encoder
        self.across = nn.ModuleList(nn.Conv2d(leaving, width, 1) for leaving in channels)
        self.up = nn.ModuleList(Block(width, width) for _ in channels[:-1])
        self.head = nn.Conv2d(width, 2, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        self.head.bias = nn.Parameter(torch.tensor([math.log(RARE / (1 - RARE)), math.log(usual_size)]))

    def freeze(self) -> None:
        """Leave the encoder as it is: its weights, and the figures that its norms keep."""
        self.frozen = True
        self.encoder.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> CentreNetwork:
        """As always, but a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """The map of `images`."""
        maps = [across(features) for across, features in zip(self.across, self.encoder(images), strict=True)]
        features = maps.pop()
        for up, finer in zip(self.up, reversed(maps), strict=True):
            features = up(functional.interpolate(features, size=finer.shape[-2:], mode="nearest") + finer)
        result: Tensor = self.head(features)
        return result


def build_counter(arch: str, options: Mapping[str, Any], usual_size: float) -> CentreNetwork:
    """The network of a preset with random weights: `count_unet`, or a timm backbone by name.

    Raises BinScoutError `arch_unknown` for what timm does not know or what has no maps of the strides needed.
    """
    options = dict(options)
    width = int(options.pop("width", 48))
    if arch == UNET:
        pyramid = Pyramid(tuple(options.pop("channels", (16, 32, 64, 96))))
        return CentreNetwork(pyramid, pyramid.channels, width, usual_size)
    try:
        backbone: Any = timm.create_model(
            arch, pretrained=False, features_only=True, out_indices=(1, 2, 3, 4), **options
        )
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BinScoutError(
            f"timm cannot make a counting backbone of {arch}: {error}.", hint="Check the preset.", code="arch_unknown"
        ) from error
    if list(backbone.feature_info.reduction()) != [4, 8, 16, 32]:
        raise BinScoutError(
            f"The backbone {arch} has no maps at strides 4 to 32.", hint="Check the preset.", code="arch_unknown"
        )
    return CentreNetwork(backbone, list(backbone.feature_info.channels()), width, usual_size)
