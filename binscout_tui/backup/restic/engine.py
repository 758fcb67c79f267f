"""restic as the second engine: its repository on a target that rclone reaches, for people who have it.

restic encrypts always, and keeps what it stores in chunks of its own. It is run as a program, with the password in a
file of mode 0600 and the target in rclone's own configuration: neither stands on a command line.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.restic.process import Running, Tick, running
from binscout_tui.backup.restic.words import explained, is_bad
from binscout_tui.backup.transport.rclone_process import DROPPED, find_program
from binscout_tui.clock import from_text, to_text

ENVIRONMENT = "BINSCOUT_RESTIC"
OLDEST = (0, 14)
WHERE_FROM = "https://restic.net has it, and most systems as the package `restic`."
SHORT_ID = re.compile(r"[0-9a-f]{8,64}")
CONFIG = "config"
FOLDERS = ("data/", "index/", "keys/", "locks/", "snapshots/")

Told = Callable[[int], None]


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as restic lists it: its id, when (UTC text), host, and tags."""

    id: str
    time: str
    host: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """A file of a snapshot: its path from the root of it, bytes, and the text of its time."""

    path: str
    size: int
    modified: str


@dataclass(frozen=True)
class Lock:
    """Who locked the repository, on which host, by which process, and since when (UTC text)."""

    id: str
    host: str
    user: str
    pid: int
    since: str
    exclusive: bool

    def words(self) -> str:
        """For people."""
        return f"process {self.pid} of {self.user or '?'} on {self.host or '?'}, since {self.since[:19]}Z"


@dataclass(frozen=True)
class Stored:
    """A snapshot that restic made: its id (or the beginning of it), files that were new, bytes that were added to the
    repository, and files that could not be read.
    """

    snapshot: str
    files: int
    added_bytes: int
    unreadable: tuple[str, ...]


@dataclass
class _Told:
    """What restic said while it worked."""

    summary: dict[str, Any] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)


