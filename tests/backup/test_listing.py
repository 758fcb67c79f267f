"""What a list says of runs, and how backups stand: rules over values."""

from __future__ import annotations

import hashlib
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from binscout_tui.backup.archive import identity, layout, lease, summary
from binscout_tui.backup.archive.lease import Holder
from binscout_tui.backup.archive.manifest import Manifest, Part
from binscout_tui.backup.archive.repository import Listing, RunState
from binscout_tui.backup.archive.summary import RunFacts, Summary, Unreached
from binscout_tui.backup.making.run_plan import young_enough
from binscout_tui.backup.target.known import Target
from binscout_tui.backup.target.known import write as write_targets
from binscout_tui.clock import to_text
from binscout_tui.errors import NotFoundError, UsageError
from binscout_tui.operations.backups import naming
from binscout_tui.operations.backups.listing import ENDED, age_words, rows, skew_words
from binscout_tui.operations.backups.standing import Standing, judged, standing
from binscout_tui.settings import BackupSettings
from binscout_tui.store.jobs import Job
from binscout_tui.workspace import Paths

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNFINISHED_FOR = timedelta(hours=48)
SETTINGS = BackupSettings()


def run_id(ago: timedelta, number: int = 0) -> str:
    """The run that began so long ago."""
    return f"{(NOW - ago).strftime(layout.STAMP)}-{number:08x}"


def made(run: str, **changes: Any) -> Manifest:
    """The manifest of a run."""
    part = Part(name="x", size=1, sha256=hashlib.sha256(b"").hexdigest(), count=7)
    values: dict[str, Any] = {
        "repo": "0" * 16,
        "run": run,
        "began": to_text(layout.run_time(run)),
        "committed": to_text(layout.run_time(run)),
        "host": "box",
        "user": "me",
        "app": "0.1",
        "schema": 1,
        "tz_minutes": 0,
        "parent": None,
        "files": part,
        "blobs": part,
        "records": part,
        "members": {},
        "kinds": {},
        "rows": {},
        "logical_bytes": 100,
        "added_bytes": 10,
        "added_files": 1,
        "stored_bytes": 90,
        "read_back": "added",
        "durations": {"scan": 1.0, "send": 2.5},
    }
    return Manifest(**values | changes)


def state(ago: timedelta, number: int = 0, **changes: Any) -> RunState:
    """A run on the target, committed and read back unless something else is said."""
    run = run_id(ago, number)
    values = {"run": run, "state": "committed", "manifest": made(run), "verified": "read back"}
    return RunState(**values | changes)


def job(number: int, began: timedelta, how: str = "done", kind: str = "backup", **changes: Any) -> Job:
    """A job of this workspace that began so long ago and took a minute."""
    at = to_text(NOW - began)
    values: dict[str, Any] = {
        "id": number,
        "kind": kind,
        "state": how,
        "payload": {"target": "nas"},
        "pid": None,
        "pid_started": None,
        "attempts": 1,
        "heartbeat_at": None,
        "done": 0,
        "total": 0,
        "message": "send · 3 MB",
        "cancel_asked": False,
        "error": None,
        "result": None,
        "uid": 0,
        "created_at": at,
        "queued_at": at,
        "started_at": at,
        "finished_at": None if how in ("running", "queued") else to_text(NOW - began + timedelta(minutes=1)),
    }
    return Job(**values | changes)


def shown(found: list[RunState], *jobs: Job) -> list[tuple[str, str, str]]:
    """(key, state, words) of the rows."""
    return [(row.key, row.state, row.words) for row in rows(found, jobs, NOW, UNFINISHED_FOR, HERE)]


DAY = timedelta(days=1)
HERE = lease.holder("me", "/bins")
OTHER = Holder(host="elsewhere", user="you", place="/bins", pid=7, process="x", since="2026-11-22T10:00:00Z")


