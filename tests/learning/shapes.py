"""Made-up pictures of three easily told parts, and runs over them that end within seconds."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import subprocess
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from binscout_tui.learning.config import TrainConfig, command
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.splits import Split

CLASSES = ("disc", "frame", "bar")
QUICK = TrainConfig(image_size=32, batch_size=8, epochs=6, device="cpu", dataset="made-up")


def draw(kind: str, seed: int) -> Image.Image:
    """A part of `kind` on a background of its own."""
    dice = random.Random(f"{kind}{seed}")
    image = Image.new("RGB", (64, 64), tuple(dice.randrange(150, 230) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    x, y = dice.randrange(2, 12), dice.randrange(2, 12)
    if kind == "disc":
        pen.ellipse((x, y, x + 48, y + 48), fill=(180, 40, 30))
    elif kind == "frame":
        pen.rectangle((x, y, x + 48, y + 48), outline=(20, 60, 160), width=8)
    else:
        pen.rectangle((x, y + 18, x + 50, y + 28), fill=(30, 30, 30))
    return image


def make_items(folder: Path, per_class: int = 12) -> list[DatasetItem]:
    """Pictures on disk and the dataset over them: of every six of a class four train, one is val and one test."""
    folder.mkdir(parents=True, exist_ok=True)
    splits: tuple[Split, ...] = ("train", "train", "train", "train", "val", "test")
    items = []
    for kind in CLASSES:
        for number in range(per_class):
            path = folder / f"{kind}-{number}.png"
            draw(kind, number).save(path)
            items.append(
                DatasetItem(
                    sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                    path=str(path),
                    label=kind,
                    split=splits[number % 6],
                    group=f"{kind}{number}",
                    family="round" if kind == "disc" else "square",
                )
            )
    return items


def environment() -> dict[str, str]:
    """Small processes: one thread each, and no way to a model hub."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def train(folder: Path, devices: int = 1, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the real launcher over a prepared folder, to its end."""
    return subprocess.run(
        command(folder, devices), env=environment(), capture_output=True, text=True, timeout=timeout, check=False
    )


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start the training process itself (without launcher) over a prepared folder."""
    arguments = [command(folder)[0], "-m", "binscout_tui.learning.train", str(folder)]
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(arguments, env=environment(), stdout=log, stderr=log)


def events(folder: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """The events written so far, without a line that is still being written."""
    path = folder / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event for event in found if kind is None or event["type"] == kind]


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
