"""When backups run by themselves: a systemd timer of the user, or lines for cron, as texts. Pure.

Both look at how old the last good run is: a night that comes twice when the clocks change makes one run, and a machine
that was off catches up.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from binscout_tui.errors import UsageError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DEFAULT = "Sun 02:00"
NOT_AGAIN = "6h"
"""A run that follows another one so soon is none that was scheduled."""
LATE = timedelta(hours=3)
JITTER_S = 900
WEEKS = 8
Kind = Literal["systemd", "cron"]
Installed = Literal["systemd", "cron", ""]


class When(msgspec.Struct, frozen=True):
    """Days of the week (0 is Monday, all seven: every day) and a time, in the zone of the machine."""

    days: tuple[int, ...]
    hour: int
    minute: int

    def words(self) -> str:
        """As `parse` reads it: `Sun 02:00`, `daily 03:30`."""
        days = "daily" if len(self.days) == len(DAYS) else ",".join(DAYS[day] for day in self.days)
        return f"{days} {self.hour:02d}:{self.minute:02d}"

    def calendar(self) -> str:
        """As systemd writes it."""
        days = "" if len(self.days) == len(DAYS) else ",".join(DAYS[day] for day in self.days) + " "
        return f"{days}*-*-* {self.hour:02d}:{self.minute:02d}:00"

    def cron(self) -> str:
        """As the first five fields of a line for cron; there 0 is Sunday."""
        numbers = sorted((day + 1) % len(DAYS) for day in self.days)
        days = "*" if len(numbers) == len(DAYS) else ",".join(str(number) for number in numbers)
        return f"{self.minute} {self.hour} * * {days}"

    def longest_gap(self) -> timedelta:
        """The longest time between two of these moments."""
        later = [*self.days[1:], self.days[0] + 7]
        return timedelta(days=max(after - before for before, after in zip(self.days, later, strict=True)))


def parse(text: str) -> When:
    """`Sun 02:00`, `Mon,Thu 22:15`, `daily 03:30`. Raises UsageError."""
    found = re.fullmatch(r"([A-Za-z,]+)\s+([0-9]{1,2}):([0-9]{2})", text.strip())
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        raise _odd(text)
    names = [name[:3].capitalize() for name in found[1].split(",")]
    if names == ["Dai"] and found[1].lower() == "daily":
        days = tuple(range(len(DAYS)))
    elif all(name in DAYS for name in names):
        days = tuple(sorted({DAYS.index(name) for name in names}))
    else:
        raise _odd(text)
    return When(days, int(found[2]), int(found[3]))


def _odd(text: str) -> UsageError:
    return UsageError(
        f"{text[:60]!r} is no time of the week.", hint="Write `Sun 02:00`, `Mon,Thu 22:15` or `daily 03:30`."
    )


def next_time(when: When, now: datetime) -> datetime:
    """The next of these moments after `now` (aware, in the zone of the machine), in the same zone."""
    for ahead in range(len(DAYS) + 2):
        day = now.replace(hour=when.hour, minute=when.minute, second=0, microsecond=0) + timedelta(days=ahead)
        if day > now and day.weekday() in when.days:
            return day
    raise AssertionError("a week has every day")


def command(program: Sequence[str], workspace: str, target: str, older: str) -> list[str]:
    """The words of the command that is to run."""
    named = ["--target", target] if target else []
    return [*program, "--workspace", workspace, "backup", "run", *named, "--quiet", "--if-older", older]


def scrubbing(program: Sequence[str], workspace: str, target: str, when: When) -> list[str]:
    """The words of the command that follows it: it reads a part of everything back, all within eight weeks."""
    named = ["--target", target] if target else []
    share = f"1/{WEEKS * len(when.days)}"
    return [*program, "--workspace", workspace, "backup", "scrub", *named, "--quiet", "--share", share]


def unit_name(tag: str) -> str:
    """The name of the units without their endings; `tag` tells workspaces of one user apart."""
    return f"binscout-backup-{tag}"


def service(commands: Sequence[Sequence[str]], workspace: str) -> str:
    """The unit that does these one after another, each when the one before went well."""
    lines = "\n".join(f"ExecStart={' '.join(_systemd_word(word) for word in words)}" for words in commands)
    return f"""[Unit]
