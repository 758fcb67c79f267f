"""Having backups run by themselves: showing, installing and removing a systemd timer of the user or lines of cron."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from binscout_tui import atomic
from binscout_tui.backup.keeping import schedule
from binscout_tui.backup.keeping.schedule import Installed, Kind, When
from binscout_tui.clock import to_text
from binscout_tui.errors import BinScoutError, RefusedError, StorageError
from binscout_tui.operations.backups.opening import find_target
from binscout_tui.workspace import LiveWorkspace, Workspace

PATIENCE_S = 10.0
UNITS = "systemd/user"
WANTS = "timers.target.wants"
Anyone = Workspace | LiveWorkspace


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How backups of a workspace are scheduled: by what ("" not at all), when, and next when (UTC).

    `words` say it in a sentence, with what is missing for it to work.
    """

    installed: Installed
    on: str = ""
    next_at: str | None = None
    words: str = ""


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """What would be installed: {path: text} for systemd, lines for cron."""

    on: str
    systemd: dict[str, str]
    cron: list[str]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed, and what is left for a person to do."""

    installed: Installed
    changed: list[str]
    to_do: list[str]


def texts(workspace: Anyone, target: str = "", on: str = schedule.DEFAULT) -> Texts:
    """What would be installed for these times. Raises UsageError, NotFoundError."""
    when = schedule.parse(on)
    root = os.fspath(workspace.paths.root)
    name = find_target(workspace, target).name
    schedule.refuse_odd_path(root)
    commands = [
        schedule.command(program(), root, name, schedule.NOT_AGAIN),
        schedule.scrubbing(program(), root, name, when),
    ]
    unit = _units() / schedule.unit_name(_tag(workspace))
    return Texts(
        on=when.words(),
        systemd={f"{unit}.service": schedule.service(commands, root), f"{unit}.timer": schedule.timer(when, root)},
        cron=schedule.cron_lines(when, program(), root, name, _tag(workspace)),
    )


def install(workspace: Anyone, kind: Kind, target: str = "", on: str = schedule.DEFAULT) -> Done:
    """Install it, in place of what was there. Raises RefusedError where that cannot be, StorageError, UsageError."""
    workspace.user.must_be("admin", "Scheduling backups")
    wanted = texts(workspace, target, on)
    if kind == "cron":
        _write_crontab(schedule.with_cron_lines(_crontab(), wanted.cron, _tag(workspace)))
        _remove_units(workspace)
        return Done(installed="cron", changed=["crontab"], to_do=_cron_hints())
    for path, text in wanted.systemd.items():
        _write(Path(path), text)
    _without_cron(workspace)
    return Done(installed="systemd", changed=list(wanted.systemd), to_do=_enabled(workspace))


def remove(workspace: Anyone) -> Done:
    """Take away what was installed. Raises RefusedError, StorageError."""
    workspace.user.must_be("admin", "Scheduling backups")
    changed = _remove_units(workspace)
    if _without_cron(workspace):
        changed.append("crontab")
    return Done(installed="", changed=changed, to_do=[])


def status(workspace: Anyone, now: datetime | None = None) -> Schedule:
    """How it is scheduled now; a few files and `crontab -l`, nothing of the network. Never raises for what it finds."""
    here = (now or datetime.now(UTC)).astimezone()
    unit = _units() / f"{schedule.unit_name(_tag(workspace))}.timer"
    if (when := _timer(unit)) is not None:
        enabled = (unit.parent / WANTS / unit.name).is_symlink()
        return _schedule("systemd", when, here, "" if enabled else "its timer is not enabled")
    try:
        when = schedule.on_of_cron(_crontab(), _tag(workspace))
    except BinScoutError:
        when = None
    if when is not None:
        return _schedule("cron", when, here, "")
    return Schedule(installed="", words="Backups are not scheduled.")


def program() -> list[str]:
    """How this program is started, so that no PATH is needed."""
    beside = Path(sys.executable).with_name("binscout")
    return [os.fspath(beside)] if os.access(beside, os.X_OK) else [sys.executable, "-m", "binscout_tui"]


def _schedule(kind: Kind, when: When, here: datetime, missing: str) -> Schedule:
    at = schedule.next_time(when, here)
    if missing:
        words = f"A backup is to run {when.words()} by {kind}, but {missing}."
        return Schedule(installed=kind, on=when.words(), words=words)
    words = f"A backup runs {when.words()} by {kind}."
    return Schedule(installed=kind, on=when.words(), next_at=to_text(at), words=words)


def _tag(workspace: Anyone) -> str:
    return hashlib.sha256(os.fsencode(workspace.paths.root)).hexdigest()[:8]


def _units() -> Path:
    """Where a user's own units lie."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")  # noqa: PTH111, PTH118
    return Path(home) / UNITS


