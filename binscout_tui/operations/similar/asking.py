"""What a command asks: the neighbours of an image or of a file, and groups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.similar.clusters import cluster, usual_number
from binscout_tui.imaging.similar.space import HashSpace, Scores, VectorSpace, best
from binscout_tui.imaging.similar.vectors import Ids, VectorFile, Vectors, mark_of, unit
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.similar.catalogue import (
    By,
    Catalogue,
    active,
    file_of,
    hash_space,
    must_be_active,
    read_catalogue,
    vector_space,
    way_of,
)
from binscout_tui.operations.similar.finding import Neighbour, StillLive, neighbours
from binscout_tui.store import images, similar
from binscout_tui.store.models import Model
from binscout_tui.workspace import Workspace

CORE = 12
"""Images that stand for a group: those nearest to its middle."""


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """A group of images that look alike: how many, the nearest to its middle, its commonest label and how often."""

    images: int
    middle: list[int]
    label: str | None
    labelled: int
    by: By


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for; `image_id` 0 for a file."""

    image_id: int
    sha256: str
    phash: int | None
    path: Path


def neighbours_of(workspace: Workspace, source: int | Path, limit: int, by: By | None = None) -> list[Neighbour]:
    """The images that look most like an image, or like a picture outside, the most alike first.

    By the active classifier where it has a vector for the image, else by hash; `by` says otherwise. Raises
    NotFoundError for an image or classifier that is not there, BinScoutError (`no_vector`, `no_hash`) for an image that
    cannot be compared so, and `not_a_picture` for a file.
    """
    asked = _image(workspace, source) if isinstance(source, int) else _outside(workspace, source)
    if by == "model":
        workspace.db.read(must_be_active)
    catalogue = read_catalogue(workspace.db)
    found = None if by == "hash" else _by_model(workspace, catalogue, asked, limit)
    if found is None and by == "model":
        raise _no_vector(asked)
    return found if found is not None else _by_hash(workspace, catalogue, asked, limit)


def clusters_of(workspace: Workspace, number: int | None, by: By | None = None) -> list[Cluster]:
    """All images that can be compared, in groups that look alike, the largest first. Raises as `neighbours_of`."""
    catalogue = read_catalogue(workspace.db)
    model = workspace.db.read(must_be_active if by == "model" else active)
    vectors = None if by == "hash" else vector_space(catalogue, file_of(workspace.paths, model))
    if vectors is None and by == "model":
        raise BinScoutError("No image has a vector yet.", hint="`binscout similar build` makes them.", code="no_vector")
    # Half of the images in vectors are worse than all of them by hash.
    space: VectorSpace | HashSpace = hash_space(catalogue)
    if vectors is not None and (by == "model" or len(vectors.ids) * 2 >= len(catalogue.ids)):
        space = vectors
    grouping = cluster(space, number or usual_number(len(space.ids)))
    live = workspace.db.read(similar.still_live, space.ids.tolist())
    there = np.array([image_id in live for image_id in space.ids.tolist()], np.bool_)
    names = workspace.db.read(similar.class_names)
    classes = catalogue.classes[catalogue.positions(space.ids)]
    return [
        _told(space, members, grouping.closeness[members], classes[members], names)
        for group in range(grouping.number)
        if len(members := np.flatnonzero((grouping.group == group) & there))
    ]


def _told(
    space: VectorSpace | HashSpace,
    members: Ids,
    closeness: Scores,
    classes: Ids,
    names: dict[int, str],
) -> Cluster:
    kinds, counts = np.unique(classes[classes > 0], return_counts=True)
    top = int(counts.argmax()) if len(counts) else -1
    return Cluster(
        images=len(members),
        middle=space.ids[members[best(closeness, CORE)]].tolist(),
        label=names.get(int(kinds[top])) if top >= 0 else None,
        labelled=int(counts[top]) if top >= 0 else 0,
        by="model" if isinstance(space, VectorSpace) else "hash",
    )


def _image(workspace: Workspace, image_id: int) -> _Asked:
    image = workspace.db.read(images.get, image_id)
    return _Asked(image.id, image.sha256, image.phash, workspace.paths.original(image))


def _outside(workspace: Workspace, path: Path) -> _Asked:
    if not path.is_file():
        raise NotFoundError(f"There is no file {display_name(path)}.", code="no_file")
    with DecodePool(None, decode_limits(workspace.settings.importing), workers=1) as pool:
        outcome = pool.decode_one(path.absolute())
    if isinstance(outcome, Rejected):
        raise BinScoutError(outcome.reason, code="not_a_picture")
    return _Asked(0, outcome.sha256, outcome.phash, path.absolute())


def _by_model(workspace: Workspace, catalogue: Catalogue, asked: _Asked, limit: int) -> list[Neighbour] | None:
    model = workspace.db.read(active)
    file = file_of(workspace.paths, model)
    space = vector_space(catalogue, file)
    if model is None or file is None or space is None:
        return None
    query = _vector(file, asked) if asked.image_id else _seen(workspace, model, asked)
    if query is None:
        return None
    return neighbours(space.ids, space.scores_of(query), "model", limit, _live(workspace), asked.image_id)


def _vector(file: VectorFile, asked: _Asked) -> Vectors | None:
    row = int(file.rows_of(np.array([asked.image_id]), np.array([mark_of(asked.sha256)]))[0])
    return np.asarray(file.vectors[row], np.float32) if row >= 0 else None


def _seen(workspace: Workspace, model: Model, asked: _Asked) -> Vectors:
    """The vector of a picture outside, which a guarded worker has decoded before."""
    from binscout_tui.learning.embedding import embedding_kind
    from binscout_tui.learning.pixels import read_square
    from binscout_tui.learning.sources import Pinned

    kind = embedding_kind(workspace.paths.model(model.id), way_of(model))
    square = read_square(Pinned(asked.path, asked.sha256), None, kind.side)
    return np.asarray(unit(kind.describe(square[None]))[0], np.float32)


def _by_hash(workspace: Workspace, catalogue: Catalogue, asked: _Asked, limit: int) -> list[Neighbour]:
    if asked.phash is None:
        raise BinScoutError(
            f"Image {asked.image_id} has no hash yet.",
            hint="`binscout images examine --wait` looks at it.",
            code="no_hash",
        )
    space = hash_space(catalogue)
    return neighbours(space.ids, space.scores_of(asked.phash), "hash", limit, _live(workspace), asked.image_id)


def _live(workspace: Workspace) -> StillLive:
    return lambda ids: workspace.db.read(similar.still_live, ids)


def _no_vector(asked: _Asked) -> BinScoutError:
    return BinScoutError(
        f"Image {asked.image_id} has no vector yet." if asked.image_id else "No image has a vector yet.",
        hint="`binscout similar build` makes them.",
        code="no_vector",
    )
