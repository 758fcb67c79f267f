"""One run of a backup, from the first look at the target to the manifest that commits it.

Until the manifest is there, nobody sees the run; what it sent is found again by the next one.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from binscout_tui.backup.archive import layout, lease
from binscout_tui.backup.archive.manifest import Check, Manifest, Part, encode, read_files, sealed, write_lines
from binscout_tui.backup.archive.records import Written, write_records
from binscout_tui.backup.archive.repository import Repository
from binscout_tui.backup.faults import CancelledWork, DamagedError, RemoteError, RepoError
from binscout_tui.backup.making.preflight import Ground, must_have_room, prepare, room_for_database
from binscout_tui.backup.making.run_lock import only_run
from binscout_tui.backup.making.run_plan import (
    At,
    Options,
    Report,
    RunDone,
    Source,
    done,
    name_of,
    parent_of,
    reference_of,
    stages,
    to_read,
)
from binscout_tui.backup.making.scan import HashCache, walk
from binscout_tui.backup.making.sending import Sending
from binscout_tui.backup.making.sent import SentJournal
from binscout_tui.backup.making.snapshot import Snapshot, take
from binscout_tui.backup.making.suspicion import Notes, why_suspicious
from binscout_tui.backup.making.uploading import LOOK_S, patiently, read_back
from binscout_tui.backup.making.worklist import Worklist
from binscout_tui.backup.progress import Progress
from binscout_tui.clock import to_text
from binscout_tui.errors import BinScoutError, StorageError

STAGING, SENT, HASHES = "staging", "sent.jsonl", "hashes.db"
WITHDRAW_S = 0.7
NAMES_OF_A_CHECK = 20_000
T = TypeVar("T")


def run(
    source: Source,
    repository: Repository,
    options: Options,
    report: Report,
    at: At = lambda moment: None,
    engine: type[_Run] | None = None,
) -> RunDone:
    """Make a backup. `at` hears of each moment at which the work could be cut off; `engine` is another way of storing.

    Raises RefusedError `running`, `pruning`; BinScoutError `nothing`; RemoteError, DamagedError, StorageError; and what
    `report` raises to stop: then nothing of the run is on the target but what the next one will use.
    """
    began = datetime.now(UTC)
    name = name_of(began, repository.cached())
    with only_run(source.lock, name):
        one = (engine or _Run)(source, repository, options, Progress(stages(options), report), at, name, began)
        try:
            return one.go()
        except OSError as error:
            one.withdraw()
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise StorageError(
                f"The disk that holds {one.staging} is full; nothing of the workspace was changed.",
                hint=(
                    f"Run {name} may be committed all the same: `binscout backup list` shows it."
                    if one.committed
                    else "Free some space and try again; what was sent is kept."
                ),
                code="disk_full",
            ) from error
        except BaseException:
            one.withdraw()
            raise
        finally:
            one.close()


class _Run:
    def __init__(
        self,
        source: Source,
        repository: Repository,
        options: Options,
        progress: Progress,
        at: At,
        name: str,
        began: datetime,
    ) -> None:
        self.source, self.repository, self.options, self.progress, self.at = source, repository, options, progress, at
        self.name, self.began = name, began
        self.remote = repository.remote
        self.notes = Notes()
        self.staging = repository.cache / STAGING
        # What a run that was killed left here is of no use to anybody.
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir(parents=True, mode=0o700)
        self.hashes = HashCache(repository.cache.parent / HASHES)
        self.sent = SentJournal(repository.cache / SENT)
        self.work = Worklist(self.staging / "work.db")
        self.committed = False
        self._thread = threading.get_ident()
        self._over = threading.Event()
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="backup-records")
        self._writing: Future[Written]
        self.remote.rclone.pulse = self._pulse
        self.good: list[str] = []
        self.earlier: dict[str, str] = {}

    def go(self) -> RunDone:
        ground = self._check()
        snapshot = self._snapshot()
        self._scan(snapshot)
        self._must_be_something(snapshot)
        self._recall(ground)
        sending = Sending(self, ground)
        sending.go()
        self.good += sending.good
        records = self._records(snapshot)
        files, blobs = self._lists()
        return self._commit(ground, snapshot, records, files, blobs)

    def close(self) -> None:
        """Let go of everything here."""
        self.remote.rclone.pulse = None
        self._over.set()
        self._beside.shutdown()
        self.work.close()
        self.hashes.close()
        shutil.rmtree(self.staging, ignore_errors=True)

    def _pulse(self) -> None:
        """While the target is asked something: hear whether to stop. Those who send hear it in their own way."""
        if threading.get_ident() == self._thread and not self.committed:
            self.progress.tell()

    def withdraw(self) -> None:
        """Take the folder of a run that failed off the target, where it still answers; nobody waits long for that."""
        if self.committed:
            return

        def delete(part: str) -> None:
            with suppress(RemoteError):
                self.remote.delete([layout.run_file(self.name, part)])

        parts = (lease.RUNNING, layout.RECORDS, layout.FILES, layout.BLOBS)
        deleting = [threading.Thread(target=delete, args=(part,), name="withdraw", daemon=True) for part in parts]
        for one in deleting:
            one.start()
        until = time.monotonic() + WITHDRAW_S
        for one in deleting:
            one.join(max(0.0, until - time.monotonic()))

    def _check(self) -> Ground:
        self.progress.start("check")
        must_have_room(self.staging, room_for_database(self.source.database), "for the copy of the database")
        options = self.options
        ground = prepare(
            self.repository,
            self.name,
            options.who,
            key=options.key,
            skew_s=options.skew_s,
        )
        self.notes.warnings += ground.warnings
        self.at("check")
        return ground

    def _snapshot(self) -> Snapshot:
        self.progress.start("snapshot")
        self.at("snapshot")
        found = take(self.source.database, self.staging / "binscout.db", self.progress.tell)
        if found.problem:
            self.notes.warn(found.problem)
        # The archive is made beside the look for files: both take a while, and neither needs the other.
        papers, path = self.source.papers(), self.staging / layout.RECORDS
        self._writing = self._beside.submit(write_records, path, found, papers, self._beat_beside)
        return found

    def _beat_beside(self) -> None:
        if self._over.is_set():
            raise CancelledWork

    def _scan(self, snapshot: Snapshot) -> None:
        """List all files, with the hashes of those that are as they were."""
        self.progress.start("scan")
        self.at("scan")
        self.work.add(self._told(walk(self.source.root, self.source.folders, self.notes.skip)))
        try:
            self._add_expected(snapshot.path)
        except BinScoutError as error:
            if not snapshot.problem:
                raise
            self.notes.warn(error.sentence)
        self.work.recall_hashes(self.hashes.path)

    def _add_expected(self, copy: Path) -> None:
        """Take in files that stayed outside of the workspace, and note those that the database names and are gone."""
        self.work.add(list(self.notes.look_for(self._told(self.source.expected(copy)), self.work, self.source.root)))

    def _told(self, items: Iterable[T]) -> Iterator[T]:
        """The same, while it is told how far it is and heard whether to stop."""
        for item in items:
            yield item
            self.progress.at(0, self.progress.files + 1)

    def _must_be_something(self, snapshot: Snapshot) -> None:
        """Nothing at all is a failure: a disk that is not there looks the same."""
        files = sum(tally.files for tally in self.work.kinds().values())
        rows = sum(snapshot.rows.values())
        if not files or (not rows and not snapshot.problem):
            what = "no file" if not files else "no row in its database"
            raise BinScoutError(
                f"There is nothing to back up: the workspace {self.source.root} has {what}.",
                hint="Is a disk missing? Nothing was sent.",
                code="nothing",
            )

    def _recall(self, ground: Ground) -> None:
        """What is on the target already, by runs that are committed and by one that was cut off."""
        live = {name: size for name, size in ground.listing.blobs.items() if name not in ground.bad}
        loss_since = reference_of(ground.listing, self.options.who)
        for state in to_read(ground, loss_since):
            try:
                part = state.manifest.files if state.manifest else None
                entries = read_files(self.repository.files(state.run, lambda _: self.progress.tell()), part)
                self.work.know(entries, live, as_earlier=state is loss_since)
            except DamagedError as error:
                self.notes.warn(f"what run {state.run} has stored could not be used: {error.sentence}")
        for sent in self.sent.read():
            if live.get(sent.name) == sent.size and (sent.read or self.options.read_back == "records"):
                self.work.know_blob(sent.name, sent.size, sent.members)
                self.earlier |= {sent.name: sent.at} if sent.read else {}
        self.work.assign()

    def _records(self, snapshot: Snapshot) -> Written:
        self.progress.start("records", snapshot.size)
        self.at("records")
        while not self._writing.done():
            wait([self._writing], LOOK_S)
            self.progress.tell()
        written = self._writing.result()
        snapshot.path.unlink()
        self.notes.warnings += written.problems
        self._put(self.staging / layout.RECORDS, written.part)
        return written

    def _lists(self) -> tuple[Part, Part]:
        self.progress.start("lists")
        self.at("lists")
        parts = []
        for name, items in ((layout.FILES, self.work.entries()), (layout.BLOBS, self.work.blobs())):
            path = self.staging / name
            parts.append(write_lines(path, items))
            self._put(path, parts[-1])
        return parts[0], parts[1]

    def _put(self, path: Path, part: Part) -> None:
        """Store a file of the run, and read it back."""
        name = layout.run_file(self.name, part.name)

        def watch(moved: int) -> None:
            self.progress.at(max(self.progress.done, moved))
            self.progress.tell()

        self._patiently(lambda: self.remote.upload(path, name, watch), part.size)
        self._patiently(lambda: read_back(self.remote, name, part.sha256, watch))
        self.good.append(name)

    def _patiently(self, work: Callable[[], T], needed: int = 0) -> T:
        return patiently(work, self.remote, needed, self._pause)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(LOOK_S)
            self.progress.tell()

    def _commit(self, ground: Ground, snapshot: Snapshot, records: Written, files: Part, blobs: Part) -> RunDone:
        self.progress.start("commit")
        self._must_all_be_there()
        made = sealed(self._manifest(ground, snapshot, records, files, blobs))
        data = encode(made)
        self.at("before commit")
        self.progress.start("commit")  # the last moment at which somebody can stop it
        self._must_be_same_store(ground)
        # From here on it may be committed, whatever becomes of the answer.
        self.committed = True
        self.remote.write(layout.run_file(self.name, layout.MANIFEST), data)
        self.at("after commit")
        told = len(self.notes.warnings)
        self._remember(made, data)
        return done(made, self.notes.warnings[told:])

    def _must_all_be_there(self) -> None:
        """One more look at what the lists name: somebody may have deleted meanwhile."""
        entries = self._patiently(lambda: self.remote.list(layout.PACKS) + self.remote.list(layout.OBJECTS))
        live = {entry.name: entry.size for entry in entries}
        gone = [blob.name for blob in self.work.blobs() if live.get(blob.name) != blob.size]
        if gone:
            raise DamagedError(
                f"{len(gone):,} stored files went from {self.remote.label} during this run, {gone[0]} for one.",
                hint="Run the backup again: it sends them anew.",
            )

    def _must_be_same_store(self, ground: Ground) -> None:
        """Where a share went away, what is left in its place would take a manifest as well."""
        if self._patiently(lambda: self.remote.exists(layout.REPO_FILE)) is None or (
            self._patiently(self.repository.open).id != ground.repo
        ):
            raise RepoError(
                f"The store of backups in {self.remote.label} went away during this run.",
                hint="Is the disk or share mounted? Then run the backup again.",
                code="gone_store",
            )

    def _manifest(self, ground: Ground, snapshot: Snapshot, records: Written, files: Part, blobs: Part) -> Manifest:
        kinds, added = self.work.kinds(), self.work.added()
        now = datetime.now(UTC)
        offset = now.astimezone().utcoffset()
        parent = parent_of(ground.listing, self.options.who)
        reference = reference_of(ground.listing, self.options.who)
        suspicious = why_suspicious(
            self.source.lasting, self.work.lost(), reference, snapshot, self.options.max_missing
        )
        accepted = self.options.accept_loss and not snapshot.problem
        return Manifest(
            repo=ground.repo,
            run=self.name,
            began=to_text(self.began),
            committed=to_text(now),
            host=self.options.who.host,
            user=self.options.who.user,
            app=self.options.app,
            schema=snapshot.schema,
            tz_minutes=int(offset.total_seconds() // 60) if offset else 0,
            parent=parent.run if parent else None,
            files=files,
            blobs=blobs,
            records=records.part,
            members=records.members,
            kinds=kinds,
            rows=snapshot.rows,
            logical_bytes=sum(tally.bytes for tally in kinds.values()),
            added_bytes=added.bytes + files.size + blobs.size + records.part.size,
            added_files=added.files,
            stored_bytes=sum(blob.size for blob in self.work.blobs()),
            read_back=self.options.read_back,
            durations={stage: round(seconds, 3) for stage, seconds in self.progress.durations.items()},
            warnings=self.notes.all_warnings(),
            vanished=self.notes.all_vanished(),
            suspicious=None if accepted else suspicious or None,
            note=self.options.note[:4000],
            workspace=self.options.who.workspace,
        )

    def _remember(self, made: Manifest, data: bytes) -> None:
        """What is nice to have after the commit; where something fails here, the run is committed all the same."""
        name = layout.run_file(self.name, layout.MANIFEST)
        with self._spared("that it was read back could not be written down"):
            if self.remote.read(name) != data:
                raise DamagedError(f"{name} was read back otherwise than it was written.")
            self._keep_lists(data, self.staging)
            self._add_checks(made)
        lease.withdraw(self.remote, self.name)
        with self._spared("what is known of files sent could not be put in order"):
            self.sent.clear()
            self.hashes.forget_others(self.work.paths())
        with self._spared("the list of runs could not be looked at again"):
            self.repository.listing()  # so that others see the run without asking the target

    @contextmanager
    def _spared(self, what: str) -> Iterator[None]:
        """After the commit: what fails is a warning, for the run is there."""
        try:
            yield
        except (RemoteError, RepoError) as error:
            self.notes.warn(f"{what}: {error.sentence}")
        except (OSError, sqlite3.Error) as error:
            self.notes.warn(f"{what}: {getattr(error, 'strerror', None) or error}")

    def _keep_lists(self, data: bytes, folder: Path) -> None:
        with self._spared("its lists could not be kept here, and are fetched when they are needed"):
            self.repository.keep_lists(self.name, data, folder / layout.FILES, folder / layout.BLOBS)

    def _add_checks(self, made: Manifest) -> None:
        """Say when what was read back, by this run and by one that was cut off."""
        fresh = set(self.good)
        earlier = {name: at for name, at in self.earlier.items() if name not in fresh}
        if earlier:
            # One look has one time: that of the file that was read the longest ago.
            self._add_check(made, list(earlier), min(earlier.values()))
        self._add_check(made, self.good, made.committed)

    def _add_check(self, made: Manifest, names: Sequence[str], at: str) -> None:
        who = self.options.who
        for start in range(0, len(names), NAMES_OF_A_CHECK):
            check = Check(
                at=at,
                by=who.user,
                host=who.host,
                kind="run",
                run=self.name,
                level="read back",
                good=list(names[start : start + NAMES_OF_A_CHECK]),
                bad={},
                complete=True,
            )
            self.repository.add_check(check)
