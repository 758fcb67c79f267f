"""A store of backups on a target: which runs there are, what state they are in, and the lists of each."""

from __future__ import annotations

import hashlib
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from binscout_tui import atomic
from binscout_tui.backup.archive import layout, lease, manifest, summary
from binscout_tui.backup.archive.lease import Holder
from binscout_tui.backup.archive.manifest import Check, Manifest, Part
from binscout_tui.backup.archive.summary import RunFacts
from binscout_tui.backup.faults import DamagedError, RemoteError, RepoError
from binscout_tui.backup.transport.remote import Entry, Remote, Space
from binscout_tui.clock import from_text, to_text, utc_now
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.backup.transport.rclone import Watch

FORMAT = 1
LISTING = "listing.json"
MOST_FOREIGN = 1
SLACK = 1 << 20  # bytes
ONE_FILE = ("not_found", "denied")
"""Errors about one file, where the target itself answers."""
State = Literal["committed", "abandoned", "damaged", "uploading"]


class RepoInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The file that makes a folder a store of backups. `key` is the fingerprint of the key where rclone encrypts."""

    program: Literal["binscout"] = "binscout"
    format: Annotated[int, Meta(ge=1)] = FORMAT
    id: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    created: Annotated[str, Meta(max_length=64)]
    key: Annotated[str, Meta(max_length=128)] = ""


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the target shows it.

    `missing` blobs are not there or have another size, `bad` ones were read back wrong. `verified` is the best that is
    proven of every byte: `read back` when all were read back, the longest ago at `verified_at`. `written` is when its
    newest file was written, by the target's clock. `by` is who says that they work on one that is not finished.
    """

    run: str
    state: State
    manifest: Manifest | None = None
    reason: str = ""
    missing: int = 0
    bad: int = 0
    verified: Literal["", "sizes", "read back"] = ""
    verified_at: str | None = None
    written: str = ""
    by: Holder | None = None

    @property
    def is_good(self) -> bool:
        """Whether it can be restored as far as anybody knows."""
        return self.state == "committed"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a target. Runs come newest first; `blobs` (name: bytes) is empty in a look that was kept.

    `written` says when each blob and each stray file was written, `locks` and `checks` when those were, all by the
    target's clock, which is `skew_s` seconds ahead of this machine's (None: not known). `bad` are the stored files that
    were read back wrong, with the reason.
    """

    at: str
    repo: RepoInfo | None
    runs: list[RunState]
    space: Space | None = None
    skew_s: float | None = None
    stored_bytes: int = 0
    blobs: dict[str, int] = {}
    written: dict[str, str] = {}
    checks: dict[str, str] = {}
    locks: dict[str, str] = {}
    stray: list[str] = []
    bad: dict[str, str] = {}

    def run(self, name: str) -> RunState | None:
        """The run of this name."""
        return next((run for run in self.runs if run.run == name), None)


class Repository:
    """The store of backups in a folder of a target. What it keeps in `cache` may be deleted at any time."""

    def __init__(
        self, remote: Remote, cache: Path, *, known: str = "", seen: Callable[[RepoInfo], None] | None = None
    ) -> None:
        """`known` is the id of the store that was there before; `seen` is told which one is there now."""
        self.remote, self.cache = remote, cache
        self._known, self._seen = known, seen

    def open(self) -> RepoInfo:
        """What the store says of itself.

        Raises RepoError `not_initialised`, `foreign`, `newer`, `wrong_key`, `gone_store` or `other_store` (not the one
        that was there before); RemoteError.
        """
        size = self.remote.exists(layout.REPO_FILE)
        if size is None:
            self.remote.must_be_there()
            self._must_be_new()
            raise RepoError(
                f"There are no backups in {self.remote.label}.",
                hint="`binscout backup run` makes the first one.",
                code="not_initialised",
            )
        info = _repo_info(self.remote.read(layout.REPO_FILE, 1 << 16), self.remote.label)
        if self._known and info.id != self._known:
            raise RepoError(
                f"{self.remote.label} holds another store of backups than before.",
                hint="Is another disk mounted there? A target of another name takes this store.",
                code="other_store",
            )
        if self._seen is not None:
            self._seen(info)
        return info

    def _must_be_new(self) -> None:
        """An empty folder may be a disk that is not mounted, or files that this key cannot read."""
        if self.remote.holds_unreadable():
            raise RepoError(
                f"{self.remote.label} holds files that this key cannot read.",
                hint="The key of the encryption is another one, or they are no backups of this program.",
                code="wrong_key",
            )
        if self._known:
            raise RepoError(
                f"The store of backups that was in {self.remote.label} is gone.",
                hint="Is the disk or share mounted? To begin anew, remove the target and add it again.",
                code="gone_store",
            )

    def create(self, key: str = "") -> RepoInfo:
        """Make the store in an empty folder. Raises RepoError `foreign` where other things are, RemoteError."""
        others = [entry.name for entry in self.remote.list()][:MOST_FOREIGN]
        if others:
            raise RepoError(
                f"{self.remote.label} holds other things, {others[0]!r} for one.",
                hint="Choose an empty folder, or one that does not exist yet.",
                code="foreign",
            )
        info = RepoInfo(id=secrets.token_hex(8), created=utc_now(), key=key)
        self.remote.write(layout.REPO_FILE, msgspec.json.format(msgspec.json.encode(info), indent=1))
        if self._seen is not None:
            self._seen(info)
        return info

    def open_or_create(self, key: str = "") -> RepoInfo:
        """`open`, or `create` where nothing is yet."""
        try:
            return self.open()
        except RepoError as error:
            if error.code != "not_initialised":
                raise
        return self.create(key)

    def listing(self) -> Listing:
        """Look at the target now; what was seen is kept for `cached`. Raises RemoteError, RepoError."""
        began = datetime.now(UTC)
        info = self.open()
        entries = {entry.name: entry for entry in self.remote.list()}
        blobs = {name: entry.size for name, entry in entries.items() if layout.blob_hash(name)}
        checks = {name: entry.modified for name, entry in entries.items() if layout.is_check(name)}
        stray = sorted(name for name in entries if _is_stray(name))
        proven = self.proven(checks)
        runs = self._runs({name: entry.size for name, entry in entries.items()}, entries, blobs, info, proven)
        found = Listing(
            at=to_text(began),
            repo=info,
            runs=runs,
            space=self.remote.space(),
            skew_s=_skew(runs, entries, began),
            stored_bytes=sum(entry.size for entry in entries.values()),
            blobs=blobs,
            written={name: entries[name].modified for name in (*blobs, *stray)},
            checks=checks,
            locks={name: entry.modified for name, entry in entries.items() if name.startswith(f"{layout.LOCKS}/")},
            stray=stray,
            bad=proven.bad,
        )
        self._keep(found)
        return found

    def cached(self) -> Listing | None:
        """What was seen last, without asking the target; None when nothing is kept or it cannot be read."""
        return self.kept_in(self.cache)

    @staticmethod
    def kept_in(cache: Path) -> Listing | None:
        """`cached` for whoever has no way to the target."""
        try:
            return msgspec.json.decode((cache / LISTING).read_bytes(), type=Listing)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    @staticmethod
    def kept_part(cache: Path, run: str, part: Part) -> Path | None:
        """The local copy of a file of a run, None where there is none that is as it was written."""
        kept = _run_folder(cache, run) / part.name
        return kept if _is_whole(kept, part) else None

    def kept_manifest(self, run: str, info: RepoInfo) -> bytes:
        """The local copy of a manifest, b"" where there is none of a run of this store."""
        try:
            data = (self._run_folder(run) / layout.MANIFEST).read_bytes()
            return data if manifest.decode(data, run).repo == info.id else b""
        except (OSError, DamagedError, RepoError):
            return b""

    def manifest(self, run: str, size: int | None = None) -> Manifest:
        """The manifest of a run, from the cache where it is, and has the `size` that the target shows where that is
        known. Raises DamagedError, RemoteError, RepoError.
        """
        kept = self._run_folder(run) / layout.MANIFEST
        try:
            data = kept.read_bytes()
            if size is None or size == len(data):
                return manifest.decode(data, run)
        except (OSError, DamagedError):
            pass  # not read yet, or the cache is what is damaged
        data = self.remote.read(layout.run_file(run, layout.MANIFEST), manifest.LONGEST_MANIFEST)
        found = manifest.decode(data, run)
        _remember(kept, data)
        return found

    def files(self, run: str, watch: Watch | None = None) -> Path:
        """A local copy of the list of files of a run, checked against its manifest. Raises as `manifest`."""
        return self._part(run, self.manifest(run).files, watch)

    def blobs(self, run: str, watch: Watch | None = None) -> Path:
        """A local copy of the list of stored files of a run, checked against its manifest. Raises as `manifest`."""
        return self._part(run, self.manifest(run).blobs, watch)

    def records(self, run: str, target: Path, watch: Watch | None = None) -> None:
        """The records of a run in the file `target`, checked against its manifest. Raises as `manifest`, OSError."""
        self._fetch(run, self.manifest(run).records, target, watch)

    def reader(self, run: str) -> Remote:
        """Where the files of a run are fetched from; `run` matters to other engines."""
        return self.remote

    def keep_lists(self, run: str, data: bytes, files: Path, blobs: Path) -> None:
        """Put what a run has just written into the cache, so that nobody fetches it."""
        folder = self._run_folder(run)
        folder.mkdir(parents=True, exist_ok=True)
        files.replace(folder / layout.FILES)
        blobs.replace(folder / layout.BLOBS)
        atomic.keep_bytes(folder / layout.MANIFEST, data)

    def add_check(self, check: Check, now: datetime | None = None) -> str:
        """Write down what a look at the stored bytes found; the name of it. Raises RemoteError."""
        name = layout.check_name(now or datetime.now(UTC))
        data = manifest.encode(check)
        self.remote.write(name, data)
        _remember(self.cache / name, data)
        return name

    def check(self, name: str) -> Check:
        """What a look found. Raises DamagedError, RemoteError."""
        kept = self.cache / name
        try:
            return manifest.decode_check(kept.read_bytes(), name)
        except (OSError, DamagedError):
            pass
        data = self.remote.read(name, manifest.LONGEST_MANIFEST)
        found = manifest.decode_check(data, name)
        _remember(kept, data)
        return found

    def _runs(
        self,
        sizes: Mapping[str, int],
        entries: Mapping[str, Entry],
        blobs: Mapping[str, int],
        info: RepoInfo,
        proven: Proven,
    ) -> list[RunState]:
        written: dict[str, str] = {}
        for name, entry in entries.items():
            parts = name.split("/")
            if len(parts) == 3 and parts[0] == layout.RUNS and layout.is_run_id(parts[1]):
                written[parts[1]] = max(written.get(parts[1], ""), entry.modified)
        return [self._state(run, sizes, blobs, info, proven, written[run]) for run in sorted(written, reverse=True)]

    def _state(
        self,
        run: str,
        sizes: Mapping[str, int],
        blobs: Mapping[str, int],
        info: RepoInfo,
        proven: Proven,
        written: str,
    ) -> RunState:
        size = sizes.get(layout.run_file(run, layout.MANIFEST))
        if size is None:
            if layout.run_file(run, layout.GIVEN_UP) not in sizes and self.kept_manifest(run, info):
                return RunState(run=run, state="damaged", reason="its manifest is gone", written=written)
            by = lease.worker_of(self.remote, run) if layout.run_file(run, lease.RUNNING) in sizes else None
            return RunState(run=run, state="abandoned", reason="it was never finished", written=written, by=by)
        try:
            found = self.manifest(run, size)
            if found.repo != info.id:
                raise DamagedError("Its manifest belongs to another store of backups.")
            return self._judged(found, sizes, blobs, proven, written)
        except (RepoError, DamagedError) as error:
            return RunState(run=run, state="damaged", reason=error.sentence, written=written)
        except RemoteError as error:
            if error.code not in ONE_FILE:
                raise
            return RunState(run=run, state="damaged", reason=error.sentence, written=written)

    def _judged(
        self, found: Manifest, sizes: Mapping[str, int], blobs: Mapping[str, int], proven: Proven, written: str
    ) -> RunState:
        """A committed run against what the target shows and what was read back."""
        reasons = [
            f"{part.name} is {'missing' if there is None else 'of another size'}"
            for part in (found.files, found.blobs, found.records)
            if (there := sizes.get(layout.run_file(found.run, part.name))) != part.size
        ]
        missing = bad = 0
        names = [layout.run_file(found.run, part.name) for part in (found.files, found.blobs, found.records)]
        oldest = _oldest(names, proven)
        if not reasons:
            for blob in manifest.read_blobs(self.blobs(found.run), found.blobs):
                missing += blobs.get(blob.name) != blob.size
                bad += blob.name in proven.bad
                oldest = min(oldest, proven.good.get(blob.name, ""))
        bad += sum(name in proven.bad for name in names)
        reasons += [f"{counted(missing, 'stored file')} missing or of another size"] if missing else []
        reasons += [f"{counted(bad, 'stored file')} read back wrong"] if bad else []
        reasons += [odd] if (odd := proven.bad.get(layout.run_file(found.run, layout.MANIFEST))) else []
        return RunState(
            run=found.run,
            state="damaged" if reasons else "committed",
            manifest=found,
            reason="; ".join(reasons),
            missing=missing,
            bad=bad,
            verified="" if reasons else "read back" if oldest else "sizes",
            verified_at=oldest or None,
            written=written,
        )

    def looks(self, checks: Mapping[str, str]) -> dict[str, Check]:
        """The looks of these names (name: when it was written) in their order, by the target's clock to the second,
        then by their own. One that cannot be read is left out. Raises RemoteError.
        """
        looks: list[tuple[str, str, str, Check]] = []
        for name, written in checks.items():
            try:
                look = self.check(name)
            except (DamagedError, RepoError):
                continue
            except RemoteError as error:
                if error.code not in ONE_FILE:
                    raise
                continue
            looks.append((written[:19], look.at, name, look))
        return {name: look for *_, name, look in sorted(looks, key=lambda one: one[:3])}

    def proven(self, checks: Mapping[str, str]) -> Proven:
        """What looks, as in `looks`, found together. Raises RemoteError."""
        found = Proven()
        for look in self.looks(checks).values():
            found.add(look)
        return found

    def _part(self, run: str, part: Part, watch: Watch | None) -> Path:
        kept = self.kept_part(self.cache, run, part)
        if kept is None:
            kept = self._run_folder(run) / part.name
            self._fetch(run, part, kept, watch)
        return kept

    def _fetch(self, run: str, part: Part, target: Path, watch: Watch | None) -> None:
        name = layout.run_file(run, part.name)
        there = self.remote.exists(name)
        if there is None:
            raise DamagedError(f"{name} is missing on {self.remote.label}.")
        if there != part.size:
            raise DamagedError(f"{name} on {self.remote.label} has {there:,} instead of {part.size:,} bytes.")
        half = target.with_name(f".tmp-{secrets.token_hex(4)}-{target.name}")
        try:
            self.remote.download(name, half, _at_most(part, name, watch))
            if not _is_whole(half, part):
                raise DamagedError(f"{name} on {self.remote.label} is not as it was written: its hash does not fit.")
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)

    def _run_folder(self, run: str) -> Path:
        return _run_folder(self.cache, run)

    def _keep(self, found: Listing) -> None:
        kept = msgspec.structs.replace(found, blobs={}, written={}, checks={}, stray=found.stray[:100])
        _remember(self.cache / LISTING, msgspec.json.encode(kept))
        with suppress(OSError):
            summary.keep(self.cache, found.at, [_facts(run) for run in found.runs])


class Proven:
    """What all looks together have found of each stored file: when it was last read back well, and which are bad."""

    def __init__(self) -> None:
        self.good: dict[str, str] = {}
        self.bad: dict[str, str] = {}

    def add(self, check: Check) -> None:
        """Take in one look; they come in the order of time."""
        if check.level != "read back":
            return  # a listing shows sizes, and those of now
        for name in check.good:
            self.good[name] = check.at
            self.bad.pop(name, None)
        for name, reason in check.bad.items():
            self.bad[name] = reason
            self.good.pop(name, None)


def _remember(path: Path, data: bytes) -> None:
    """Keep what the target said. Where this disk does not take it, it is asked again the next time."""
    with suppress(OSError):
        atomic.keep_bytes(path, data)


def _run_folder(cache: Path, run: str) -> Path:
    if not layout.is_run_id(run):
        raise DamagedError(f"{run[:64]!r} is no run.")
    return cache / layout.RUNS / run


def _skew(runs: Iterable[RunState], entries: Mapping[str, Entry], now: datetime) -> float | None:
    """Seconds by which the target's clock is ahead, from when the newest run of this machine was committed.

    None also where the whole store may have been copied since then: its files have the time of the copy.
    """
    here = socket.gethostname()
    newest = next((run for run in runs if run.manifest is not None and run.manifest.host == here), None)
    if newest is None or newest.manifest is None:
        return None
    try:
        there = from_text(entries[layout.run_file(newest.run, layout.MANIFEST)].modified)
        committed = from_text(newest.manifest.committed)
        if there <= now and from_text(entries[layout.REPO_FILE].modified) > committed:
            return None
        return (there - committed).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None  # a time that is none, or without its zone


def _facts(run: RunState) -> RunFacts:
    suspicious = run.manifest is not None and run.manifest.suspicious is not None
    owner = run.manifest.owner if run.manifest is not None else ""
    proven = run.verified == "read back"
    return RunFacts(run=run.run, state=run.state, proven=proven, suspicious=suspicious, owner=owner)


def _at_most(part: Part, name: str, watch: Watch | None) -> Watch:
    """A watch that stops a server which sends more than it said, before the disk here is full."""

    def look(moved: int) -> None:
        if moved > part.size + SLACK:
            raise DamagedError(f"{name} has more than the {part.size:,} bytes that were written.")
        if watch is not None:
            watch(moved)

    return look


def _oldest(names: Iterable[str], proven: Proven) -> str:
    return min((proven.good.get(name, "") for name in names), default="")


def _is_whole(path: Path, part: Part) -> bool:
    try:
        if path.stat().st_size != part.size:
            return False
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest() == part.sha256
    except OSError:
        return False


def _is_stray(name: str) -> bool:
    """Whether nothing of this program's has such a name: half uploads and what others left."""
    if name == layout.REPO_FILE or layout.blob_hash(name) or layout.is_check(name):
        return False
    parts = name.split("/")
    if parts[0] == layout.LOCKS:
        return False
    return not (len(parts) == 3 and parts[0] == layout.RUNS and layout.is_run_id(parts[1])) or name.endswith(".partial")


def _repo_info(data: bytes, label: str) -> RepoInfo:
    try:
        told = msgspec.json.decode(data, type=dict[str, object])
        if told.get("program") == "binscout" and isinstance(told.get("format"), int) and told["format"] > FORMAT:  # type: ignore[operator]
            raise RepoError(
                f"The backups in {label} have format {told['format']}, and this program knows up to {FORMAT}.",
                hint="Update BinScout.",
                code="newer",
            )
        return msgspec.json.decode(data, type=RepoInfo)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RepoError(
            f"{layout.REPO_FILE} in {label} was not written by this program.",
            hint="Choose another folder.",
            code="foreign",
        ) from error
