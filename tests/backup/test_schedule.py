"""When backups run by themselves, as systemd and cron read it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.keeping import schedule
from binscout_tui.backup.keeping.schedule import DAYS, When, parse
from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.operations.backups import scheduling, targets
from binscout_tui.store import users
from binscout_tui.workspace import Workspace

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAYS = parse("Sun 02:00")
PROGRAM = ["/opt/bin scout/binscout"]
ODD = "/home/ana/50% off/$HOME `x` \"y\" 'z' \\n"
CRONTAB = """#!/bin/sh
# A crontab as the real one: -l prints it or says that there is none, - takes a new one and refuses a bad line.
tab="$FAKE_CRONTAB"
case "$1" in
-l) if [ -f "$tab" ]; then cat "$tab"; else echo "no crontab for $(id -un)" >&2; exit 1; fi ;;
-) cat > "$tab.new"
   if grep -qvE '^(#|$|[A-Z_]+=|@|[-0-9*/,]+ [-0-9*/,]+ [-0-9*/,]+ [-0-9*/,]+ [-0-9*/,]+ .)' "$tab.new"; then
     echo '"-":1: bad minute' >&2; rm "$tab.new"; exit 1
   fi
   mv "$tab.new" "$tab" ;;
*) exit 2 ;;
esac
"""


@pytest.mark.parametrize(
    ("text", "words", "calendar", "cron"),
    [
        ("Sun 02:00", "Sun 02:00", "Sun *-*-* 02:00:00", "0 2 * * 0"),
        ("sunday 2:05", "Sun 02:05", "Sun *-*-* 02:05:00", "5 2 * * 0"),
        (" thu,MON  22:15 ", "Mon,Thu 22:15", "Mon,Thu *-*-* 22:15:00", "15 22 * * 1,4"),
        ("daily 03:30", "daily 03:30", "*-*-* 03:30:00", "30 3 * * *"),
        ("Mon,Tue,Wed,Thu,Fri,Sat,Sun 00:00", "daily 00:00", "*-*-* 00:00:00", "0 0 * * *"),
    ],
)
def test_times_of_the_week(text: str, words: str, calendar: str, cron: str) -> None:
    when = parse(text)
    assert (when.words(), when.calendar(), when.cron()) == (words, calendar, cron)


@pytest.mark.parametrize("text", ["", "Sun", "Sun 24:00", "Sun 02:60", "Foo 02:00", "Sun 2", "Sun 02:00; rm", "02:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no time of the week"):
        parse(text)


whens = st.builds(
    When,
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.integers(0, 23),
    st.integers(0, 59),
)


@given(whens)
def test_what_is_said_is_read_again(when: When) -> None:
    assert parse(when.words()) == when


@given(whens, st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))
def test_the_next_time_is_within_a_week_and_on_its_day(when: When, now: datetime) -> None:
    here = now.replace(tzinfo=UTC)
    found = schedule.next_time(when, here)
    assert here < found <= here + when.longest_gap()
    assert (found.weekday() in when.days, found.hour, found.minute) == (True, when.hour, when.minute)


def test_the_night_of_the_changed_clock_has_one_next_time() -> None:
    saturday = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)
    assert schedule.next_time(SUNDAYS, saturday) == datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN)
    assert schedule.next_time(SUNDAYS, datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN)).day == 1


def test_gaps_between_days() -> None:
    gaps = [parse(f"{days} 01:00").longest_gap().days for days in ("Sun", "daily", "Mon,Thu", "Mon,Tue")]
    assert gaps == [7, 1, 4, 6]


def test_a_service_quotes_what_systemd_would_replace() -> None:
    words = schedule.command(PROGRAM, ODD, "nas", "6h")
    scrub = schedule.scrubbing(PROGRAM, ODD, "nas", parse("daily 02:00"))
    line, after = [line for line in schedule.service([words, scrub], ODD).splitlines() if line.startswith("ExecStart=")]
    assert after.endswith(" backup scrub --target nas --quiet --share 1/56")
    assert '"/opt/bin scout/binscout"' in line
    assert "50%% off" in line
    assert "$$HOME" in line
    assert '\\"y\\"' in line
    assert "\\\\n" in line
    assert line.endswith(" backup run --target nas --quiet --if-older 6h")


def test_a_timer_catches_up_and_is_read_again() -> None:
    text = schedule.timer(SUNDAYS, ODD)
    assert "OnCalendar=Sun *-*-* 02:00:00\nPersistent=true\nRandomizedDelaySec=900\n" in text
    assert schedule.on_of_timer(text) == SUNDAYS
    assert schedule.on_of_timer("[Timer]\nOnCalendar=daily\n") is None


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_itself_takes_the_units(tmp_path: Path) -> None:
    words = schedule.command(["/bin/true"], ODD, "nas", "6h")
    for ending, text in (("service", schedule.service([words, words], ODD)), ("timer", schedule.timer(SUNDAYS, ODD))):
        (tmp_path / f"x.{ending}").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "x.service", tmp_path / "x.timer"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "x.service:" not in done.stderr
    assert "x.timer:" not in done.stderr
    calendar = subprocess.run(["systemd-analyze", "calendar", SUNDAYS.calendar()], capture_output=True, check=False)
    assert calendar.returncode == 0


def test_lines_of_cron_run_what_they_say() -> None:
    lines = schedule.cron_lines(SUNDAYS, PROGRAM, ODD, "nas", "0123abcd")
    on_time, caught_up = lines[1:3]
    assert on_time.startswith("0 2 * * 0 ")
    assert caught_up.startswith("41 */4 * * * ")
    # cron turns \% into %, and gives the rest to sh.
    said = on_time.split(" ", 5)[5].replace(r"\%", "%")
    assert "%" not in on_time.replace(r"\%", "")
    scrub = schedule.scrubbing(PROGRAM, ODD, "nas", SUNDAYS)
    assert shlex.split(said) == [*schedule.command(PROGRAM, ODD, "nas", "6h"), "&&", *scrub]
    assert scrub[-1] == "1/8"
    assert caught_up.endswith(" --quiet --if-older 171h")
    assert schedule.cron_lines(parse("daily 01:30"), PROGRAM, "/w", "", "x")[2].endswith(" --if-older 27h")


others = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=80)


@given(others)
def test_a_crontab_keeps_what_others_wrote(before: str) -> None:
    lines = schedule.cron_lines(SUNDAYS, PROGRAM, "/w", "", "0123abcd")
    once = schedule.with_cron_lines(before, lines, "0123abcd")
    assert schedule.with_cron_lines(once, lines, "0123abcd") == once
    assert schedule.on_of_cron(once, "0123abcd") == SUNDAYS
    kept = schedule.without_cron_lines(once, "0123abcd")
    assert kept.removesuffix("\n") == before.removesuffix("\n")


def test_lines_whose_end_was_deleted_by_hand_take_nothing_of_others() -> None:
    lines = schedule.cron_lines(SUNDAYS, PROGRAM, "/w", "", "0123abcd")
    broken = "\n".join([*lines[:-1], "0 1 * * * important"]) + "\n"
    assert "important" in schedule.without_cron_lines(broken, "0123abcd")


@pytest.fixture
def ready(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a target, a crontab program, and folders for units of its own; no systemd answers."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("crontab", CRONTAB), ("systemctl", "#!/bin/sh\nexit 1\n"), ("loginctl", "#!/bin/sh\nexit 1\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_CRONTAB", str(tmp_path / "crontab"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    targets.add(workspace, "nas", str(tmp_path / "nas"), tested=False)
    return workspace


def test_showing_installs_nothing(ready: Workspace, tmp_path: Path) -> None:
    assert scheduling.texts(ready).on == "Sun 02:00"
    assert not (tmp_path / "crontab").exists()
    assert not (tmp_path / "config").exists()
    assert scheduling.status(ready).installed == ""


def test_cron_is_installed_changed_and_removed_and_others_stay(ready: Workspace, tmp_path: Path) -> None:
    tab = tmp_path / "crontab"
    tab.write_bytes(b"MAILTO=ana\n5 4 * * * caf\xe9\n")
    before = tab.read_bytes()
    scheduling.install(ready, "cron")
    assert tab.read_bytes().startswith(before)
    scheduling.install(ready, "cron", on="daily 03:30")
    assert tab.read_text(errors="replace").count("# BEGIN") == 1
    at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    found = scheduling.status(ready, at)
    assert (found.installed, found.on) == ("cron", "daily 03:30")
    assert found.next_at is not None
    assert scheduling.remove(ready).changed == ["crontab"]
    assert tab.read_bytes() == before
    assert scheduling.remove(ready).changed == []


def test_a_first_crontab_is_made(ready: Workspace, tmp_path: Path) -> None:
    scheduling.install(ready, "cron")
    assert "backup run --target nas --quiet --if-older 6h" in (tmp_path / "crontab").read_text()


def test_systemd_files_are_written_and_what_is_missing_is_said(ready: Workspace, tmp_path: Path) -> None:
    scheduling.install(ready, "cron")
    done = scheduling.install(ready, "systemd", on="Mon 01:00")
    assert [Path(path).suffix for path in done.changed] == [".service", ".timer"]
    assert all(Path(path).is_relative_to(tmp_path / "config/systemd/user") for path in done.changed)
    assert "systemctl --user daemon-reload" in "\n".join(done.to_do)
    assert "enable-linger" in "\n".join(done.to_do)
    assert "BEGIN" not in (tmp_path / "crontab").read_text()
    found = scheduling.status(ready)
    assert (found.installed, found.on, found.next_at) == ("systemd", "Mon 01:00", None)
    assert "not enabled" in found.words
    wants = tmp_path / "config/systemd/user/timers.target.wants"
    wants.mkdir()
    (wants / Path(done.changed[1]).name).symlink_to(done.changed[1])
    assert scheduling.status(ready).next_at is not None
    assert len(scheduling.remove(ready).changed) == 2
    assert scheduling.status(ready).installed == ""
    assert list(wants.iterdir()) == []


def test_where_no_cron_is_that_is_said(ready: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RefusedError) as caught:
        scheduling.install(ready, "cron")
    assert caught.value.code == "no_cron"
    assert scheduling.status(ready).installed == ""
    assert scheduling.remove(ready).changed == []


def test_only_admins_install(ready: Workspace, tmp_path: Path) -> None:
    ready.db.write(users.set_role, ready.user.uid, "operator")
    with Workspace(ready.paths.root) as operators:
        for work in (lambda: scheduling.install(operators, "cron"), lambda: scheduling.remove(operators)):
            with pytest.raises(RefusedError, match="needs the role admin"):
                work()
    assert not (tmp_path / "crontab").exists()


def test_next_times_are_told_in_utc() -> None:
    berlin = schedule.next_time(SUNDAYS, datetime(2026, 11, 18, 12, 0, tzinfo=BERLIN))
    assert berlin.astimezone(UTC) == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    assert berlin - datetime(2026, 11, 18, 12, 0, tzinfo=BERLIN) < timedelta(days=len(DAYS))
