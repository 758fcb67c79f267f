"""Getting single things back from a run: an image whose file is gone or damaged, one that was purged, a model.

Everything else stays as it is. A file is put back only where what lies there has other bytes.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from binscout_tui.atomic import sync_folder
from binscout_tui.backup.archive.manifest import FileEntry, read_files
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restoring import staging
from binscout_tui.backup.restoring.staging import Missing, Staging
from binscout_tui.backup.restoring.todo import State
from binscout_tui.errors import BinScoutError, NotFoundError, UsageError
from binscout_tui.operations.backups import restore_source
from binscout_tui.operations.backups.opening import Opened, opened
from binscout_tui.operations.backups.restore_files import Places
from binscout_tui.operations.backups.restore_source import Source, source
from binscout_tui.operations.backups.restore_steps import Report, restores
from binscout_tui.operations.backups.restoring_database import fetch_records, must_be_ours
from binscout_tui.store import images, labels, restored
from binscout_tui.store.database import Database
from binscout_tui.store.images import Image, NewImage
from binscout_tui.workspace import Workspace

STAGES = ("look", "records", "unpack", "here", "fetch", "verify", "put back")
LONGEST_ID = 18
_BEGINNING = re.compile(r"[0-9a-f]{8,64}")
What = Literal["put back", "imported", "model put back", "was there"]


class Item(msgspec.Struct, frozen=True):
    """Something that is to come back: `name` as it was asked for; an image by its SHA-256, or a model by its id."""

    name: str
    sha256: str = ""
    model: str = ""

    def holds(self, entry: FileEntry) -> bool:
        """Whether a file of the run belongs to it."""
        if self.model:
            return entry.kind == "model" and entry.path.startswith(f"models/{self.model}/")
        return entry.sha256 == self.sha256 and entry.kind in ("original", "outside", "other")


class Done(msgspec.Struct, frozen=True):
    """What became of an item: `id` of the image or model, and in how many files."""

    name: str
    what: What
    id: str
    files: int


class ItemsRestored(msgspec.Struct, frozen=True, kw_only=True):
    """Which items came back from `run`, and which could not, with why."""

    run: str
    done: list[Done]
    missing: list[Missing]


def items(workspace: Workspace, target: str, run: str, names: Sequence[str], report: Report) -> ItemsRestored:
    """Bring the things called `names` back from a run: images by id, SHA-256 or path, models by id.

    What cannot be had is told and does not keep the others. Raises NotFoundError when the run does not know one of
    them (then nothing was done), RefusedError, DamagedError, RemoteError, OSError.
    """
    restore_source.must_be_admin(workspace, "Restoring")
    progress = Progress(STAGES, report)
    with opened(workspace, target) as on:
        on.rclone.pulse = progress.tell
        progress.start("look")
        found = source(on, run)
        restore_source.must_fit(workspace.paths.root, restore_source.database_room(found))
        folder = restores(workspace.paths) / staging.folder_name(found.run, "items")
        staging.sweep(folder.parent, keep=folder.name)
        with Staging(folder, workspace.paths.root) as stage:
            records = fetch_records(on, found, folder, progress)
            with closing(Database(records.database)) as then:
                must_be_ours(then.connection, found.run)
                wanted = distinct(find(workspace, then.connection, name) for name in names)
                result = _Items(workspace, on, found, stage, then.connection, progress).restored(wanted)
    staging.discard(folder)
    return result


def distinct(found: Iterable[Item]) -> list[Item]:
    """Each thing once, by the name under which it was asked for first: one image has an id, a SHA-256 and a path."""
    kept: dict[tuple[str, str], Item] = {}
    for item in found:
        kept.setdefault((item.sha256, item.model), item)
    return list(kept.values())


def find(workspace: Workspace, then: sqlite3.Connection, name: str) -> Item:
    """The thing that `name` means, here or in the database of the run. Raises NotFoundError, UsageError."""
    if name.isascii() and name.isdecimal() and len(name) <= LONGEST_ID:
        return Item(name, sha256=_by_id(workspace, then, int(name)))
    if _BEGINNING.fullmatch(name):
        known = restored.hashes(then, name)
        if len(known) > 1:
            raise UsageError(f"Several images of the run begin with {name}.", hint="Give more of the SHA-256.")
        if known:
            return Item(name, sha256=known[0])
    sha256 = restored.hash_at(then, _path_in(workspace, name))
    if sha256:
        return Item(name, sha256=sha256)
    if restored.model_row(then, name):
        return Item(name, model=name)
    raise _unknown(name)


def _by_id(workspace: Workspace, then: sqlite3.Connection, number: int) -> str:
    """What an id means now, and what it meant in the run where it means nothing now: ids are never given twice."""
    for read in (workspace.db.read, lambda function, *args: function(then, *args)):
        try:
            return read(images.get, number).sha256
        except NotFoundError:
            continue
    raise _unknown(str(number))


def _path_in(workspace: Workspace, name: str) -> bytes:
    path = Path(name)
    if path.is_absolute() and path.is_relative_to(workspace.paths.root):
        path = path.relative_to(workspace.paths.root)
    return os.fsencode(path)


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(
        f"The run holds nothing called {name!r}.",
        hint="An item is an image's id, its SHA-256 or path, or a model's id.",
        code="no_item",
    )


class _Items:
    """One restore of items, from the files of the run to rows of the workspace."""

    def __init__(
        self,
        workspace: Workspace,
        on: Opened,
        found: Source,
        stage: Staging,
        then: sqlite3.Connection,
        progress: Progress,
    ) -> None:
        self.workspace, self.on, self.found, self.stage = workspace, on, found, stage
        self.then, self.progress = then, progress
        self.places = Places(then, progress)
        self.of: dict[str, list[bytes]] = {}

    def restored(self, wanted: Sequence[Item]) -> ItemsRestored:
        """Fetch what is not here, put it where it belongs, and mend the rows."""
        self._fetch(wanted)
        bad = {piece.place: reason for piece, reason in self.stage.todo.of(State.BAD)}
        fetched = {piece.place for piece, _ in self.stage.todo.of(State.FETCHED)}
        self.progress.start("put back", 0, len(wanted))
        done, missing = [], []
        for item in wanted:
            try:
                done.append(self._put_back(item, fetched, bad))
            except BinScoutError as error:
                missing.append(Missing(item.name, f"{error.sentence} {error.hint}".strip()))
            self.progress.advance(files=1)
        return ItemsRestored(run=self.found.run, done=done, missing=missing)

    def _fetch(self, wanted: Sequence[Item]) -> None:
        made = self.found.manifest
        files = self.on.repository.files(self.found.run)
        self.progress.start("here")
        self.stage.sort_out(self._meant(wanted, read_files(files, made.files)), self.places.of, self.progress)
        restore_source.must_fit(self.stage.folder, self.stage.room_needed())
        number, size = self.stage.todo.tally(State.WANTED)
        self.progress.start("fetch", size, number)
        transfers = self.workspace.settings.backup.transfers
        source = self.on.repository.reader(self.found.run)
        self.stage.fetch(source, self.found.listing.blobs, self.progress, transfers)
        number, size = self.stage.todo.tally(State.FETCHED)
        self.progress.start("verify", size, number)
        self.stage.verify(self.progress)

    def _meant(self, wanted: Sequence[Item], entries: Iterable[FileEntry]) -> Iterator[FileEntry]:
        """The files of the items; their places are noted by the name of the item."""
        for entry in entries:
            for item in wanted:
                if item.holds(entry):
                    place = self.places.of(entry)
                    self.of.setdefault(item.name, [])
                    if place is not None and place not in self.of[item.name]:
                        self.of[item.name].append(place)
                        yield entry

    def _put_back(self, item: Item, fetched: set[bytes], bad: dict[bytes, str]) -> Done:
        places = self.of.get(item.name)
        if places is None:
            raise NotFoundError(f"The run knows {item.name}, but holds no file of it.", code="no_file")
        for place in places:
            if place in bad:
                raise BinScoutError(f"{place.decode('utf-8', 'replace')}: {bad[place]}.", code="damaged")
        moved = [place for place in places if place in fetched]
        if item.model:
            self._model_may_come(item.model)
        for place in moved:
            self._move(place)
        if item.model:
            return self._model(item, len(moved))
        return self._image(item, len(moved))

    def _move(self, place: bytes) -> None:
        source, target = (base / os.fsdecode(place) for base in (self.stage.staged, self.workspace.paths.root))
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            half = target.with_name(f".tmp-{target.name}")
            shutil.copy2(source, half)
            half.replace(target)
        sync_folder(target.parent)

    def _image(self, item: Item, files: int) -> Done:
        here = self.workspace.db.read(images.by_hash, item.sha256, concealed=True)
        if here is None:
            then = images.by_hash(self.then, item.sha256, concealed=True)
            image_id = self.workspace.db.write(self._enter, then, self.of[item.name])
            return Done(item.name, "imported", str(image_id), files)
        changed = self.workspace.db.write(self._mend, here, files)
        return Done(item.name, "put back" if changed else "was there", str(here.id), files)

    def _mend(self, db: sqlite3.Connection, image: Image, files: int) -> bool:
        place = self.places.copied.get(image.sha256)
        if image.storage == "in_place" and place is not None:
            restored.set_copied(db, image.sha256, place)
        elif image.health != "ok":
            images.set_health(db, image.id, "ok")
        elif not files:
            return False
        restored.tell_image(db, self.workspace.user.uid, image.id, "put back", self.found.run)
        return True

    def _enter(self, db: sqlite3.Connection, then: Image | None, places: Sequence[bytes]) -> int:
        """Import an image again as it was, with what was said of it; its file is at one of `places`, unless outside."""
        if then is None:
            raise NotFoundError("The database of the run has no row for it.", code="no_row")
        if then.withheld == images.HIDDEN:
            raise BinScoutError(
                "It was hidden by a tag or collection.", hint="Restore the whole workspace to a folder.", code="hidden"
            )
        if then.withheld is not None:
            raise BinScoutError(f"It is of a capture that was {then.withheld}.", code="withheld")
        uid = self.workspace.user.uid
        values = {name: getattr(then, name) for name in NewImage.__struct_fields__}
        place = self._place(then, places)
        if place is not None:
            values |= {"storage": "copy", "path": Path(os.fsdecode(place))}
        image_id, _ = images.add(db, uid, NewImage(**values))
        label = labels.get(self.then, then.id)
        if label is not None:
            if label.name is not None:
                labels.add_class(db, label.name)
            labels.set_label(db, uid, image_id, label.name, state=label.state)
        restored.tell_image(db, uid, image_id, "import again", self.found.run)
        return image_id

    def _place(self, then: Image, places: Sequence[bytes]) -> bytes | None:
        """Where the file is that came, whatever the row says; None where it stays outside of the workspace."""
        if then.storage != "copy":
            return self.places.copied.get(then.sha256)
        if not places:
            raise NotFoundError("The run holds no file of it.", code="no_file")
        named = os.fsencode(then.path)
        return named if named in places else places[0]

    def _model_may_come(self, model_id: str) -> None:
        here, then = self.workspace.db.read(restored.model_row, model_id), restored.model_row(self.then, model_id)
        if here is not None and then is not None and here["sha256"] != then["sha256"]:
            raise BinScoutError(f"Another model is called {model_id} by now.", code="other_model")

    def _model(self, item: Item, files: int) -> Done:
        then = restored.model_row(self.then, item.model)
        if then is None:
            raise NotFoundError("The database of the run has no row for it.", code="no_row")
        changed = self.workspace.db.write(restored.enter_model, self.workspace.user.uid, then, self.found.run)
        return Done(item.name, "model put back" if changed or files else "was there", item.model, files)
