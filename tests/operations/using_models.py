"""A workspace with red and blue pictures, models that tell them apart, and its engine."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image

from binscout_tui.engine.client import EngineClient
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import datasets, images, models, runs
from binscout_tui.store.datasets import Item
from binscout_tui.workspace import LiveWorkspace, Workspace

from .colour_predictor import write_model

TASK = "classify"
PREDICTOR = ("--predictor", "colour_predictor:load")


def colour(path: Path, name: str, seed: int) -> Path:
    """A noisy picture that is more `name` than anything else."""
    noise = Image.frombytes("RGB", (64, 64), random.Random(seed).randbytes(64 * 64 * 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.blend(Image.new("RGB", (64, 64), name), noise, 0.2).save(path)
    return path


def add_pictures(workspace: Workspace, folder: Path, *, labelled: bool, first: int = 0) -> list[int]:
    """Import five pictures of each colour and return their ids."""
    before = workspace.db.read(images.count)
    for number in range(first, first + 10):
        name = ("red", "blue")[number % 2]
        colour(folder / name / f"part{number}.png", name, number)
    import_paths(workspace, [folder], labels_from="folder" if labelled else "none")
    found = workspace.db.read(images.page, limit=1000)
    assert len(found) == before + 10
    return [image.id for image in found[before:]]


def add_model(workspace: Workspace, model_id: str, *, swap: bool = False) -> None:
    """A model of a run on images that are not on the gate's list."""
    items = [Item(f"{number:064x}", "red", "train", str(number)) for number in range(3)]
    version = datasets.content_id(TASK, items)
    uid, write = workspace.user.uid, workspace.db.write
    write(datasets.add, uid, datasets.new_dataset("parts", TASK, version, "datasets/x.jsonl", items), items)
    write(runs.add, uid, model_id, task=TASK, dataset_id=version, config={"preset": "tiny"})
    sha256, card = write_model(workspace.paths.model(model_id), swap=swap)
    write(models.add, uid, model_id, run_id=model_id, task=TASK, sha256=sha256, size=1, card=card)


@asynccontextmanager
async def live(root: Path) -> AsyncIterator[LiveWorkspace]:
    """The workspace with an engine that serves colours; the engine ends with it."""
    workspace = await LiveWorkspace.open(root)
    client = EngineClient(root, workspace.settings.engine, arguments=PREDICTOR)
    try:
        async with asyncio.timeout(60):
            await client.ensure()
            yield workspace
    finally:
        await client.stop()
        await client.close()
        await workspace.close()
