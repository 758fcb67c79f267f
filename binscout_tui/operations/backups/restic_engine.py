"""What is done otherwise where a target's engine is restic: opening, verifying, scrubbing, retention, and its password.

Everything else reads a `ResticRepository` as it reads any store of backups.
"""

from __future__ import annotations

import hashlib
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from binscout_tui.backup.archive import layout, lease
from binscout_tui.backup.archive.manifest import Manifest, read_files
from binscout_tui.backup.archive.repository import RepoInfo, RunState
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.keeping import pruning, verifying
from binscout_tui.backup.keeping.pruning import Patience, Pruned, PrunePlan
from binscout_tui.backup.keeping.retention import Rules
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restic import target as restic_target
from binscout_tui.backup.restic.engine import Restic
from binscout_tui.backup.restic.fetching import stored_name
from binscout_tui.backup.restic.repository import DATA, PART_TAG, ResticRepository
from binscout_tui.backup.restic.tables import Listed
from binscout_tui.backup.restoring.extract import BLOCK
from binscout_tui.backup.target.known import Target
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import ConflictError, RefusedError
from binscout_tui.operations.backups.naming import find_run
from binscout_tui.operations.backups.noting import Bad, Level
from binscout_tui.settings import BackupSettings

Report = Callable[[Progress], None]
LOOK, CHECK, READ, RECORDS, FORGET, SWEEP = "look", "check", "read back", "records", "delete runs", "delete files"
SHOWN = 20
NO_REPAIR = (
    "A restic repository is mended by restic: `restic rebuild-index`, `restic check --read-data`, then a new backup."
)


def repository(
    folder: Path,
    cache: Path,
    target: Target,
    remote: Remote,
    wanted: BackupSettings,
    seen: Callable[[RepoInfo], None],
    stall_s: float,
) -> ResticRepository:
    """The store of a target; `folder` is that of the targets. Raises RemoteError `no_program`, `bad_config`."""
    restic = Restic(
        target.fs,
        target.shown,
        config=folder / "rclone.conf",
        password=restic_target.checked_key(folder, target.name),
        cache=cache / "restic",
        bandwidth_kib=_kib(wanted.bandwidth),
        stall_s=stall_s,
    )
    return ResticRepository(remote, cache, restic, known=target.repo, seen=seen)


def _kib(bandwidth: str) -> int:
    """KiB a second for what rclone's option says: plain numbers there are KiB."""
    if not bandwidth:
        return 0
    number, unit = (bandwidth[:-1], bandwidth[-1]) if bandwidth[-1].isalpha() else (bandwidth, "K")
    return max(1, int(float(number) * {"K": 1, "M": 1 << 10, "G": 1 << 20}[unit.upper()]))


class Looking:
    """A look at one run, or at everything, in a restic repository."""

    def __init__(self, store: ResticRepository, progress: Progress, scratch: Path) -> None:
        self.store, self.progress, self.scratch = store, progress, scratch
        self.looked = self.bytes = self.all_files = 0

    def run(self, name: str, level: Level) -> list[Bad]:
        """What is wrong with a run: by what restic lists, or with every file read back against our own list."""
        store = self.store
        bad = [Bad(name="repository", reason=reason) for reason in store.restic.check("", self.progress.tell)[:SHOWN]]
        try:
            made = store.manifest(name)
            listed = store.files(name)
            odd = verifying.odd_lists(made, listed, store.blobs(name))
            bad += [Bad(name=layout.FILES, reason=odd)] if odd else []
            entries = ((stored_name(entry), entry) for entry in read_files(listed, made.files))
            with Listed(self.scratch / f"{name}.db", entries) as files:
                self.all_files = files.tally()[0]
                snapshot = store.snapshot_of_files(name)
                bad += self._read(snapshot, files) if level == "read back" else self._sizes(snapshot, files)
            bad += self._records(made) if level == "read back" else []
        except DamagedError as error:
            bad.append(Bad(name=name, reason=error.sentence))
        self._note(name, "all" if level == "read back" else "sizes", bad)
        return bad

    def part(self, share: float) -> list[Bad]:
        """Read back the part of all that is stored whose turn it is."""
        part = self.store.next_part(share)
        number, parts = (int(one) for one in part.split("/"))
        stored = self.store.remote.list(DATA)
        mine = [one for one in stored if _part_of(one.name, parts) == number - 1]
        self.all_files, self.looked, self.bytes = len(stored), len(mine), sum(one.size for one in mine)
        self.progress.start(READ, 0, 0)
        found = self.store.restic.check("all" if part == "1/1" else part, self.progress.tell)
        bad = [Bad(name=f"part {part}", reason=reason) for reason in found[:SHOWN]]
        self._note("", "all" if part == "1/1" else PART_TAG, bad)
        return bad

    def _note(self, run: str, level: str, bad: list[Bad]) -> None:
        words = "; ".join(f"{one.name}: {one.reason}" for one in bad)[:2000]
        self.store.add_look(self.scratch / "look", socket.gethostname(), run, level, good=not bad, words=words)
        self.store.listing()

    def _sizes(self, snapshot: str, files: Listed) -> Iterator[Bad]:
        """Odd names come back from restic's list with signs in them; each such file counts once."""
        for node in self.store.restic.files(snapshot, self.progress.tell):
            self.looked += files.mark_told(node.path, node.size)
        for told, _ in files.left():
            yield Bad(name=told, reason="it is not there, or has another size", files=1, paths=[told])

    def _read(self, snapshot: str, files: Listed) -> Iterator[Bad]:
        count, size = files.tally()
        self.progress.start(READ, size, count)
        reason = "it is not in the snapshot"
        try:
            with self.store.restic.members(snapshot, self.progress.tell) as archive:
                for member in archive:
                    name = member.name.encode("utf-8", "surrogateescape")
                    sha256 = files.sha256_of(name)
                    source = archive.extractfile(member) if sha256 is not None and member.isreg() else None
                    if source is None:
                        continue
                    digest, size = hashlib.sha256(), 0
                    while block := source.read(BLOCK):
                        digest.update(block)
                        size += len(block)
                        self.progress.advance(len(block))
                    self.looked += 1
                    self.bytes += size
                    self.progress.advance(0, 1)
                    if digest.hexdigest() == sha256:
                        files.mark(name)
        except DamagedError as error:
            reason = error.sentence
        except RemoteError as error:
            if error.code != "remote":
                raise
            reason = error.sentence
        for _, path in files.left():
            yield Bad(name=path, reason=reason, files=1, paths=[path])

    def _records(self, made: Manifest) -> Iterator[Bad]:
        self.progress.start(RECORDS, made.records.size)
        with tempfile.TemporaryDirectory(prefix=".tmp-verify-", dir=self.scratch) as name:
            archive = Path(name) / layout.RECORDS
            self.store.records(made.run, archive, self.progress.at)
            odd = verifying.odd_records(made, archive, Path(name) / "records", self.progress)
        if odd:
            yield Bad(name=layout.RECORDS, reason=odd)