def test_committed_runs_tell_what_is_odd_about_them() -> None:
    found = [
        state(DAY),
        state(2 * DAY, manifest=made(run_id(2 * DAY), warnings=["2 files went", "1 changed"])),
        state(3 * DAY, manifest=made(run_id(3 * DAY), suspicious="40 % of the files went")),
        state(4 * DAY, state="damaged", reason="1 stored file is missing", verified=""),
        state(5 * DAY, state="damaged", reason="The manifest is not JSON.", manifest=None, verified=""),
    ]
    assert [row[1:] for row in shown(found)] == [
        ("committed", ""),
        ("warnings", "2 files went; 1 changed"),
        ("suspicious", "40 % of the files went"),
        ("damaged", "1 stored file is missing"),
        ("damaged", "The manifest is not JSON."),
    ]
    first = rows(found, [], NOW, UNFINISHED_FOR, HERE)[0]
    assert (first.logical_bytes, first.added_bytes, first.stored_bytes, first.files) == (100, 10, 90, 7)
    assert (first.seconds, first.verified) == (3.5, "read back")


def test_texts_from_a_target_are_data() -> None:
    hostile = made(run_id(DAY), warnings=["\x1b]0;owned\x07\nnext"], host="a\x1b[2J", note="n\u202eote")
    found = [
        state(DAY, manifest=hostile),
        state(2 * DAY, state="damaged", reason="no \x1b[31m", manifest=None),
    ]
    for row in rows(found, [], NOW, UNFINISHED_FOR, HERE):
        assert all(text.isprintable() for text in (row.words, row.host, row.note))
    assert rows(found, [], NOW, UNFINISHED_FOR, HERE)[0].words == "\\x1b]0;owned\\x07 next"


def unfinished(ago: timedelta, by: Holder | None = None, number: int = 0) -> RunState:
    """A run without a manifest, on which somebody says to work or nobody."""
    return state(ago, number, state="abandoned", manifest=None, reason="it was never finished", verified="", by=by)


def test_an_unfinished_run_belongs_to_the_job_that_makes_it() -> None:
    hour = timedelta(hours=1)
    found = [unfinished(hour, HERE)]
    running = job(4, hour + timedelta(seconds=1), "running")
    assert shown(found, running) == [(run_id(hour), "running", "")]
    assert rows(found, [running], NOW, UNFINISHED_FOR, HERE)[0].progress == "send · 3 MB"
    failed = job(4, hour + timedelta(seconds=1), "failed", error="The target is full.")
    assert shown([unfinished(hour)], failed) == [(run_id(hour), "abandoned", "The target is full.")]
    later = job(5, timedelta(minutes=2), "running")
    assert [row[:2] for row in shown([unfinished(hour)], later)] == [("job-5", "running"), (run_id(hour), "abandoned")]


def test_an_unfinished_run_of_another_machine_is_not_taken_for_ours() -> None:
    """Both may have been started by a timer at the same moment."""
    hour = timedelta(hours=1)
    found = [unfinished(hour, OTHER, 1), unfinished(hour, HERE, 2)]
    running = job(4, hour, "running")
    assert [row[:2] for row in shown(found, running)] == [
        (run_id(hour, 2), "running"),
        (run_id(hour, 1), "uploading"),
    ]
    assert shown(found, running)[1][2] == "by you on elsewhere (process 7, since 2026-11-22 10:00 UTC)"
    assert shown([unfinished(3 * DAY, OTHER)])[0][1] == "abandoned"
    assert shown([unfinished(-DAY, OTHER)])[0][1] == "abandoned"


def test_an_unfinished_run_of_a_process_that_has_ended_is_abandoned() -> None:
    gone = replace(HERE, pid=1 << 22, process="long ago", since="2001-01-01T00:00:00.000Z")
    hour = timedelta(hours=1)
    assert shown([unfinished(hour, gone)])[0][1] == "abandoned"
    assert shown([unfinished(hour, gone)], job(4, hour, "running"))[0][2] == ENDED
    assert shown([unfinished(hour)])[0][1] == "abandoned"
    # A run without a job, as a script may make one.
    assert shown([unfinished(hour, HERE)])[0][1] == "running"


def test_work_that_left_nothing_is_told_with_its_reason() -> None:
    jobs = [
        job(9, timedelta(hours=1), "cancelled"),
        job(8, timedelta(hours=2), "failed", error="nas cannot be reached."),
        job(7, timedelta(hours=3), "failed", kind="restore", error="no"),
    ]
    assert shown([], *jobs) == [
        ("job-9", "cancelled", ""),
        ("job-8", "failed", "nas cannot be reached."),
    ]


