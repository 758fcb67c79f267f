"""A frozen dataset version as a folder for training elsewhere: whole or not at all, and the same bytes each time.

What each format holds is in `dataset_export_formats`; here is what all have in common.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.errors import BinScoutError, RefusedError, StorageError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.interchange.naming import file_names
from binscout_tui.interchange.record import text
from binscout_tui.learning.splits import SPLITS, Split
from binscout_tui.operations.export_places import folder_that_becomes, must_be_free
from binscout_tui.operations.originals import cannot_write, keep_copy
from binscout_tui.store import classes, dataset_exports, datasets, label_rows
from binscout_tui.store.dataset_exports import Line
from binscout_tui.store.datasets import Dataset
from binscout_tui.store.images import Image
from binscout_tui.store.label_rows import ImageWords
from binscout_tui.workspace import Workspace

Format = Literal["imagefolder", "coco", "pairs", "crops"]
FORMATS: tuple[Format, ...] = ("imagefolder", "coco", "pairs", "crops")
FITTING: Mapping[str, tuple[Format, ...]] = {"classify": FORMATS, "select": ("pairs",), "count": ("coco",)}
"""The formats that hold what a version for a task says."""
ABOUT = "dataset.json"
VERSION = 1
BATCH = 500
Progress = Callable[[int, int], None]


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that is not in the export: `code` is stable, `reason` is for people."""

    sha256: str
    label: str
    split: Split
    code: str
    reason: str


class Exported(msgspec.Struct, kw_only=True):
    """What was written: pictures, and samples of them (pictures with a class, boxes, pairs or crops) by split.

    `left_out` counts what the format cannot hold, by reason; `missing` lists pictures whose original is not there.
    `relabelled` images have another label today: the export has the frozen one.
    """

    path: str
    format: str
    dataset: str
    name: str
    images: int = 0
    pictures: int = 0
    samples: dict[str, int] = {}
    left_out: dict[str, int] = {}
    missing: list[Missing] = []
    relabelled: int = 0


class Export:
    """One export on its way: reads the version, puts pictures into `folder`, and counts.

    `report` is filled while it goes on.
    """

    def __init__(self, workspace: Workspace, db: sqlite3.Connection, folder: Path, found: Dataset) -> None:
        self.workspace = workspace
        self.db = db
        self.folder = folder
        self.dataset = found
        self.lines = dataset_exports.lines(db, found.id)
        self.pictures = 0
        self.samples: Counter[str] = Counter(dict.fromkeys(SPLITS, 0))
        self.left_out: Counter[str] = Counter()
        self.missing: list[Missing] = []
        self.relabelled = 0
        self.classes = {one.id: one.name for one in classes.all_classes(db, archived=True)}

    def note_gone(self) -> None:
        """The lines whose image was purged are missing, and told as that."""
        for line in self.lines:
            if line.image_id is None:
                self.miss(line.sha256, line.label, line.split, "purged", "The image was purged from the workspace.")

    def miss(self, sha256: str, label: str, split: Split, code: str, reason: str) -> None:
        """Remember a picture that is not in the export."""
        self.missing.append(Missing(sha256=sha256, label=label, split=split, code=code, reason=reason))

    def named(self) -> list[tuple[str, Line]]:
        """Every line whose image is there with the name of its file, by split and name."""
        there = [line for line in self.lines if line.image_id is not None]
        names = file_names([(line.name, line.sha256, line.format) for line in there])
        return sorted(
            zip(names, there, strict=True), key=lambda pair: (SPLITS.index(pair[1].split), pair[0], pair[1].sha256)
        )

    def words(self, named: Sequence[tuple[str, Line]], on_progress: Progress) -> Iterator[tuple[str, Line, ImageWords]]:
        """With each line what is known of its image now, in the same order."""
        for begin in range(0, len(named), BATCH):
            batch = named[begin : begin + BATCH]
            ids = [line.image_id for _, line in batch if line.image_id is not None]
            for (name, line), one in zip(batch, label_rows.of(self.db, ids), strict=True):
                yield name, line, one
            on_progress(begin + len(batch), len(named))

    def put(self, image: Image, place: str, label: str, split: Split) -> bool:
        """Copy an original to `place` in the folder, its bytes checked; False when it is not what it was, or gone."""
        try:
            keep_copy(self.workspace.paths.original(image), self.folder / place, image.sha256, durable=False)
        except StorageError:
            raise
        except BinScoutError as error:
            reason = f"The picture is not what it was, or cannot be read. {error.sentence}".strip()
            self.miss(image.sha256, label, split, error.code, reason)
            return False
        self.pictures += 1
        return True

    def note_label(self, line: Line, one: ImageWords) -> None:
        """Count an image whose label today is another than the frozen one."""
        if self.dataset.task == "classify":
            self.relabelled += one.class_id is None or self.classes.get(one.class_id) != line.label

    def write_lines(self, name: str, records: Iterable[Mapping[str, Any]]) -> None:
        """One JSON object a line."""
        with (self.folder / name).open("wb") as handle:
            for record in records:
                handle.write(f"{text(record)}\n".encode())

    def write_about(self, kind: str, more: Mapping[str, Any]) -> None:
        """What the export is of, and what is not in it."""
        splits = Counter(line.split for line in self.lines)
        missing = sorted(self.missing, key=lambda one: (one.sha256, one.label, one.split))
        about = {
            "binscout": "dataset",
            "version": VERSION,
            "format": kind,
            "dataset": self.dataset.id,
            "task": self.dataset.task,
            "images": {split: splits[split] for split in SPLITS},
            "samples": {split: self.samples[split] for split in SPLITS},
            "left_out": dict(sorted((+self.left_out).items())),
            "missing": [
                {"sha256": one.sha256, "label": one.label, "split": one.split, "code": one.code} for one in missing
            ],
            **more,
        }
        (self.folder / ABOUT).write_bytes(f"{json.dumps(about, ensure_ascii=False, indent=1)}\n".encode())


