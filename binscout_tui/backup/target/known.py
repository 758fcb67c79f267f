"""The targets of a workspace: where backups go, kept in a file beside the database so that a restore leaves them alone.

Secrets are not here but in the configuration of rclone beside it, which only its owner may read.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from binscout_tui import atomic
from binscout_tui.errors import ConflictError, NotFoundError, StorageError, UsageError

FILE = "targets.json"
CONFIG = "rclone.conf"
LOCK = "targets.lock"
FORMAT = 1
LONGEST_FILE = 4 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

Engine = Literal["native", "restic"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where backups go. `fs` is the folder as rclone names it, `shown` as people read it, without secrets.

    `kind` is rclone's type of the place, `local` for a folder. With `crypt` rclone encrypts here, `key_fingerprint`
    then tells which key. `sse` is what the server says of its own encryption. `raw` is the folder below the encryption.
    `host_key` is the fingerprint of the server that was pinned, `repo` the id of the store that was seen there.
    """

    name: Annotated[str, Meta(pattern=rf"\A{_NAME.pattern}\Z")]
    engine: Engine = "native"
    kind: str
    fs: Annotated[str, Meta(min_length=1)]
    shown: str
    crypt: bool = False
    raw: str = ""
    added: str = ""
    sse: str = ""
    key_fingerprint: str = ""
    host_key: str = ""
    repo: str = ""


class _File(msgspec.Struct, frozen=True):
    format: int
    targets: list[Target]


def checked_name(name: str) -> str:
    """`name`, when a target may have it. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            "The name of a target is made of letters, digits, - and _, at most 40, and begins with a letter or digit.",
            code="bad_name",
        )
    return name


def read(folder: Path) -> list[Target]:
    """The targets in the order in which they were added; none where no file is. Raises StorageError."""
    path = folder / FILE
    try:
        with path.open("rb") as handle:
            data = handle.read(LONGEST_FILE)
        found = msgspec.json.decode(data, type=_File)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"The list of backup targets cannot be read: {error.strerror or error}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StorageError(
            f"The list of backup targets is damaged ({error}).",
            hint=f"Mend {path}, or take it away and add the targets again.",
            code="damaged",
        ) from error
    if found.format != FORMAT:
        raise StorageError(
            f"The list of backup targets has format {found.format}, and this program knows {FORMAT}.",
            hint="Update BinScout.",
            code="newer",
        )
    return found.targets


def write(folder: Path, targets: Iterable[Target]) -> None:
    """Replace the list. Raises StorageError where the disk does not take it."""
    try:
        make_folder(folder)
        data = msgspec.json.format(msgspec.json.encode(_File(FORMAT, list(targets))), indent=1)
        atomic.write_bytes(folder / FILE, data, mode=0o600)
    except OSError as error:
        raise StorageError(f"The list of backup targets cannot be written: {error.strerror or error}.") from error


def find(targets: Iterable[Target], name: str) -> Target:
    """The target of this name. Raises NotFoundError."""
    for target in targets:
        if target.name == name:
            return target
    raise NotFoundError(
        f"There is no backup target {name[:64]!r}.", hint="`binscout backup target list` shows them.", code="no_target"
    )


def put(folder: Path, target: Target) -> None:
    """Add a target, or put it in the place of the one of its name."""
    known = read(folder)
    if any(one.name == target.name for one in known):
        write(folder, [target if one.name == target.name else one for one in known])
    else:
        write(folder, [*known, target])


def forget(folder: Path, name: str) -> None:
    """Take a target from the list; nothing happens where it is not there."""
    write(folder, [one for one in read(folder) if one.name != name])


def make_folder(folder: Path) -> None:
    """The folder of targets and secrets, for its owner alone. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """One change of targets at a time. Raises ConflictError while another goes on, StorageError."""
    try:
        make_folder(folder)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"Backup targets cannot be changed: {error.strerror or error}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ConflictError("Somebody else is changing backup targets right now.", hint="Try again.") from error
    try:
        yield
    finally:
        os.close(descriptor)
