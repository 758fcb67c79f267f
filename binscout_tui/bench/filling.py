"""A workspace of very many images made from a few photos: for measuring, not for work.

Every image has bytes of its own (a number in a comment of the JPEG) and a small original of a few kilobytes; its two
previews are hard links to those of the photo it was made from. 100,000 images take about two gigabytes. The same
photos make the same files.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from binscout_tui import workspace as workspaces
from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.imaging.hashes import perceptual_hash
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.previews import PREVIEW, SIZES, preview_path, shrink, write_previews
from binscout_tui.imaging.quality_measures import laplacian_variance
from binscout_tui.operations.originals import original_path
from binscout_tui.store import images, labels
from binscout_tui.store.images import NewImage
from binscout_tui.terminal.scale import PictureError, open_upright
from binscout_tui.workspace import Workspace

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SOURCES = "sources"
ORIGINAL = 320
QUALITY = 75
BATCH = 5000
BURST = 4
# Of ten images seven have a label: the queue of what to label is long too.
LABELLED_OF_TEN = 7
LEAST_OF_A_CLASS = 4
_FIRST_DAY = datetime(2024, 1, 8, 7, 30)
_COMMENT = b"\xff\xfe"
_START = b"\xff\xd8"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """A photo, small, as JPEG bytes, and what is known of it; `sha256` names its previews on the disk."""

    name: str
    label: str
    family: str
    jpeg: bytes
    size: tuple[int, int]
    phash: int
    sharpness: float
    sha256: str


def fill(root: Path, count: int, photos: Sequence[Path], on_progress: Progress = lambda done, total: None) -> None:
    """Make a new workspace in `root` with `count` images from `photos`.

    Raises UsageError for a senseless number, RefusedError where a workspace is already, NotFoundError when none of
    the photos can be read, StorageError.
    """
    if count < 1:
        raise UsageError("A workspace is filled with at least one image.", code="bad_number")
    if (root / workspaces.DATABASE).exists():
        raise RefusedError(f"There is a workspace in {root} already.", hint="Name a new folder.", code="exists")
    workspaces.create(root)
    with Workspace(root) as workspace:
        sources = list(_sources(_mixed(photos), root / SOURCES))
        if not sources:
            raise NotFoundError("None of the photos can be read.", code="no_photos")
        known = _classes(sources)
        for begin in range(0, count, BATCH):
            numbers = range(begin, min(count, begin + BATCH))
            made = []
            for number in numbers:
                source = sources[number % len(sources)]
                is_labelled = source.label in known and (number + number // len(sources)) % 10 < LABELLED_OF_TEN
                made.append((_write(workspace, number, source), source.label if is_labelled else None))
            workspace.db.write(_enter, workspace.user.uid, made)
            on_progress(numbers.stop, count)
        shutil.rmtree(root / SOURCES)


def choose(folders: Sequence[Path], most: int) -> list[Path]:
    """Up to `most` pictures below `folders`, as many from each, evenly over their names. Raises NotFoundError."""
    found = []
    for number, folder in enumerate(folders):
        there = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        share = (most * (number + 1)) // len(folders) - (most * number) // len(folders)
        step = max(1, len(there) // max(1, share))
        found += there[::step][:share]
    if not found:
        raise NotFoundError("There are no pictures in the folders named.", code="no_photos")
    return found


def _mixed(photos: Sequence[Path]) -> list[Path]:
    """In an order in which neighbours differ, the same for the same photos."""
    return random.Random(len(photos)).sample(photos, len(photos))


def _classes(sources: Sequence[Source]) -> set[str]:
    """The names of folders that look like classes: with more than a picture or two."""
    counted = Counter(source.label for source in sources)
    return {label for label, number in counted.items() if number >= LEAST_OF_A_CLASS}


def _sources(photos: Sequence[Path], folder: Path) -> Iterator[Source]:
    for path in photos:
        try:
            image = open_upright(path, (PREVIEW, PREVIEW))
        except PictureError:
            continue
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        write_previews(image, folder, sha256)
        small = shrink(image, ORIGINAL)
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=QUALITY)
        yield Source(
            name=display_name(path.stem),
            label=display_name(path.parent.name),
            family=display_name(path.parent.parent.name),
            jpeg=stream.getvalue(),
            size=small.size,
            phash=perceptual_hash(small),
            sharpness=laplacian_variance(np.asarray(small.convert("L"))),
            sha256=sha256,
        )


def numbered(jpeg: bytes, number: int) -> bytes:
    """`jpeg` with `number` in a comment: the same picture with other bytes."""
    text = f"image {number}".encode()
    return _START + _COMMENT + (len(text) + 2).to_bytes(2, "big") + text + jpeg[len(_START) :]


def _write(workspace: Workspace, number: int, source: Source) -> NewImage:
    """Write the files of one image; what to enter of it."""
    content = numbered(source.jpeg, number)
    sha256 = hashlib.sha256(content).hexdigest()
    path = original_path(sha256, "JPEG")
    target = workspace.paths.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    for size in SIZES:
        _link(
            preview_path(workspace.paths.root / SOURCES, source.sha256, size),
            preview_path(workspace.paths.previews, sha256, size),
        )
    taken = _FIRST_DAY + timedelta(seconds=_seconds(number))
    return NewImage(
        sha256=sha256,
        storage="copy",
        path=path,
        name=f"{source.name}-{number:06d}.jpg",
        source=f"/made/{source.family}/{source.label}/{source.name}-{number:06d}.jpg",
        bytes=len(content),
        mtime_ns=target.stat().st_mtime_ns,
        width=source.size[0],
        height=source.size[1],
        format="JPEG",
        mode="RGB",
        taken_at=taken.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        family=source.family,
        source_group=f"burst {number // BURST}",
        phash=source.phash,
        sharpness=source.sharpness,
    )


def _seconds(number: int) -> int:
    """Bursts of a few seconds, one every ten minutes."""
    return number // BURST * 600 + number % BURST * 2


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, target)


def _enter(db: sqlite3.Connection, uid: int, made: Sequence[tuple[NewImage, str | None]]) -> None:
    for new, label in made:
        image_id, _ = images.add(db, uid, new)
        if label is not None:
            labels.import_label(db, uid, image_id, label)