def _timer(path: Path) -> When | None:
    try:
        return schedule.on_of_timer(path.read_text())
    except (OSError, UnicodeDecodeError):
        return None


def _write(path: Path, text: str) -> None:
    try:
        atomic.write_text(path, text)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.", code="cannot_write") from error


def _enabled(workspace: Anyone) -> list[str]:
    """Have systemd take the timer; what is left to do where it does not answer."""
    timer = f"{schedule.unit_name(_tag(workspace))}.timer"
    if not _systemctl("daemon-reload") or not _systemctl("enable", "--now", timer):
        return [
            "systemd does not answer here. Once it runs for this user:",
            f"  systemctl --user daemon-reload && systemctl --user enable --now {timer}",
            *_linger(),
        ]
    return _linger()


def _linger() -> list[str]:
    """A user's timers run while somebody is logged in, unless that is changed."""
    found = _ran(["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"])
    if found is not None and found.returncode == 0 and found.stdout.strip() == "yes":
        return []
    return ["So that it runs while nobody is logged in: loginctl enable-linger"]


def _remove_units(workspace: Anyone) -> list[str]:
    unit = _units() / schedule.unit_name(_tag(workspace))
    paths = [unit.with_name(f"{unit.name}.{ending}") for ending in ("timer", "service")]
    there = [path for path in paths if path.exists()]
    if not there:
        return []
    _systemctl("disable", "--now", paths[0].name)
    (unit.parent / WANTS / paths[0].name).unlink(missing_ok=True)
    for path in there:
        path.unlink(missing_ok=True)
    _systemctl("daemon-reload")
    return [os.fspath(path) for path in there]


def _without_cron(workspace: Anyone) -> bool:
    """Take our lines away; whether there were any."""
    if shutil.which("crontab") is None:
        return False
    before = _crontab()
    after = schedule.without_cron_lines(before, _tag(workspace))
    if schedule.on_of_cron(before, _tag(workspace)) is None or after == before:
        return False
    _write_crontab(after)
    return True


def _crontab() -> str:
    """What the user's crontab says, "" where there is none. Raises RefusedError `no_cron`, BinScoutError."""
    found = _cron(["crontab", "-l"])
    if found.returncode == 0:
        return found.stdout
    if "no crontab" in found.stderr.lower():
        return ""
    raise BinScoutError(f"The crontab cannot be read: {' '.join(found.stderr.split())[:200]}.", code="cron")


def _write_crontab(text: str) -> None:
    found = _cron(["crontab", "-"], text)
    if found.returncode != 0:
        raise BinScoutError(f"The crontab was not taken: {' '.join(found.stderr.split())[:200]}.", code="cron")


def _cron(words: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    found = _ran(words, text)
    if found is None:
        raise RefusedError(
            "There is no program `crontab` here that answers.",
            hint="Install cron, or use `--install systemd`.",
            code="no_cron",
        )
    return found


def _cron_hints() -> list[str]:
    return ["Cron runs it only while its own service does: `systemctl status cron` or `service cron status` says."]


def _systemctl(*words: str) -> bool:
    found = _ran(["systemctl", "--user", *words])
    return found is not None and found.returncode == 0


def _ran(words: list[str], text: str = "") -> subprocess.CompletedProcess[str] | None:
    """A program's answer, None where it is not here or does not answer in time."""
    try:
        return subprocess.run(
            words,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # what others wrote into a crontab goes back as it was
            check=False,
            timeout=PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
