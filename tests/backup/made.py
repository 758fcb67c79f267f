"""Workspaces with something of everything that a backup keeps, and what is in them as a value to compare."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from binscout_tui import workspace as workspaces
from binscout_tui.operations.originals import keep_copy, original_path
from binscout_tui.store import captures, datasets, images, jobs, labels, models, runs, sets
from binscout_tui.store.captures import NewCapture
from binscout_tui.store.datasets import Item
from binscout_tui.store.images import NewImage
from binscout_tui.workspace import Workspace
from tests.pictures import photo

CLASSES = ("M2 screw", "M3 screw", "washer")
SIZE = (64, 48)
KEPT = ("originals", "models", "runs", "datasets", "incoming")
"""The folders that a backup keeps."""
OTHERS = frozenset({"checkpoint.pt", "pixels.npy", "pictures.bin", "measures.npz"})
"""Names of files in them that it leaves out unless the settings say otherwise."""
PASSING = frozenset({"job", "event"})
"""Tables that change while a backup or a restore goes on."""
SETTINGS = "[capture]\ntarget = 7\n"
RUN = "screws-1"


def made_workspace(root: Path, files: int = 12) -> Path:
    """A workspace with `files` images (at least four), labels, a set, a data set, a run, its model, and captures.

    The last image waits as a staged capture; `incoming/` holds a shot, `runs/` a checkpoint and a log.
    """
    workspaces.create(root)
    (root / "settings.toml").write_text(SETTINGS)
    with Workspace(root) as ws:
        ids = add_pictures(ws, range(files - 1))
        staged = _original(ws, files - 1, origin="captured")
        ws.db.write(captures.stage, ws.user.uid, NewCapture(image=staged, origin="camera"))
        for name in CLASSES:
            ws.db.write(labels.add_class, name)
        for place, image_id in enumerate(ids[: files * 2 // 3]):
            ws.db.write(labels.set_label, ws.user.uid, image_id, CLASSES[place % len(CLASSES)])
        set_id = ws.db.write(sets.add, name="burst", kind="burst", image_ids=ids[:3])[0]
        ws.db.write(sets.choose, ws.user.uid, set_id, ids[1])
        _learned(ws, ids)
    shot = root / "incoming" / "shot-of-a-phone.jpg"
    photo(shot, 90_001)
    (root / "logs").mkdir(exist_ok=True)
    (root / "logs" / "binscout.log").write_text("2026-03-01T09:30:05Z began\n")
    (root / "previews" / "256").mkdir(parents=True, exist_ok=True)
    (root / "previews" / "256" / "made-again.jpg").write_bytes(b"not kept")
    return root


def add_pictures(ws: Workspace, numbers: Iterable[int]) -> list[int]:
    """Enter a picture of its own for each number, its file in `originals/`; the ids of the images."""
    return [ws.db.write(images.add, ws.user.uid, _original(ws, number))[0] for number in numbers]


def add_in_place(ws: Workspace, path: Path, number: int) -> int:
    """Enter a picture that stays at `path`, which may have any name; the image's id."""
    photo(path, number)
    return ws.db.write(images.add, ws.user.uid, _new(path.read_bytes(), path, number, storage="in_place"))[0]


def digest(root: Path) -> dict[str, str]:
    """{relative path: sha256} of every file that a backup keeps, and {`rows of TABLE`: their number and hash}."""
    found = {os.fsdecode(os.path.relpath(path, root)): sha256(path) for path in kept_files(root)}
    with sqlite3.connect(f"file:{root / 'binscout.db'}?mode=ro", uri=True) as db:
        for (table,) in db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"):
            if table not in PASSING and not table.startswith("sqlite_"):
                found[f"rows of {table}"] = _rows(db, table)
    db.close()
    return found


def kept_files(root: Path) -> Iterator[Path]:
    """The files that a backup keeps, other than the database."""
    for folder in KEPT:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.name not in OTHERS:
                yield path
    if (root / "settings.toml").exists():
        yield root / "settings.toml"


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _rows(db: sqlite3.Connection, table: str) -> str:
    rows = sorted(repr(tuple(row)) for row in db.execute(f'SELECT * FROM "{table}"'))
    return f"{len(rows)} {hashlib.sha256(os.fsencode(chr(10).join(rows))).hexdigest()}"


def _original(ws: Workspace, number: int, origin: str = "imported") -> NewImage:
    """The image of a picture that was put into `originals/`."""
    source = photo(ws.paths.root / ".tmp-made.jpg", number, size=SIZE)
    data = source.read_bytes()
    name = hashlib.sha256(data).hexdigest()
    target = original_path(name, "JPEG")
    keep_copy(source, ws.paths.root / target, name, durable=False)
    source.unlink()
    return _new(data, target, number, origin=origin)


def _new(data: bytes, path: Path, number: int, *, storage: str = "copy", origin: str = "imported") -> NewImage:
    return NewImage(
        sha256=hashlib.sha256(data).hexdigest(),
        storage=storage,
        path=path,
        name=f"picture-{number}.jpg",
        source="tests",
        bytes=len(data),
        mtime_ns=path.stat().st_mtime_ns if storage == "in_place" else 0,
        width=SIZE[0],
        height=SIZE[1],
        format="JPEG",
        mode="RGB",
        source_group=f"group {number // 2}",
        origin=origin,
    )


def _learned(ws: Workspace, ids: list[int]) -> None:
    """A data set, a finished run over it, and the run's model."""
    hashes = [ws.db.read(images.get, image_id).sha256 for image_id in ids]
    splits = ("train", "val", "test")
    items = [Item(one, CLASSES[n % 3], splits[n % 3], f"group {n // 2}") for n, one in enumerate(hashes)]
    dataset_id = datasets.content_id("classify", items)
    listed = ws.paths.datasets / dataset_id / "manifest.jsonl"
    listed.parent.mkdir(parents=True)
    listed.write_text("".join(json.dumps({"sha256": one.sha256, "label": one.label}) + "\n" for one in items))
    version = datasets.new_dataset("screws", "classify", dataset_id, f"{dataset_id}/manifest.jsonl", items)
    ws.db.write(datasets.add, ws.user.uid, version, items)
    config = {"preset": "tiny", "epochs": 2, "dataset": dataset_id}
    job_id = ws.db.write(runs.add, ws.user.uid, RUN, task="classify", dataset_id=dataset_id, config=config)
    ws.db.write(jobs.finish, job_id, "done", result={"run": RUN})
    _write(ws.paths.run(RUN), "config.json", json.dumps(config).encode())
    _write(ws.paths.run(RUN), "events.jsonl", b'{"type": "state", "time": 1790000000.0, "state": "done"}\n')
    _write(ws.paths.run(RUN), "checkpoint.pt", _noise("checkpoint", 40_000))
    for name in ("pixels.npy", "pictures.bin", "measures.npz"):
        _write(ws.paths.run(RUN), name, b"made again")
    weights = _noise("weights", 30_000)
    _write(ws.paths.model(RUN), "model.safetensors", weights)
    _write(ws.paths.model(RUN), "card.json", b'{"name": "screws-1"}')
    facts = {"task": "classify", "sha256": hashlib.sha256(weights).hexdigest(), "size": len(weights)}
    ws.db.write(models.add, ws.user.uid, RUN, run_id=RUN, card={"name": RUN}, **facts)  # type: ignore[arg-type]


def _write(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def _noise(seed: str, size: int) -> bytes:
    """Bytes that cannot be packed any smaller, the same for the same seed."""
    return hashlib.shake_256(seed.encode()).digest(size)
