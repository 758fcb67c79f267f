"""A workspace with red and blue pictures, models that tell them apart, and its engine."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image

from binscout_tui.engine.client import EngineClient
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import box_labels, datasets, images, models, runs, sets
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


def add_model(
    workspace: Workspace,
    model_id: str,
    *,
    swap: bool = False,
    task: str = TASK,
    learned: Sequence[str] = (f"{0:064x}", f"{1:064x}", f"{2:064x}"),
) -> None:
    """A model of a run on images with these hashes, which are not on the gate's list unless somebody says so."""
    items = [Item(sha256, "red", "train", str(number)) for number, sha256 in enumerate(learned)]
    version = datasets.content_id(task, items)
    uid, write = workspace.user.uid, workspace.db.write
    write(datasets.add, uid, datasets.new_dataset("parts", task, version, "datasets/x.jsonl", items), items)
    write(runs.add, uid, model_id, task=task, dataset_id=version, config={"preset": "tiny"})
    sha256, card = write_model(workspace.paths.model(model_id), swap=swap, task=task)
    write(models.add, uid, model_id, run_id=model_id, task=task, sha256=sha256, size=1, card=card)


def add_sets(workspace: Workspace, folder: Path, number: int = 6) -> list[int]:
    """Sets of a dark, a red and a less red picture, of which the red one was chosen and cut."""
    made = []
    for place in range(number):
        for name, red in (("a", 40), ("b", 200 + place), ("c", 100)):
            plain(folder / f"set{place}" / f"{name}.png", red, place)
    import_paths(workspace, [folder], sets="folder")
    for set_id in workspace.db.read(sets.ids):
        red = workspace.db.read(sets.get, set_id).images[1].id
        workspace.db.write(sets.choose, workspace.user.uid, set_id, red, crop=(0.1, 0.1, 0.9, 0.8))
        made.append(set_id)
    return made


def add_counted(workspace: Workspace, folder: Path, number: int = 8) -> list[int]:
    """Pictures of 1, 2, 3, … things, by how red they are, with that count."""
    before = workspace.db.read(images.count)
    for place in range(number):
        plain(folder / f"count{place}.png", 10 * (place + 1), place)
    import_paths(workspace, [folder])
    found = workspace.db.read(images.page, limit=1000)[before:]
    for image in found:
        count = int("".join(filter(str.isdigit, image.name))) + 1
        workspace.db.write(box_labels.set_count, workspace.user.uid, image.id, count)
    return [image.id for image in found]


def plain(path: Path, red: int, seed: int) -> Path:
    """A picture of one red, with a pattern in the other colours that makes it like no other."""
    noise = Image.frombytes("L", (64, 64), random.Random(f"{seed} {red}").randbytes(64 * 64))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.merge("RGB", (Image.new("L", (64, 64), red), noise, noise)).save(path)
    return path


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
