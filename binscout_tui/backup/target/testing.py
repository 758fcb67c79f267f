"""Trying a target step by step: each is well, or says in one sentence what is not; on a dead server in seconds."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import ASK_AGAIN, NOTHING_GIVEN, RemoteError
from binscout_tui.backup.target.known import Target
from binscout_tui.backup.target.making import host_key
from binscout_tui.backup.target.steps import NOT_TRIED, ORDER, TestStep
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import BinScoutError
from binscout_tui.wording import counted

PROBE_BYTES = 64 << 10
STALL_S = 8.0
SKEW_S = 300.0
MOST_HASHES = 6
WITH_KEY = "give their key with --key-file, or in the app as “yes, with my key”"
# Names as the encryption of rclone makes them.
_ENCRYPTED = re.compile(r"[0-9a-v]{26,}")
RESTIC = {"config", "data", "keys", "snapshots"}
_SSE = re.compile(r"HTTP RESPONSE.*?^X-Amz-Server-Side-Encryption:\s*(\S+)", re.MULTILINE | re.DOTALL | re.IGNORECASE)


__all__ = ["ORDER", "TargetFailedError", "TestStep", "Told", "is_well", "noted", "try_target"]

Told = Callable[[TestStep], None]


class TargetFailedError(BinScoutError):
    """A target that was tried did not do what backups need; `steps` say what."""

    code = "target_failed"

    def __init__(self, steps: list[TestStep], hint: str = "") -> None:
        failed = next(step for step in steps if step.ok is False)
        super().__init__(f"{failed.name[0].upper()}{failed.name[1:]}: {failed.words}", hint=hint)
        self.steps = steps

    def as_json(self) -> dict[str, Any]:
        """The error with what was tried."""
        return super().as_json() | {"steps": msgspec.to_builtins(self.steps)}


def is_well(steps: list[TestStep]) -> bool:
    """Whether no step failed."""
    return all(step.ok is not False for step in steps)


def try_target(
    config: Path,
    target: Target,
    told: Told | None = None,
    *,
    pin: bool = False,
    is_new: bool = False,
    new_key: bool = False,
) -> list[TestStep]:
    """Try `target` with the sections in the file `config`. `pin` takes the host key that an SFTP server shows.

    `is_new` says that it is about to be added, `new_key` that its key was made just now: the advice is another then.
    What cannot be tried any more after a failure is told as not tried. Raises nothing that a target can cause.
    """
    steps: list[TestStep] = []

    def note(name: str, ok: bool | None, words: str) -> None:
        steps.append(TestStep(name, ok, words))
        if told is not None:
            told(steps[-1])

    try:
        with Rclone(config, quick=True, options=_options(target, pin=pin), stall_s=STALL_S) as rclone:
            version = rclone.call("core/version").get("version", "")
            note("program", True, f"rclone {str(version).removeprefix('v')}")
            for name, ok, words in _tried(rclone, target, config, new_key=new_key):
                note(name, ok, words)
    except BinScoutError as error:
        place = _place(error, {step.name for step in steps})
        for name, words in _before(place, error, target):
            if name not in {step.name for step in steps}:
                note(name, True, words)
        note(place, False, _said(error, is_new=is_new))
    for name in ORDER:
        if name not in {step.name for step in steps}:
            note(name, None, NOT_TRIED)
    return steps


def _options(target: Target, *, pin: bool) -> tuple[str, ...]:
    return ("--sftp-pin-host-key",) if pin and target.kind == "sftp" else ()


def _place(error: BinScoutError, done: set[str]) -> str:
    """The step that an error belongs to."""
    if "program" not in done or error.code in ("no_program", "gone"):
        return "program"
    if "reach" not in done:
        return {"auth": "sign in", "not_found": "folder", "denied": "folder"}.get(error.code, "reach")
    return next(name for name in ORDER if name not in done)


def _before(place: str, error: BinScoutError, target: Target) -> Iterator[tuple[str, str]]:
    """What went well although the very first question failed: who refuses was reached."""
    if place in ("sign in", "folder") and NOTHING_GIVEN not in error.sentence:
        yield "reach", target.shown
    if place == "folder" and error.code == "not_found":
        yield "sign in", "no sign in" if target.kind == "local" else "accepted"


def _said(error: BinScoutError, *, is_new: bool) -> str:
    hint = "Look at both and try again." if is_new and error.hint == ASK_AGAIN else error.hint
    return f"{error.sentence} {hint}".strip()


def _tried(rclone: Rclone, target: Target, config: Path, *, new_key: bool) -> Iterator[tuple[str, bool | None, str]]:
    remote = Remote(rclone, target.fs, target.shown, raw=target.raw)
    found, note = _folder(remote, target, new_key=new_key)
    pinned = host_key(rclone, target.name) if target.kind == "sftp" else ""
    yield "reach", True, target.shown
    yield "sign in", True, f"host key {pinned}" if pinned else "no sign in" if target.kind == "local" else "accepted"
    yield "folder", found, note
    if found:
        yield from _with_a_file(remote, target, config)


def _folder(remote: Remote, target: Target, *, new_key: bool) -> tuple[bool, str]:
    """Whether the folder is one that backups may go to, and what is in it."""
    if target.kind == "local":
        holder = Path(target.raw or target.fs).parent
        if not holder.is_dir():
            return False, f"There is no folder {holder}: is the disk or share mounted?"
    names = _names(remote)
    if layout.REPO_FILE in names:
        return True, "it holds backups of this program"
    if target.engine == "restic" and set(names) >= RESTIC:
        return True, "it holds a repository of restic"
    if names and not target.crypt and all(_ENCRYPTED.fullmatch(name) for name in names):
        return False, f"It holds files with encrypted names. If they are backups: {WITH_KEY}."
    if names:
        return False, f"It holds other things, {names[0]!r} for one: choose an empty folder, or a new one."
    if remote.holds_unreadable():
        if new_key:
            return False, f"It holds files, which a key made just now cannot read. If they are backups: {WITH_KEY}."
        return False, "It holds files that this key cannot read: another key, or not backups of this program."
    return True, "empty: the first run makes the store"


def _names(remote: Remote) -> list[str]:
    """What lies in the folder itself. Raises RemoteError where what holds it cannot be reached."""
    try:
        found = remote.call("operations/list", remote="", opt={"noMimeType": True, "noModTime": True})["list"]
    except RemoteError as error:
        if error.code != "not_found":
            raise
        remote.must_be_there()
        return []
    names = [str(one["Path"]) for one in found or ()]
    return sorted(names, key=lambda name: (name != layout.REPO_FILE, name))


def _with_a_file(remote: Remote, target: Target, config: Path) -> Iterator[tuple[str, bool | None, str]]:
    """Write a file, have it read back, ask what goes with it, and take it away again."""
    data = os.urandom(PROBE_BYTES)
    name = f"binscout-test-{secrets.token_hex(8)}.partial"
    began = time.monotonic()
    remote.write(name, data)
    yield "write", True, f"{PROBE_BYTES >> 10} KiB in {time.monotonic() - began:.1f} s"
    try:
        well = remote.sha256(name) == hashlib.sha256(data).hexdigest()
        yield "read back", well, "the same bytes came back" if well else "Other bytes came back than were written."
        yield "free space", *_space(remote)
        yield "clock", *_clock(remote, target, name)
        hashes = ", ".join(remote.features().hashes[:MOST_HASHES])
        yield "hashes", True, f"the target knows {hashes}" if hashes else "none of its own: read-back proves the bytes"
        yield "encryption", True, _encryption(remote, target, config, name)
    except BaseException:
        remote.rclone.clean("operations/deletefile", fs=remote.fs, remote=name)
        raise
    left = remote.delete([name])
    yield "delete", not left, f"{name} could not be deleted: pruning would not work." if left else "the file is gone"


def _space(remote: Remote) -> tuple[bool | None, str]:
    space = remote.space()
    if space is None or space.free is None:
        return None, "the target does not say"
    of = f" of {space.total / 1e9:,.1f} GB" if space.total else ""
    return space.free > PROBE_BYTES, f"{space.free / 1e9:,.1f} GB free{of}"


def _clock(remote: Remote, target: Target, name: str) -> tuple[bool | None, str]:
    if target.kind == "local":
        return True, "this machine's"
    skew = skew_s(remote, target, name)
    if skew is None:
        return None, "the target does not say"
    if abs(skew) > SKEW_S:
        way = "ahead of" if skew > 0 else "behind"
        return False, f"The target's clock is {_long(abs(skew))} {way} this machine's: set one of them right."
    return True, f"within {counted(max(1, round(abs(skew))), 'second')} of this machine's"


def skew_s(remote: Remote, target: Target, name: str) -> float | None:
    """By how many seconds the target's clock is ahead, by the file `name` that was written just now."""
    if target.kind == "smb":  # files there get this machine's time, folders the server's
        folder = f"{name}.d"
        remote.call("operations/mkdir", remote=folder)
        try:
            item = remote.call("operations/stat", remote=folder).get("item")
        finally:
            remote.call("operations/rmdir", remote=folder)
    else:
        item = remote.call("operations/stat", remote=name).get("item")
    try:
        there = datetime.fromisoformat(str((item or {})["ModTime"]))
    except (KeyError, ValueError):
        return None
    return (there - datetime.now(UTC)).total_seconds()


