"""Made-up sets: one sharp and well-lit photo of a thing among spoilt ones, and where the thing lies."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from binscout_tui.learning.items import SetImage, SetItem
from binscout_tui.learning.splits import Split

SIZE = (160, 120)
SPLITS: tuple[Split, ...] = ("train", "train", "train", "val", "test")


def scene(dice: random.Random) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """A striped block on a plain ground with a little grain, and its box 0..1."""
    ground = tuple(dice.randrange(150, 220) for _ in range(3))
    grain = np.random.default_rng(dice.randrange(1 << 30)).normal(0, 2, (SIZE[1], SIZE[0], 1))
    image = Image.fromarray((np.array(ground) + grain).clip(0, 255).astype(np.uint8))
    width, height = dice.randrange(40, 80), dice.randrange(30, 60)
    left, top = dice.randrange(4, SIZE[0] - width - 4), dice.randrange(4, SIZE[1] - height - 4)
    pen = ImageDraw.Draw(image)
    pen.rectangle((left, top, left + width, top + height), fill=(170, 40, 30))
    for x in range(left + 4, left + width - 3, 8):
        pen.line((x, top + 3, x, top + height - 3), fill=(30, 30, 60), width=3)
    box = (left / SIZE[0], top / SIZE[1], (left + width) / SIZE[0], (top + height) / SIZE[1])
    return image, box


def spoilt(image: Image.Image, dice: random.Random) -> Image.Image:
    """Out of focus or far too dark."""
    if dice.random() < 0.5:
        return image.filter(ImageFilter.GaussianBlur(dice.uniform(2, 4)))
    return image.point([value // 4 for value in range(256)] * 3)


def make_sets(folder: Path, count: int = 20, seed: int = 0) -> list[SetItem]:
    """Sets of two to four photos on disk; of every five, three train, one is val and one test. Each is a session."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_make_set(folder, number, random.Random(f"{seed}-{number}")) for number in range(count)]


def _make_set(folder: Path, number: int, dice: random.Random) -> SetItem:
    photo, box = scene(dice)
    length = dice.randrange(2, 5)
    chosen = dice.randrange(length)
    images = []
    for place in range(length):
        path = folder / f"{number}-{place}.png"
        (photo if place == chosen else spoilt(photo, dice)).save(path)
        images.append(SetImage(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), path=str(path)))
    return SetItem(
        key=hashlib.sha256("".join(image.sha256 for image in images).encode()).hexdigest(),
        images=images,
        chosen=chosen,
        split=SPLITS[number % len(SPLITS)],
        group=f"session {number}",
        crop=box,
        family="blocks",
    )
