"""Making a folder that is exactly what a run lists, beside what is there now.

What is here already with the right bytes gets a second name instead of being copied; it is read for that, never
believed. The rest is fetched, and read again from the disk before anybody relies on it. An attempt that was cut off
goes on: what it left is read, and kept where it is right.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

import msgspec

from binscout_tui.backup.archive import layout
from binscout_tui.backup.archive.manifest import FileEntry
from binscout_tui.backup.faults import DamagedError
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.restic.fetching import ResticReader
from binscout_tui.backup.restoring import extract
from binscout_tui.backup.restoring.compare import walk
from binscout_tui.backup.restoring.fetching import CHANGING, READ_ONLY, Fetcher
from binscout_tui.backup.restoring.todo import Piece, State, Todo
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import RefusedError
from binscout_tui.wording import counted

STAGED, TODO, LOCK = "staged", "todo.db", "lock"
GROWING = (b".jsonl", b".txt", b".log", b".csv")
"""Files of a training run that are written at their ends: a second name would let the copy grow along."""
BLOCK = 1 << 20
NAMED = 5
_FOLDER = re.compile(r"(?P<run>\d{8}T\d{6}Z-[0-9a-f]{8})-(everything|database|items)")
Place = Callable[[FileEntry], bytes | None]


class Missing(msgspec.Struct, frozen=True):
    """A file of a run that cannot be had, and why."""

    path: str
    reason: str


class Staging:
    """One staging folder: `staged/` in it, and the notes beside. A context manager; used by one thread."""

    def __init__(self, folder: Path, live: Path | None = None, staged: Path | None = None) -> None:
        """`live` is the folder whose files may be used, None to fetch everything; `staged` where not in `folder`.

        Raises RefusedError when another process stages here.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder, self.live, self.staged = folder, live, staged or folder / STAGED
        self._lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise RefusedError(
                "The same restore goes on in another process.",
                hint="`binscout jobs list` shows it.",
                code="in_progress",
            ) from error
        self.staged.mkdir(exist_ok=True, mode=0o700)
        self.todo = Todo(folder / TODO)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.todo.close()
        os.close(self._lock)

    def sort_out(self, entries: Iterable[FileEntry], place: Place, progress: Progress) -> None:
        """Look for every entry of a list whether its bytes are here; the others are wanted from the target.

        `place` says where a file goes, None for one that is not staged. Raises DamagedError, OSError.
        """
        for entry in entries:
            where = place(entry)
            if where is None:
                progress.advance(entry.size, 1)
                continue
            piece = Piece(where, entry.size, entry.sha256, entry.mtime_ns, entry.blob, entry.offset or 0)
            begun = progress.done
            here = self._is_here(piece, progress)
            progress.at(begun + entry.size, progress.files + 1)
            self.todo.add(piece, State.HERE if here else State.WANTED)

    def _is_here(self, piece: Piece, progress: Progress) -> bool:
        target = self.staged / os.fsdecode(piece.place)
        try:
            if is_file(target, piece.size):
                if hash_of(target, progress.advance) == piece.sha256:
                    return True
                target.unlink()
            return self.live is not None and self._take_over(piece, target, progress)
        except OSError as error:
            # A name that this disk cannot have is told by whoever fetches it.
            if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ):
                return False
            raise

    def _take_over(self, piece: Piece, target: Path, progress: Progress) -> bool:
        """Whether the file that is in use has these bytes; then it is staged too."""
        assert self.live is not None
        source = self.live / os.fsdecode(piece.place)
        if not is_file(source, piece.size):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        if piece.place.startswith(b"runs/") and piece.place.endswith(GROWING):
            return _copied(source, target, piece, progress)
        seen = source.lstat()
        if not _is_right(source, piece, progress):
            return False
        return _linked(source, target, seen) or _copied(source, target, piece, progress)

    def room_needed(self) -> int:
        """Bytes that are still to be fetched."""
        return self.todo.tally(State.WANTED)[1]

    def fetch(self, remote: Remote, sizes: Mapping[str, int], progress: Progress, transfers: int = 4) -> None:
        """Fetch what is wanted. Raises RemoteError, OSError; what cannot be had is in `missing`."""
        if isinstance(remote, ResticReader):
            remote.fetch(self.todo, self.staged, progress)
        else:
            Fetcher(remote, self.staged, sizes, transfers).fetch(self.todo, progress)

    def missing(self) -> Iterator[Missing]:
        """What could not be had."""
        for piece, reason in self.todo.of(State.BAD):
            yield Missing(piece.place.decode("utf-8", "replace"), reason)

    def refuse_missing(self, run: str) -> None:
        """Raise DamagedError, with names, when anything could not be had."""
        number = self.todo.tally(State.BAD)[0]
        if number:
            named = [f"{one.path} ({one.reason})" for one, _ in zip(self.missing(), range(NAMED), strict=False)]
            more = "; …" if number > NAMED else ""
            raise DamagedError(
                f"{counted(number, 'file')} of run {run} cannot be had: {'; '.join(named)}{more}.",
                hint="`--to DIR --skip-damaged` restores all others to a folder; an earlier run may have them.",
            )

    def verify(self, progress: Progress) -> None:
        """Read what was fetched from the disk, and see that nothing else is there. Raises DamagedError, OSError."""
        sync(self.staged)
        for piece, _ in self.todo.of(State.FETCHED):
            path = self.staged / os.fsdecode(piece.place)
            begun = progress.done
            if not is_file(path, piece.size) or hash_of(path, progress.advance, cold=True) != piece.sha256:
                raise DamagedError(f"{_shown(piece.place)} was fetched, but the disk gives back other bytes.")
            progress.at(begun + piece.size, progress.files + 1)
        self._complete(progress)

    def _complete(self, progress: Progress) -> None:
        expected, found = self.todo.tally(State.FETCHED, State.HERE)[0], 0
        for local in walk(self.staged, extract.FOLDERS.values()):
            size = self.todo.size_of(local.name)
            if size is None:
                (self.staged / os.fsdecode(local.name)).unlink()
            elif size != local.size:
                raise DamagedError(f"{_shown(local.name)} is staged with {local.size:,} of {size:,} bytes.")
            else:
                found += 1
            progress.tell()
        if found != expected:
            raise DamagedError(f"{found:,} of {expected:,} files are staged.")


