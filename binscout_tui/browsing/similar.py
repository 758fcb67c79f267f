"""One person's way through images that look alike: neighbours, groups, a map, and what is decided on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from binscout_tui.browsing.desk import AREAS
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path
from binscout_tui.imaging.similar.clusters import Grouping, cluster, usual_number
from binscout_tui.imaging.similar.plane import Cells, Plane, in_cells, project
from binscout_tui.imaging.similar.space import HashSpace, Scores, VectorSpace, best
from binscout_tui.imaging.similar.vectors import Ids
from binscout_tui.operations.similar import making
from binscout_tui.operations.similar.catalogue import (
    By,
    Catalogue,
    Status,
    active,
    catalogue_of,
    file_of,
    hash_space,
    status_of,
    vector_space,
)
from binscout_tui.operations.similar.finding import SPARE, position_in
from binscout_tui.store import gallery, images, similar, stars, undoing
from binscout_tui.store.gallery import Row
from binscout_tui.store.images import Image
from binscout_tui.store.journal import Entry
from binscout_tui.store.models import Model
from binscout_tui.workspace import LiveWorkspace

NEAR = 200
"""Neighbours that are shown."""
MOST = 5_000
"""Images of a group or a cell that are shown, those nearest to its middle first."""
Kind = Literal["near", "group", "cell"]
Space = VectorSpace | HashSpace
T = TypeVar("T")


@dataclass(slots=True)
class Page:
    """Images that belong together, in the order in which they are shown; `ids` are those of `found` that count now.

    `source` is the image that all are compared with, the first of them. `whole` is how many there are, of which those
    that are `found` are the first.
    """

    kind: Kind
    by: By
    found: tuple[int, ...]
    scores: dict[int, float]
    source: int | None = None
    number: int = 0
    whole: int = 0
    ids: tuple[int, ...] = ()
    cursor: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of images: its number, how many count now, its commonest class and on how many it is."""

    number: int
    images: int
    label: str
    labelled: int


@dataclass(slots=True)
class _Made:
    """What was worked out over a space, and its images by position that count now."""

    space: Space
    there: NDArray[np.bool_]
    grouping: Grouping | None = None
    plane: Plane | None = None
    classes: Ids = field(default_factory=lambda: np.zeros(0, np.int64))


