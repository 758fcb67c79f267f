"""What a target with restic as its engine has of its own: a password in a file, and its recovery sheet."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from binscout_tui import atomic
from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.target.known import Target
from binscout_tui.errors import StorageError, UsageError

HIDDEN = "(secret: not on this sheet)"
LONGEST = 1024
_RULE = "-" * 72


def key_path(folder: Path, name: str) -> Path:
    """Where the password of a target's repository lies; `folder` is that of the targets."""
    return folder / f"restic-{name}.key"


def keep_key(folder: Path, name: str, key: str) -> None:
    """Write it, for its owner alone. Raises UsageError, StorageError."""
    if not key.strip() or "\n" in key or "\0" in key or len(key) > LONGEST:
        raise UsageError(f"The password of a restic repository is one line of at most {LONGEST} characters.")
    try:
        atomic.write_bytes(key_path(folder, name), f"{key}\n".encode(), mode=0o600)
    except OSError as error:
        raise StorageError(f"The password cannot be kept: {error.strerror or error}.") from error


def key_of(folder: Path, name: str) -> str:
    """The password. Raises RemoteError `bad_config` where it is gone."""
    try:
        return key_path(folder, name).read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RemoteError(
            f"The password of the restic repository of {name} is not here any more.",
            hint=f"Put it into {key_path(folder, name)} (mode 0600); the recovery sheet has it.",
            code="bad_config",
        ) from error


def checked_key(folder: Path, name: str) -> Path:
    """The file of the password, where nobody else can read it. Raises RemoteError `bad_config`."""
    key_of(folder, name)
    path = key_path(folder, name)
    if path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid():
        path.chmod(0o600)
    return path


def forget_key(folder: Path, name: str) -> None:
    """Delete it here; whoever has no other copy cannot read the repository any more."""
    key_path(folder, name).unlink(missing_ok=True)


def sheet(target: Target, configuration: Sequence[str], key: str, back: Sequence[str]) -> list[str]:
    """The lines of the recovery sheet; `configuration` is what rclone needs, `key` is "" where it stays hidden.

    `back` are the commands of this program that bring everything back.
    """
    run = f"restic -r {shlex.quote(f'rclone:{target.fs}')}"
    return [
        f"Recovery sheet of the backup target {target.name}",
        _RULE,
        f"Place        {target.shown}",
        f"Added        {target.added[:10] or 'unknown'}",
        *([f"Host key     {target.host_key}"] if target.host_key else []),
        "Engine       restic, which encrypts always; without its password NOTHING comes back",
        f"Password     {key or HIDDEN}",
        _RULE,
        "Back with this program, on a fresh machine:",
        *back,
        "",
        "Back without it: rclone and restic are enough.",
        "1. The configuration of rclone (`rclone config file` says where):",
        "",
        *configuration,
        f"2. The runs:       {run} snapshots",
        "   A run is two snapshots with its id as a tag: binscout-files and binscout-run.",
        f"3. Its files:      {run} restore SNAPSHOT-OF-FILES --target DIR",
        f"4. Its records:    {run} restore SNAPSHOT-OF-RUN --target RUN",
        "                   tar xzf RUN/backup/run/records.tar.gz; binscout.db goes into DIR",
        "                   RUN/backup/run/files.jsonl.gz has the sha256 of every file",
    ]
