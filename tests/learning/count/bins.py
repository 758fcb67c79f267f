"""Made-up bins: discs and screws strewn over a noisy ground, with everything that is known of them."""

from __future__ import annotations

import hashlib
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from binscout_tui.learning.config import TrainConfig, read_config
from binscout_tui.learning.count.task import learner
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.items import DATASET_FILE, CountItem, Crop, read_items
from binscout_tui.learning.loop import Trainer
from binscout_tui.learning.plan import make_plan
from binscout_tui.learning.process import Place
from binscout_tui.learning.splits import Split
from binscout_tui.learning.task import RunSetup

WIDTH, HEIGHT, ACROSS = 160, 120, 16
MOST = 20
QUICK = TrainConfig(task="count", image_size=64, batch_size=8, epochs=40, device="cpu", dataset="made-up")
SPLITS: tuple[Split, ...] = ("train", "train", "val", "train", "test")


def draw_bin(number: int, seed: int) -> tuple[Image.Image, list[Crop]]:
    """A picture with `number` things that do not overlap, and their boxes."""
    dice = random.Random(f"bin{seed}")
    noise = np.random.default_rng(seed)
    image = Image.new("RGB", (WIDTH, HEIGHT), tuple(dice.randrange(150, 230) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    cells = [(column, row) for column in range(WIDTH // 24) for row in range(HEIGHT // 24)]
    boxes = []
    for column, row in dice.sample(cells, number):
        x, y = column * 24 + dice.randrange(8, 17), row * 24 + dice.randrange(8, 17)
        draw_thing(pen, x, y, dice)
        half = ACROSS / 2
        boxes.append((max(0, x - half) / WIDTH, max(0, y - half) / HEIGHT, (x + half) / WIDTH, (y + half) / HEIGHT))
    grainy = np.asarray(image, np.float64) + noise.normal(0, 6, (HEIGHT, WIDTH, 3))
    return Image.fromarray(grainy.clip(0, 255).astype(np.uint8)), boxes


def draw_thing(pen: ImageDraw.ImageDraw, x: float, y: float, dice: random.Random) -> None:
    """A disc, or a screw in any direction, about `ACROSS` pixels."""
    colour = tuple(dice.randrange(20, 90) for _ in range(3))
    if dice.random() < 0.5:
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), fill=colour)
    else:
        angle = dice.uniform(0, 2 * math.pi)
        right, down = 7 * math.cos(angle), 7 * math.sin(angle)
        pen.line((x - right, y - down, x + right, y + down), fill=colour, width=5)
        pen.ellipse((x + right - 4, y + down - 4, x + right + 4, y + down + 4), fill=colour)


def make_bins(folder: Path, number: int = 30) -> list[CountItem]:
    """Pictures on disk and the dataset over them; some bins are empty."""
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for seed in range(number):
        count = 0 if seed % 10 in (4, 6) else random.Random(seed).randrange(1, MOST + 1)
        path = folder / f"bin{seed}.png"
        image, boxes = draw_bin(count, seed)
        image.save(path)
        items.append(
            CountItem(
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                path=str(path),
                count=count,
                split=SPLITS[seed % len(SPLITS)],
                group=f"bin{seed}",
                boxes=boxes,
                complete=True,
            )
        )
    return items


def trainer_of(folder: Path) -> Trainer:
    """The loop over a prepared folder, in this process and with one thread, as the launcher would give it."""
    torch.set_num_threads(1)
    config, items = read_config(folder), read_items(folder / DATASET_FILE, "count")
    place = Place(0, 1, torch.device("cpu"))
    plan = make_plan(config, items, 1)
    return Trainer(learner(RunSetup(folder, config, items, plan, place, EventWriter(None), lambda: None)), plan, place)


def train_here(folder: Path) -> dict[str, Any]:
    """Train a prepared folder to its end in this process; returns the report."""
    trainer = trainer_of(folder)
    while not trainer.finished:
        trainer.run_epoch(lambda loss: None)
    return trainer.learner.finish(trainer.averaged(), {})
