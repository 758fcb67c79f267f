"""Workspaces that have the same pictures, with names and classes that are hard on formats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from binscout_tui import workspace as workspaces
from binscout_tui.operations.originals import original_path
from binscout_tui.store import box_labels, classes, images, labels
from binscout_tui.store.box_labels import LabelBox
from binscout_tui.store.boxes import Box
from binscout_tui.workspace import Workspace
from tests.conftest import row

# (name, folder, width, height): the last two of the same name lie in two folders.
PICTURES = (
    ("plain.jpg", "/p", 640, 480),
    ("upper.JPG", "/p", 4032, 3024),
    ("plain.png", "/p", 13, 7),
    (".hidden", "/p", 1, 1),
    ("=1+1 ü 🔩, \\n.jpg", "/p", 65000, 3),
    ("same.jpg", "/a", 1001, 777),
    ("same.jpg", "/b", 3000, 4000),
)
CLASSES = ("m3", "a/b", "..", ".dot", "=cmd", "'quoted", " 50% 🔩 | #1: x".strip(), "no", "x" * 200, "M3", "1.0")


def contents(number: int) -> bytes:
    """What is in the file of a picture; no format looks into it."""
    return f"picture {number}".encode()


def filled(root: Path, *, order: Callable[[Iterable[int]], Iterable[int]] = iter) -> Workspace:
    """A workspace with `PICTURES`, entered in some order; the last one was turned by its camera."""
    workspaces.create(root)
    workspace = Workspace(root)
    workspace.db.connection.execute("PRAGMA synchronous=OFF")  # nobody pulls the plug here
    for number in order(range(len(PICTURES))):
        name, folder, width, height = PICTURES[number]
        sha256 = hashlib.sha256(contents(number)).hexdigest()
        path = original_path(sha256, "JPEG")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(contents(number))
        new = row(
            number,
            sha256=sha256,
            path=path,
            name=name,
            source=f"{folder}/{name}",
            width=width,
            height=height,
            bytes=len(contents(number)),
            format="PNG" if name.endswith("png") else "JPEG",
            orientation=6 if number == len(PICTURES) - 1 else 1,
        )
        workspace.db.write(images.add, workspace.user.uid, new)
    return workspace


def image_id(workspace: Workspace, number: int) -> int:
    """The id of one of `PICTURES`."""
    found = workspace.db.read(images.by_hash, hashlib.sha256(contents(number)).hexdigest())
    assert found is not None
    return found.id


def add_class(workspace: Workspace, name: str) -> int:
    """The id of a class."""
    return workspace.db.write(labels.add_class, name).id


def draw(workspace: Workspace, number: int, *boxes: tuple[Box, str | None]) -> None:
    """Make these all boxes of one of `PICTURES`."""
    drawn = [LabelBox(box=box, class_id=add_class(workspace, name) if name else None) for box, name in boxes]
    workspace.db.write(box_labels.set_boxes, workspace.user.uid, image_id(workspace, number), drawn)


def say_everything(workspace: Workspace) -> None:
    """Every state of label, boxes and counts, and every hard name."""
    db, uid = workspace.db, workspace.user.uid
    for name in CLASSES:
        add_class(workspace, name)
    ids = {one.name: one.id for one in db.read(classes.all_classes)}
    db.write(classes.set_key, uid, ids["m3"], "k")
    db.write(classes.set_colour, uid, ids["a/b"], "#ff8800")
    db.write(classes.set_group, uid, ids["no"], "screws, long")
    db.write(classes.set_parent, uid, ids["m3"], ids["1.0"])
    db.write(classes.put_in_order, uid, [ids["no"], ids["M3"]])
    numbers = [image_id(workspace, number) for number in range(len(PICTURES))]
    db.write(labels.set_label, uid, numbers[0], "a/b")
    db.write(labels.set_label, uid, numbers[1], None, state="empty")
    db.write(labels.set_label, uid, numbers[2], None, state="skipped")
    db.write(labels.set_label, uid, numbers[4], "=cmd")
    db.write(labels.set_label, uid, numbers[5], "m3")
    db.write(labels.set_label, uid, numbers[6], "M3")
    draw(workspace, 0, ((0.1, 0.2, 1 / 3, 0.7), "m3"), ((0.0, 0.0, 1.0, 1.0), "a/b"), ((0.1, 0.2, 1 / 3, 0.7), "m3"))
    draw(workspace, 1, ((0.123456789, 0.2, 0.3, 2 / 7), "x" * 200), ((0.5, 0.5, 0.50001, 0.51), None))
    draw(workspace, 4)
    db.write(box_labels.skip, uid, numbers[5])
    draw(workspace, 6, ((0.25, 0.5, 0.75, 1.0), "no"))
    db.write(box_labels.set_count, uid, numbers[0], 12)
    db.write(box_labels.set_count, uid, numbers[0], 0, class_id=ids["m3"])
    db.write(box_labels.set_count, uid, numbers[3], 7, class_id=ids["'quoted"])


def tree(path: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, or the file itself."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {str(one.relative_to(path)): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()}
