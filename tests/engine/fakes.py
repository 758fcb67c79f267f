"""Fake models in a workspace, and waiting for what happens in another process."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from binscout_tui.engine.protocol import PredictItem

LIMIT = 20.0


class Fakes:
    """The models of a workspace, and what the fake predictor has seen."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pictures = root / "pictures"
        self.pictures.mkdir(exist_ok=True)

    def model(self, model_id: str, task: str = "", **rules: Any) -> Path:
        """A model of a task; its card says which, and without one there is no card."""
        folder = self.root / "models" / model_id
        folder.mkdir(parents=True)
        if task:
            (folder / "card.json").write_text(json.dumps({"task": task, "weights_sha256": "0" * 64}))
        (folder / "fake.json").write_text(json.dumps(rules))
        return folder

    def hold(self, model_id: str) -> None:
        (self.root / "models" / model_id / "hold").touch()

    def release(self, model_id: str) -> None:
        (self.root / "models" / model_id / "hold").unlink(missing_ok=True)

    @staticmethod
    def release_all(root: Path) -> None:
        for hold in root.glob("models/*/hold"):
            hold.unlink()

    def batches(self, model_id: str) -> list[list[str]]:
        log = self.root / "models" / model_id / "batches.txt"
        return [line.split() for line in log.read_text(errors="surrogateescape").splitlines()] if log.exists() else []

    def items(self, *names: str) -> list[PredictItem]:
        for name in names:
            (self.pictures / name).touch()
        return [PredictItem(name, self.pictures / name) for name in names]


async def eventually(condition: Callable[[], Any], what: str) -> Any:
    """Wait until `condition()`, which may be awaitable, is true; returns it."""
    until = time.monotonic() + LIMIT
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < until, f"never: {what}"
        await asyncio.sleep(0.005)


def engine_processes(root: Path) -> list[int]:
    """The ids of all engine processes that serve `root`, zombies left out."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                arguments = (process / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if b"binscout_tui.engine.server" in arguments and os.fsencode(root) in arguments:
                found.append(int(process.name))
    return found
