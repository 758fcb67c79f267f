"""The steps of a drill, one after the other."""

from __future__ import annotations

import heapq
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from binscout_tui import workspace as workspaces
from binscout_tui.backup.archive.manifest import FileEntry, Manifest, read_files
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.progress import Progress, size_words
from binscout_tui.backup.restoring import extract
from binscout_tui.backup.restoring.staging import Missing, hash_of
from binscout_tui.backup.target import known as targets
from binscout_tui.backup.target.known import CONFIG, Target
from binscout_tui.clock import utc_now
from binscout_tui.errors import BinScoutError, NotFoundError, RefusedError, StorageError
from binscout_tui.operations.backups import drill_digest, drill_scratch, restoring, running
from binscout_tui.operations.backups.drill_damage import note_damage
from binscout_tui.operations.backups.drill_digest import Digest
from binscout_tui.operations.backups.drill_scratch import MARK, NAME
from binscout_tui.operations.backups.opening import folder, opened
from binscout_tui.operations.backups.restore_files import everything
from binscout_tui.operations.backups.run_difference import Lists
from binscout_tui.store.restored import problems, rows
from binscout_tui.wording import counted
from binscout_tui.workspace import Workspace

WHOLE_BYTES = 1 << 30
WHOLE_FILES = 20_000
SAMPLE = 1000
NAMED = 3
Report = Callable[[str, Progress], None]
"""Is told the step and how far it is; what it raises stops the drill."""
# What a restore writes into a database beside what the run holds.
WRITTEN = frozenset({"job", "event", "journal", "user", "image_damage"})


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a drill, and what it found or why it failed."""

    name: str
    ok: bool
    seconds: float
    words: str


class Drill:
    """One drill. `store` is the target beside the real one, `place` the scratch workspace."""

    def __init__(self, workspace: Workspace, target: Target, report: Report, files: int | None, scratch: Path) -> None:
        self.workspace, self.target, self.report, self.files = workspace, target, report, files
        self.at = utc_now()
        self.run = ""
        self.sample: int | None = None
        self.store: Target | None = None
        self._mark = f"{MARK}{secrets.token_hex(4)}"
        self._scratch = scratch / self._mark
        self.place = self._scratch / "workspace"
        self._wanted: frozenset[str] | None = None
        self._manifest: Manifest | None = None
        self._before: Digest | None = None
        self._step = ""

    def go(self) -> list[Step]:
        """Do the steps until one fails, and take away what they made."""
        drill_scratch.note(self.workspace, self._scratch, self.store)
        try:
            self._scratch.mkdir(mode=0o700)
        except OSError as error:
            raise StorageError(
                f"No folder for the drill can be made in {self._scratch.parent}: {error.strerror or error}.",
                hint="--scratch chooses another one.",
            ) from error
        steps: list[Step] = []
        for name, work in (
            ("find the newest good run", self._find),
            ("restore it to a scratch folder", self._restore),
            ("compare it with the run", self._compare),
            ("open it", self._open),
            ("back it up beside", self._back_up),
            ("lose everything", self._lose),
            ("restore it in place", self._restore_in_place),
            ("compare it byte for byte", self._compare_again),
        ):
            steps.append(self._done(name, work))
            if not steps[-1].ok:
                break
        return [*steps, self._done("take it away", self._take_away)]

    def _done(self, name: str, work: Callable[[], str]) -> Step:
        self._step, began = name, time.monotonic()
        self.report(name, Progress((name,)))
        try:
            words, ok = work(), True
        except (BinScoutError, OSError, sqlite3.Error) as error:
            words, ok = (error.sentence if isinstance(error, BinScoutError) else str(error)), False
        return Step(name=name, ok=ok, seconds=time.monotonic() - began, words=words)

    def _tell(self, progress: Progress) -> None:
        self.report(self._step, progress)

    def _find(self) -> str:
        with opened(self.workspace, self.target.name) as on:
            listing = on.repository.listing()
        good = next((one for one in listing.runs if one.is_good and one.manifest is not None), None)
        if good is None or good.manifest is None:
            raise NotFoundError(f"There is no good run on {self.target.name}.", code="no_run")
        self.run, made = good.run, good.manifest
        self._manifest = made
        large = made.logical_bytes > WHOLE_BYTES or made.files.count > WHOLE_FILES
        number = (SAMPLE if large else 0) if self.files is None else self.files
        if 0 < number < made.files.count:
            self.sample = number
            with Lists(self.workspace, self.target.name) as lists:
                self._wanted = self._chosen(lists.path(made), made, number)
        what = counted(made.files.count, "file")
        return f"{self.run}: {what}" + (
            f", of which {number:,} are tried" if self.sample else ", all of them are tried"
        )

    def _chosen(self, path: Path, made: Manifest, number: int) -> frozenset[str]:
        """The paths of the sample: other files in each drill, by a hash of theirs and of the drill's name."""
        seen = ((drill_digest.chance(self._mark, entry.sha256), entry.path) for entry in read_files(path, made.files))
        return frozenset(name for _, name in heapq.nsmallest(number, seen))

    def _is_wanted(self, entry: FileEntry) -> bool:
        return self._wanted is None or entry.path in self._wanted

    def _restore(self) -> str:
        wanted = everything if self._wanted is None else self._is_wanted
        try:
            done = restoring.to_folder(
                self.workspace, self.target.name, self.run, self.place, self._tell, skip_damaged=True, wanted=wanted
            )
        except RefusedError as error:
            if error.code != "no_space":
                raise
            raise StorageError(f"{error.sentence} --scratch chooses another disk, --files a sample.") from error
        except DamagedError:
            self._note(())
            raise
        if done.skipped:
            self._note(done.missing)
            named = ", ".join(f"{one.path} ({one.reason})" for one in done.missing[:NAMED])
            more = ", …" if done.skipped > NAMED else ""
            raise DamagedError(f"{counted(done.skipped, 'file')} cannot be had: {named}{more}.")
        return f"{counted(done.files, 'file')}, {size_words(done.bytes)}, {size_words(done.fetched)} fetched"

    def _note(self, missing: Sequence[Missing]) -> None:
        """So that the list does not go on to call the run good. The damage is told also where that does not work."""
        with suppress(RemoteError, DamagedError, OSError):
            note_damage(self.workspace, self.target.name, self._made, missing, self._tell)

    def _compare(self) -> str:
        """Every file against the list, every table against the manifest, without the code that restored them."""
        made = self._made
        progress = Progress((self._step,), self._tell)
        progress.start(self._step, made.logical_bytes, made.files.count)
        number = 0
        with Lists(self.workspace, self.target.name) as lists:
            for entry in lists.files(made):
                if self._is_wanted(entry) and entry.kind not in ("outside", "other"):
                    self._must_be_there(entry, progress)
                    number += 1
        with closing(sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True)) as db:
            there = rows(db, made.rows)
        told = {table: count for table, count in made.rows.items() if table not in WRITTEN}
        wrong = [
            f"{table} {there.get(table, 0):,} of {told[table]:,}" for table in told if there.get(table) != told[table]
        ]
        if wrong:
            raise DamagedError(f"Tables have other rows than the run says: {', '.join(wrong)}.")
        return f"{counted(number, 'file')} hashed, the rows of {counted(len(told), 'table')} counted"

    def _must_be_there(self, entry: FileEntry, progress: Progress) -> None:
        path = self.place / os.fsdecode(extract.place(entry))
        if not path.is_file() or path.stat().st_size != entry.size:
            raise DamagedError(f"{entry.path} is missing or of another size.")
        if hash_of(path, progress.advance) != entry.sha256:
            raise DamagedError(f"{entry.path} has other bytes than the run says.")
        progress.advance(0, 1)

    def _open(self) -> str:
        with Workspace(self.place) as ws:
            wrong = ws.db.read(problems)
            images = ws.db.read(lambda db: int(db.execute("SELECT count(*) FROM image").fetchone()[0]))
        if wrong:
            raise DamagedError(f"The database is damaged: {'; '.join(wrong)[:300]}.")
        return f"a workspace with {counted(images, 'image')}; its database is whole"

    def _back_up(self) -> str:
        self._before = drill_digest.digest(self.place, self._heard)
        kept = self.place / "backup"
        targets.make_folder(kept)
        shutil.copyfile(folder(self.workspace) / CONFIG, kept / CONFIG)
        (kept / CONFIG).chmod(0o600)
        self.store = drill_scratch.beside(self.target, self._mark)
        if self.store is not None:
            try:
                return self._backed_up(self.store)
            except RemoteError as error:
                if error.code not in ("denied", "not_found", "quota"):
                    raise
        here = os.fspath(self._scratch / "store")
        return self._backed_up(Target(name=NAME, kind="local", fs=here, shown=here))

    def _backed_up(self, store: Target) -> str:
        self.store = store
        drill_scratch.note(self.workspace, self._scratch, self.store)
        targets.write(self.place / "backup", [store])
        with Workspace(self.place) as ws:
            done = running.run(ws, NAME, self._tell)
        return f"{done.run} in {store.shown}: {counted(done.files, 'file')}, {size_words(done.added_bytes)} sent"

    def _lose(self) -> str:
        gone = 0
        for entry in sorted(self.place.iterdir()):
            if entry.name == "backup":
                continue
            gone += 1
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        workspaces.create(self.place)
        return f"{counted(gone, 'entry', 'entries')} deleted, all but the target; an empty workspace made instead"

    def _restore_in_place(self) -> str:
        with Workspace(self.place) as ws:
            done = restoring.in_place(ws, NAME, "latest", "everything", self._tell)
        return f"{counted(done.files, 'file')}, {size_words(done.bytes)}, put in place in one step"

    def _compare_again(self) -> str:
        assert self._before is not None
        after = drill_digest.digest(self.place, self._heard)
        odd = self._before.unlike(after)
        if odd:
            raise DamagedError(f"{counted(len(odd), 'thing')} came back otherwise: {', '.join(odd[:5])}.")
        return f"{counted(len(after.files), 'file')} and {counted(len(after.tables), 'table')} are the same"

    def _take_away(self) -> str:
        if not drill_scratch.sweep(self.workspace):
            what = "" if self.store is None else f" and {self.store.shown}"
            raise StorageError(f"{self._scratch}{what} could not be deleted; the next drill tries again.")
        return "nothing of the drill is left"

    def _heard(self) -> None:
        """So that a wish to stop is heard amid much hashing."""
        self.report(self._step, Progress((self._step,)))

    @property
    def _made(self) -> Manifest:
        assert self._manifest is not None
        return self._manifest

    @property
    def _database(self) -> Path:
        return self.place / workspaces.DATABASE