def _part_of(name: str, parts: int) -> int:
    """Which part a stored file belongs to, as restic divides them: by the first byte of its id."""
    try:
        return int(name.rsplit("/", 1)[-1][:2], 16) % parts
    except ValueError:
        return -1  # something else lies there


@contextmanager
def looking(store: ResticRepository, cache: Path, progress: Progress) -> Iterator[Looking]:
    """A look with room for what it needs here."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tmp-look-", dir=cache) as name:
        yield Looking(store, progress, Path(name))


def chosen(store: ResticRepository, run: str) -> RunState:
    """The run that `run` means. Raises NotFoundError, UsageError."""
    return find_run(store.listing().runs, run)


def plan(store: ResticRepository, rules: Rules, patience: Patience, asking: lease.Holder) -> PrunePlan:
    """What a prune would forget; how many bytes that frees is known to restic alone, and only when it is done."""
    now = datetime.now(UTC)
    return pruning.work_out(store, store.listing(), rules, patience, now=now, there=now, asking=asking).plan


def prune(
    store: ResticRepository,
    rules: Rules,
    patience: Patience,
    asking: lease.Holder,
    plan_hash: str,
    progress: Progress,
    scratch: Path,
) -> Pruned:
    """Forget the runs of the plan, then have restic delete what no run holds; what it wrote anew is read back.

    Never by restic's own rules: it is told the ids. Raises ConflictError `plan_changed`, RefusedError, RemoteError.
    """
    store.unlock_stale()
    wanted = plan(store, rules, patience, asking)
    if wanted.refused:
        raise RefusedError(f"Nothing was deleted. {wanted.refused}", code="prune_refused")
    if wanted.hash != plan_hash:
        raise ConflictError(
            "What would be deleted is not what was shown any more; nothing was deleted.",
            hint="Look at the plan again.",
            code="plan_changed",
        )
    before = {entry.name: entry.size for entry in store.remote.list(DATA)}
    runs = [*wanted.drop, *wanted.abandoned]
    progress.start(FORGET, files=len(runs))
    store.forget(runs)
    progress.start(SWEEP)
    store.restic.prune(dry=False, tick=progress.tell)
    after = {entry.name: entry.size for entry in store.remote.list(DATA)}
    _read_new(store, before, after, progress, scratch)
    gone = [name for name in before if name not in after]
    freed = sum(before.values()) - sum(after.values())
    return Pruned(dropped=runs, blobs=len(gone), bytes=max(0, freed), failed=[])


def _read_new(
    store: ResticRepository, before: dict[str, int], after: dict[str, int], progress: Progress, scratch: Path
) -> None:
    """restic puts half-empty files together anew; it names each by the hash of its bytes."""
    new = {name: size for name, size in after.items() if name not in before}
    progress.start(READ, sum(new.values()), len(new))
    bad = [name for name in new if store.remote.sha256(name, progress.at) != name.rsplit("/", 1)[-1]]
    odd = store.restic.check("", progress.tell)
    if bad or odd:
        words = "; ".join([*bad, *odd])[:2000]
        store.add_look(scratch, socket.gethostname(), "", "sizes", good=False, words=words)
        raise DamagedError(f"What restic wrote anew is damaged: {words[:300]}.")
    store.listing()


def patience_of(wanted: BackupSettings) -> Patience:
    """How old runs that were never finished must be; restic knows no grace for the rest, nobody can name it again."""
    return Patience(grace=timedelta(days=wanted.grace_days), abandoned=timedelta(hours=wanted.abandoned_hours))


def took(began: float) -> float:
    """Seconds since a monotonic moment."""
    return round(time.monotonic() - began, 3)
