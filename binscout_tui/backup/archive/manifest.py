"""What a run holds: a small manifest that commits it, and two long lists that are read line by line.

Nothing read from a target is trusted: each value is checked, a list ends where its manifest says, and a path that could
lead out of a folder is refused.
"""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from isal import igzip
from msgspec import Meta

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import DamagedError, RepoError
from binscout_tui.clock import from_text

FORMAT = 1
LONGEST_LINE = 64 << 10
LONGEST_MANIFEST = 8 << 20
MOST_BYTES = 1 << 60
LEVEL = 1

Kind = Literal["original", "model", "run", "dataset", "incoming", "outside", "other"]
Whole = Annotated[int, Meta(ge=0, le=MOST_BYTES)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, Meta(max_length=4096)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]


class FileEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file of the workspace. `path` is relative to it with `/` (`outside`: absolute), for people where `raw` is set.

    `blob` holds its bytes: all of them, or from `offset` on where it is a pack. `raw` is the path's real bytes in
    base64 where they are no UTF-8.
    """

    path: Annotated[str, Meta(min_length=1, max_length=16_384)]
    kind: Kind
    size: Whole
    sha256: Sha256
    mtime_ns: Annotated[int, Meta(ge=-(1 << 62), le=1 << 62)]
    blob: Text
    offset: Whole | None = None
    raw: Annotated[str, Meta(max_length=32_768)] | None = None

    def name(self) -> bytes:
        """The path as the file system has it."""
        return base64.b64decode(self.raw, validate=True) if self.raw is not None else os.fsencode(self.path)


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """A pack or an object on the target: bytes, SHA-256 of them, and how many files of the run lie in it."""

    name: Text
    size: Whole
    sha256: Sha256
    files: Whole


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run: bytes, SHA-256, and the number of lines of a list (0 for others)."""

    name: Text
    size: Whole
    sha256: Sha256
    count: Whole = 0


class Tally(msgspec.Struct, frozen=True):
    """So many files with so many bytes."""

    files: Whole = 0
    bytes: Whole = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A committed run. Times are UTC text, durations seconds by stage, sizes bytes.

    `logical_bytes` is what the files weigh, `added_bytes` what this run sent, `stored_bytes` what its blobs weigh.
    `members` are the files inside `records`, `rows` the rows of each table in its database. `sha256` is that of the
    manifest without itself. `workspace` is the id of the workspace, "" in runs of programs that knew none.
    """

    format: Annotated[int, Meta(ge=1)] = FORMAT
    repo: Text
    run: Text
    began: Text
    committed: Text
    host: Text
    user: Text
    app: Text
    schema: Whole
    tz_minutes: Annotated[int, Meta(ge=-1440, le=1440)]
    parent: Text | None
    files: Part
    blobs: Part
    records: Part
    members: Annotated[dict[str, Part], Meta(max_length=100_000)]
    kinds: dict[Kind, Tally]
    rows: Annotated[dict[str, Whole], Meta(max_length=10_000)]
    logical_bytes: Whole
    added_bytes: Whole
    added_files: Whole
    stored_bytes: Whole
    read_back: Literal["added", "records", "all"]
    durations: dict[str, Seconds]
    warnings: Annotated[list[Text], Meta(max_length=1000)] = []
    vanished: Annotated[list[str], Meta(max_length=1000)] = []
    suspicious: Text | None = None
    note: Text = ""
    workspace: Text = ""
    sha256: str = ""

    @property
    def owner(self) -> str:
        """By what runs are counted: the id of their workspace, without one the name of the machine."""
        return self.workspace or self.host


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at the stored bytes found: names that were good, and bad ones with the reason."""

    at: Text
    by: Text
    host: Text
    kind: Literal["run", "verify", "scrub"]
    run: Text | None
    level: Literal["sizes", "read back"]
    good: list[Text]
    bad: dict[str, Text]
    complete: bool
    sha256: str = ""


class _Told(msgspec.Struct, frozen=True):
    """Only the format: nothing else is built in memory before that is known."""

    format: int = FORMAT


Sealed = TypeVar("Sealed", Manifest, Check)
Listed = TypeVar("Listed", FileEntry, Blob)


def encode(value: Sealed) -> bytes:
    """The bytes of a manifest or check, with the hash of itself set."""
    return msgspec.json.format(msgspec.json.encode(sealed(value)), indent=1)


def sealed(value: Sealed) -> Sealed:
    """The same with the hash of itself set."""
    return msgspec.structs.replace(value, sha256=_own_hash(value))


def _own_hash(value: Manifest | Check) -> str:
    plain = msgspec.json.encode(msgspec.structs.replace(value, sha256=""), order="sorted")
    return hashlib.sha256(plain).hexdigest()


def decode(data: bytes, run: str) -> Manifest:
    """The manifest of `run`. Raises DamagedError with the reason, RepoError when a newer program wrote it."""
    what = f"The manifest of run {run}"
    found = _decoded(data, Manifest, what)
    if found.run != run:
        raise DamagedError(f"{what} is that of run {found.run[:64]}.")
    for part, name in ((found.files, layout.FILES), (found.blobs, layout.BLOBS), (found.records, layout.RECORDS)):
        if part.name != name:
            raise DamagedError(f"{what} names {part.name[:64]!r} instead of {name}.")
    _must_be_times(what, found.began, found.committed)
    if found.parent is not None and not layout.is_run_id(found.parent):
        raise DamagedError(f"{what} names a run before it that is none: {found.parent[:64]!r}.")
    return found


