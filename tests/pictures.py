"""Small pictures for tests, each different from the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("disc", "square", "cross")


def photo(path: Path, seed: int, *, size: tuple[int, int] = (64, 48)) -> Path:
    """A noisy JPEG that is like no other seed's, also to a perceptual hash."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse.save(path, "JPEG", quality=90)
    return path


def part(path: Path, shape: str, seed: int, *, size: int = 48) -> Path:
    """A picture of one of `SHAPES` at a random place on a random floor: a class that can be learned."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 110, (4, 4, 3), dtype=np.uint8))
    image = coarse.resize((size, size), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    x, y = (int(v) for v in random.integers(6, size - 30, 2))
    ink = tuple(int(v) for v in random.integers(150, 256, 3))
    box = (x, y, x + 22, y + 22)
    if shape == "disc":
        draw.ellipse(box, fill=ink)
    elif shape == "square":
        draw.rectangle(box, outline=ink, width=4)
    else:
        draw.line((x, y, x + 22, y + 22), fill=ink, width=5)
        draw.line((x, y + 22, x + 22, y), fill=ink, width=5)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "PNG")
    return path


def parts_library(folder: Path, *, per_class: int = 12) -> Path:
    """`folder/parts/<shape>/photoN_K.png`, so that pictures of one photo number belong together."""
    for place, shape in enumerate(SHAPES):
        for number in range(per_class):
            name = f"photo{place}{number // 2:02d}_{number % 2}.png"
            part(folder / "parts" / shape / name, shape, seed=place * 1000 + number)
    return folder / "parts"
