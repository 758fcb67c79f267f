"""All images that count, as similarity knows them, and the space in which they are compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from binscout_tui.errors import NotFoundError
from binscout_tui.imaging.similar.space import HashSpace, VectorSpace
from binscout_tui.imaging.similar.vectors import Ids, VectorFile, mark_of
from binscout_tui.store import models, similar
from binscout_tui.store.database import Database
from binscout_tui.store.images import unsigned
from binscout_tui.store.similar import Traits
from binscout_tui.workspace import Paths

By = Literal["model", "hash"]
TASK = "classify"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Images that count, by ascending id: what tells their bytes apart, their hashes where they have one, classes."""

    ids: Ids
    marks: Ids
    hashes: NDArray[np.uint64]
    hashed: NDArray[np.bool_]
    classes: Ids

    def positions(self, ids: Ids) -> Ids:
        """Where these images are among all, -1 for those that are not."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[place] == ids, place, -1).astype(np.int64)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How many images count, how many of them have a vector of the active classifier and how many a hash.

    `model` is the classifier's id, or None.
    """

    images: int
    vectors: int
    hashes: int
    model: str | None


def catalogue_of(pieces: Sequence[Sequence[Traits]]) -> Catalogue:
    """What was read piece by piece."""
    rows = [row for piece in pieces for row in piece]
    return Catalogue(
        ids=np.array([row[0] for row in rows], np.int64),
        marks=np.array([mark_of(row[1]) for row in rows], np.int64),
        hashes=np.array([unsigned(row[2]) or 0 for row in rows], np.uint64),
        hashed=np.array([row[2] is not None for row in rows], np.bool_),
        classes=np.array([row[3] for row in rows], np.int64),
    )


def read_catalogue(db: Database) -> Catalogue:
    """All images that count now; between the pieces others may write."""
    pieces: list[list[Traits]] = []
    while not pieces or len(pieces[-1]) == similar.PIECE:
        pieces.append(db.read(similar.piece, pieces[-1][-1][0] if pieces else 0))
    return catalogue_of(pieces)


def way_of(model: models.Model) -> str:
    """The name of the folder with a model's vectors: other weights under the same id have another one."""
    return f"{model.id}-{model.sha256[:8]}"


def active(db: sqlite3.Connection) -> models.Model | None:
    """The classifier whose vectors are used, None where none is active (a store function)."""
    return models.active(db, TASK)


def must_be_active(db: sqlite3.Connection) -> models.Model:
    """The same. Raises NotFoundError."""
    model = active(db)
    if model is None:
        raise NotFoundError(
            "There is no active classifier whose vectors could be used.",
            hint="Train and activate one; without one images are compared by their hashes.",
            code="no_active_model",
        )
    return model


def file_of(paths: Paths, model: models.Model | None) -> VectorFile | None:
    """The vectors of a model as far as they were made."""
    return VectorFile.open(paths.vectors / way_of(model)) if model is not None else None


def vector_space(catalogue: Catalogue, file: VectorFile | None) -> VectorSpace | None:
    """The images that count and have a vector, None without any."""
    if file is None:
        return None
    rows = file.rows_of(catalogue.ids, catalogue.marks)
    there = rows >= 0
    return VectorSpace(file, catalogue.ids[there], rows[there]) if there.any() else None


def hash_space(catalogue: Catalogue) -> HashSpace:
    """The images that count and have a hash."""
    return HashSpace(catalogue.ids[catalogue.hashed], catalogue.hashes[catalogue.hashed])


def status_of(catalogue: Catalogue, space: VectorSpace | None, model: models.Model | None) -> Status:
    """How far the vectors are."""
    return Status(
        images=len(catalogue.ids),
        vectors=len(space.ids) if space is not None else 0,
        hashes=int(catalogue.hashed.sum()),
        model=model.id if model is not None else None,
    )
