"""Moving one group on the disk: all of it, or nothing and everything is where it was.

On one file system a file is renamed. To another one it is copied, synced, read again and compared; only when the whole
group is there are the originals moved aside, into a folder beside them. Nothing that a person had is ever unlinked.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from binscout_tui.atomic import sync_folder
from binscout_tui.errors import BinScoutError
from binscout_tui.operations.files.listing import KEPT_PREFIX, PART_PREFIX, as_file
from binscout_tui.operations.files.naming import rename_new
from binscout_tui.operations.files.plan import File, Group, Move
from binscout_tui.operations.originals import hash_of

CHUNK = 1 << 20


class StoppedError(BinScoutError):
    """A group could not be moved; all of it is where it was."""

    code = "stopped"


class LostError(BinScoutError):
    """A group could not be moved, and putting it back failed too: a person has to look."""

    code = "parted"


def hashes(group: Group) -> tuple[str, ...]:
    """The SHA-256 of each file of the group. Raises StoppedError when one is not as it was when it was planned."""
    return tuple(_hash(move) for move in group.moves)


def transfer(group: Group, sha256: Sequence[str], batch: str) -> tuple[str, ...]:
    """Move the group; for each file where its original lies now, which is empty when it was renamed.

    Raises StoppedError, after which all of it is where it was, or LostError.
    """
    try:
        for move in group.moves:
            make_folder(move.destination.parent)
        try:
            _rename(group)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return _copy(group, sha256, batch)
    except OSError as error:
        raise StoppedError(_sentence(error)) from error
    return ("",) * len(group.moves)


def back(group: Group, kept: Sequence[str]) -> None:
    """Put a group that was moved back where it was. Raises LostError."""
    for move, original in reversed(list(zip(group.moves, kept, strict=True))):
        _restore(move, Path(original) if original else None)


def part_path(destination: Path, batch: str) -> Path:
    """Where the copy of a file is written before it has its name."""
    digest = hashlib.sha256(bytes(destination)).hexdigest()[:16]
    return destination.parent / f"{PART_PREFIX}{batch}-{digest}"


def kept_path(source: Path, batch: str) -> Path:
    """Where an original goes after its copy to another file system is complete."""
    return source.parent / f"{KEPT_PREFIX}{batch}" / source.name


def set_aside(source: Path, batch: str) -> Path:
    """Move an original of a complete copy out of the way. Raises OSError."""
    kept = kept_path(source, batch)
    kept.parent.mkdir(exist_ok=True)
    rename_new(source, kept)
    return kept


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and see them onto the disk. Raises OSError."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def sync(paths: Iterable[Path]) -> None:
    """See the names in the folders of `paths` onto the disk; folders that cannot be opened are left to the system."""
    for folder in sorted({path.parent for path in paths}):
        with suppress(OSError):
            sync_folder(folder)


def _hash(move: Move) -> str:
    try:
        descriptor = os.open(move.file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as handle:
            _must_be(move.file, os.fstat(descriptor))
            found = hashlib.file_digest(handle, "sha256").hexdigest()
            _must_be(move.file, os.fstat(descriptor))
    except OSError as error:
        raise StoppedError(_sentence(error)) from error
    if move.sha256 is not None and found != move.sha256:
        raise StoppedError(f"{move.file.path.name} was changed since it was moved.", code="changed")
    return found


def _must_be(file: File, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or as_file(file.path, found) != file:
        raise StoppedError(f"{file.path.name} was changed meanwhile.", code="changed")


def _rename(group: Group) -> None:
    done: list[Move] = []
    try:
        for move in group.moves:
            rename_new(move.file.path, move.destination)
            done.append(move)
            _must_be(move.file, move.destination.lstat())
    except BaseException as error:
        for move in reversed(done):
            _restore(move, None)
        if done and isinstance(error, OSError) and error.errno == errno.EXDEV:
            raise StoppedError("The group lies on more than one file system.") from error
        raise


def _restore(move: Move, kept: Path | None) -> None:
    """Undo one move: the original gets its name again, and a copy of it goes."""
    try:
        if kept is None:
            rename_new(move.destination, move.file.path)
            return
        rename_new(kept, move.file.path)
        with suppress(OSError):
            kept.parent.rmdir()
        move.destination.unlink()
    except OSError as error:
        raise LostError(
            f"{move.file.path.name} is at {kept or move.destination} and could not be put back: {_sentence(error)}",
            hint="Move it back by hand; the operations log has both places.",
        ) from error


def _copy(group: Group, sha256: Sequence[str], batch: str) -> tuple[str, ...]:
    parts = [part_path(move.destination, batch) for move in group.moves]
    placed: list[Path] = []
    aside: list[tuple[Move, Path]] = []
    try:
        for move, part, expected in zip(group.moves, parts, sha256, strict=True):
            _copy_file(move, part, expected)
        for move, part in zip(group.moves, parts, strict=True):
            rename_new(part, move.destination)
            placed.append(move.destination)
        sync(placed)
        for move in group.moves:
            aside.append((move, set_aside(move.file.path, batch)))
    except BaseException:
        for move, kept in reversed(aside):
            _restore(move, kept)
            placed.remove(move.destination)
        for path in (*placed, *parts):
            path.unlink(missing_ok=True)
        raise
    return tuple(str(kept) for _, kept in aside)


def _copy_file(move: Move, part: Path, expected: str) -> None:
    """Copy to `part`, with times and permissions, onto the disk, and read it again."""
    with move.file.path.open("rb") as reader, part.open("xb") as writer:
        shutil.copyfileobj(reader, writer, CHUNK)
        writer.flush()
        shutil.copystat(move.file.path, part)
        os.fsync(writer.fileno())
    if hash_of(part) != expected:
        raise StoppedError(f"The copy of {move.file.path.name} is not what was read.", code="bad_copy")


def _sentence(error: OSError) -> str:
    if isinstance(error, FileExistsError):
        return f"{error.filename2 or error.filename} is there already."
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}."