def export(
    workspace: Workspace,
    dataset: str,
    path: Path,
    kind: Format,
    *,
    on_progress: Progress = lambda done, total: None,
) -> Exported:
    """Write a version, by its id or the name it was built under last, to a folder that is not there yet.

    Labels and splits are the frozen ones; boxes, crops and choices of sets are those of this moment where the version
    has none of its own. Pictures that are missing are told. Raises NotFoundError, UsageError for a format that does not
    hold what the version is for, RefusedError when something is there or an image is hidden, StorageError when it
    cannot be written, BinScoutError when nothing of the version can be in such a format.
    """
    from binscout_tui.operations.dataset_export_formats import WRITERS

    path = path.absolute()
    must_be_free(path)
    found = workspace.db.read(datasets.find, dataset)
    if kind not in FITTING[found.task]:
        raise UsageError(
            f"{found.name} is for the task {found.task}, which the format {kind} cannot hold.",
            hint=f"Use one of: {', '.join(FITTING[found.task])}.",
            code="format_of_other_task",
        )
    if workspace.db.read(dataset_exports.has_hidden, found.id):
        raise RefusedError(
            f"{found.name} has images that are hidden now, and a version is exported as a whole.",
            hint="Show them, or build a version without them.",
            code="hidden",
        )
    try:
        with folder_that_becomes(path) as folder:
            done = workspace.db.read(_in_one_moment, workspace, folder, found, WRITERS[kind], on_progress)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
    return Exported(
        path=display_name(path),
        format=kind,
        dataset=found.id,
        name=found.name,
        images=len(done.lines),
        pictures=done.pictures,
        samples=dict(done.samples),
        left_out=dict(+done.left_out),
        missing=done.missing,
        relabelled=done.relabelled,
    )


def _in_one_moment(
    db: sqlite3.Connection,
    workspace: Workspace,
    folder: Path,
    found: Dataset,
    write: Callable[[Export, Progress], None],
    on_progress: Progress,
) -> Export:
    """All of it in one transaction, so that boxes and choices are of one moment."""
    db.execute("BEGIN")
    try:
        done = Export(workspace, db, folder, found)
        write(done, on_progress)
        return done
    finally:
        db.execute("ROLLBACK")  # nothing was written
