"""Workspaces with small made-up pictures, written through the store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PIL import Image as Pillow

from binscout_tui.imaging.previews import write_previews
from binscout_tui.store import images, labels, models, predictions, sets
from binscout_tui.store.images import NewImage
from binscout_tui.store.predictions import Prediction
from binscout_tui.workspace import Workspace

SIZE = (400, 300)


def picture(number: int) -> Pillow.Image:
    """A picture that differs from those of other numbers."""
    made = Pillow.new("RGB", (64, 48), (40 + number * 37 % 200, 40 + number * 91 % 200, 40 + number * 53 % 200))
    made.paste((250, 250, 250), (number % 50, 10, number % 50 + 8, 30))
    return made


def add_images(root: Path, count: int, *, previews: bool = True, first: int = 0) -> list[int]:
    """Enter `count` images; their ids."""
    with Workspace(root) as ws:
        new = [_new(number, ws.paths.previews, previews=previews) for number in range(first, first + count)]

        def enter(db) -> list[int]:  # type: ignore[no-untyped-def]
            return [images.add(db, ws.user.uid, item)[0] for item in new]

        return ws.db.write(enter)


def add_named(root: Path, names: Sequence[str]) -> list[int]:
    """Enter an image of each of these file names, all from one folder; their ids."""
    with Workspace(root) as ws:
        new = [
            msgspec.structs.replace(
                _new(number, ws.paths.previews, previews=True), name=name, source=f"/photos/{name}", source_group=name
            )
            for number, name in enumerate(names)
        ]

        def enter(db) -> list[int]:  # type: ignore[no-untyped-def]
            return [images.add(db, ws.user.uid, item)[0] for item in new]

        return ws.db.write(enter)


def _new(number: int, folder: Path, *, previews: bool) -> NewImage:
    sha256 = hashlib.sha256(f"picture {number}".encode()).hexdigest()
    if previews:
        write_previews(picture(number), folder, sha256)
    return NewImage(
        sha256=sha256,
        storage="copy",
        path=Path("originals") / f"{sha256}.jpg",
        name=f"picture-{number}.jpg",
        source="tests",
        bytes=1000,
        mtime_ns=0,
        width=SIZE[0],
        height=SIZE[1],
        format="JPEG",
        mode="RGB",
        source_group="tests",
    )


def add_files(root: Path, folder: Path, count: int) -> list[int]:
    """Enter `count` images that have a file but no previews; their ids."""
    folder.mkdir(exist_ok=True)
    with Workspace(root) as ws:
        made = []
        for number in range(count):
            path = folder / f"{number}.png"
            picture(number).save(path)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            new = msgspec.structs.replace(_new(number, ws.paths.previews, previews=False), sha256=sha256, path=path)
            made.append(ws.db.write(images.add, ws.user.uid, new)[0])
        return made


def add_classes(root: Path, names: Sequence[str]) -> None:
    """Make classes in this order."""
    with Workspace(root) as ws:
        for name in names:
            ws.db.write(labels.add_class, name)


def add_sets(root: Path, sizes: Sequence[int]) -> list[int]:
    """Make sets of new images; their ids."""
    made, first = [], 0
    for size in sizes:
        members = add_images(root, size, first=1000 + first)
        first += size
        with Workspace(root) as ws:
            made.append(ws.db.write(sets.add, name=f"set-{first}", kind="hand", image_ids=members)[0])
    return made


def add_model(root: Path, said: dict[int, tuple[str, float]]) -> str:
    """Make a model, use it, and write down what it says: {image id: (class, score)}."""
    with Workspace(root) as ws:

        def enter(db) -> None:  # type: ignore[no-untyped-def]
            models.add(db, ws.user.uid, "m-1", run_id=None, task="classify", sha256="a" * 64, size=1, card={})
            models.activate(db, ws.user.uid, "m-1", ws.settings.gate, reason="for a test")
            predictions.keep(
                db,
                [
                    Prediction(image_id=image, model_id="m-1", label=name, score=score, unknown=False)
                    for image, (name, score) in said.items()
                ],
            )

        ws.db.write(enter)
    return "m-1"