def find_restic() -> tuple[Path, str]:
    """The program and its version. Raises RemoteError `no_program`, also where it is too old."""
    named = os.environ.get(ENVIRONMENT) or shutil.which("restic")
    if not named or not os.access(named, os.X_OK):
        raise RemoteError("The program restic is not installed.", hint=WHERE_FROM, code="no_program")
    try:
        said = subprocess.run([named, "version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemoteError(f"restic does not start: {error}.", hint=WHERE_FROM, code="no_program") from error
    found = re.match(r"restic (\d+)\.(\d+)[\w.]*", said)
    if not found:
        raise RemoteError(f"{named} is no restic: it says {said[:80]!r}.", hint=WHERE_FROM, code="no_program")
    version = found[0].removeprefix("restic ")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise RemoteError(f"restic {version} is too old: 0.14 is needed.", hint=WHERE_FROM, code="no_program")
    return Path(named), version


class Restic:
    """restic's repository in the folder `fs` of a target, as rclone names it. Each call is a process of its own."""

    def __init__(
        self,
        fs: str,
        label: str,
        *,
        config: Path,
        password: Path,
        cache: Path,
        bandwidth_kib: int = 0,
        stall_s: float = 60.0,
    ) -> None:
        """`config` is rclone's, `password` a file of mode 0600, `cache` a folder that may be deleted at any time.

        Raises RemoteError `no_program`.
        """
        self.fs, self.label, self.stall_s = fs, label, stall_s
        self.program, self.version = find_restic()
        self._rclone = find_program()
        self._config, self._password, self._cache = config, password, cache
        self._limit = [f"--limit-upload={bandwidth_kib}"] if bandwidth_kib else []

    def snapshots(self, tick: Tick | None = None) -> list[Snapshot]:
        """All snapshots, oldest first. Raises RemoteError, RepoError, DamagedError."""
        found = _json(b"\n".join(self._said(["snapshots", "--json"], tick).lines), "the list of snapshots")
        try:
            return [_snapshot(one) for one in found or ()]
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise DamagedError(f"restic's list of snapshots is odd: {error!r:.200}.") from error

    def config(self, tick: Tick | None = None) -> bytes:
        """What the repository says of itself, as JSON. Raises RemoteError, RepoError."""
        return b"\n".join(self._said(["cat", "config", "--no-lock"], tick).lines)

    def create(self) -> None:
        """Make the repository. It refuses by itself where there is one. Raises RemoteError, RepoError."""
        self._said(["init"], None)

    def backup(
        self, names: Path, folder: Path, tags: Sequence[str], told: Told, *, host: str, parent: str | None = None
    ) -> Stored:
        """A new snapshot of the names in the file `names` (bytes, each ended by NUL, relative to `folder`).

        `told` hears the bytes done and may raise to stop. Raises RemoteError, RepoError, OSError.
        """
        command = ["backup", "--json", f"--files-from-raw={names}", f"--host={host}", *self._limit]
        command += [f"--tag={tag}" for tag in tags] + ([f"--parent={parent}"] if parent else ["--force"])
        done = 0

        def line(text: bytes) -> None:
            nonlocal done
            done = _progress(text, found, done)

        found = _Told()
        with self._running(command, lambda: told(done), cwd=folder) as work:
            work.lines(line)
        if work.child.returncode not in (0, 3) or not found.summary:
            raise self._error(work)
        found.unreadable += _unreadable(work.words)
        summary = found.summary
        made = _checked(str(summary.get("snapshot_id", "")))
        new, added = int(summary.get("files_new", 0)), int(summary.get("data_added", 0))
        return Stored(made, new, added, tuple(found.unreadable))

    def files(self, snapshot: str, tick: Tick | None = None) -> Iterator[Node]:
        """The files of a snapshot, one at a time. Raises RemoteError, RepoError, DamagedError."""
        with self._running(["ls", "--json", _checked(snapshot)], tick) as work:
            half = b""
            for block in work.blocks():
                *whole, half = (half + block).split(b"\n")
                yield from (node for one in whole if (node := _node(one)) is not None)
        self._must_be_good(work)

    @contextmanager
    def file(self, snapshot: str, path: str, tick: Tick | None = None) -> Iterator[Iterator[bytes]]:
        """The bytes of one file of a snapshot as they come; complete only when the block ends without an error."""
        with self._running(["dump", _checked(snapshot), path], tick) as work:
            yield work.blocks()
        self._must_be_good(work)

    @contextmanager
    def members(self, snapshot: str, tick: Tick | None = None, top: str = "/") -> Iterator[tarfile.TarFile]:
        """Everything below `top` of a snapshot as a tar to go through once; complete as for `file`.

        Raises DamagedError besides, where what comes is no tar.
        """
        with self._running(["dump", "--archive=tar", _checked(snapshot), top], tick) as work:
            source = _Reading(work.blocks())
            try:
                with tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|", errorlevel=2) as archive:
                    yield archive
                source.drain()
            except tarfile.TarError as error:
                source.drain()
                self._must_be_good(work)
                raise DamagedError(f"What restic gave back for {self.label} is no tar: {error}.") from error
        self._must_be_good(work)

    def forget(self, snapshots: Sequence[str], tick: Tick | None = None) -> None:
        """Take these snapshots out of the list, and nothing else; what they alone held goes with `prune`."""
        if snapshots:
            self._said(["forget", "--json", *(_checked(one) for one in snapshots)], tick)

    def prune(self, *, dry: bool, tick: Tick | None = None) -> str:
        """Delete what no snapshot holds, or say what would go; restic's words about it."""
        lines = self._said(["prune", *(["--dry-run"] if dry else [])], tick).lines
        kept = [one.decode("utf-8", "replace").strip() for one in lines]
        return "\n".join(one for one in kept if one.startswith(("to delete", "total prune", "remaining", "to repack")))

    def check(self, read: str = "", tick: Tick | None = None) -> list[str]:
        """What restic finds wrong with the repository, nothing where all is well.

        `read` is "" for its structure alone (a flipped byte in the data is not seen then), `all`, or a part as `2/8`.
        Raises RemoteError, RepoError where it cannot be looked at.
        """
        options = ["--read-data"] if read == "all" else [f"--read-data-subset={read}"] if read else []
        found = _Told()
        with self._running(["check", *options], tick) as work:
            work.lines(found.lines.append)
        if work.child.returncode == 0:
            return []
        said = [*(one.decode("utf-8", "replace") for one in found.lines), *work.said().splitlines()]
        bad = [one.strip() for one in said if is_bad(one)]
        if not bad:
            raise self._error(work)
        return bad[:1000]

    def locks(self, tick: Tick | None = None) -> list[Lock]:
        """Who has the repository locked. Raises RemoteError, RepoError."""
        found = []
        for line in self._said(["list", "locks", "--no-lock"], tick).lines:
            name = line.decode("ascii", "replace").strip()
            if SHORT_ID.fullmatch(name):
                text = b"\n".join(self._said(["cat", "lock", "--no-lock", name], tick).lines)
                found.append(_lock(name, _json(text, "a lock")))
        return found

    def unlock_stale(self, tick: Tick | None = None) -> list[Lock]:
        """Take away locks whose process on this host is gone, or that are older than half an hour; those taken away.

        This is restic's own rule for `unlock`, which leaves all others.
        """
        before = self.locks(tick)
        if not before:
            return []
        self._said(["unlock"], tick)
        after = {one.id for one in self.locks(tick)}
        return [one for one in before if one.id not in after]

    def _said(self, command: Sequence[str], tick: Tick | None) -> _Told:
        found = _Told()
        with self._running(command, tick) as work:
            work.lines(found.lines.append)
        self._must_be_good(work)
        return found

    @contextmanager
    def _running(self, command: Sequence[str], tick: Tick | None, cwd: Path | None = None) -> Iterator[Running]:
        whole = [
            os.fspath(self.program),
            f"--repo=rclone:{self.fs}",
            f"--option=rclone.program={shlex.quote(os.fspath(self._rclone))}",
            f"--password-file={self._password}",
            f"--cache-dir={self._cache}",
            *command,
        ]
        with running(whole, self._environment(), cwd=cwd, tick=tick, stall_s=self.stall_s) as work:
            yield work

    def _environment(self) -> Mapping[str, str]:
        mixed = ("RCLONE_", "RESTIC_")
        kept = {name: text for name, text in os.environ.items() if name not in DROPPED and not name.startswith(mixed)}
        quick = {"RCLONE_CONTIMEOUT": "15s", "RCLONE_TIMEOUT": "60s", "RCLONE_LOW_LEVEL_RETRIES": "3"}
        kept |= {"RCLONE_CONFIG": os.fspath(self._config), "LC_ALL": "C.UTF-8", "TZ": "UTC"} | quick
        return kept | {"HOME": kept.get("HOME", os.fspath(self._cache))}

    def _must_be_good(self, work: Running) -> None:
        if work.child.returncode != 0:
            raise self._error(work)

    def _error(self, work: Running) -> Exception:
        return explained(work.said(), self.label, work.child.returncode)


def _checked(snapshot: str) -> str:
    if not SHORT_ID.fullmatch(snapshot):
        raise DamagedError(f"{snapshot[:80]!r} is no id of a snapshot.")
    return snapshot


def _json(text: bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"restic's answer about {what} cannot be read: {error}.") from error


def _snapshot(found: Mapping[str, Any]) -> Snapshot:
    tags = tuple(str(tag) for tag in found.get("tags") or ())
    at = to_text(from_text(str(found["time"])))
    return Snapshot(_checked(found["id"]), at, str(found.get("hostname", "")), tags)


def _lock(name: str, found: Any) -> Lock:
    told = found if isinstance(found, dict) else {}
    pid = told.get("pid")
    return Lock(
        name,
        str(told.get("hostname", "")),
        str(told.get("username", "")),
        pid if isinstance(pid, int) else 0,
        str(told.get("time", "")),
        told.get("exclusive") is True,
    )


def _node(line: bytes) -> Node | None:
    """A file in what `ls` writes, None for a folder and for the head."""
    if not line.strip():
        return None
    found = _json(line, "the files of a snapshot")
    if not isinstance(found, dict) or found.get("type") != "file":
        return None
    size = found.get("size", 0)  # restic leaves it out where it is 0
    return Node(str(found.get("path", "")), size if isinstance(size, int) else -1, str(found.get("mtime", "")))


def _progress(line: bytes, found: _Told, done: int) -> int:
    try:
        told = json.loads(line)
    except ValueError:
        return done
    kind = told.get("message_type") if isinstance(told, dict) else None
    if kind == "summary":
        found.summary = told
    elif kind == "status":
        return max(done, int(told.get("bytes_done", 0)))
    return done


def _unreadable(words: Sequence[str]) -> list[str]:
    found = []
    for line in words:
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if isinstance(told, dict) and told.get("message_type") == "error":
            found.append(str(told.get("item", ""))[:4096])
        elif line.endswith("does not exist, skipping"):
            found.append(line.removesuffix(" does not exist, skipping"))
    return found


class _Reading:
    """Blocks as they come, read as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer only at the end."""
        parts, have = [self._rest], len(self._rest)
        while have < size:
            block = next(self._blocks, b"")
            if not block:
                break
            parts.append(block)
            have += len(block)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def drain(self) -> None:
        """Read the rest, so that the process ends by itself."""
        for _ in self._blocks:
            pass