class SimilarDesk:
    """Knows all images that count, as of `fresh`; what it shows is asked of the store once more."""

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.status = Status(images=0, vectors=0, hashes=0, model=None)
        self.wanted: By | None = None
        self.names: dict[int, str] = {}
        self.is_stale = True
        self._catalogue: Catalogue | None = None
        self._vectors: VectorSpace | None = None
        self._groups: _Made | None = None
        self._map: _Made | None = None
        self._reading = asyncio.Lock()
        self._stop = Event()

    # What is known.

    async def fresh(self) -> Catalogue:
        """All images that count; read again after something changed."""
        async with self._reading:
            if self._catalogue is None or self.is_stale:
                self.is_stale = False
                try:
                    self._catalogue = await self._read()
                except BaseException:
                    self.is_stale = True
                    raise
            return self._catalogue

    async def _read(self) -> Catalogue:
        pieces: list[list[similar.Traits]] = []
        while not pieces or len(pieces[-1]) == similar.PIECE:
            pieces.append(await self.workspace.db.read(similar.piece, pieces[-1][-1][0] if pieces else 0))
        names = await self.workspace.db.read(similar.class_names)
        model = await self.workspace.db.read(active)
        catalogue, vectors = await asyncio.to_thread(self._opened, pieces, model)
        self.names, self._vectors, self.status = names, vectors, status_of(catalogue, vectors, model)
        return catalogue

    def _opened(self, pieces: list[list[similar.Traits]], model: Model | None) -> tuple[Catalogue, VectorSpace | None]:
        catalogue = catalogue_of(pieces)
        return catalogue, vector_space(catalogue, file_of(self.workspace.paths, model))

    def _space(self, catalogue: Catalogue) -> Space:
        """Where all are compared: by vectors once half of the images have one, unless the person wants another way."""
        vectors = self._vectors
        if vectors is None or self.wanted == "hash":
            return hash_space(catalogue)
        enough = self.wanted == "model" or len(vectors.ids) * 2 >= len(catalogue.ids)
        return vectors if enough else hash_space(catalogue)

    # Neighbours.

    async def near(self, image_id: int) -> Page:
        """The images that look most like one, which is the first. Raises NotFoundError, BinScoutError (`no_hash`)."""
        image = await self.workspace.db.read(images.get, image_id)
        # Nobody waits until all are read again: what counts no more is left out below.
        catalogue = self._catalogue if self._catalogue is not None else await self.fresh()
        space, scores = await asyncio.to_thread(self._scores, catalogue, image)
        by = by_of(space)
        kept: list[int] = []
        most = NEAR + SPARE
        while True:
            places = best(scores, most)
            live = await self.workspace.db.read(similar.still_live, space.ids[places].tolist())
            kept = [at for at in places if int(space.ids[at]) in live and int(space.ids[at]) != image_id][:NEAR]
            if len(kept) == NEAR or most >= len(scores):
                break
            most *= 4
        found = {image_id: 1.0} | {int(space.ids[at]): float(scores[at]) for at in kept}
        page = Page("near", by, tuple(found), found, source=image_id, whole=len(found))
        return await self.told(page)

    def _scores(self, catalogue: Catalogue, image: Image) -> tuple[Space, Scores]:
        vectors = self._vectors  # others may take their place while a thread asks these
        if self.wanted != "hash" and vectors is not None:
            place = position_in(vectors.ids, image.id)
            if place is not None:
                return vectors, vectors.scores(place)
        if image.phash is None:
            raise BinScoutError(
                f"Image {image.id} was not looked at yet, so nothing is known that could be compared.",
                hint="`binscout images examine --wait`",
                code="no_hash",
            )
        hashes = hash_space(catalogue)
        return hashes, hashes.scores_of(image.phash)

    async def told(self, page: Page) -> Page:
        """A page with those of its images that count now, the source of neighbours too."""
        live = await self.workspace.db.read(similar.still_live, page.found)
        page.ids = tuple(found for found in page.found if found in live)
        return page

    # Groups.

    async def groups(self, number: int | None, *, anew: bool = False) -> list[Group]:
        """Groups of images that look alike, the largest first; those of before unless another number is asked for."""
        catalogue = await self.fresh()
        made = self._groups
        if made is None or made.grouping is None or anew:
            space = self._space(catalogue)
            wanted = number or usual_number(len(space.ids))
            grouping = await self._beside(lambda stop: cluster(space, wanted, stop))
            made = self._groups = _Made(space, np.ones(len(space.ids), np.bool_), grouping=grouping)
        self._counted(made, catalogue)
        return self._told_groups(made)

    def _told_groups(self, made: _Made) -> list[Group]:
        found = []
        for number in range(made.grouping.number if made.grouping is not None else 0):
            members = self._members(made, number)
            if len(members):
                label, labelled = self.commonest(made.classes[members])
                found.append(Group(number, len(members), label, labelled))
        return sorted(found, key=lambda group: (-group.images, group.number))

    async def group(self, number: int) -> Page:
        """The images of a group, those nearest to its middle first."""
        made = self._groups
        if made is None or made.grouping is None:
            return Page("group", "hash", (), {})
        members = self._members(made, number)
        closeness = made.grouping.closeness[members]
        order = best(closeness, MOST)
        scores = {int(made.space.ids[members[at]]): float(closeness[at]) for at in order}
        page = Page("group", by_of(made.space), tuple(scores), scores, number=number, whole=len(members))
        return await self.told(page)

    def _members(self, made: _Made, number: int) -> Ids:
        grouping = made.grouping
        return np.flatnonzero((grouping.group == number) & made.there) if grouping is not None else np.zeros(0, int)

    @property
    def groups_by(self) -> By | None:
        """By what the groups were made."""
        return by_of(self._groups.space) if self._groups is not None else None

    # The map.

    async def plane(self, *, anew: bool = False) -> Plane:
        """Where all images are on the map."""
        catalogue = await self.fresh()
        made = self._map
        if made is None or made.plane is None or anew:
            space = self._space(catalogue)
            found = await self._beside(lambda stop: project(space, stop))
            made = self._map = _Made(space, np.ones(len(space.ids), np.bool_), plane=found)
        self._counted(made, catalogue)
        assert made.plane is not None
        return made.plane

    def cells(self, width: int, height: int) -> tuple[Cells, Ids]:
        """The map in cells, and the classes (0 for none) of its images."""
        made = self._map
        if made is None or made.plane is None:
            return in_cells(np.zeros((0, 2), np.float32), width, height), np.zeros(0, np.int64)
        return in_cells(made.plane.points, width, height, made.there), made.classes

    async def cell(self, cells: Cells, cell: int) -> Page:
        """The images in a cell of the map, in the order of arrival."""
        made = self._map
        if made is None:
            return Page("cell", "hash", (), {})
        members = cells.members(cell)
        found = tuple(made.space.ids[members[:MOST]].tolist())
        return await self.told(Page("cell", by_of(made.space), found, {}, number=cell, whole=len(members)))

    @property
    def map_by(self) -> By | None:
        """By what the map was made."""
        return by_of(self._map.space) if self._map is not None else None

    @property
    def mapped(self) -> int:
        """How many images that count are on the map."""
        return int(self._map.there.sum()) if self._map is not None else 0

    def commonest(self, classes: Ids) -> tuple[str, int]:
        """The name of the commonest class among these (0 for none), and how often it is; "" without any."""
        kinds, counts = np.unique(classes[classes > 0], return_counts=True)
        if not len(kinds):
            return "", 0
        top = int(counts.argmax())
        return self.names.get(int(kinds[top]), "?"), int(counts[top])

    def _counted(self, made: _Made, catalogue: Catalogue) -> None:
        """Leave out what counts no more since, and take over the classes of now."""
        positions = catalogue.positions(made.space.ids)
        made.there = positions >= 0
        made.classes = (
            np.where(made.there, catalogue.classes[np.maximum(positions, 0)], 0)
            if len(catalogue.ids)
            else np.zeros(len(positions), np.int64)
        )

    def turn(self) -> By | None:
        """Compare in the other way; what was worked out before is forgotten. None where there is no other way."""
        if self._vectors is None:
            return None
        now = self.wanted or by_of(self._space(self._catalogue) if self._catalogue is not None else self._vectors)
        self.wanted = "hash" if now == "model" else "model"
        self._groups = self._map = None
        return self.wanted

    # Work that takes longer than a blink.

    async def _beside(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Done in a thread, which `close` stops, what is wanted after it, and that nobody awaits it any more."""
        self.close()
        stop = self._stop = Event()
        try:
            return await asyncio.to_thread(work, stop.is_set)
        finally:
            stop.set()

    def close(self) -> None:
        """Nobody waits for it any more."""
        self._stop.set()

    async def build(self) -> int:
        """Start the job that makes the vectors which are missing; its id. Raises what `making.enqueue` raises."""
        from binscout_tui.jobs.launch import launch

        self.workspace.user.must_be("operator", "Making vectors")
        job_id = await self.workspace.db.write(making.enqueue, self.workspace.user.uid)
        await asyncio.to_thread(launch, self.workspace.paths.root, job_id)
        return job_id

    # Pictures and decisions.

    async def rows(self, ids: Iterable[int]) -> list[Row]:
        """What is known of these images."""
        return await self.workspace.db.read(gallery.rows, list(ids))

    def preview(self, image: Image) -> Path:
        """The larger preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, PREVIEW)

    def thumb(self, image: Image) -> Path:
        """The smaller preview of an image."""
        return preview_path(self.workspace.paths.previews, image.sha256, THUMB)

    async def trash(self, ids: Collection[int]) -> int:
        """Move images to the trash as one decision; how many. Raises RefusedError for a viewer."""
        self.workspace.user.must_be("operator", "Moving images to the trash")
        return await self.workspace.db.write(images.trash, self.workspace.user.uid, ids)

    async def star(self, ids: Sequence[int]) -> tuple[int, bool]:
        """(How many have another star now, whether they have one): given to all, taken where all have one."""
        self.workspace.user.must_be("operator", "Starring images")
        uid = self.workspace.user.uid
        on = not await self.workspace.db.read(stars.all_starred, ids)
        change = await self.workspace.db.write(lambda db: stars.star(db, uid, ids, on=on))
        return change.changed, on

    async def undo(self) -> Entry:
        """Take back the last decision of the gallery. Raises NotFoundError, RefusedError."""
        self.workspace.user.must_be("operator", "Undoing")
        return await self.workspace.db.write(undoing.undo, self.workspace.user.uid, AREAS)

    async def redo(self) -> Entry:
        """Do again what was undone last. Raises NotFoundError, RefusedError."""
        self.workspace.user.must_be("operator", "Redoing")
        return await self.workspace.db.write(undoing.redo, self.workspace.user.uid, AREAS)


def by_of(space: Space) -> By:
    """By what a space compares."""
    return "model" if isinstance(space, VectorSpace) else "hash"