Description=BinScout backup of {_plain(workspace)}
After=network-online.target

[Service]
Type=oneshot
{lines}
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=infinity
"""


def timer(when: When, workspace: str) -> str:
    """The unit that starts the other one; what was missed while the machine was off is caught up."""
    return f"""[Unit]
Description=BinScout backup of {_plain(workspace)}, {when.words()}

[Timer]
OnCalendar={when.calendar()}
Persistent=true
RandomizedDelaySec={JITTER_S}

[Install]
WantedBy=timers.target
"""


def on_of_timer(text: str) -> When | None:
    """The time that a timer of ours names, None where it is no timer of ours."""
    found = re.search(r"^Description=BinScout backup of .*, (.+)$", text, re.MULTILINE)
    return _parsed(found[1]) if found else None


def cron_lines(when: When, program: Sequence[str], workspace: str, target: str, tag: str) -> list[str]:
    """Lines for a crontab between two marks: one for the time, with a scrub, one that catches up once it is late."""
    late = int((when.longest_gap() + LATE).total_seconds() // 3600)
    on_time = command(program, workspace, target, NOT_AGAIN)
    scrub = scrubbing(program, workspace, target, when)
    caught_up = command(program, workspace, target, f"{late}h")
    return [
        f"# BEGIN {unit_name(tag)} {when.words()}",
        f"{when.cron()} {_cron_words(on_time)} && {_cron_words(scrub)}",
        f"{(when.minute + 41) % 60} */4 * * * {_cron_words(caught_up)}",
        f"# END {unit_name(tag)}",
    ]


def without_cron_lines(crontab: str, tag: str) -> str:
    """A crontab without what is between our marks; a mark without its other is left with all that follows."""
    begin, end = f"# BEGIN {unit_name(tag)} ", f"# END {unit_name(tag)}"
    kept: list[str] = []
    inside: list[str] = []
    lines = crontab.removesuffix("\n").split("\n") if crontab else []
    for line in lines:
        if inside or line.startswith(begin):
            inside.append(line)
            if line == end:
                inside = []
        else:
            kept.append(line)
    return "".join(f"{line}\n" for line in (*kept, *inside))


def with_cron_lines(crontab: str, lines: Sequence[str], tag: str) -> str:
    """A crontab with our lines at its end, and what was ours before gone."""
    return without_cron_lines(crontab, tag) + "".join(f"{line}\n" for line in lines)


def on_of_cron(crontab: str, tag: str) -> When | None:
    """The time that our lines name, None where there are none."""
    found = re.search(rf"^# BEGIN {re.escape(unit_name(tag))} (.+)$", crontab, re.MULTILINE)
    return _parsed(found[1]) if found else None


def refuse_odd_path(path: str) -> None:
    """Raise UsageError for a path that neither systemd nor cron can be told."""
    if any(ord(character) < 32 or character == "\x7f" for character in path) or not path.isprintable():
        raise UsageError(
            "A path with control characters cannot be scheduled.", hint="Rename the folder.", code="odd_path"
        )


def _parsed(text: str) -> When | None:
    try:
        return parse(text)
    except UsageError:
        return None


def _plain(text: str) -> str:
    return text.replace("%", "%%")


def _systemd_word(word: str) -> str:
    """A word of ExecStart=: quoted where it must be, with nothing in it that systemd would replace."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if re.fullmatch(r"[A-Za-z0-9_./:@%+=,-]+", word) else f'"{escaped}"'


def _cron_words(words: Sequence[str]) -> str:
    """A command for sh; cron takes a % for the end of the line."""
    return shlex.join(words).replace("%", r"\%")