def test_a_run_that_was_made_here_and_is_gone_is_told_unless_it_was_pruned_here() -> None:
    gone, pruned = run_id(DAY), run_id(2 * DAY)
    jobs = [
        job(3, timedelta(0), kind="backup-prune", result={"dropped": [pruned]}),
        job(2, DAY, result={"run": gone}),
        job(1, 2 * DAY, result={"run": pruned}),
    ]
    assert [row[:2] for row in shown([], *jobs)] == [(gone, "here only")]
    assert [row[:2] for row in shown([state(DAY)], *jobs)] == [(gone, "committed")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latest", 1),
        ("latest~0", 1),
        ("latest~1", 2),
        ("latest~2", 3),
        (run_id(DAY), 1),
        (run_id(3 * DAY)[:10], 3),
        ("latest~3", "are 3 finished runs"),
        ("2026", "begin with"),
        ("", "There is no run ''"),
        ("latest~", "There is no run"),
        ("nonsense", "There is no run 'nonsense'"),
    ],
)
def test_a_run_is_named_in_several_ways(text: str, expected: int | str) -> None:
    found = [unfinished(timedelta(0)), state(DAY), state(2 * DAY, state="damaged")]
    found.append(state(3 * DAY))
    if isinstance(expected, int):
        assert naming.find_run(found, text) is found[expected]
    else:
        with pytest.raises((NotFoundError, UsageError), match=expected):
            naming.find_run(found, text)


def test_the_run_before_is_the_parent_or_the_next_older_one() -> None:
    oldest, middle = state(3 * DAY), state(2 * DAY, state="damaged")
    child = state(DAY, manifest=made(run_id(DAY), parent=oldest.run))
    orphan = state(DAY, manifest=made(run_id(DAY), parent=run_id(9 * DAY)))
    assert naming.before([child, middle, oldest], child) is oldest
    assert naming.before([orphan, middle, oldest], orphan) is oldest
    assert naming.before([oldest], oldest) is None


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, ""),
        (299.0, ""),
        (301.0, "The target's clock is 5 min ahead of this machine's."),
        (-7200.0, "The target's clock is 2 h 00 min behind this machine's."),
    ],
)
def test_a_clock_that_goes_wrong_is_told(seconds: float | None, expected: str) -> None:
    assert skew_words(Listing(at=to_text(NOW), repo=None, runs=[], skew_s=seconds), 5) == expected


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "listed 20 s ago"),
        (timedelta(days=3, hours=2), "listed 3 days ago"),
        (-DAY, "listed in the future, by this clock"),
    ],
)
def test_a_list_says_how_old_it_is(ago: timedelta, words: str) -> None:
    assert age_words(to_text(NOW - ago), NOW) == words


def facts(
    ago: timedelta, how: str = "committed", *, proven: bool = True, suspicious: bool = False, owner: str = ""
) -> RunFacts:
    """A run in short."""
    return RunFacts(run=run_id(ago), state=how, proven=proven, suspicious=suspicious, owner=owner)


def stands(*runs: RunFacts, at: datetime = NOW, now: datetime = NOW) -> Standing:
    """How backups stand with these runs."""
    return judged("nas", (Summary(at=to_text(at), runs=list(runs)), None), SETTINGS, now)


def test_only_what_was_read_back_counts_as_good() -> None:
    found = stands(facts(DAY, proven=False), facts(2 * DAY, suspicious=True), facts(3 * DAY, "damaged"), facts(8 * DAY))
    assert (found.run, found.days, found.late) == (run_id(8 * DAY), 8.0, False)
    assert (found.unproven, found.damaged) == (run_id(DAY), [run_id(3 * DAY)])
    assert found.suspicious == [run_id(2 * DAY)]
    assert found.words == "The last good backup on nas was 8 days ago."
    never = stands(facts(DAY, proven=False))
    assert (never.known, never.run, never.late) == (True, None, True)
    assert "was read back yet" in never.words


def test_late_and_none_and_unknown_are_different() -> None:
    assert stands(facts(10 * DAY)).late
    assert stands().words == "There is no good backup of this workspace on nas yet."
    unknown = judged("nas", (None, Unreached(since=to_text(NOW - DAY), words="no")), SETTINGS, NOW)
    assert (unknown.known, unknown.late, unknown.days) == (False, False, None)
    assert unknown.unreachable_since == to_text(NOW - DAY)


