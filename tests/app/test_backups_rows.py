"""Lines of Backups, Home and the header: pure, for any state of a target."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.archive.manifest import Tally
from binscout_tui.backup.keeping.pruning import PrunePlan
from binscout_tui.backup.keeping.retention import Kept
from binscout_tui.backup.restoring.compare import Named
from binscout_tui.backup.transport.remote import Space
from binscout_tui.clock import to_text
from binscout_tui.commands import backups as commands
from binscout_tui.dialogs.prune import plan_text
from binscout_tui.dialogs.restore_text import comparison
from binscout_tui.operations.backups.comparing import Change, Comparison
from binscout_tui.operations.backups.listing import RunRow, RunsView
from binscout_tui.operations.backups.restore_source import Scope
from binscout_tui.operations.backups.standing import Standing
from binscout_tui.screens import backups_rows as rows
from binscout_tui.screens.home_rows import attention_of_backups
from binscout_tui.store.jobs import Job
from binscout_tui.widgets.header import HeaderState, header_line
from binscout_tui.workers.backups import age

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = "20261122T020000Z-1a2b3c4d"
KB, MB, GB, TB = 10**3, 10**6, 10**9, 10**12


def row(**changes: Any) -> RunRow:
    """A run that is as it should be."""
    found = {
        "key": RUN,
        "run": RUN,
        "at": "2026-11-22T02:00:00.000Z",
        "state": "committed",
        "verified": "read back",
        "verified_at": to_text(NOW - timedelta(days=3)),
        "logical_bytes": 40_100 * MB,
        "added_bytes": 212 * MB,
        "seconds": 180.0,
    }
    return RunRow(**(found | changes))


def view(**changes: Any) -> RunsView:
    """A target that was looked at 20 s ago."""
    found = {
        "target": "nas",
        "kind": "smb",
        "shown": "smb://ana@nas/backups",
        "rows": [row()],
        "live": True,
        "listed_at": to_text(NOW - timedelta(seconds=20)),
        "space": Space(total=2 * TB, free=TB),
        "stored_bytes": 41_200 * MB,
    }
    return RunsView(**(found | changes))


def job(**changes: Any) -> Job:
    """A backup that works."""
    found = {
        "id": 7,
        "kind": "backup",
        "state": "running",
        "payload": {"target": "nas"},
        "pid": 1,
        "pid_started": "x",
        "attempts": 1,
        "heartbeat_at": None,
        "done": 0,
        "total": 0,
        "message": "",
        "cancel_asked": False,
        "error": None,
        "result": None,
        "uid": 0,
        "created_at": to_text(NOW),
        "queued_at": to_text(NOW),
        "started_at": None,
        "finished_at": None,
    }
    return Job(**(found | changes))


def shown(one: RunRow, width: int = 76, *, stale: bool = False) -> str:
    """The line of a run."""
    return rows.run_rows([one], NOW, stale=stale)[0].render(width).plain


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["22 Nov 02:00", "✓ committed", "read back 3 d", "40.1 GB", "212 MB", "3 min"]),
        ({"verified": "sizes", "verified_at": None}, ["✓ committed", "sizes "]),
        ({"verified": "", "verified_at": None}, ["not verified"]),
        ({"state": "damaged", "words": "1 object missing", "verified": ""}, ["✗ damaged", "1 object missing"]),
        ({"state": "suspicious", "words": "12 of 18 files are gone"}, ["! suspicious", "12 of 18 files"]),
        ({"at": "2025-01-02T02:00:00.000Z"}, ["02 Jan 2025"]),
        ({"state": "running", "logical_bytes": None, "verified": "", "progress": "send · 1 MB"}, ["⟳ running", "send"]),
        ({"state": "abandoned", "logical_bytes": None, "words": "never finished"}, ["○", "never finished"]),
        ({"state": "failed", "logical_bytes": None, "run": "", "words": "nas is gone"}, ["✗ failed", "nas is gone"]),
        ({"added_bytes": None}, ["…"]),
    ],
)  # fmt: skip
def test_a_run_says_what_it_is(changes: dict[str, Any], words: list[str]) -> None:
    line = shown(row(**changes))
    for part in words:
        assert part in line, (part, line)


def test_a_wide_list_says_why_and_a_narrow_one_says_it_below() -> None:
    one = row(state="warnings", words="2 files vanished")
    assert "2 files vanished" in shown(one, 150)
    assert "2 files vanished" not in shown(one)
    assert "2 files vanished" in rows.reason_line(one).plain
    assert "before the move" in rows.reason_line(row(note="before the move")).plain
    assert rows.reason_line(row()).plain == ""


def test_what_is_not_live_is_greyed() -> None:
    line = rows.run_rows([row()], NOW, stale=True)[0].render(76)
    assert {str(span.style) for span in line.spans} == {"$text-muted"}


@given(st.text(max_size=200), st.sampled_from(sorted(rows.SIGNS)), st.integers(20, 160))
def test_no_words_from_a_target_break_a_line(words: str, state: str, width: int) -> None:
    line = shown(row(state=state, words=words, note=words), width)
    assert line.isprintable()
    assert "[" not in words or shown(row(state="damaged", words="[red]x[/]")).count("[red]x[/]") == 1


@pytest.mark.parametrize(
    ("changes", "looking", "words"),
    [
        ({}, False, ["nas (smb) reachable", "listed 20 s ago", "41.2 GB of 2 TB", "no schedule"]),
        ({}, True, ["looking…", "listed 20 s ago"]),
        ({"live": False}, False, ["not looked at yet"]),
        (
            {"live": False, "error": "nas does not answer.", "unreachable_since": to_text(NOW - timedelta(hours=3))},
            False,
            ["unreachable since 22 Nov 09:00", "listed 20 s ago"],
        ),
        ({"live": False, "error": "The password is wrong."}, False, ["cannot be listed"]),
        ({"listed_at": None, "live": False, "stored_bytes": None, "space": None}, False, ["never listed"]),
        ({"space": Space(total=None, free=5 * GB)}, False, ["41.2 GB (5 GB free)"]),
        ({"next_at": "2026-11-29T02:00:00.000Z"}, False, ["next Sun 02:00"]),
        ({"listed_at": to_text(NOW - timedelta(days=2))}, False, ["listed 2 d ago"]),
    ],
)
def test_the_head_says_whether_the_target_can_be_reached(
    changes: dict[str, Any], looking: bool, words: list[str]
) -> None:
    line = rows.head_line(view(**changes), NOW, 100, looking=looking)
    for part in words:
        assert part in line.plain, (part, line.plain)
    assert line.cell_length <= 100


@given(st.integers(10, 200), st.booleans())
def test_the_head_never_overflows(width: int, looking: bool) -> None:
    assert rows.head_line(view(next_at=to_text(NOW)), NOW, width, looking=looking).cell_length <= width


def test_what_is_wrong_with_the_target_stands_below_it() -> None:
    assert rows.told_line(view(), 78).plain == ""
    assert rows.told_line(view(error="nas does not answer."), 78).plain == "! nas does not answer."
    assert "8 d ahead" in rows.told_line(view(skew="The target's clock is 8 d ahead."), 78).plain


@given(st.text(max_size=600), st.integers(20, 160))
def test_what_is_wrong_takes_a_few_lines_and_no_more(error: str, width: int) -> None:
    lines = rows.told_line(view(error=error), width).plain.splitlines()
    assert len(lines) <= rows.TOLD_LINES
    assert all(len(line) <= width for line in lines)


def test_the_cause_is_not_cut_off_where_it_comes_last() -> None:
    error = 'nas cannot be reached (failed to make remote "http://127.0.0.1:1/": read root: connection refused).'
    assert "connection refused" in rows.told_line(view(error=error), 78).plain


def test_in_a_narrow_window_the_head_still_says_when_the_next_run_is_due() -> None:
    for changes in ({}, {"unreachable_since": to_text(NOW), "live": False}):
        line = rows.head_line(view(**changes), NOW, 78, looking=False).plain
        assert line.endswith("no schedule"), line
    narrow = rows.head_line(view(), NOW, 50, looking=False).plain
    assert narrow.startswith("nas (smb) reachable")
    assert narrow.endswith("no schedule")


def test_a_wide_list_tells_runs_of_one_minute_apart() -> None:
    one = row(files=1234, note="before the move")
    assert RUN in shown(one, 154)
    assert "1,234" in shown(one, 154)
    assert "before the move" in shown(one, 154)
    assert RUN not in shown(one, 76)
    for width in range(20, 170):
        head = rows.columns_line(width).plain
        files, run = "files" in head, "run" in head
        assert ("1,234" in shown(one, width - 2)) == files, width
        assert (RUN in shown(one, width - 2)) == run, width
    line, head = shown(one, 154), rows.columns_line(156).plain[2:]
    assert line.index(RUN) == head.index("run")
    assert line.index("1,234") + 5 == head.index("files") + 5


def test_what_a_restore_had_to_leave_out_is_told() -> None:
    left = {"missing": [{"path": "originals/a.jpg", "reason": "it is gone"}], "skipped": 3}
    words, is_warning = rows.ended_words(job(kind="restore", state="done", result=left))
    assert is_warning
    assert "3 things, first originals/a.jpg" in words
    assert rows.ended_words(job(kind="restore", state="done", result={"missing": []})) == ("Done: restore nas.", False)


def restore_job(**changes: Any) -> Job:
    """A restore in place of the run, asked for now."""
    payload = {"target": "nas", "run": RUN, "scope": {"kind": "everything"}}
    return job(**({"kind": "restore", "state": "done", "payload": payload} | changes))


@pytest.mark.parametrize(
    ("found", "since", "is_there"),
    [
        ([restore_job()], "", True),
        ([job(), restore_job(state="running")], "2026-11-22T02:00:00.000Z", True),
        ([restore_job()], "2026-11-22T12:00:01.000Z", False),
        ([restore_job(state="failed"), restore_job(state="cancelled")], "", False),
        ([restore_job(payload={"target": "nas", "run": RUN, "scope": {"kind": "folder"}})], "", False),
        ([job()], "", False),
    ],
)
def test_the_place_after_a_restore_is_what_was_restored(found: list[Job], since: str, is_there: bool) -> None:
    assert rows.restored_place(found, since) == ({"target": "nas", "run": RUN} if is_there else {})


def test_targets_are_named_where_there_are_more() -> None:
    assert rows.targets_line(["nas"], "nas", "→").plain == ""
    assert "▸usb" in rows.targets_line(["nas", "usb"], "usb", "→").plain


@pytest.mark.parametrize(
    ("working", "line", "words"),
    [
        (job(state="queued"), "back up nas ░", "waits for its process"),
        (job(done=41, total=100, message="send · 41 MB · 38 MB/s · 2 s left"), "▓▓▓▓▓▓▓░", "38 MB/s · 2 s left"),
        (job(done=5, total=0, message="list"), "  0 %", "list"),
        (job(cancel_asked=True), "back up nas", "cancelling…"),
        (job(kind="restore", message="putting in place"), "restore nas", "no way back now"),
    ],
)  # fmt: skip
def test_work_shows_how_far_it_is(working: Job, line: str, words: str) -> None:
    assert line in rows.job_line(working, None).plain
    assert words in rows.job_words(working, None, "a again").plain


def test_work_that_failed_says_why_and_how_to_go_on() -> None:
    failed = job(state="failed", error="nas is full.\nmore")
    assert rows.job_line(None, failed).plain == "✗ back up nas failed"
    assert rows.job_words(None, failed, "a again").plain == "a again · nas is full."
    assert rows.job_line(None, None).plain == rows.job_words(None, None, "a").plain == ""


class Context:
    """What the checks look at, all well."""

    targets = 1
    run = row()
    row = row()
    working = None
    failed = None
    may_operate = None
    may_manage = None
    cannot_cancel = None
    cannot_undo = None


@pytest.mark.parametrize(
    ("check", "changes", "says"),
    [
        (commands.can_back_up, {}, None),
        (commands.can_back_up, {"targets": 0}, "no target"),
        (commands.can_back_up, {"may_operate": "Backups need the role operator; eve is viewer."}, "eve is viewer"),
        (commands.can_back_up, {"working": job()}, "job 7"),
        (commands.has_row, {"run": None, "row": row(run="", state="failed")}, None),
        (commands.has_row, {"run": None, "row": None}, "no run"),
        (commands.can_verify, {"run": None, "row": None}, "no run yet"),
        (commands.can_verify, {"run": row(state="abandoned")}, "never finished"),
        (commands.can_verify, {"run": row(state="damaged", words="1 object missing")}, None),
        (commands.can_restore, {}, None),
        (commands.can_restore, {"run": row(state="suspicious")}, None),
        (commands.can_restore, {"run": row(state="damaged", words="1 object missing")}, None),
        (commands.can_restore, {"may_manage": "That needs the role admin; bo is operator. Admins here: ana."}, "ana"),
        (commands.can_restore, {"working": job()}, "job 7"),
        (commands.can_restore, {"run": None, "row": row(run="", state="running")}, "never finished"),
        (commands.can_prune, {"may_manage": "admins only"}, "admins only"),
        (commands.can_undo, {"cannot_undo": "No restore was made."}, "No restore"),
        (commands.can_undo, {}, None),
        (commands.can_cancel, {}, "Nothing goes on"),
        (commands.can_cancel, {"working": job()}, None),
        (commands.can_cancel, {"working": job(cancel_asked=True)}, "is being cancelled"),
        (commands.can_cancel, {"working": job(), "cannot_cancel": "too late"}, "too late"),
        (commands.can_retry, {}, "Nothing has failed"),
        (commands.can_retry, {"failed": job(state="failed")}, None),
        (commands.can_retry, {"failed": job(kind="restore", state="failed")}, "typed word counts once"),
        (commands.has_targets, {}, "no other target"),
        (commands.has_targets, {"targets": 2}, None),
    ],
)  # fmt: skip
def test_a_key_that_is_refused_says_why(check: Any, changes: dict[str, Any], says: str | None) -> None:
    context = type("Changed", (Context,), changes)()
    verdict = check(context)
    assert verdict is True if says is None else says in verdict


def compared(scope: str = "everything", **changes: Any) -> Comparison:
    """What a restore would change."""
    found = {
        "target": "nas",
        "run": RUN,
        "at": to_text(NOW),
        "scope": Scope(kind=scope),  # type: ignore[arg-type]
        "add": Change(212, 41 * MB, [Named("originals/a.jpg", 4 * MB)]),
        "replace": Change(3, 12 * MB, [Named("models/m", 12 * MB)]),
        "remove": Change(1, 2 * MB, [Named("originals/\x1b[2Jb.jpg", 2 * MB)]),
        "same": Tally(4000, GB),
        "outside": Tally(),
        "missing": Tally(),
        "absent": Tally(),
        "rows": {"image": (1204, 1190), "label": (5, 5)},
        "lost": {"label": 12, "set": 2},
        "lost_total": 14,
        "download_bytes": 53 * MB,
        "needed_bytes": 120 * MB,
        "free_bytes": 57 * GB,
        "undo_days": 7.0,
        "refused": "",
    }
    return Comparison(**(found | changes))


def test_before_a_restore_everything_that_changes_is_named() -> None:
    text = comparison(compared(), "u", NOW, 72).plain
    for words in (
        "added      212 files",
        "replaced   3 files",
        "removed    1 file ",
        "image 1,204 → 1,190",
        "14 decisions made here since then: label 12, set 2",
        "53 MB from the target, 120 MB on the disk; 57 GB are free",
        "kept in backup/restore/ until 29 Nov 2026; u",
        "~     12 MB  models/m",
        "+      4 MB  originals/a.jpg",
    ):
        assert words in text or words in " ".join(text.split()), words
    assert "label 5" not in text
    assert "! Run X is suspicious" in comparison(compared(doubt="Run X is suspicious."), "u", NOW, 72).plain
    assert "\x1b" not in text
    assert all(len(line) <= 72 for line in text.splitlines())


def test_each_scope_says_what_becomes_of_what_is_here() -> None:
    assert "files      stay as they are" in comparison(compared("database"), "u", NOW, 72).plain
    without = comparison(compared("database", absent=Tally(3, MB)), "u", NOW, 72).plain
    assert "3 files of the run are not here as they were then" in without
    assert "this workspace stays as it is" in comparison(compared("folder"), "u", NOW, 72).plain
    assert "only what is missing or damaged" in comparison(compared("items"), "u", NOW, 72).plain
    refused = comparison(compared(refused="2 jobs must end first: train 3."), "u", NOW, 72).plain
    assert refused.startswith("✗ 2 jobs must end first: train 3.")
    assert "no decision was made" in comparison(compared(lost={}, lost_total=0), "u", NOW, 72).plain
    assert "3 files" in comparison(compared(missing=Tally(3, MB)), "u", NOW, 72).plain


def plan(**changes: Any) -> PrunePlan:
    """A plan that deletes a run."""
    found = {
        "keep": [Kept(RUN, "last 1")],
        "drop": ["20261101T020000Z-00000000"],
        "abandoned": [],
        "blobs": 2,
        "bytes": 3 * MB,
        "waiting": 0,
        "waiting_bytes": 0,
        "partial": 0,
        "rules": "the last 3 and 8 weekly",
        "refused": "",
        "hash": "abc",
    }
    return PrunePlan(**(found | changes))


def test_a_plan_names_the_rule_that_keeps_each_run() -> None:
    text = plan_text(plan(), "", 72).plain
    for words in (
        "Goes   1 run, 2 stored files, 3 MB",
        "20261101T020000Z-00000000",
        "22 Nov 2026",
        "last 1",
        "8 weekly",
    ):
        assert words in text, words
    assert "A manifest cannot be read." in plan_text(plan(refused="x"), "A manifest cannot be read.", 72).plain


@pytest.mark.parametrize(("days", "words"), [(0.0, "0h"), (0.3, "7h"), (1.0, "1d"), (9.7, "9d")])
def test_an_age_in_the_header(days: float, words: str) -> None:
    assert age(days) == words


def test_the_header_shows_the_age_and_never_folds_an_alarm() -> None:
    calm = HeaderState(workspace="~/bins", environment="PROD", jobs=2, backup="2d", user="ana", clock="14:05")
    line = header_line(calm, "Label", 80).plain
    assert line.endswith("⟳ 2 jobs  ⛁ 2d  ana  14:05 ")
    assert "⛁" not in header_line(calm, "Label", 40).plain
    late = HeaderState(workspace="~/bins", environment="PROD", backup="9d", is_late=True, user="ana", clock="14:05")
    for width in range(34, 100):
        line = header_line(late, "Label", width).plain
        assert "⛁ 9d" in line, width
        assert " PROD " in line
        assert len(line) <= width
    found = header_line(late, "Label", 80)
    assert "⛁ 9d" in [found.plain[span.start : span.end] for span in found.spans if "on $error" in str(span.style)]
    found = header_line(calm, "Label", 80)
    assert "⛁ 2d" not in [found.plain[span.start : span.end] for span in found.spans if "on $error" in str(span.style)]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Standing(target="nas", known=True, days=9.4, late=True), {"backup:late": "last good backup 9 days ago"}),
        (Standing(target="nas", known=True, days=1.0, late=False, run=RUN), {}),
        (Standing(target="nas", words="It is not known."), {"backup:late": "It is not known"}),
        (
            Standing(target="nas", known=True, days=1.0, run=RUN, damaged=[RUN]),
            {"backup:damaged": "the backup of 22 Nov 02:00 on nas is damaged"},
        ),
        (
            Standing(target="nas", known=True, days=1.0, run=RUN, suspicious=[RUN]),
            {"backup:suspicious": "the backup of 22 Nov 02:00 misses much that was there before: look at it"},
        ),
        (
            Standing(target="nas", known=True, days=1.0, run=RUN, unreachable_since="2026-11-22T09:00:00.000Z"),
            {"backup:unreachable": "nas cannot be reached since 22 Nov 09:00"},
        ),
        (Standing(target=""), {}),
    ],
)  # fmt: skip
def test_home_says_what_is_wrong_with_the_backups(found: Standing, says: dict[str, str]) -> None:
    entries = list(attention_of_backups(found, NOW))
    assert {entry.key: entry.text for entry in entries} == says
    assert all(entry.area == "backups" and entry.place["target"] == "nas" for entry in entries)
