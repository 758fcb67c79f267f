"""A store of backups inside a restic repository: runs are snapshots, and everything else reads them like other runs.

A run is two snapshots. `files` holds the files of the workspace; `run` holds the manifest, the lists and the records,
comes last, and is the commit: without it the run does not exist. Looks at what is stored are small snapshots besides,
whose tags say what was found, so that one list of snapshots tells everything.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from binscout_tui import atomic
from binscout_tui.backup.archive import layout, manifest
from binscout_tui.backup.archive.manifest import Manifest, Part
from binscout_tui.backup.archive.repository import MOST_FOREIGN, Listing, RepoInfo, Repository, RunState
from binscout_tui.backup.faults import DamagedError, RepoError
from binscout_tui.backup.restic.engine import CONFIG, FOLDERS, Lock, Restic, Snapshot
from binscout_tui.backup.restic.fetching import ResticReader
from binscout_tui.backup.transport.rclone import Watch
from binscout_tui.backup.transport.remote import Entry, Remote
from binscout_tui.clock import to_text

FILES_TAG, RUN_TAG, CHECK_TAG = "binscout-files", "binscout-run", "binscout-check"
RUN_FOLDER = "backup/run"
"""Where a run's manifest, lists and records lie in its snapshot, from the workspace."""
PART_TAG = "part"
MOST_PARTS = 256  # restic's own limit
DATA = "data"
LOOK_FILE = "look.json"
ENGINE = "restic"
Level = Literal["sizes", "added", "all"]
LEVELS: tuple[Level, ...] = ("sizes", "added", "all")


@dataclass(frozen=True)
class Look:
    """What one look at the stored bytes found, as the tags of its snapshot say: `run` is "" for all of them.

    `is_part`: it was one of several looks that together see all, see `ResticRepository.next_part`.
    """

    id: str
    run: str
    level: Level
    good: bool
    at: str
    is_part: bool = False


@dataclass(frozen=True)
class Pair:
    """The snapshots of a run; a run that was cut off lacks `run`."""

    run: str
    files: Snapshot | None
    commit: Snapshot | None


