"""Changes of training pictures that leave the part the same part. On tensors, a whole batch at a time.

Turns are free, size is not: an M3 and an M4 screw differ by little else, so the scale moves by a few per cent only.
Mirror images are left out too, since a mirrored thread or imprint is another thing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

MARGIN = 1.08  # the network sees this much more than the square, so that a turned part keeps its corners


def views(pixels: Tensor, side: int, number: int) -> list[Tensor]:
    """`number` evenly turned views of `pixels` (N, 3, S, S) uint8, each (N, 3, side, side) float32 0..1."""
    count = len(pixels)
    zeros, ones = torch.zeros(count, device=pixels.device), torch.ones(count, device=pixels.device)
    batch = pixels.float() / 255
    turns = [zeros + 2 * math.pi * index / number for index in range(number)]
    return [warp(batch, placement(turn, ones, zeros, zeros, zeros), side) for turn in turns]


def augment(pixels: Tensor, side: int, strength: float, generator: torch.Generator) -> Tensor:
    """One random variant of each picture of `pixels` (N, 3, S, S) uint8, as (N, 3, side, side) float32 0..1.

    `strength` scales the changes of light, colour and sharpness; 0 leaves geometry and cut-out only.
    """
    dice = Dice(len(pixels), generator, pixels.device)
    matrix = placement(
        turn=dice.between(-math.pi, math.pi),
        scale=dice.between(0.94, 1.06),
        right=dice.between(-0.08, 0.08),
        down=dice.between(-0.08, 0.08),
        shear=dice.between(-0.12, 0.12),
    )
    images = warp(pixels.float() / 255, matrix, side)
    images = relight(images, dice, strength)
    images = blur_some(images, dice, strength)
    images = images + dice.noise(images) * dice.column(0, 0.04) * strength
    return cut_out(images, dice).clamp(0, 1)


class Dice:
    """Random numbers for one batch, from one seeded generator on the CPU, so that a device does not change the draw."""

    def __init__(self, count: int, generator: torch.Generator, device: torch.device) -> None:
        self.count, self.generator, self.device = count, generator, device

    def between(self, low: float, high: float) -> Tensor:
        """(N,) uniform."""
        return (torch.rand(self.count, generator=self.generator) * (high - low) + low).to(self.device)

    def column(self, low: float, high: float) -> Tensor:
        """(N, 1, 1, 1) uniform."""
        return self.between(low, high).view(-1, 1, 1, 1)

    def normal(self, *shape: int) -> Tensor:
        """(N, *shape) of mean 0 and deviation 1."""
        return torch.randn(self.count, *shape, generator=self.generator).to(self.device)

    def noise(self, like: Tensor) -> Tensor:
        """Normal noise of the shape of `like`."""
        return torch.randn(like.shape, generator=self.generator).to(self.device)


def placement(turn: Tensor, scale: Tensor, right: Tensor, down: Tensor, shear: Tensor) -> Tensor:
    """(N, 2, 3) matrices for `affine_grid`: turn in radians, the others as fractions of half the picture."""
    cosine, sine = torch.cos(turn) / scale * MARGIN, torch.sin(turn) / scale * MARGIN
    first = torch.stack([cosine, shear - sine, right], dim=1)
    return torch.stack([first, torch.stack([sine, cosine, down], dim=1)], dim=1)


def warp(images: Tensor, matrix: Tensor, side: int) -> Tensor:
    """`images` (N, 3, S, S) resampled to (N, 3, side, side); what lies outside mirrors what lies inside."""
    grid = functional.affine_grid(matrix, [len(images), 3, side, side], align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def relight(images: Tensor, dice: Dice, strength: float) -> Tensor:
    """Other lamps: white balance, exposure, gamma, contrast, saturation, and light that falls off to one side."""
    images = images * torch.exp(dice.normal(3, 1, 1) * 0.06 * strength)
    images = images * torch.exp(dice.column(-0.4, 0.4) * strength)
    images = images.clamp(1e-4, 1) ** torch.exp(dice.column(-0.35, 0.35) * strength)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * torch.exp(dice.column(-0.35, 0.35) * strength) + mean
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * torch.exp(dice.column(-0.4, 0.3) * strength)
    across = torch.linspace(-1, 1, images.shape[-1], device=images.device)
    angle = dice.column(0, 2 * math.pi)
    slope = torch.cos(angle) * across.view(1, 1, 1, -1) + torch.sin(angle) * across.view(1, 1, -1, 1)
    return images * (1 + slope * dice.column(0, 0.35) * strength)


def blur_some(images: Tensor, dice: Dice, strength: float) -> Tensor:
    """Four in ten pictures out of focus, by a Gaussian of one width a batch."""
    chosen = dice.between(0, 1) < 0.4
    if strength <= 0 or not bool(chosen.any()):
        return images
    width = 0.4 + 1.3 * strength * float(torch.rand(1, generator=dice.generator))
    steps = torch.arange(-3.0, 4.0, device=images.device)
    kernel = torch.exp(-(steps**2) / (2 * width**2))
    kernel = kernel / kernel.sum()
    soft = functional.pad(images[chosen], (3, 3, 3, 3), mode="reflect")
    soft = functional.conv2d(soft, kernel.view(1, 1, 1, 7).repeat(3, 1, 1, 1), groups=3)
    soft = functional.conv2d(soft, kernel.view(1, 1, 7, 1).repeat(3, 1, 1, 1), groups=3)
    images = images.clone()
    images[chosen] = soft
    return images


def cut_out(images: Tensor, dice: Dice) -> Tensor:
    """Four in ten pictures with a square of one colour over 1 to 9 per cent of them."""
    side = images.shape[-1]
    chosen, size = dice.between(0, 1) < 0.4, dice.column(0.1, 0.3) * side
    left, top = dice.column(0, 1) * (side - size), dice.column(0, 1) * (side - size)
    place = torch.arange(side, device=images.device)
    columns = (place.view(1, 1, 1, -1) >= left) & (place.view(1, 1, 1, -1) < left + size)
    rows = (place.view(1, 1, -1, 1) >= top) & (place.view(1, 1, -1, 1) < top + size)
    colour = dice.normal(3, 1, 1) * 0.25 + 0.5
    return torch.where(chosen.view(-1, 1, 1, 1) & columns & rows, colour, images)
