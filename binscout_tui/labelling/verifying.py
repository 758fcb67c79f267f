"""One person's verifying: a list of images that a model says are of one class, and decisions on whole pages of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from binscout_tui.errors import ConflictError
from binscout_tui.imaging.previews import PREVIEW, THUMB, preview_path
from binscout_tui.labelling import queue
from binscout_tui.store import gallery, labels, models, places, verifying
from binscout_tui.store.gallery import Row
from binscout_tui.store.images import Image
from binscout_tui.store.labels import LabelClass
from binscout_tui.store.verifying import Said, Taken, Turned, Waiting
from binscout_tui.workspace import LiveWorkspace

AREA = "verify"
LEASTS = (0.0, 0.8, 0.9, 0.95, 0.99)
"""How sure the model is to be at least: what the key goes through."""
PIECE = 240
ROWS = 6_000
"""How many images are known at once, so that memory stays the same however many are verified."""
WINDOW_S = 60.0
Over = Literal["model", "labels"]
What = Literal["open", "taken", "said", "gone"]
"""Of one image: open, taken for the class on a page, labelled otherwise, or in no list any more."""

Committed = tuple[Taken, list[Row], list[Waiting]]
"""What came of a page, its images after that, and what waits then."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of the area: the class, how sure the model is to be, the size of the tiles.

    `over` says what is gone over: what the model says, or the labels that people gave.
    """

    over: Over = "model"
    name: str | None = None
    least: float = 0.0
    size: str = "M"


def from_kept(kept: Any) -> Place:
    """The place that was kept, as far as it still means something."""
    try:
        return msgspec.convert(kept, Place) if kept is not None else Place()
    except msgspec.ValidationError:
        return Place()


def next_least(least: float) -> float:
    """The confidence that the key leads to from this one."""
    return next((one for one in LEASTS if one > least), LEASTS[0])


def pace(pages: Sequence[tuple[float, int]], now: float) -> int | None:
    """Images a minute over the pages of the last minute, (moment in seconds, images); None before there are two."""
    recent = [page for page in pages if now - page[0] <= WINDOW_S]
    if len(recent) < 2:
        return None
    return round(sum(images for _, images in recent[1:]) * 60 / max(recent[-1][0] - recent[0][0], 0.001))


class VerifyDesk:
    """The list of one class, read ahead by pieces, and what became of the images in it.

    An image stays in the list when it was decided on, so that nothing jumps; `what` says what became of it.
    """

    OVER: ClassVar[Over] = "model"

    def __init__(self, workspace: LiveWorkspace) -> None:
        self.workspace = workspace
        self.model_id: str | None = None
        self.classes: list[LabelClass] = []
        self.waiting: list[Waiting] = []
        self.name: str | None = None
        self.least = 0.0
        self.size = "M"
        self.ids: list[int] = []
        self._said: dict[int, Said] = {}
        self._places: dict[int, int] = {}
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self.gone: set[int] = set()
        self._is_whole = False
        self._turn = asyncio.Lock()

    # What there is.

    @property
    def left(self) -> int:
        """How many images wait in the class, whatever the confidence."""
        return next((one.images for one in self.waiting if one.name == self.name), 0)

    @property
    def number(self) -> int:
        """Which of the classes it is, from 1; 0 where it has nothing that waits."""
        return next((place for place, one in enumerate(self.waiting, 1) if one.name == self.name), 0)

    @property
    def kept(self) -> Place:
        """What is to be remembered."""
        return Place(over=self.OVER, name=self.name, least=self.least, size=self.size)

    def has(self, image_id: int) -> bool:
        """Whether an image is in the list."""
        return image_id in self._places

    def place(self, image_id: int) -> int:
        """Where in the list an image is."""
        return self._places[image_id]

    def score(self, image_id: int) -> float:
        """How sure the model is."""
        return self._said[image_id].score

    def row(self, image_id: int) -> Row | None:
        """What is known of an image of the list, once it was read."""
        row = self._rows.get(image_id)
        if row is not None:
            self._rows.move_to_end(image_id)
        return row

    def what(self, image_id: int) -> What | None:
        """What became of an image; None while its row is not read."""
        row = self._rows.get(image_id)
        if row is None:
            return "gone" if image_id in self.gone else None
        if not row.image.is_live:
            return "gone"
        if row.label is None:
            return "open"
        return "taken" if row.label.state == "class" and row.label.name == self.name else "said"

    def previews(self, image: Image) -> tuple[Path, Path]:
        """The smaller and the larger preview of an image."""
        folder = self.workspace.paths.previews
        return preview_path(folder, image.sha256, THUMB), preview_path(folder, image.sha256, PREVIEW)

    def open_ones(self, ids: Collection[int]) -> list[int]:
        """Those of the images on which nobody has decided."""
        return [image_id for image_id in ids if self.what(image_id) == "open"]

    # Opening and reading on.

    async def open(self, kept: Place) -> None:
        """Begin with the class of the kept place, else with that of which most images wait."""
        self.name, self.least, self.size = kept.name, kept.least, kept.size
        await self._know()
        if not self.number:
            self.name = self.waiting[0].name if self.waiting else None
        await self._begin()

    async def choose(self, name: str) -> None:
        """Go over another class, from the image of which the model is most sure."""
        async with self._turn:
            self.name = name
            await self._begin()

    async def step(self, by: int) -> bool:
        """Go over the class after or before this one, in the order of what waits; False when there is no other."""
        async with self._turn:
            self.waiting = await self._read_waiting()
            names = [one.name for one in self.waiting]
            if not names or names == [self.name]:
                return False
            at = names.index(self.name) if self.name in names else (-1 if by > 0 else 0)
            self.name = names[(at + by) % len(names)]
            await self._begin()
            return True

    async def be_sure(self, least: float) -> None:
        """Leave out what the model is less sure of."""
        async with self._turn:
            self.least = least
            await self._begin()

    async def read_on(self, needed: int) -> bool:
        """Read until the list has so many images, or all; whether it grew."""
        async with self._turn:
            before = len(self.ids)
            while len(self.ids) < needed and not self._is_whole:
                await self._more()
            return len(self.ids) > before

    async def rows(self, ids: Sequence[int]) -> list[Row]:
        """What is known of these images now."""
        found = await self.workspace.db.read(gallery.rows, ids)
        self.gone |= set(ids) - {row.image.id for row in found}
        for image_id in self.gone:
            self._rows.pop(image_id, None)
        self._know_rows(found)
        return found

    def _know_rows(self, found: Sequence[Row]) -> None:
        for row in found:
            self._rows[row.image.id] = row
            self._rows.move_to_end(row.image.id)
        while len(self._rows) > ROWS:
            self._rows.popitem(last=False)

    async def refresh(self, seen: Sequence[int]) -> bool:
        """Take over changes made elsewhere; what is below the images that are `seen` is read anew.

        Whether the list is another one than before, since the model is.
        """
        async with self._turn:
            before = self.model_id
            await self._know()
            if before != self.model_id or (self.name is None and self.waiting):
                if not self.number:
                    self.name = self.waiting[0].name if self.waiting else None
                await self._begin()
                return True
            end = self.place(seen[-1]) + 1 if seen and self.has(seen[-1]) else 0
            for image_id in self.ids[end:]:
                del self._said[image_id], self._places[image_id]
            self.ids = self.ids[:end]
            self._is_whole = False
            await self._more()
            await self.rows(seen)
            return False

    async def _know(self) -> None:
        db = self.workspace.db
        model = await db.read(models.active, queue.TASK)
        self.model_id = model.id if model else None
        self.classes = await db.read(labels.classes)
        self.waiting = await self._read_waiting()

    async def _read_waiting(self) -> list[Waiting]:
        return await self.workspace.db.read(verifying.classes, self.model_id) if self.model_id else []

    async def _begin(self, first: Said | None = None) -> None:
        """The list anew, from its beginning or from `first` on."""
        self.ids, self._said, self._places = [], {}, {}
        self._is_whole = False
        if first is not None:
            self._append([first])
        await self._more()

    async def _more(self) -> None:
        if not self._is_whole:
            found = await self._read_page(self._said[self.ids[-1]] if self.ids else None)
            self._is_whole = len(found) < PIECE
            self._append(found)

    async def _read_page(self, last: Said | None) -> list[Said]:
        if self.name is None or self.model_id is None:
            return []
        return await self.workspace.db.read(
            verifying.page, self.model_id, self.name, least=self.least, beyond=last, limit=PIECE
        )

    def _append(self, found: Sequence[Said]) -> None:
        # The model may have looked again and be less sure by now. Whoever shows the list keeps what it was given.
        new = [one for one in found if one.image_id not in self._said]
        for place, one in enumerate(new, len(self.ids)):
            self._said[one.image_id], self._places[one.image_id] = one, place
        self.ids = [*self.ids, *(one.image_id for one in new)]

    # Deciding.

    async def take(self, name: str, seen: Sequence[int], wrong: Collection[int]) -> Taken:
        """Commit a page: the images that were `seen` are of the class `name`, but for those that are `wrong`.

        Those on which somebody decided meanwhile stay as they are. Raises NotFoundError, and ConflictError when the
        list is another one by now.
        """
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            self._must_be(name, seen)
            right = [self._said[one] for one in seen if one not in wrong]
            marked = [self._said[one] for one in seen if one in wrong]
            done, rows, self.waiting = await self._commit(right, marked)
            self._know_rows(rows)
            return done

    async def _commit(self, right: Sequence[Said], wrong: Sequence[Said]) -> Committed:
        uid, model_id = self.workspace.user.uid, verifying.must_be_active(self.model_id)
        return await self.workspace.db.write(_take, uid, model_id, self.kept, right, wrong)

    async def relabel(self, image_id: int, name: str) -> None:
        """Commit another class for one image. Raises what `labels.set_label` raises, and ConflictError as `take`."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            self._must_be(self.name, [image_id])
            said = self._said[image_id]
            suggested = self._suggested(said)
            uid = self.workspace.user.uid
            await self.workspace.db.write(labels.set_label, uid, image_id, name, suggested=suggested)
            await self.rows([image_id])
            self.waiting = await self._read_waiting()

    def _suggested(self, said: Said) -> dict[str, Any] | None:
        """What the journal says of what was suggested."""
        return {"label": self.name, "score": said.score, "model": self.model_id}

    def _must_be(self, name: str | None, seen: Sequence[int]) -> None:
        if self.name != name or not all(map(self.has, seen)):
            raise ConflictError("Another list is shown by now; nothing was decided.", code="moved_on")

    async def undo(self) -> Turned:
        """Take back this person's last page or label, and have its images in the list. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(verifying.undo, self.workspace.user.uid))

    async def redo(self) -> Turned:
        """Do again what was undone last. Raises NotFoundError."""
        self.workspace.user.must_be("operator", "Labelling")
        async with self._turn:
            return await self._turned(await self.workspace.db.write(verifying.redo, self.workspace.user.uid))

    async def _turned(self, turned: Turned) -> Turned:
        """The images of a decision come back to the list; where they are not in it, the list is that from them on."""
        images = turned.entry.turned
        self.waiting = await self._read_waiting()
        if images and not any(image_id in self._said for image_id in images):
            found = await self._find(images)
            if found is not None:
                self.name = found[0]
                await self._begin(found[1])
        known = [image_id for image_id in images if image_id in self._said]
        if known:
            await self.rows(known)
        return turned

    async def _find(self, image_ids: Sequence[int]) -> tuple[str, Said] | None:
        """In which list, and where in it, the first of these images is."""
        if self.model_id is None:
            return None
        return await self.workspace.db.read(verifying.surest, self.model_id, image_ids)


def _take(
    db: sqlite3.Connection, uid: int, model_id: str, kept: Place, right: Sequence[Said], wrong: Sequence[Said]
) -> Committed:
    """Commit a page and where it was, and read what is to be shown of it then."""
    done = verifying.take(db, uid, model_id, kept.name or "", right, wrong)
    places.keep(db, uid, AREA, kept)
    rows = gallery.rows(db, [one.image_id for one in (*right, *wrong)])
    return done, rows, verifying.classes(db, model_id)