def decode_check(data: bytes, name: str) -> Check:
    """The check in the file `name`. Raises DamagedError, RepoError as `decode` does."""
    what = f"The record of a check {name}"
    found = _decoded(data, Check, what)
    _must_be_times(what, found.at)
    return found


def _must_be_times(what: str, *texts: str) -> None:
    for text in texts:
        try:
            sound = from_text(text).tzinfo is not None
        except ValueError:
            sound = False
        if not sound:
            raise DamagedError(f"{what} has a time that is none: {text[:64]!r}.")


def _decoded(data: bytes, kind: type[Sealed], what: str) -> Sealed:
    if len(data) > LONGEST_MANIFEST:
        raise DamagedError(f"{what} is too large to be one.")
    _must_be_known(data, what)
    try:
        found = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedError(f"{what} cannot be read: {error}.") from error
    if found.sha256 != _own_hash(found):
        raise DamagedError(f"{what} is not as it was written: its own hash does not fit.")
    return found


def _must_be_known(data: bytes, what: str) -> None:
    """RepoError where the format is a newer one; what is no JSON at all is told by who reads it next."""
    try:
        told = msgspec.json.decode(data, type=_Told).format
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    if told > FORMAT:
        raise RepoError(
            f"{what} has format {told}, and this program knows up to {FORMAT}.", hint="Update BinScout.", code="newer"
        )


def write_lines(path: Path, items: Iterable[FileEntry | Blob], *, checked: bool = True) -> Part:
    """Write a list, one JSON line an item, packed; what it is then. Items come sorted: files by path, blobs by name.

    Raises DamagedError where a file is named as no reader takes it, unless nothing is to be `checked`.
    """
    encoder = msgspec.json.Encoder()
    count = 0
    with igzip.open(path, "wb", compresslevel=LEVEL) as out:  # type: ignore[no-untyped-call]
        for item in items:
            if checked and isinstance(item, FileEntry):
                _checked_name(item)
            out.write(encoder.encode(item) + b"\n")
            count += 1
    with path.open("rb") as handle:
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    return Part(name=path.name, size=path.stat().st_size, sha256=sha256, count=count)


def read_files(path: Path, part: Part | None = None) -> Iterator[FileEntry]:
    """The files of a list in order, one at a time. Raises DamagedError at the first odd line."""
    last = b""
    for item in _lines(path, FileEntry, part):
        name = _checked_name(item)
        if name <= last:
            raise DamagedError(f"The list of files names {item.path[:200]!r} twice or out of order.")
        last = name
        yield item


def read_blobs(path: Path, part: Part | None = None) -> Iterator[Blob]:
    """The blobs of a list in order, one at a time. Raises DamagedError at the first odd line."""
    last = ""
    for item in _lines(path, Blob, part):
        if layout.blob_hash(item.name) != item.sha256:
            raise DamagedError(f"The list of stored files has a name that is none: {item.name[:200]!r}.")
        if item.name <= last:
            raise DamagedError(f"The list of stored files names {item.name} twice or out of order.")
        last = item.name
        yield item


def _lines(path: Path, kind: type[Listed], part: Part | None) -> Iterator[Listed]:
    decoder = msgspec.json.Decoder(kind)
    count = 0
    try:
        with igzip.open(path, "rb") as handle:  # type: ignore[no-untyped-call]
            while line := handle.readline(LONGEST_LINE + 1):
                count += 1
                if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
                    raise DamagedError(f"Line {count:,} of {path.name} is cut off or too long.")
                if part is not None and count > part.count:
                    raise DamagedError(f"{path.name} has more than the {part.count:,} lines that were written.")
                yield decoder.decode(line)
    except (OSError, EOFError, zlib.error, igzip.BadGzipFile, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedError(f"{path.name} cannot be read at line {count:,}: {error}.") from error
    if part is not None and count != part.count:
        raise DamagedError(f"{path.name} has {count:,} of {part.count:,} lines.")


def _checked_name(item: FileEntry) -> bytes:
    """The path's bytes. Raises DamagedError where it could lead somewhere else, or the entry contradicts itself."""
    try:
        name = item.name()
    except (ValueError, UnicodeEncodeError) as error:
        raise DamagedError(f"The list of files has a path that is none: {item.path[:200]!r}.") from error
    if item.raw is not None and entry_path(name) != (item.path, item.raw):
        raise DamagedError(f"The list of files shows {item.path[:200]!r} for a file of another name.")
    if not may_be_listed(name, item.kind):
        what = "is none" if item.kind == "outside" else "leads out of the workspace"
        raise DamagedError(f"The list of files has a path that {what}: {item.path[:200]!r}.")
    promised = layout.blob_hash(item.blob)
    if not promised or (item.offset is None and promised != item.sha256):
        raise DamagedError(f"The list of files says of {item.path[:200]!r} that it lies where nothing can.")
    if item.offset is not None and not item.blob.startswith(f"{layout.PACKS}/"):
        raise DamagedError(f"The list of files says of {item.path[:200]!r} that it lies inside an object.")
    return name


def may_be_listed(name: bytes, kind: Kind) -> bool:
    """Whether a list may name a file of this kind by this path: an absolute one `outside`, else one that stays inside.

    What is listed otherwise is refused by who reads it.
    """
    if kind == "outside":
        return name.startswith(b"/") and b"\0" not in name
    return b"\0" not in name and not any(part in (b"", b".", b"..") for part in name.split(b"/"))


def entry_path(name: bytes) -> tuple[str, str | None]:
    """`path` and `raw` of an entry for the bytes of a path."""
    try:
        return name.decode("utf-8"), None
    except UnicodeDecodeError:
        return name.decode("utf-8", "replace"), base64.b64encode(name).decode()
