"""Random pieces of training pictures, turned and mirrored, with everything that is known of them moved along."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from binscout_tui.learning.augment import Dice, blur_some, relight
from binscout_tui.learning.count.network import STRIDE
from binscout_tui.learning.count.targets import Map
from binscout_tui.learning.pixels import Pixels

Floats = NDArray[np.float64]

SCALES = (0.75, 1.3)  # how large things may appear, as a multiple of their size in the scaled picture
ON_A_THING = 0.6  # the share of pieces laid over a marked thing, so that few things in a large picture are seen
GREY = 0.2  # the share of pieces without colour
MIXED = 0.3  # of those with mixed colours
NEGATIVE = 0.2  # of those turned to negatives
GRAINS = (3, 9, 27, 64)  # how many grains of a made-up surface lie side by side in a piece


@dataclass(frozen=True, slots=True)
class Piece:
    """A square of `side` pixels around `middle` (x, y in pixels of the picture), turned by `turn` and enlarged."""

    middle: tuple[float, float]
    turn: float
    scale: float
    mirrored: bool
    side: int

    def matrix(self) -> Floats:
        """(2, 2): from a step in the piece to one in the picture, both in pixels."""
        cosine, sine = math.cos(self.turn) / self.scale, math.sin(self.turn) / self.scale
        flip = -1.0 if self.mirrored else 1.0
        return np.array([[cosine * flip, -sine], [sine * flip, cosine]])

    def moved(self, points: Floats) -> Floats:
        """`points` (K, 2) of the picture, in pixels of the piece."""
        return np.asarray((points - self.middle) @ np.linalg.inv(self.matrix()).T + self.side / 2)

    def places(self, cell: int) -> Floats:
        """(side/cell, side/cell, 2): where in the picture the middle of each cell of `cell` pixels lies."""
        steps = (np.arange(self.side // cell) + 0.5) * cell - self.side / 2
        grid = np.stack(np.meshgrid(steps, steps), axis=2)
        return np.asarray(grid @ self.matrix().T + self.middle)


def draw_piece(shape: tuple[int, int], points: Floats, side: int, generator: torch.Generator) -> Piece:
    """A random piece of a picture of `shape` (h, w) in which things are at `points` (K, 2) pixels."""
    height, width = shape
    dice = torch.rand(8, generator=generator).tolist()
    middle = dice[0] * width, dice[1] * height
    if len(points) and dice[2] < ON_A_THING:
        x, y = points[min(int(dice[3] * len(points)), len(points) - 1)]
        middle = float(x + (dice[0] - 0.5) * side / 2), float(y + (dice[1] - 0.5) * side / 2)
    low, high = (math.log(scale) for scale in SCALES)
    return Piece(middle, 2 * math.pi * dice[4], math.exp(low + dice[5] * (high - low)), dice[6] < 0.5, side)


def cut_piece(picture: Pixels, piece: Piece) -> tuple[Tensor, Map]:
    """The pixels (3, side, side) float32 0..1, the edge repeated, and which cells of the map show the picture."""
    height, width = picture.shape[:2]
    grid = torch.from_numpy((2 * piece.places(1) / (width, height) - 1).astype(np.float32))
    source = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255
    pixels = functional.grid_sample(source[None], grid[None], padding_mode="border", align_corners=False)[0]
    places = piece.places(STRIDE)
    visible = ((places >= 0) & (places <= (width, height))).all(axis=2)
    return pixels, np.asarray(visible, np.float32)


def change_light(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Other lamps, other focus, some noise, and sometimes no or other colours, for `images` (N, 3, S, S) 0..1.

    Where a thing ends does not hang on its colour: things learned on paper are to be seen on a dark table too.
    """
    dice = Dice(len(images), generator, images.device)
    images = mix_colours(blur_some(relight(images, dice, strength), dice, strength), dice)
    return (images + dice.noise(images) * dice.column(0, 0.04) * strength).clamp(0, 1)


def mix_colours(images: Tensor, dice: Dice) -> Tensor:
    """Some of `images` grey, some with each channel a random mean of all three, and of all these some a negative."""
    chance, negative = dice.column(0, 1), dice.column(0, 1)
    mixed = torch.einsum("nij,njhw->nihw", dice.normal(3, 3).softmax(dim=2), images)
    images = torch.where(chance < GREY, images.mean(1, keepdim=True), images)
    images = torch.where((chance >= GREY) & (chance < GREY + MIXED), mixed, images)
    return torch.where(negative < NEGATIVE, 1 - images.clamp(0, 1), images)


def on_other_ground(pixels: Tensor, points: Floats, widths: Floats, generator: torch.Generator) -> Tensor:
    """`pixels` (3, S, S) with all that is not a thing replaced by a made-up surface.

    Things are taken as round: `points` (K, 2) and `widths` (K,) in pixels of the piece.
    """
    side = pixels.shape[-1]
    place = torch.arange(side) + 0.5
    shown = torch.zeros(side, side)
    for (x, y), width in zip(points.tolist(), widths.tolist(), strict=True):
        apart = torch.hypot(place[None] - x, place[:, None] - y)
        shown = torch.maximum(shown, (0.5 + (width / 2 - apart) / 2).clamp(0, 1))
    return pixels * shown + made_up_surface(side, generator) * (1 - shown)


def made_up_surface(side: int, generator: torch.Generator) -> Tensor:
    """(3, side, side) 0..1: one colour with grain of several sizes, longer in one direction than in the other."""
    colour = torch.rand(3, 1, 1, generator=generator)
    grain = torch.zeros(1, side, side)
    for cells in GRAINS:
        stretch = 1 + int(torch.randint(0, 4, (1,), generator=generator))
        noise = torch.randn(1, 1, cells, max(2, cells // stretch), generator=generator)
        weight = 0.12 * float(torch.rand(1, generator=generator))
        grain += weight * functional.interpolate(noise, (side, side), mode="bilinear", align_corners=False)[0]
    if float(torch.rand(1, generator=generator)) < 0.5:
        grain = grain.transpose(1, 2)
    tint = 1 + 0.3 * torch.randn(3, 1, 1, generator=generator)
    return (colour + grain * tint).clamp(0, 1)
