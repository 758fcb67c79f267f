"""Writing what a list names and nothing else: exact bytes, below one folder, whatever lies on the target.

The bytes of packed files are cut out by offset, size and hash: what else the tar says is never looked at. Of the
archive of records only plain files that the manifest names are taken, to their declared size.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from isal import igzip

from binscout_tui.backup.archive.manifest import FileEntry, Kind, Part
from binscout_tui.backup.faults import DamagedError

FOLDERS: Mapping[Kind, bytes] = {
    "original": b"originals",
    "model": b"models",
    "run": b"runs",
    "dataset": b"datasets",
    "incoming": b"incoming",
}
"""Where the files of each kind lie in a workspace."""
BLOCK = 1 << 20
RECORD = 512
LONGEST_NAME = 4096
Watch = Callable[[int], None]


def place(entry: FileEntry) -> bytes:
    """The path of a listed file below the workspace. Raises DamagedError where none of its kind may lie."""
    name = entry.name()
    folder, *rest = name.split(b"/")
    if folder != FOLDERS.get(entry.kind) or not rest or any(part in (b"", b".", b"..") for part in rest):
        raise DamagedError(f"The list of files puts {entry.path[:200]!r} where no {entry.kind} belongs.")
    return name


def write_exact(
    blocks: Iterator[bytes], target: Path, *, size: int, sha256: str, mode: int, mtime_ns: int, watch: Watch
) -> None:
    """Write `blocks` to the new file `target`, which has exactly this size and hash or does not exist.

    `watch` is told how many bytes came with each block, and may raise. Raises DamagedError, OSError.
    """
    temporary = target.with_name(f".part-{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            _copy_exact(blocks, out.write, size, sha256, watch)
            out.flush()
            os.fchmod(out.fileno(), mode)
            os.utime(out.fileno(), ns=(mtime_ns, mtime_ns))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _copy_exact(
    blocks: Iterator[bytes], write: Callable[[bytes], object], size: int, sha256: str, watch: Watch
) -> None:
    digest, count = hashlib.sha256(), 0
    for block in blocks:
        count += len(block)
        if count > size:
            raise DamagedError(f"it has more than its {size:,} bytes")
        digest.update(block)
        write(block)
        watch(len(block))
    if count != size:
        raise DamagedError(f"it has {count:,} of its {size:,} bytes")
    if digest.hexdigest() != sha256:
        raise DamagedError("its bytes are not those that were backed up")


class Cutter:
    """Parts of a stream of bytes in the order of their offsets."""

    def __init__(self, blocks: Iterator[bytes], at: int) -> None:
        """`at` is the offset of the first byte of `blocks`."""
        self._blocks = blocks
        self._block = memoryview(b"")
        self.at = at

    def take(self, start: int, size: int) -> Iterator[bytes]:
        """The bytes from `start`, which is not before `at`; fewer where the stream ends."""
        for _ in self._next(start - self.at):
            pass
        yield from self._next(size)

    def _next(self, wanted: int) -> Iterator[bytes]:
        while wanted > 0:
            if not self._block:
                block = next(self._blocks, None)
                if block is None:
                    return
                self._block = memoryview(block)
            part = self._block[:wanted]
            self._block = self._block[wanted:]
            self.at += len(part)
            wanted -= len(part)
            yield bytes(part)


def extract_records(archive: Path, members: Mapping[str, Part], folder: Path, watch: Watch) -> None:
    """Unpack the archive of records into the new folder `folder`: all `members`, and no byte more.

    `watch` is told of the bytes as in `write_exact`. Raises DamagedError, OSError.
    """
    folder.mkdir(mode=0o700)
    missing = dict(members)
    try:
        with igzip.open(archive, "rb") as stream:  # type: ignore[no-untyped-call]
            while header := _header(stream):
                part = missing.pop(header.name, None)
                if part is None:
                    raise DamagedError(f"The records hold {header.name[:200]!r}, which their manifest does not name.")
                _extract(stream, header, part, folder / _record_path(header.name), watch)
    except (EOFError, zlib.error, igzip.BadGzipFile, tarfile.TarError) as error:
        raise DamagedError(f"The records cannot be unpacked: {error}.") from error
    if missing:
        raise DamagedError(f"The records end before {next(iter(missing))!r}, {len(missing)} of them are not there.")


def _header(stream: igzip.IGzipFile) -> tarfile.TarInfo | None:
    """The header of the next member, None at the end of the archive."""
    header = _plain_header(stream)
    if header is None or header.type != tarfile.GNUTYPE_LONGNAME:
        return header
    if header.size > LONGEST_NAME:
        raise DamagedError(f"The records hold a name of {header.size:,} bytes.")
    name = stream.read(header.size + -header.size % RECORD)[: header.size].rstrip(b"\0")
    header = _plain_header(stream)
    if header is not None:
        header.name = name.decode("utf-8", "surrogateescape")
    return header


def _plain_header(stream: igzip.IGzipFile) -> tarfile.TarInfo | None:
    block = stream.read(RECORD)
    if len(block) < RECORD:
        raise DamagedError("The records are cut off: their end is not there.")
    if not any(block):
        return None
    header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.GNUTYPE_LONGNAME):
        raise DamagedError(f"The records hold {header.name[:200]!r}, which is no plain file.")
    return header


def _extract(stream: igzip.IGzipFile, header: tarfile.TarInfo, part: Part, target: Path, watch: Watch) -> None:
    if header.size != part.size:
        raise DamagedError(f"{header.name!r} in the records has {header.size:,} of {part.size:,} bytes.")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    blocks = _exactly(stream, part.size)
    try:
        write_exact(blocks, target, size=part.size, sha256=part.sha256, mode=0o600, mtime_ns=0, watch=watch)
    except DamagedError as error:
        raise DamagedError(f"{header.name!r} in the records is damaged: {error.sentence}.") from error
    stream.read(-part.size % RECORD)


def _exactly(stream: igzip.IGzipFile, size: int) -> Iterator[bytes]:
    while size > 0 and (block := stream.read(min(BLOCK, size))):
        size -= len(block)
        yield block


def _record_path(name: str) -> Path:
    """The path of a member below the folder of records. Raises DamagedError where it leads elsewhere."""
    parts = name.split("/")
    if "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise DamagedError(f"The manifest puts {name[:200]!r} outside of the records.")
    return Path(*parts)
