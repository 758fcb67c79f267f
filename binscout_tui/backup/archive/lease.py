"""Who works on a store of backups, written there: a prune holds a lease, a run leaves a mark, each looks for the other.

Both write first and look then, so that of two that begin at once at least one sees the other. How old a lease is, is
told by the target alone: the times of two files there are compared, never a time there with a clock here. What a
process of this machine left behind that died counts no more; what one of another machine did goes stale by itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import DamagedError, RemoteError
from binscout_tui.backup.swapping.holders import began
from binscout_tui.backup.transport.remote import Entry, Remote
from binscout_tui.clock import from_text, to_text, utc_now
from binscout_tui.errors import ConflictError, RefusedError
from binscout_tui.imaging.names import display_name

RUNNING = "running.json"
STALE = timedelta(minutes=30)
BEAT_S = 60.0
HURRY_S = 3.0
LONGEST = 4096
Short = Annotated[str, Meta(max_length=256)]
MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id")


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lease or works on a run.

    `workspace` is the id of the workspace and `place` where it lies, `machine` tells machines of one name apart,
    `process` processes of one pid.
    """

    host: Short
    user: Short
    place: Short = ""
    pid: int = 0
    process: Short = ""
    workspace: Short = ""
    machine: Short = ""
    since: Short = ""

    def words(self) -> str:
        """For people, with nothing in it that a terminal would obey."""
        since = display_name(self.since[:16].replace("T", " "))
        return f"{display_name(self.user)} on {display_name(self.host)} (process {self.pid}, since {since} UTC)"

    def is_gone(self, asking: Holder) -> bool:
        """Whether this process was one of the same workspace on the same machine as `asking`, and has ended."""
        if not (self.place and self.process) or not self.is_beside(asking):
            return False
        if self.process.partition("-")[0] == asking.process.partition("-")[0]:
            return began(self.pid) != self.process
        # Another boot: an earlier one of this machine, or one of a machine that was cloned with its id and may go on.
        return "" < self.since < _booted()

    def is_beside(self, asking: Holder) -> bool:
        """Whether this process was one of the same workspace on the same machine as `asking`."""
        return (self.host, self.machine, self.place, self.workspace) == (
            asking.host,
            asking.machine,
            asking.place,
            asking.workspace,
        )


def holder(user: str, place: str, workspace: str = "") -> Holder:
    """This process, which works for `user` on the workspace in `place` with the id `workspace`."""
    pid = os.getpid()
    return Holder(
        host=socket.gethostname()[:200],
        user=user[:200],
        place=place[-200:],
        pid=pid,
        process=began(pid),
        since=utc_now(),
        workspace=workspace,
        machine=_machine(),
    )


@cache
def _machine() -> str:
    """What tells this machine, and a container on it, from others; the id of the machine itself stays here.

    A machine without an id is another one after each boot.
    """
    found = next(filter(None, map(_text, MACHINE_IDS)), "")
    try:
        pids = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        pids = 0
    return hashlib.sha256(f"binscout backup {found} {pids}".encode()).hexdigest()[:16]


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _booted() -> str:
    """When this machine was started, as `since` is written."""
    return to_text(datetime.now(UTC) - timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME)))


