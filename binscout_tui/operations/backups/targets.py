"""Targets of a workspace: adding one that was tried, trying it again, changing it, its recovery sheet.

A change is made in a copy of rclone's configuration, tried there, and takes the place of the old one only then.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.faults import RemoteError
from binscout_tui.backup.restic import target as restic_target
from binscout_tui.backup.restic.engine import find_restic
from binscout_tui.backup.target import keys
from binscout_tui.backup.target import known as targets
from binscout_tui.backup.target import making as target_making
from binscout_tui.backup.target.addresses import as_options, is_secret, parse
from binscout_tui.backup.target.known import CONFIG, Engine, Target
from binscout_tui.backup.target.making import CRYPT, Wanted
from binscout_tui.backup.target.obscured import reveal
from binscout_tui.backup.target.sheet import back_with_this_program, configuration
from binscout_tui.backup.target.sheet import sheet as sheet_lines
from binscout_tui.backup.target.testing import TargetFailedError, TestStep, Told, is_well, noted, try_target
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.errors import ConflictError, RefusedError, StorageError, UsageError
from binscout_tui.workspace import LiveWorkspace, Paths, Workspace

Anyone = Workspace | LiveWorkspace


class Added(msgspec.Struct, frozen=True):
    """A target that is there now; `key` is the key of its encryption when one was made just now, for once."""

    target: Target
    steps: list[TestStep]
    key: str = ""


def folder(paths: Paths) -> Path:
    """Where targets and their secrets are kept."""
    return paths.root / "backup"


def listed(paths: Paths) -> list[Target]:
    """The targets, in the order in which they were added. Raises StorageError."""
    return targets.read(folder(paths))


def add(
    workspace: Anyone,
    name: str,
    address: str,
    options: Mapping[str, str] | None = None,
    secret: str = "",
    *,
    secret_for: str = "",
    crypt: str | None = None,
    rclone_config: Path | None = None,
    engine: Engine = "native",
    tested: bool = True,
    told: Told | None = None,
) -> Added:
    """Add a target when it does what backups need, or unseen with `tested` false.

    `crypt` encrypts before anything leaves this machine: with this key, or with one that is made where it is empty.
    `rclone_config` is a file whose section the address names. Raises UsageError, RefusedError, ConflictError where the
    name is taken, TargetFailedError (nothing was changed then), RemoteError, StorageError.
    """
    workspace.user.must_be("admin", "Adding a backup target")
    where = folder(workspace.paths)
    targets.checked_name(name)
    by_restic = engine == "restic"
    if by_restic:
        find_restic()
    made = crypt == "" or (crypt is None and by_restic)
    key = keys.new_key() if made else crypt
    wanted = Wanted(
        name=name,
        address=_local_checked(workspace, parse(address)),
        options=options or {},
        secret=secret,
        secret_for=secret_for,
        crypt=None if by_restic else key,
        engine=engine,
        sections=_sections(rclone_config) if rclone_config else {},
    )
    with targets.changing(where):
        if any(one.name == name for one in targets.read(where)):
            raise ConflictError(
                f"There is a backup target {name!r} already.",
                hint=f"`binscout backup target edit {name}` changes it, another name adds one more.",
                code="exists",
            )
        with _draft(where) as config:
            target = _made(config, wanted)
            if tested:
                target, steps = _tested(config, target, told, pin=True, is_new=True, new_key=made)
            else:
                steps = []
        if by_restic:
            restic_target.keep_key(where, name, key or "")
        targets.put(where, target)
    return Added(target, steps, key if made and key else "")


def check(workspace: Anyone, name: str, told: Told | None = None) -> list[TestStep]:
    """Try a target, step by step. What its server says of itself is noted. Raises NotFoundError, StorageError."""
    workspace.user.must_be("operator", "Trying a backup target")
    where = folder(workspace.paths)
    target = targets.find(targets.read(where), name)
    steps = try_target(where / CONFIG, target, told, pin=not target.host_key)
    if is_well(steps) and noted(target, steps) != target and workspace.user.role == "admin":
        with targets.changing(where):
            targets.put(where, noted(targets.find(targets.read(where), name), steps))
    return steps


def edit(
    workspace: Anyone,
    name: str,
    options: Mapping[str, str] | None = None,
    secret: str = "",
    *,
    secret_for: str = "",
    pin_again: bool = False,
    tested: bool = True,
    told: Told | None = None,
) -> Added:
    """Change the secret or options of a target, or take the host key that its server shows now. Raises as `add`."""
    workspace.user.must_be("admin", "Changing a backup target")
    where = folder(workspace.paths)
    with targets.changing(where):
        target = targets.find(targets.read(where), name)
        with _draft(where) as config:
            _changed(config, target, as_options(options), secret, secret_for, pin_again=pin_again)
            pin = pin_again or not target.host_key
            target, steps = _tested(config, target, told, pin=pin) if tested else (target, [])
        targets.put(where, target)
    return Added(target, steps)


def remove(workspace: Anyone, name: str) -> Target:
    """Forget a target and its secrets here; its files stay where they are. Raises NotFoundError, StorageError."""
    workspace.user.must_be("admin", "Removing a backup target")
    where = folder(workspace.paths)
    with targets.changing(where):
        target = targets.find(targets.read(where), name)
        targets.forget(where, name)
        with _draft(where) as config, Rclone(config, quick=True) as rclone:
            for section in target_making.sections_of(rclone, name):
                rclone.call("config/delete", where="rclone", name=section)
        restic_target.forget_key(where, name)
    shutil.rmtree(workspace.paths.derived / "backup" / name, ignore_errors=True)
    return target


def sheet(workspace: Anyone, name: str, *, secrets: bool = False) -> list[str]:
    """The lines of the recovery sheet of a target; with `secrets` its key and its password stand there too.

    Raises NotFoundError, StorageError, RemoteError, RefusedError for those who are no admins.
    """
    workspace.user.must_be("admin", "A recovery sheet")
    where = folder(workspace.paths)
    target = targets.find(targets.read(where), name)
    with Rclone(where / CONFIG, quick=True) as rclone:
        dump = rclone.call("config/dump", where="rclone")
        sections = {one: dump[one] for one in target_making.sections_of(rclone, name)}
        plain = {one: _revealed(rclone, options) for one, options in sections.items()} if secrets else {}
    if target.engine == "restic":
        said = restic_target.key_of(where, name) if secrets else ""
        back = back_with_this_program(target, sections)
        return restic_target.sheet(target, list(configuration(sections, "", plain)), said, back)
    key = plain.get(f"{name}{CRYPT}", {}).get("password", "")
    return sheet_lines(target, sections, key=key, shown_secrets=plain)


def _made(config: Path, wanted: Wanted) -> Target:
    with Rclone(config, quick=True) as rclone:
        return target_making.make(rclone, wanted)


def _tested(
    config: Path, target: Target, told: Told | None, *, pin: bool, is_new: bool = False, new_key: bool = False
) -> tuple[Target, list[TestStep]]:
    steps = try_target(config, target, told, pin=pin, is_new=is_new, new_key=new_key)
    if not is_well(steps):
        raise TargetFailedError(steps, hint="Nothing was changed.")
    return noted(target, steps), steps


def _changed(
    config: Path, target: Target, options: Mapping[str, str], secret: str, secret_for: str, *, pin_again: bool
) -> None:
    if not (options or secret or pin_again):
        raise UsageError("Nothing is to be changed.", hint="Give a secret, an --option, or --pin-again.")
    with Rclone(config, quick=True) as rclone:
        if target.name not in rclone.call("config/dump", where="rclone"):
            raise UsageError(f"{target.name} is a folder: it has no secret and no options.", code="bad_option")
        target_making.check_options(rclone, target.kind, options)
        parameters: dict[str, str] = dict(options) | ({"host_keys": ""} if pin_again else {})
        if secret:
            wanted = secret_for or _DEFAULT_SECRETS.get(target.kind, "")
            parameters[target_making.secret_name(rclone, target.kind, wanted)] = keys.checked_secret(secret)
        opt = {"obscure": True, "nonInteractive": True}
        rclone.call("config/update", where="rclone", name=target.name, parameters=parameters, opt=opt)


_DEFAULT_SECRETS = {
    "sftp": "pass",
    "smb": "pass",
    "webdav": "pass",
    "s3": "secret_access_key",
    "b2": "key",
    "drive": "token",
}


@contextmanager
def _draft(where: Path) -> Iterator[Path]:
    """A copy of the configuration that becomes the configuration when the block ends, and is gone when it raises."""
    current = where / CONFIG
    try:
        descriptor, draft_name = tempfile.mkstemp(prefix=".draft-", suffix=".conf", dir=where)
        draft = Path(draft_name)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(current.read_bytes() if current.exists() else b"")
    except OSError as error:
        raise StorageError(f"The configuration of targets cannot be written: {error.strerror or error}.") from error
    try:
        yield draft
        draft.chmod(0o600)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(current)
    finally:
        draft.unlink(missing_ok=True)


def _local_checked(workspace: Anyone, address: Any) -> Any:
    """Backups within the workspace would go with it. Raises RefusedError."""
    if address.kind == "local":
        root, place = workspace.paths.root.resolve(), Path(address.path).resolve()
        if place.is_relative_to(root) or root.is_relative_to(place):
            raise RefusedError(
                "A backup within the workspace, or around it, would be lost together with it.",
                hint="Choose a folder on another disk or server.",
                code="within",
            )
    return address


def _sections(path: Path) -> dict[str, dict[str, str]]:
    """The sections of a person's own configuration of rclone. Raises UsageError where it cannot be read."""
    shown = path.expanduser()
    try:
        with shown.open("rb") as handle:
            data = handle.read(1 << 20)
    except OSError as error:
        raise UsageError(f"{shown} cannot be read: {error.strerror or error}.", code="bad_config") from error
    if b"RCLONE_ENCRYPT_V0" in data:
        raise UsageError(
            f"{shown} is encrypted.",
            hint="`rclone --config FILE config show SECTION > plain.conf` writes a section that can be taken.",
            code="bad_config",
        )
    with tempfile.TemporaryDirectory(prefix="binscout-") as scratch:
        copy = Path(scratch) / CONFIG
        copy.touch(0o600)
        copy.write_bytes(data)
        try:
            with Rclone(copy, quick=True) as rclone:
                found = rclone.call("config/dump", where="rclone")
        except RemoteError as error:
            raise UsageError(f"{shown} is no configuration of rclone.", code="bad_config") from error
    return {name: {key: str(value) for key, value in section.items()} for name, section in found.items()}


def _revealed(rclone: Rclone, options: Mapping[str, str]) -> dict[str, str]:
    """The secrets of a section in plain text: whoever may read the file could do the same."""
    hidden = target_making.obscured_options(rclone, options.get("type", ""))
    return {
        name: reveal(rclone, value) if name in hidden else value
        for name, value in options.items()
        if is_secret(name, obscured=name in hidden)
    }