def discard(folder: Path) -> None:
    """Take a staging folder away."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep(restores: Path, *, keep: str = "", older_than: float | None = None) -> list[str]:
    """Take away what attempts left in the folder `restores`, but for `keep` and what goes on now; their names.

    With `older_than` (seconds since 1970) only those that nobody touched since.
    """
    gone = []
    for folder in sorted(restores.iterdir()) if restores.is_dir() else ():
        if not _FOLDER.fullmatch(folder.name) or folder.name == keep or not folder.is_dir():
            continue
        if (older_than is None or folder.stat().st_mtime < older_than) and not goes_on(folder):
            discard(folder)
            gone.append(folder.name)
    return gone


def goes_on(folder: Path) -> bool:
    """Whether a process stages in this folder now."""
    try:
        with (folder / LOCK).open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def folder_name(run: str, scope: str) -> str:
    """The name of the staging folder for this run and scope: the next attempt finds what the last one left."""
    if not layout.is_run_id(run):
        raise DamagedError(f"{run[:64]!r} is no run.")
    return f"{run}-{scope}"


def is_file(path: Path, size: int) -> bool:
    """Whether a plain file of this size has the name itself, no link to one."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size


def hash_of(path: Path, watch: Callable[[int], None], *, cold: bool = False) -> str:
    """The SHA-256 of a file; `watch` is told of the bytes. `cold`: from the disk, not from memory, as far as may be."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if cold:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        while block := os.read(descriptor, BLOCK):
            digest.update(block)
            watch(len(block))
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def sync(folder: Path) -> None:
    """Have everything on the disk that holds `folder`: one wait instead of one a file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            raise OSError(ctypes.get_errno(), "the disk could not be synced", os.fspath(folder))
    finally:
        os.close(descriptor)


def _is_right(source: Path, piece: Piece, progress: Progress) -> bool:
    begun = progress.done
    right = hash_of(source, progress.advance) == piece.sha256
    progress.at(begun)
    return right


def _linked(source: Path, target: Path, seen: os.stat_result) -> bool:
    """Whether the file that was read got a second name; a disk may not do that."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            return False
        raise
    now = target.lstat()
    if (now.st_ino, now.st_size, now.st_mtime_ns) == (seen.st_ino, seen.st_size, seen.st_mtime_ns):
        return True
    target.unlink()
    return False


def _copied(source: Path, target: Path, piece: Piece, progress: Progress) -> bool:
    mode = READ_ONLY if piece.place.startswith(b"originals/") else CHANGING
    with source.open("rb") as handle:
        try:
            extract.write_exact(
                _blocks(handle.fileno()),
                target,
                size=piece.size,
                sha256=piece.sha256,
                mode=mode,
                mtime_ns=piece.mtime_ns,
                watch=progress.advance,
            )
        except DamagedError:
            return False
    return True


def _blocks(descriptor: int) -> Iterator[bytes]:
    while block := os.read(descriptor, BLOCK):
        yield block


def _shown(place: bytes) -> str:
    return place.decode("utf-8", "replace")
