"""How backups stand, for header and Home: from small local files alone, in microseconds, without a network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from binscout_tui.backup.archive import identity, summary
from binscout_tui.backup.archive.layout import is_run_id, run_time
from binscout_tui.backup.archive.summary import RunFacts, Summary, Unreached
from binscout_tui.backup.target import known as targets
from binscout_tui.clock import from_text, to_text
from binscout_tui.errors import BinScoutError
from binscout_tui.settings import BackupSettings
from binscout_tui.wording import counted
from binscout_tui.workspace import Paths

NO_TARGET = "No backup target is set up."


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the backups on `target` ("" where none is set up) stood at the last look.

    `known` is False while nobody has looked. Only a run of this workspace that is committed, was read back, is not
    suspicious and not of the future counts as good: `run`, begun at `last_good` (UTC), `days` ago. `unproven` is a
    newer one that is committed but was not read back. `damaged` and `suspicious` are runs of any workspace.
    `words` say it in one sentence.
    """

    target: str
    known: bool = False
    run: str | None = None
    last_good: str | None = None
    days: float | None = None
    late: bool = False
    damaged: list[str] = []
    suspicious: list[str] = []
    unproven: str | None = None
    unreachable_since: str | None = None
    words: str = ""


def standing(paths: Paths, settings: BackupSettings, now: datetime | None = None) -> Standing:
    """How the backups on the target that is meant where none is named stand."""
    try:
        name = _default_target(paths, settings)
    except BinScoutError as error:
        return Standing(target="", words=error.sentence)
    if not name:
        wanted = settings.target
        words = f"There is no backup target {wanted!r}, which the settings name." if wanted else NO_TARGET
        return Standing(target="", words=words)
    folder = paths.derived / "backup" / name
    moment = now or datetime.now(UTC)
    own = (_KEPT.identity(paths.root / "backup"), socket.gethostname())
    return judged(name, _files(folder), settings, moment, own)


def judged(
    target: str,
    seen: tuple[Summary | None, Unreached | None],
    settings: BackupSettings,
    now: datetime,
    own: Collection[str] = (),
) -> Standing:
    """What `seen` means at `now` (aware) for the workspace whose runs have one of the owners `own`."""
    look, unreached = seen
    since = unreached.since if unreached is not None else None
    if look is None:
        words = f"It is not known when the last good backup was: nobody has looked at {target} yet."
        return Standing(target=target, unreachable_since=since, words=words)
    latest = max(now, from_text(look.at)) + timedelta(minutes=settings.skew_minutes)
    runs = [one for one in look.runs if is_run_id(one.run) and run_time(one.run) <= latest]
    committed = [one for one in runs if one.state == "committed" and one.owner in ("", *own)]
    good = next((one for one in committed if one.proven and not one.suspicious), None)
    newer = [one for one in committed if not one.proven and (not good or one.run > good.run)]
    days = None if good is None else max(0.0, (now - run_time(good.run)).total_seconds() / 86_400)
    return Standing(
        target=target,
        known=True,
        run=None if good is None else good.run,
        last_good=None if good is None else to_text(run_time(good.run)),
        days=days,
        late=days is None or days > settings.late_days,
        damaged=[one.run for one in runs if one.state == "damaged"],
        suspicious=[one.run for one in runs if one.suspicious],
        unproven=newer[0].run if newer else None,
        unreachable_since=since,
        words=_words(target, good, days, newer),
    )


def _words(target: str, good: RunFacts | None, days: float | None, newer: list[RunFacts]) -> str:
    if good is not None and days is not None:
        whole = int(days)
        when = "today" if whole < 1 else f"{counted(whole, 'day')} ago"
        return f"The last good backup on {target} was {when}."
    if newer:
        proof = f"`binscout backup verify {newer[0].run}` proves the newest"
        return f"No run of this workspace on {target} was read back yet; {proof}."
    return f"There is no good backup of this workspace on {target} yet."


def _default_target(paths: Paths, settings: BackupSettings) -> str:
    """The name of the target that is meant where none is named: that of the settings, else the only or first one."""
    known = [target.name for target in _KEPT.targets(paths.root / "backup")]
    if settings.target:
        return settings.target if settings.target in known else known[0] if len(known) == 1 else ""
    return known[0] if known else ""


def _files(folder: Path) -> tuple[Summary | None, Unreached | None]:
    return _KEPT.summary(folder), _KEPT.unreached(folder)


class _Files:
    """Small files as they were read last; one is read again when it is another file or was written since."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[tuple[int, int, int], object]] = {}

    def summary(self, folder: Path) -> Summary | None:
        found = self._read(folder / summary.FILE, lambda: summary.read(folder))
        return found if isinstance(found, Summary) else None

    def unreached(self, folder: Path) -> Unreached | None:
        found = self._read(folder / summary.UNREACHED, lambda: summary.read_unreached(folder))
        return found if isinstance(found, Unreached) else None

    def identity(self, folder: Path) -> str:
        return str(self._read(folder / identity.FILE, lambda: identity.known(folder)) or "")

    def targets(self, folder: Path) -> list[targets.Target]:
        found = self._read(folder / targets.FILE, lambda: targets.read(folder))
        return found if isinstance(found, list) else []

    def _read(self, path: Path, read: Callable[[], object]) -> object:
        try:
            now = path.stat()
        except OSError:
            self._seen.pop(path, None)
            return None
        stamp = (now.st_mtime_ns, now.st_ino, now.st_size)
        before = self._seen.get(path)
        if before is None or before[0] != stamp:
            self._seen[path] = before = (stamp, read())
        return before[1]


_KEPT = _Files()
