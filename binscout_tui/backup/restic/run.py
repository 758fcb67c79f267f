"""A run with restic as the engine: the same snapshot, the same list of files, and restic for keeping them.

What restic read is compared with what was listed, and where a file changed meanwhile its stored bytes are read back for
their hash. The lists, the records and the manifest go last, into a snapshot of their own: that is the commit.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import Part, encode, read_blobs, read_files, sealed
from binscout_tui.backup.archive.records import Written
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.making.preflight import Ground, must_have_room, room_for_database
from binscout_tui.backup.making.reading import SourceError, hashed
from binscout_tui.backup.making.run import _Run
from binscout_tui.backup.making.run_plan import RunDone, done, parent_of
from binscout_tui.backup.making.scan import Found
from binscout_tui.backup.making.snapshot import Snapshot
from binscout_tui.backup.making.suspicion import shown
from binscout_tui.backup.making.worklist import Place
from binscout_tui.backup.restic.engine import Stored
from binscout_tui.backup.restic.fetching import stored_name
from binscout_tui.backup.restic.repository import DATA, FILES_TAG, RUN_FOLDER, RUN_TAG, ResticRepository
from binscout_tui.errors import RefusedError

STAGES = ("check", "snapshot", "scan", "hash", "send", "compare", "records", "lists", "commit", "read back")
_MAKE = "CREATE TABLE node (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER) WITHOUT ROWID"


class ResticRun(_Run):
    """One run into a restic repository."""

    repository: ResticRepository

    def go(self) -> RunDone:
        """Make the backup."""
        self.progress.stages = list(STAGES)
        ground = self._check()
        snapshot = self._snapshot()
        self._scan(snapshot)
        self._must_be_something(snapshot)
        self._recall(ground)
        self._hash()
        before = self._packs()
        self.stored = self._send(ground)
        self._compare()
        records = self._records(snapshot)
        files, blobs = self._lists()
        done = self._commit(ground, snapshot, records, files, blobs)
        self._prove(done, before)
        return done

    def withdraw(self) -> None:
        """Nothing to do: what restic sent is used by the next run, or goes with the next prune."""

    def _check(self) -> Ground:
        self.progress.start("check")
        must_have_room(self.staging, room_for_database(self.source.database), "for the copy of the database")
        info = self.repository.open_or_create()
        for lock in self.repository.unlock_stale():
            self.notes.warn(f"a lock that was left behind was taken away: {lock.words()}")
        listing = self.repository.listing()
        self.at("check")
        return Ground(repo=info.id, listing=listing, bad={}, warnings=[])

    def _recall(self, ground: Ground) -> None:
        """Which bytes the run before has; restic itself finds again all that it stores."""
        state = parent_of(ground.listing, self.options.who)
        if state is None or state.manifest is None:
            return
        made = state.manifest
        try:
            live = {blob.name: blob.size for blob in read_blobs(self.repository.blobs(state.run), made.blobs)}
            entries = read_files(self.repository.files(state.run), made.files)
            self.work.know(entries, live, as_earlier=True)
        except DamagedError as error:
            self.notes.warn(f"the lists of run {state.run} could not be used: {error.sentence}")
        self.work.assign()

    def _hash(self) -> None:
        """Read the files whose hash is not known, so that the list says what is in each."""
        waiting = self.work.waiting()
        self.progress.start("hash", waiting.bytes, waiting.files)
        self.at("hash")
        read: list[tuple[Found, bytes]] = []
        for found in self.work.waiting_files():
            try:
                kept = hashed(self.source.root, found, self.progress.advance)
            except FileNotFoundError:
                self.notes.vanish(found.path)
                self.work.drop(found.path)
                continue
            except SourceError as error:
                self.notes.skip(found.path, str(error))
                self.work.drop(found.path)
                continue
            self._put_object(kept.found, kept.taken.sha256)
            if not kept.restless:
                read.append((kept.found, bytes.fromhex(kept.taken.sha256)))
            self.progress.advance(0, 1)
        self.hashes.remember(read)

    def _put_object(self, found: Found, sha256: str) -> None:
        place = self.work.place_of(sha256, found.size)
        if place is None:
            place = Place(self.work.blob(layout.object_name(sha256), found.size, fresh=True), None)
        self.work.put(found, sha256, place)

    def _packs(self) -> set[str]:
        return {entry.name for entry in self.remote.list(DATA)}

    def _send(self, ground: Ground) -> Stored:
        """Have restic store the files."""
        kinds = self.work.kinds()
        self.progress.start("send", sum(tally.bytes for tally in kinds.values()))
        self.at("send")
        self._must_not_collide()
        names = self.staging / "names"
        with names.open("wb") as out:
            for name in self._targets():
                out.write(name + b"\0")
        newest = parent_of(ground.listing, self.options.who)
        parent = self.repository.pair(newest.run).files if newest is not None else None
        return self.repository.restic.backup(
            names,
            self.source.root,
            [FILES_TAG, self.name],
            self._heard,
            host=self.options.who.host,
            parent=parent.id if parent else None,
        )

    def _heard(self, done: int) -> None:
        self.progress.at(max(self.progress.done, done))
        self.progress.tell()

    def _targets(self) -> Iterator[bytes]:
        """What restic is told to store: whole folders where all of a folder belongs to the run, else single files.

        A snapshot keeps these names; with one for each of many files every list of snapshots would be slow.
        """
        whole = {os.fsencode(one.name) for one in self.source.folders if not one.without and self._is_folder(one.name)}
        yield from sorted(whole)
        for path in self.work.paths():
            if path.split(b"/")[0] not in whole:
                yield path

    def _is_folder(self, name: str) -> bool:
        path = self.source.root / name
        return path.is_dir() and not path.is_symlink()

    def _must_not_collide(self) -> None:
        """A path from outside has its own name in the snapshot, below the same root as those of the workspace."""
        own = {folder.name.encode() for folder in self.source.folders}
        for path in self.work.paths():
            if path.startswith(b"/") and path.lstrip(b"/").split(b"/")[0] in own:
                raise RefusedError(
                    f"{shown(path)} cannot be kept by restic beside the folder of that name in the workspace.",
                    hint="Use the program's own engine for this workspace.",
                    code="same_name",
                )

    def _compare(self) -> None:
        """Look at what restic has stored: what differs from the list is read back for what it is."""
        self.progress.start("compare", 0, sum(tally.files for tally in self.work.kinds().values()))
        self.at("compare")
        snapshot = self.stored.snapshot
        with closing(sqlite3.connect(self.staging / "nodes.db", isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=OFF")
            db.execute(_MAKE)
            db.execute("BEGIN")
            db.executemany(
                "INSERT OR REPLACE INTO node VALUES (?, ?, ?)",
                (
                    (node.path.encode("utf-8", "replace").decode(), node.size, modified_ns(node.modified))
                    for node in self.repository.restic.files(snapshot, self.progress.tell)
                ),
            )
            # Only what differs is held: the list is changed when all of it was gone through.
            for found, path, mtime_ns in list(self._differing(db)):
                if mtime_ns is None:
                    self._missing(found)
                else:
                    self._restless(found, snapshot, path, mtime_ns=mtime_ns)

    def _differing(self, db: sqlite3.Connection) -> Iterator[tuple[Found, str, int | None]]:
        """Listed files that restic has otherwise: its path there and when it was changed, None where it has none."""
        for entry in self.work.entries():
            path = "/" + stored_name(entry).decode("utf-8", "replace")
            row = db.execute("SELECT size, mtime_ns FROM node WHERE path = ?", (path,)).fetchone()
            if row is None or tuple(row) != (entry.size, entry.mtime_ns):
                yield Found(entry.name(), entry.kind, entry.size, entry.mtime_ns, 0, 0), path, row and row[1]
            self.progress.advance(0, 1)

    def _missing(self, found: Found) -> None:
        path = Path(os.fsdecode(os.path.join(os.fsencode(self.source.root), found.path)))  # noqa: PTH118  bytes
        if path.is_symlink():
            self.notes.warn(f"{shown(found.path)}: left out, it is a link, and restic keeps links and not their files")
        elif path.exists():
            self.notes.warn(f"{shown(found.path)}: left out, restic could not store it")
        else:
            self.notes.vanish(found.path)
        self.work.drop(found.path)

    def _restless(self, found: Found, snapshot: str, path: str, *, mtime_ns: int) -> None:
        """The file was written between its hash and restic: what restic has of it is what is kept."""
        digest, size = hashlib.sha256(), 0
        with self.repository.restic.file(snapshot, path, self.progress.tell) as blocks:
            for block in blocks:
                digest.update(block)
                size += len(block)
        self.notes.warn(f"{shown(found.path)}: was written meanwhile; the state that restic read is kept")
        self._put_object(msgspec.structs.replace(found, size=size, mtime_ns=mtime_ns), digest.hexdigest())

    def _put(self, path: Path, part: Part) -> None:
        """The parts of a run go into its last snapshot together."""

    def _commit(self, ground: Ground, snapshot: Snapshot, records: Written, files: Part, blobs: Part) -> RunDone:
        self.progress.start("commit")
        added = self.stored.added_bytes + files.size + blobs.size + records.part.size
        made = self._manifest(ground, snapshot, records, files, blobs)
        made = sealed(msgspec.structs.replace(made, added_bytes=added))
        data = encode(made)
        self._put_together(data)
        self.at("before commit")
        self.progress.tell()
        names = self.staging / "names"
        names.write_bytes(RUN_FOLDER.split("/")[0].encode() + b"\0")
        tags = [RUN_TAG, self.name]
        # Until restic has written the snapshot, which is one small file, nobody sees the run.
        last = self.repository.restic.backup(
            names, self.staging / "out", tags, lambda done: self.progress.tell(), host=self.options.who.host
        )
        self.committed = True
        self.at("after commit")
        # These are read back at once, whatever the settings.
        hashes = {part.name: part.sha256 for part in (made.files, made.blobs, made.records)}
        hashes[layout.MANIFEST] = hashlib.sha256(data).hexdigest()
        self.repository.must_come_back(last.snapshot, hashes)
        folder = self.staging / "out" / RUN_FOLDER
        told = len(self.notes.warnings)
        self._keep_lists(data, folder)
        with self._spared("what is known of files read could not be put in order"):
            self.hashes.forget_others(self.work.paths())
        return done(made, self.notes.warnings[told:])

    def _put_together(self, data: bytes) -> None:
        folder = self.staging / "out" / RUN_FOLDER
        folder.mkdir(parents=True)
        for name in (layout.FILES, layout.BLOBS, layout.RECORDS):
            (self.staging / name).rename(folder / name)
        (folder / layout.MANIFEST).write_bytes(data)

    def _prove(self, done: RunDone, before: set[str]) -> None:
        """Read back what came, or all there is: restic names a stored file by the hash of its bytes."""
        entries = [one for one in self.remote.list(DATA) if self.options.read_back == "all" or one.name not in before]
        wanted = [] if self.options.read_back == "records" else entries
        self.progress.start("read back", sum(entry.size for entry in wanted), len(wanted))
        bad = []
        for entry in wanted:
            begun = self.progress.done
            if self._hash_of(entry.name, begun) != entry.name.rsplit("/", 1)[-1]:
                bad.append(entry.name)
            self.progress.at(begun + entry.size, self.progress.files + 1)
        odd = self.repository.restic.check("", self.progress.tell)
        level = "sizes" if self.options.read_back == "records" else self.options.read_back
        good = not bad and not odd
        words = "; ".join([*bad, *odd])[:2000]
        folder = self.staging / "look"
        self.repository.add_look(folder, self.options.who.host, self.name, level, good=good, words=words)
        self.repository.listing()
        self.progress.end()
        if not good:
            raise DamagedError(
                f"Run {done.run} was stored, and is damaged there: {words}.",
                hint="`restic check` says more; docs/backup-restic.md says how a repository is mended.",
            )

    def _hash_of(self, name: str, begun: int) -> str:
        try:
            return self.remote.sha256(name, lambda moved: self._heard(begun + moved))
        except RemoteError as error:
            if error.code != "not_found":
                raise
            return ""


def modified_ns(text: str) -> int:
    """Nanoseconds since 1970 of a time as restic writes it (UTC, up to nine digits of a second); 0 where none is."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    try:
        moment = datetime.fromisoformat(whole + "+00:00")
        return int(moment.timestamp()) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)
    except (ValueError, OverflowError):
        return 0