def moment(text: str) -> datetime:
    """A time that a target gave to a file. Raises DamagedError where it is none."""
    try:
        found = from_text(text)
    except ValueError as error:
        raise DamagedError(f"The target gave a time that is none: {text[:64]!r}.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Lease:
    """What keeps others from deleting, and runs from beginning, until the block ends; `now` is the target's time.

    `beat` is to be called between pieces of work of at most some minutes.
    """

    def __init__(self, remote: Remote, who: Holder) -> None:
        """Raises nothing; the lease is taken by `with`."""
        self.now = datetime.min.replace(tzinfo=UTC)
        self._remote, self._who = remote, who
        self._name = ""
        self._beaten = 0.0

    def __enter__(self) -> Self:
        """Take it. Raises RefusedError `leased` naming who has one, RemoteError."""
        self._write()
        try:
            found = self._remote.list(layout.LOCKS)
            self.now = _time_of(found, self._name, self._remote)
            others = [one for one in found if one.name != self._name]
            held = _held(self._remote, others, self.now, self._who)
            if held is not None:
                raise _leased(self._remote, held, self.now)
            # A file by which somebody else asks for the time stays; what is left of leases goes.
            self._remote.delete([one.name for one in others if one in _leases(others) or not is_fresh(one, self.now)])
        except BaseException:
            with hurried(self._remote):
                self._drop(self._name)
            raise
        return self

    def beat(self) -> None:
        """Say that the holder lives. Raises ConflictError `lease_lost` when the lease was taken for stale."""
        if time.monotonic() - self._beaten < BEAT_S:
            return
        before = self._name
        if self._remote.exists(before) is None:
            self._name = ""
            raise ConflictError(
                "Somebody took this lease for one that nobody holds any more.", hint="Begin again.", code="lease_lost"
            )
        self._write()
        self._drop(before)

    def __exit__(self, *_: object) -> None:
        if self._name:
            with hurried(self._remote):
                self._drop(self._name)

    def _write(self) -> None:
        self._name = f"{layout.LOCKS}/{_plain(self._who.host)}-{layout.stamped(datetime.now(UTC))}.json"
        self._remote.write(self._name, msgspec.json.encode(self._who))
        self._beaten = time.monotonic()

    def _drop(self, name: str) -> None:
        # Where the target does not answer any more it goes stale.
        with suppress(RemoteError):
            self._remote.delete([name])


@contextmanager
def hurried(remote: Remote) -> Iterator[None]:
    """Tidying up at the end of work: not broken off by the wish that ended the work, and short where a server hangs."""
    until = time.monotonic() + HURRY_S

    def pulse() -> None:
        if time.monotonic() > until:
            raise RemoteError(f"{remote.label} did not answer.", code="hung")

    remote.rclone.pulse = pulse
    try:
        yield
    finally:
        remote.rclone.pulse = None


def is_fresh(entry: Entry, now: datetime) -> bool:
    """Whether a lease is young at the target's time `now`; one from far in the future is worth as little as an old."""
    return abs(now - moment(entry.modified)) < STALE


def announce(remote: Remote, run: str, who: Holder) -> None:
    """Say on the target that a run has begun; to be followed by `refuse_while_pruned`. Raises RemoteError."""
    remote.write(layout.run_file(run, RUNNING), msgspec.json.encode(who))


def withdraw(remote: Remote, run: str) -> None:
    """Take the mark of a run away that is committed or given up; where the target does not answer it grows old."""
    with suppress(RemoteError):
        remote.delete([layout.run_file(run, RUNNING)])


def refuse_while_pruned(remote: Remote, who: Holder) -> None:
    """Raise RefusedError `pruning`, naming who, while somebody deletes on the target. Raises RemoteError."""
    found = _leases(remote.list(layout.LOCKS))
    held = _held(remote, found, clock_of(remote), who) if found else None
    if held is not None:
        raise RefusedError(
            f"{_words_of(remote, held)} is pruning {remote.label}.",
            hint=f"Try again when that is done; a lease that nobody renews ends after {_minutes(STALE)} min.",
            code="pruning",
        )


def clock_of(remote: Remote) -> datetime:
    """What time it is on the target, from a small file that is written there and deleted. Raises RemoteError."""
    name = f"{layout.LOCKS}/{layout.stamped(datetime.now(UTC))}.clock"
    remote.write(name, b"{}")
    try:
        return _time_of(remote.list(layout.LOCKS), name, remote)
    finally:
        with suppress(RemoteError):
            remote.delete([name])


def worker_of(remote: Remote, run: str) -> Holder | None:
    """Who says that they work on a run; None where nobody does, or what they say cannot be read. Raises RemoteError."""
    return _read(remote, layout.run_file(run, RUNNING))


def in_progress(remote: Remote, now: datetime, limit: timedelta, asking: Holder) -> tuple[str, Holder | None] | None:
    """The newest run that goes on there, and who works on it (None: not to be read); None where no run does.

    That is one without a manifest whose mark is younger than `limit` at the target's time `now`. Raises RemoteError.
    """
    for run in reversed(_marked(remote.list(layout.RUNS), now, limit)):
        who = _read(remote, layout.run_file(run, RUNNING))
        if who is None or not who.is_gone(asking):
            return run, who
    return None


def _marked(entries: Iterable[Entry], now: datetime, limit: timedelta) -> list[str]:
    marked, committed = set(), set()
    for entry in entries:
        folder, _, rest = entry.name.partition("/")
        run, _, name = rest.partition("/")
        if folder != layout.RUNS or not layout.is_run_id(run):
            continue
        if name == layout.MANIFEST:
            committed.add(run)
        elif name == RUNNING and now - moment(entry.modified) < limit:
            marked.add(run)
    return sorted(marked - committed)


def _leases(entries: Iterable[Entry]) -> list[Entry]:
    return [one for one in entries if one.name.endswith(".json")]


def _held(remote: Remote, entries: Iterable[Entry], now: datetime, asking: Holder) -> Entry | None:
    """The first lease that somebody holds, at the target's time `now`."""
    for entry in _leases(entries):
        if is_fresh(entry, now):
            who = _read(remote, entry.name)
            if who is None or not who.is_gone(asking):
                return entry
    return None


def _leased(remote: Remote, entry: Entry, now: datetime) -> RefusedError:
    age = _minutes(abs(now - moment(entry.modified)))
    return RefusedError(
        f"{_words_of(remote, entry)} is pruning {remote.label}; it was heard of {age} min ago.",
        hint=f"Wait until that is done; a lease that nobody renews ends after {_minutes(STALE)} min.",
        code="leased",
    )


def _words_of(remote: Remote, entry: Entry) -> str:
    found = _read(remote, entry.name)
    return found.words() if found is not None else f"Somebody ({display_name(entry.name[:100])})"


def _read(remote: Remote, name: str) -> Holder | None:
    try:
        return msgspec.json.decode(remote.read(name, LONGEST), type=Holder)
    except (DamagedError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    except RemoteError as error:
        if error.code != "not_found":
            raise
        return None


def _time_of(entries: Iterable[Entry], name: str, remote: Remote) -> datetime:
    found = next((entry for entry in entries if entry.name == name), None)
    if found is None:
        raise RemoteError(f"{remote.label} does not show {name}, which was just written.", hint="Try again.")
    return moment(found.modified)


def _plain(host: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", host)[:60].strip(".-") or "host"


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)
