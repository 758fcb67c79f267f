"""Labels taken over from other programs: each line that cannot be used is told, no person's word overruled unasked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec

from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.names import display_name
from binscout_tui.interchange import geometry, imagefolder
from binscout_tui.interchange.model import ClassInfo, Found, FoundBoxes
from binscout_tui.interchange.refusals import NotThatFormatError, Place, Problem, Refused, refusal_of, refused
from binscout_tui.operations.label_matching import Matcher
from binscout_tui.operations.own_files import is_own
from binscout_tui.store import box_labels, classes, label_rows, labels
from binscout_tui.store.boxes import Box
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

Format = Literal["imagefolder", "coco", "yolo", "csv", "jsonl", "voc", "labelme"]
BATCH = 500
Progress = Callable[[int, int], None]
Reader = Callable[[Path], Iterator[ClassInfo | Found | Refused]]
_MODULES = {"csv": "csv_labels"}
_State = dict[str, Any]
_Entry = ClassInfo | tuple[Found, Image]
_WORDS = {"label": "label", box_labels.BOXES: "word on its boxes", box_labels.COUNTS: "count"}


class LabelReport(msgspec.Struct, kw_only=True):
    """What an import did, or would do: `written` is False where nothing was kept.

    `images` that were found; new `labels`, `boxed` images and `counts`; what was `replaced` and what was `known`
    already; new `classes`; boxes that were `clipped` at the edge; images whose boxes were left out because one of
    them was refused (`incomplete`); and every line that was refused.
    """

    path: str
    format: str
    written: bool
    images: int = 0
    labels: int = 0
    boxed: int = 0
    counts: int = 0
    replaced: int = 0
    known: int = 0
    classes: int = 0
    clipped: int = 0
    incomplete: int = 0
    refused: list[Refused] = []

    @property
    def is_useful(self) -> bool:
        """Whether anything could be used, or nothing was wrong."""
        return not self.refused or bool(self.labels + self.boxed + self.counts + self.replaced + self.known)


class _TakenBackError(Exception):
    """Takes back what was only tried."""


def import_labels(
    workspace: Workspace,
    path: Path,
    kind: Format,
    *,
    strict: bool = False,
    replace: bool = False,
    dry_run: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> LabelReport:
    """Take over the labels at `path` for pictures that are in the workspace.

    With `strict` nothing is written when anything is refused. What a person said here stays unless `replace`.
    Needs an operator. Raises NotThatFormatError when the path as a whole is not of that format.
    """
    workspace.user.must_be("operator", "Importing labels")
    if strict or dry_run:
        tried = _Import(workspace, path, kind, replace=replace, keep=False, on_progress=on_progress).run()
        if dry_run or tried.refused:
            return tried
    return _Import(workspace, path, kind, replace=replace, keep=True, on_progress=on_progress).run()


def _read(path: Path, kind: Format) -> Iterator[ClassInfo | Found | Refused]:
    path = path.absolute()
    if kind == "imagefolder":
        return imagefolder.read(path, is_own)
    if path.is_dir() and kind in ("csv", "jsonl"):
        raise NotThatFormatError(f"{display_name(path)} is a folder, and {kind} is a file.")
    reader: Reader = import_module(f"binscout_tui.interchange.{_MODULES.get(kind, kind)}").read
    return reader(path)


class _Import:
    def __init__(
        self, workspace: Workspace, path: Path, kind: Format, *, replace: bool, keep: bool, on_progress: Progress
    ) -> None:
        self.workspace = workspace
        self.path = path
        self.kind = kind
        self.replace = replace
        self.keep = keep
        self.on_progress = on_progress
        self.report = LabelReport(path=display_name(path), format=kind, written=keep, refused=[])
        self.matcher = Matcher(workspace)
        self.seen: dict[str, set[int]] = {area: set() for area in ("label", box_labels.BOXES, box_labels.COUNTS)}
        self.images: set[int] = set()
        self.ids: dict[str, int | Problem] = {}
        self.made: set[str] = set()
        self.fresh: dict[str, int] = {}
        self.archived: dict[int, str] = {}
        self.parents: list[tuple[int, str, Place]] = []

    def run(self) -> LabelReport:
        batch: list[_Entry] = []
        done = 0
        for one in _read(self.path, self.kind):
            if isinstance(one, Refused):
                self.report.refused.append(one)
            elif isinstance(one, ClassInfo):
                batch.append(one)
            else:
                batch += self._matched(one)
                done += 1
                if len(batch) >= BATCH:
                    self._flush(batch)
                    batch = []
                    self.on_progress(done, 0)
        self._flush(batch)
        return self.report

    def _matched(self, found: Found) -> list[_Entry]:
        """What is said with the image that is meant; files are read here, while nobody waits for the database."""
        self.report.incomplete += found.incomplete
        try:
            return [(found, self.matcher.find(found))]
        except Problem as problem:
            self.report.refused.append(refusal_of(found.place, problem))
            return []

    def _flush(self, batch: list[_Entry]) -> None:
        """Write a batch down in one transaction, which a trial takes back."""
        try:
            self.workspace.db.write(self._enter_all, batch)
        except _TakenBackError:
            # Classes that were tried are gone with it: their ids must not be used again.
            self.ids.clear()
            self.archived.clear()

    def _enter_all(self, db: sqlite3.Connection, batch: list[_Entry]) -> None:
        for one in batch:
            if isinstance(one, ClassInfo):
                self._class(db, one)
            else:
                self._enter(db, *one)
        self._put_below(db)
        if not self.keep:
            raise _TakenBackError

    def _class(self, db: sqlite3.Connection, one: ClassInfo) -> None:
        """Make a class that is new, with all that is known of it; those that are here stay as they are."""
        place = Place(display_name(self.path.name), item=f"class {one.name}")
        try:
            is_new, class_id = self._made(db, one.name)
            self._keep_made()
            if not is_new:
                return
            uid = self.workspace.user.uid
            self._try(place, classes.set_key, db, uid, class_id, one.key, imported=True)
            self._try(place, classes.set_colour, db, uid, class_id, one.colour, imported=True)
            self._try(place, classes.set_group, db, uid, class_id, one.group, imported=True)
            if one.parent is not None:
                self.parents.append((class_id, one.parent, place))
        except Problem as problem:
            self.report.refused.append(refusal_of(place, problem))

    def _put_below(self, db: sqlite3.Connection) -> None:
        """Classes go below others once those are there too."""
        for class_id, parent, place in self.parents:
            try:
                _, parent_id = self._made(db, parent)
                self._keep_made()
            except Problem as problem:
                self.report.refused.append(refusal_of(place, problem))
                continue
            self._try(place, classes.set_parent, db, self.workspace.user.uid, class_id, parent_id, imported=True)
        self.parents.clear()

    def _try(self, place: Place, change: Callable[..., object], *arguments: object, **options: object) -> None:
        try:
            change(*arguments, **options)
        except BinScoutError as error:
            self.report.refused.append(refused(place, error.code, error.sentence))

    def _made(self, db: sqlite3.Connection, name: str) -> tuple[bool, int]:
        """(whether it is new, id) of a class. Raises Problem for what is no name."""
        known = self.ids.get(name)
        if isinstance(known, Problem):
            raise known
        if known is not None:
            return False, known
        try:
            checked = labels.checked_name(name)
        except BinScoutError as error:
            self.ids[name] = Problem(error.code, f"{error.sentence} This is {name!r}.")
            raise self.ids[name] from error  # type: ignore[misc]
        row = db.execute("SELECT id, archived_at FROM class WHERE name = ?", (checked,)).fetchone()
        class_id = labels.add_class(db, checked).id if row is None else int(row["id"])
        self.ids[name] = class_id
        if row is None:
            self.fresh[name] = class_id
        elif row["archived_at"] is not None:
            self.archived[class_id] = checked
        return row is None, class_id

    def _keep_made(self) -> None:
        """What needed the classes that were made last is taken over."""
        for name in self.fresh:
            self._count_class(labels.checked_name(name))
        self.fresh.clear()

    def _unmake(self, db: sqlite3.Connection) -> None:
        """What needed the classes that were made last is refused: nothing has them."""
        for name, class_id in self.fresh.items():
            db.execute("DELETE FROM class WHERE id = ?", (class_id,))
            del self.ids[name]
        self.fresh.clear()

    def _count_class(self, name: str) -> None:
        """Once, also where a trial takes it back with each batch."""
        self.report.classes += name not in self.made
        self.made.add(name)

    def _bring_back(self, db: sqlite3.Connection, class_ids: Iterable[int | None]) -> None:
        """Archived classes come back when new words use them, and not because somebody lists them."""
        for class_id in class_ids:
            if class_id in self.archived:
                name = self.archived.pop(class_id)
                labels.add_class(db, name)
                self._count_class(name)

    def _enter(self, db: sqlite3.Connection, found: Found, image: Image) -> None:
        if image.id not in self.images:
            self.images.add(image.id)
            self.report.images += 1
        if found.label is not None:
            self._say(db, found, image, "label", self._label_state)
        if found.boxes is not None:
            self._say(db, found, image, box_labels.BOXES, self._boxes_state)
        elif found.incomplete:
            self.seen[box_labels.BOXES].add(image.id)
        if found.counts is not None:
            self._say(db, found, image, box_labels.COUNTS, self._counts_state)

    def _say(
        self,
        db: sqlite3.Connection,
        found: Found,
        image: Image,
        area: str,
        state: Callable[[sqlite3.Connection, Found, Image], _State | None],
    ) -> None:
        """Enter one word on an image, or say why not; a class is made for what is taken over and for nothing else."""
        try:
            if image.id in self.seen[area]:
                raise Problem("again", f"Something was said of image {image.id} further up already.")
            if area == box_labels.BOXES:  # also where one is refused: what comes later would not be all of them
                self.seen[area].add(image.id)
            after = state(db, found, image)
            if after is None:
                self.report.incomplete += 1
                return
            self.seen[area].add(image.id)
            uid = self.workspace.user.uid
            outcome = label_rows.take_over(db, uid, area, image.id, after, replace=self.replace)
            self._count(area, image, outcome)
            self._keep_made()
            if outcome != "known":
                self._bring_back(db, _classes_in(after))
        except Problem as problem:
            self.report.refused.append(refusal_of(found.place, problem))
        except BinScoutError as error:  # somebody else took the image away in this moment
            self.report.refused.append(refused(found.place, error.code, error.sentence))
        finally:
            self._unmake(db)

    def _count(self, area: str, image: Image, outcome: label_rows.Outcome) -> None:
        if outcome == "kept":
            raise Problem(
                "labelled", f"Image {image.id} has another {_WORDS[area]} here, which stays; --replace overrules it."
            )
        if outcome == "known":
            self.report.known += 1
        elif outcome == "replaced":
            self.report.replaced += 1
        elif area == "label":
            self.report.labels += 1
        elif area == box_labels.BOXES:
            self.report.boxed += 1
        else:
            self.report.counts += 1

    def _label_state(self, db: sqlite3.Connection, found: Found, image: Image) -> _State:
        said = found.label
        class_id = self._made(db, said.name)[1] if said is not None and said.name is not None else None
        return {"state": said.state if said is not None else "skipped", "class": class_id}

    def _boxes_state(self, db: sqlite3.Connection, found: Found, image: Image) -> _State | None:
        """All boxes of the image, or None when one was refused: a part of them would say that nothing else is there."""
        said = found.boxes or FoundBoxes(state="skipped")
        rows: list[tuple[Box, int | None]] = []
        clipped, is_whole = 0, True
        for one in said.boxes:
            try:
                box, is_clipped = geometry.placed(one.box, said.unit, (image.width, image.height))
                class_id = None if one.name is None else self._made(db, one.name)[1]
                rows.append((box_labels.fit(box, (image.width, image.height)), class_id))
                clipped += is_clipped
            except Problem as problem:
                is_whole = False
                self.report.refused.append(refusal_of(one.place, problem))
            except BinScoutError as error:
                is_whole = False
                self.report.refused.append(refused(one.place, error.code, error.sentence))
        if not is_whole:
            return None
        self.report.clipped += clipped
        if said.unit == "pixels" and (known := self._same_pixels(db, image, rows)) is not None:
            return known
        return box_labels.boxes_state(rows, said.state)

    def _same_pixels(self, db: sqlite3.Connection, image: Image, rows: list[tuple[Box, int | None]]) -> _State | None:
        """The boxes that are here when they are written as the same pixels: they only have more decimals."""
        here = [(one.box, one.class_id) for one in box_labels.get(db, image.id).boxes]
        size = (image.width, image.height)
        ours, theirs = (
            [(geometry.to_pixels(box, size), class_id or 0) for box, class_id in found] for found in (here, rows)
        )
        return box_labels.boxes_state(here, "boxes") if here and sorted(ours) == sorted(theirs) else None

    def _counts_state(self, db: sqlite3.Connection, found: Found, image: Image) -> _State:
        rows: dict[int | None, int] = {}
        for one in found.counts or ():
            class_id = None if one.name is None else self._made(db, one.name)[1]
            if class_id in rows:
                raise Problem("again", f"{one.name or 'Everything'} is counted twice.")
            if not 0 <= one.count <= box_labels.MOST:
                raise Problem("bad_count", f"A count is a whole number from 0 to {box_labels.MOST:,}.")
            rows[class_id] = one.count
        return box_labels.counts_state(rows.items())


def _classes_in(state: _State) -> set[int | None]:
    """Ids of the classes that the state of an area names."""
    return {
        state.get("class"),
        *(row[4] for row in state.get("boxes", ())),
        *(row[0] for row in state.get("counts", ())),
    }