def _long(seconds: float) -> str:
    if seconds < 2 * 3600:
        return counted(round(seconds / 60), "minute")
    return counted(round(seconds / 3600), "hour") if seconds < 2 * 86_400 else counted(round(seconds / 86_400), "day")


def _encryption(remote: Remote, target: Target, config: Path, name: str) -> str:
    server = server_encryption(config, target, name)
    said = f"the server says {server}" if server else "the server does not say whether it encrypts"
    return f"here, with key {target.key_fingerprint}; {said}" if target.crypt else said


def server_encryption(config: Path, target: Target, name: str) -> str:
    """What an S3 server says of its encryption of a file; empty where it says nothing, and for all others."""
    if target.kind != "s3":
        return ""
    fs = target.raw or target.fs
    with Rclone(config, quick=True, options=("--log-level=DEBUG", "--dump=headers"), stall_s=STALL_S) as rclone:
        asked = Remote(rclone, target.fs, target.shown) if target.crypt else Remote(rclone, fs, target.shown)
        asked.exists(name)
        rclone.close()  # all that it says has come then
        found = _SSE.search("\n".join(rclone.words))
    return found[1] if found else ""


def noted(target: Target, steps: list[TestStep]) -> Target:
    """The target with what its test found out of the server."""
    words = {step.name: step.words for step in steps if step.ok}
    said = re.search(r"the server says (\S+)", words.get("encryption", ""))
    key = re.search(r"host key (.+)", words.get("sign in", ""))
    return msgspec.structs.replace(target, sse=said[1] if said else "", host_key=key[1] if key else target.host_key)