def test_a_run_of_the_future_is_not_the_last_good_one() -> None:
    assert stands(facts(-DAY), facts(2 * DAY)).run == run_id(2 * DAY)
    # This machine's clock went back: what it saw before is no less good.
    back = stands(facts(DAY), at=NOW, now=NOW - timedelta(days=400))
    assert (back.run, back.days) == (run_id(DAY), 0.0)
    assert stands(facts(DAY), now=NOW + timedelta(days=365)).late


def test_the_standing_follows_the_files_without_a_network(tmp_path: Path) -> None:
    paths, cache = Paths(tmp_path), tmp_path / "derived" / "backup" / "nas"
    assert standing(paths, SETTINGS, NOW).words == "No backup target is set up."
    write_targets(tmp_path / "backup", [Target(name="nas", kind="local", fs="/nowhere", shown="/nowhere")])
    assert not standing(paths, SETTINGS, NOW).known
    summary.keep(cache, to_text(NOW), [facts(DAY)])
    assert standing(paths, SETTINGS, NOW).run == run_id(DAY)
    summary.note_unreached(cache, "nas cannot be reached.")
    first = standing(paths, SETTINGS, NOW).unreachable_since
    assert first is not None
    assert summary.note_unreached(cache, "still").since == first
    summary.keep(cache, to_text(NOW), [facts(timedelta(hours=1))])
    later = standing(paths, SETTINGS, NOW)
    assert (later.run, later.unreachable_since) == (run_id(timedelta(hours=1)), None)
    (cache / summary.FILE).write_bytes(b"{nonsense")
    assert not standing(paths, SETTINGS, NOW).known
    (tmp_path / "backup" / "targets.json").write_text("{nonsense")
    assert "damaged" in standing(paths, SETTINGS, NOW).words


def test_runs_of_other_workspaces_on_a_store_are_no_backups_of_this_one(tmp_path: Path) -> None:
    write_targets(tmp_path / "backup", [Target(name="nas", kind="local", fs="/nowhere", shown="/nowhere")])
    own = identity.own(tmp_path / "backup")
    cache = tmp_path / "derived" / "backup" / "nas"
    others = [facts(timedelta(hours=1), proven=False, owner="0" * 16), facts(DAY, owner="elsewhere")]
    summary.keep(cache, to_text(NOW), others)
    found = standing(Paths(tmp_path), SETTINGS, NOW)
    assert (found.known, found.run, found.unproven, found.late) == (True, None, None, True)
    summary.keep(cache, to_text(NOW), [*others, facts(2 * DAY, owner=own), facts(3 * DAY, owner=socket.gethostname())])
    assert standing(Paths(tmp_path), SETTINGS, NOW).run == run_id(2 * DAY)


def test_a_new_run_is_due_whatever_other_workspaces_and_doubtful_runs_there_are() -> None:
    me = replace(HERE, workspace="a" * 16)
    since = timedelta(hours=6)

    def last(**changes: Any) -> str:
        run = run_id(timedelta(hours=1))
        found = [state(timedelta(hours=1), manifest=made(run, **changes))]
        return young_enough(Listing(at=to_text(NOW), repo=None, runs=found), me, since, NOW)

    assert last(workspace=me.workspace) == run_id(timedelta(hours=1))
    assert last(workspace=me.workspace, suspicious="half of it is missing") == ""
    assert last(workspace="b" * 16, host=me.host) == ""
    assert last(host="elsewhere") == ""
    assert last(host=me.host) == run_id(timedelta(hours=1))
    assert last(workspace=me.workspace, committed=to_text(NOW + timedelta(minutes=1))) == ""


def test_another_target_of_the_settings_is_the_one_that_is_meant(tmp_path: Path) -> None:
    known = [Target(name=name, kind="local", fs="/x", shown="/x") for name in ("one", "two")]
    write_targets(tmp_path / "backup", known)
    summary.keep(tmp_path / "derived" / "backup" / "two", to_text(NOW), [facts(DAY)])
    assert standing(Paths(tmp_path), BackupSettings(target="two"), NOW).run == run_id(DAY)
    assert standing(Paths(tmp_path), SETTINGS, NOW).target == "one"
    assert "'three'" in standing(Paths(tmp_path), BackupSettings(target="three"), NOW).words