class ResticRepository(Repository):
    """`Repository` over restic. Its blobs are the files themselves, named as objects by their hash."""

    def __init__(
        self,
        remote: Remote,
        cache: Path,
        restic: Restic,
        *,
        known: str = "",
        seen: Callable[[RepoInfo], None] | None = None,
    ) -> None:
        super().__init__(remote, cache, known=known, seen=seen)
        self.restic = restic
        self._info: RepoInfo | None = None
        self._pairs: dict[str, Pair] = {}
        self.history: list[Look] = []

    def open(self) -> RepoInfo:
        """What the store says of itself. Raises as that of `Repository`; `wrong_key` is restic's password here."""
        if self.remote.exists(CONFIG) is None:
            self.remote.must_be_there()
            self._must_be_new()
            self._must_be_empty(self.remote.list())
            raise RepoError(
                f"There is no restic repository in {self.remote.label} yet.",
                hint="`binscout backup run` makes one with the first run.",
                code="not_initialised",
            )
        if self._info is not None:
            return self._info
        info = RepoInfo(id=_repo_id(_json_of(self.restic.config(self.tick))), created="", key=ENGINE)
        if self._known and info.id != self._known:
            raise RepoError(
                f"{self.remote.label} holds another restic repository than before.",
                hint="Is another disk mounted there? A target of another name takes this one.",
                code="other_store",
            )
        if self._seen is not None:
            self._seen(info)
        self._info = info
        return info

    def create(self, key: str = "") -> RepoInfo:
        """Make the repository in an empty folder. Raises RepoError `foreign` where other things are, RemoteError."""
        self._must_be_empty(self.remote.list())
        self.restic.create()
        return self.open()

    def tick(self) -> None:
        """Hear whether whoever asked wants to stop."""
        if self.remote.rclone.pulse is not None:
            self.remote.rclone.pulse()

    def _must_be_empty(self, entries: Sequence[Entry]) -> None:
        for entry in entries[:MOST_FOREIGN]:
            what = "a restic repository without its `config`" if entry.name.startswith(FOLDERS) else "other things"
            raise RepoError(
                f"{self.remote.label} holds {what}, {entry.name!r} for one.",
                hint="Choose an empty folder, or one that does not exist yet; nothing was changed there.",
                code="foreign",
            )

    def listing(self) -> Listing:
        """Look at the target now; what was seen is kept for `cached`. Raises RemoteError, RepoError, DamagedError."""
        at = to_text(datetime.now(UTC))
        info = self.open()
        snapshots = self.restic.snapshots(self.tick)
        self._pairs = pairs(snapshots)
        self.history = looks(snapshots)
        runs: list[RunState] = []
        for name in sorted(self._pairs):
            runs.append(self._state_of(self._pairs[name], info, self.history, runs))
        found = Listing(
            at=at,
            repo=info,
            runs=runs[::-1],
            space=self.remote.space(),
            stored_bytes=sum(entry.size for entry in self.remote.list()),
            stray=[],
        )
        self._keep(found)
        return found

    def _state_of(self, pair: Pair, info: RepoInfo, looked: Sequence[Look], older: Sequence[RunState]) -> RunState:
        written = max(one.time for one in (pair.files, pair.commit) if one is not None)
        if pair.commit is None:
            return RunState(run=pair.run, state="abandoned", reason="it was never finished", written=written)
        try:
            if pair.files is None:
                raise DamagedError("The snapshot of its files is gone.")
            found = self.manifest(pair.run)
            if found.repo != info.id:
                raise DamagedError("Its manifest belongs to another store of backups.")
        except (DamagedError, RepoError) as error:
            return RunState(run=pair.run, state="damaged", reason=error.sentence, written=written)
        return judged(found, written, looked, older)

    def manifest(self, run: str, size: int | None = None) -> Manifest:
        """The manifest of a run, from the cache where it is. Raises DamagedError, RemoteError, RepoError."""
        kept = self._run_folder(run) / layout.MANIFEST
        with suppress(OSError, DamagedError):
            return manifest.decode(kept.read_bytes(), run)
        data = b"".join(self._blocks(run, layout.MANIFEST, manifest.LONGEST_MANIFEST))
        found = manifest.decode(data, run)
        atomic.keep_bytes(kept, data)
        return found

    def pair(self, run: str) -> Pair:
        """The snapshots of a run. Raises DamagedError where it is no committed one, RemoteError, RepoError."""
        if run not in self._pairs:
            self._pairs = pairs(self.restic.snapshots(self.tick))
        found = self._pairs.get(run)
        if found is None or found.commit is None or found.files is None:
            raise DamagedError(f"The restic repository on {self.remote.label} has no whole run {run[:64]}.")
        return found

    def snapshot_of_files(self, run: str) -> str:
        """The snapshot of a run's files, also of one that is not committed yet. Raises DamagedError where none is."""
        self._pairs = pairs(self.restic.snapshots(self.tick))
        found = self._pairs.get(run)
        if found is None or found.files is None:
            raise DamagedError(f"The restic repository on {self.remote.label} has no files of run {run[:64]}.")
        return found.files.id

    def forget(self, runs: Sequence[str]) -> None:
        """Take runs out of the repository: what commits each one first, then its files, then what was found of it."""
        snapshots = self.restic.snapshots(self.tick)
        gone = set(runs)
        for tag in (RUN_TAG, FILES_TAG, CHECK_TAG):
            self.restic.forget([one.id for one in snapshots if tag in one.tags and gone & set(one.tags)], self.tick)
        self._pairs = {}

    def must_come_back(self, snapshot: str, hashes: Mapping[str, str]) -> None:
        """Raise DamagedError unless the files of `RUN_FOLDER` in a snapshot have these hashes, by their names."""
        left = dict(hashes)
        with self.restic.members(snapshot, self.tick, f"/{RUN_FOLDER}") as archive:
            for member in archive:
                source = archive.extractfile(member) if member.isreg() else None
                name = member.name.rsplit("/", 1)[-1]
                if source is not None and hashlib.file_digest(source, "sha256").hexdigest() == left.get(name):  # type: ignore[arg-type]
                    del left[name]
        if left:
            raise DamagedError(f"{', '.join(left)} was read back otherwise than it was written.")

    def unlock_stale(self) -> list[Lock]:
        """`Restic.unlock_stale`, which is asked only where there is a lock at all."""
        return self.restic.unlock_stale(self.tick) if self.remote.list("locks") else []

    def reader(self, run: str) -> ResticReader:
        """What brings files of this run. Raises as `pair`."""
        files = self.pair(run).files
        assert files is not None  # as `pair` says
        return ResticReader(self.remote, self.restic, files.id, self.files(run), self.manifest(run).files)

    def next_part(self, share: float) -> str:
        """The part of all that is stored whose turn it is, as restic wants it: `2/8`. Raises as `listing`."""
        parts = min(MOST_PARTS, max(1, round(1 / share)))
        done = sum(one.is_part for one in looks(self.restic.snapshots(self.tick)))
        return f"{done % parts + 1}/{parts}"

    def add_look(self, folder: Path, host: str, run: str, level: str, *, good: bool, words: str = "") -> None:
        """Write down what a look at the stored bytes found: a small snapshot with tags. `folder` is scratch here.

        `level` is one of `LEVELS`, or `PART_TAG` for a part of everything.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOOK_FILE).write_text(json.dumps({"run": run, "level": level, "good": good, "words": words}))
        names = folder / "names"
        names.write_bytes(LOOK_FILE.encode() + b"\0")
        levels = ["sizes", PART_TAG] if level == PART_TAG else [level]
        tags = [CHECK_TAG, *levels, "good" if good else "bad", *([run] if run else [])]
        self.restic.backup(names, folder, tags, lambda done: self.tick(), host=host)

    def _fetch(self, run: str, part: Part, target: Path, watch: Watch | None) -> None:
        half = target.with_name(f".tmp-{secrets.token_hex(4)}-{target.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        done, hashed = 0, hashlib.sha256()
        try:
            with half.open("xb") as out:
                for block in self._blocks(run, part.name, part.size, watch):
                    out.write(block)
                    hashed.update(block)
                    done += len(block)
            if done != part.size or hashed.hexdigest() != part.sha256:
                raise DamagedError(f"{part.name} of run {run} is not as it was written: its hash does not fit.")
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)

    def _blocks(self, run: str, name: str, most: int, watch: Watch | None = None) -> Iterable[bytes]:
        """A file of a run as it comes. Raises DamagedError where more than `most` bytes come."""
        commit = self.pair(run).commit
        assert commit is not None  # as `pair` says
        done = 0
        tick = (lambda: watch(done)) if watch is not None else self.tick
        with self.restic.file(commit.id, f"/{RUN_FOLDER}/{name}", tick) as blocks:
            for block in blocks:
                done += len(block)
                if done > most:
                    raise DamagedError(f"{name} of run {run} has more than the {most:,} bytes that were written.")
                yield block


def pairs(snapshots: Iterable[Snapshot]) -> dict[str, Pair]:
    """The runs that these snapshots are, by their names; of two of one kind the later one counts."""
    found: dict[str, Pair] = {}
    for one in snapshots:
        run = next((tag for tag in one.tags if layout.is_run_id(tag)), "")
        if not run or not {FILES_TAG, RUN_TAG} & set(one.tags):
            continue
        old = found.get(run, Pair(run, None, None))
        found[run] = Pair(run, old.files, one) if RUN_TAG in one.tags else Pair(run, one, old.commit)
    return found


def looks(snapshots: Iterable[Snapshot]) -> list[Look]:
    """The looks at what is stored, in the order in which restic lists them: by time."""
    found = []
    for one in snapshots:
        level = next((level for level in LEVELS if level in one.tags), None)
        if CHECK_TAG in one.tags and level is not None:
            run = next((tag for tag in one.tags if layout.is_run_id(tag)), "")
            found.append(Look(one.id, run, level, "good" in one.tags, one.time, PART_TAG in one.tags))
    return found


def judged(found: Manifest, written: str, looked: Sequence[Look], older: Sequence[RunState]) -> RunState:
    """A committed run by what looks at it have found.

    It was read back where all of it was, or where what it added was and the run before it, its parent, is read back.
    A look at everything that found something bad counts against each run that has not been looked at well since.
    """
    mine = [one for one in looked if one.run == found.run or (not one.run and one.at >= written)]
    whole = next((one for one in reversed(mine) if one.level == "all"), None)
    bad = False
    for one in mine:
        bad = not one.good or (bad and one.level != "all")
    before = next((run for run in older if run.run == found.parent and run.verified == "read back"), None)
    at: str | None = None
    if whole is not None and whole.good:
        at = whole.at
    elif any(one.level == "added" and one.good for one in mine):
        at = before.verified_at if before else (mine[0].at if found.parent is None else None)
    verified: Literal["", "sizes", "read back"] = "read back" if at else "sizes" if mine else ""
    return RunState(
        run=found.run,
        state="damaged" if bad else "committed",
        manifest=found,
        reason="a look at what is stored found something bad" if bad else "",
        bad=int(bad),
        verified="" if bad else verified,
        verified_at=None if bad else at,
        written=written,
    )


def _json_of(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RepoError("restic's repository says of itself what cannot be read.", code="foreign") from error


def _repo_id(found: object) -> str:
    told = found.get("id") if isinstance(found, dict) else None
    if not isinstance(told, str) or not layout.is_sha256(told):
        raise RepoError("restic's repository has no id.", code="foreign")
    return told[:16]
