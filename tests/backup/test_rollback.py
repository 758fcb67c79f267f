"""Taking a restore back: by the command line and by a job, counted, kept for its days, and swept."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from binscout_tui.backup.swapping import record as swap_record
from binscout_tui.backup.swapping import undo_copies
from binscout_tui.backup.swapping.record import FOLDER, RECORD
from binscout_tui.clock import from_text
from binscout_tui.errors import RefusedError
from binscout_tui.jobs import runner
from binscout_tui.operations.backups import undoing
from binscout_tui.store import jobs, journal, labels
from binscout_tui.store.journal import Decision
from binscout_tui.workspace import Workspace
from tests.backup.swapping import content, made, run_swap, staged_in
from tests.command_line import answered_here, binscout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace in which a restore was put in place; before it, a job was at work."""
    root = made(tmp_path / "bins", "old")
    with Workspace(root) as opened:
        for _ in range(3):
            opened.db.write(jobs.add, opened.user.uid, "restore", {})
    run_swap(root, staged_in(root, tmp_path))
    return root


def decide(root: Path, times: int) -> None:
    """Make so many decisions."""
    with Workspace(root) as opened:
        for _ in range(times):
            opened.db.write(
                journal.note, opened.user.uid, Decision(area="label", action="x", target=1, before={}, after={})
            )


def test_the_command_line_takes_it_back_when_the_word_is_typed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decide(root, 2)
    listed = answered_here(root, capsys, "backup", "rollback", "--list")
    assert [(one["decisions"], one["kind"], one["by"]) for one in listed.data] == [(2, "restore", "ana")]
    asked = answered_here(root, capsys, "backup", "rollback")
    assert (asked.code, asked.data["error"]["code"]) == (3, "not_confirmed")
    assert "2 decisions made since" in asked.err
    assert "before the run of 22 Nov" in asked.err
    assert answered_here(root, capsys, "backup", "rollback", "--confirm", "Rollback").code == 3
    assert content(root)["classes"] == "new"

    done = answered_here(root, capsys, "backup", "rollback", "--confirm", "rollback", as_json=False)
    assert done.code == 0, done.err
    assert "In place again: what was there until" in done.out
    assert "2 decisions made since lie with undo-" in done.out
    assert content(root)["classes"] == "old"

    again = answered_here(root, capsys, "backup", "rollback", "--confirm", "rollback")
    assert (again.code, again.data["decisions"]) == (0, 0)
    assert content(root)["classes"] == "new"


def test_without_a_copy_there_is_nothing_to_take_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = made(tmp_path / "bins", "old")
    said = answered_here(root, capsys, "backup", "rollback", "--confirm", "rollback")
    assert (said.code, said.data["error"]["code"]) == (1, "no_copy")
    assert answered_here(root, capsys, "backup", "rollback", "--list", as_json=False).out == (
        "No restore can be taken back.\n"
    )
    assert answered_here(root, capsys, "backup", "rollback", "--copy", "undo-x", "--confirm", "rollback").code == 1


def test_jobs_that_were_at_work_then_do_not_begin_again_and_no_id_is_given_twice(root: Path) -> None:
    with Workspace(root) as opened:
        for _ in range(5):
            done = opened.db.write(jobs.add, opened.user.uid, "previews", {})
            opened.db.write(jobs.finish, done, "done")
        undoing.roll_back(opened)
        assert [(one.kind, one.state) for one in opened.db.read(jobs.latest)] == [("restore", "done")] * 3
        assert opened.db.write(jobs.add, opened.user.uid, "previews", {}) == done + 1
        assert [one.action for one in opened.db.read(journal.history, area="backup")] == ["rollback"]
        assert undoing.copies(opened)[0].decisions == 0


def test_while_jobs_run_it_is_refused_and_names_them(root: Path) -> None:
    with Workspace(root) as opened:
        job_id = opened.db.write(jobs.add, opened.user.uid, "train", {})
        with pytest.raises(RefusedError, match=rf"train {job_id} \(queued\)") as told:
            undoing.roll_back(opened)
        assert told.value.code == "jobs_running"
    assert content(root)["classes"] == "new"


def test_a_job_that_is_queued_while_everybody_lets_go_stops_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace(root) as opened:
        away = opened.let_go

        def let_go() -> None:
            opened.db.write(jobs.add, opened.user.uid, "train", {})
            away()

        monkeypatch.setattr(opened, "let_go", let_go)
        with pytest.raises(RefusedError, match=r"train \d+ \(queued\)"):
            undoing.roll_back(opened)
    assert content(root)["classes"] == "new"


def test_the_job_does_it_for_the_app_and_is_found_in_the_other_database(root: Path) -> None:
    with Workspace(root) as opened:
        job_id = opened.db.write(jobs.add, opened.user.uid, "rollback", {"copy": "", "confirmed": "rollback"})
        assert runner.run(opened, job_id)
        found = opened.db.read(jobs.latest)[0]
        assert (found.kind, found.state, found.result and found.result["decisions"]) == ("rollback", "done", 0)
        unsaid = opened.db.write(jobs.add, opened.user.uid, "rollback", {"copy": ""})
        assert not runner.run(opened, unsaid)
    assert content(root)["classes"] == "old"


def test_another_user_cannot(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Workspace(root) as opened:
        opened.db.connection.execute("UPDATE user SET role = 'operator'")
    said = answered_here(root, capsys, "backup", "rollback", "--confirm", "rollback")
    assert (said.code, said.data["error"]["code"]) == (3, "role")


def test_it_is_done_by_the_real_program_beside_one_that_has_it_open(root: Path) -> None:
    with Workspace(root):
        said = binscout(root, "backup", "rollback", "--confirm", "rollback", "--wait", "0.3", as_json=False)
    assert said.code == 3
    assert "waiting for" in said.err
    assert "still open in" in said.err
    assert binscout(root, "backup", "rollback", "--confirm", "rollback").code == 0
    assert content(root)["classes"] == "old"


def test_a_copy_is_kept_for_its_days_of_looks_and_not_by_the_clock_alone(root: Path) -> None:
    record = undo_copies.find(root)
    at = from_text(record.at)
    assert undo_copies.sweep(root, at - timedelta(days=400)) == []
    assert undo_copies.sweep(root, at + timedelta(days=400)) == []
    assert undo_copies.find(root).passed_s == 86_400
    # The clock is right again, and counts on.
    assert undo_copies.sweep(root, at + timedelta(days=3)) == []
    assert undo_copies.sweep(root, at + timedelta(days=3.5)) == []
    assert undo_copies.find(root).passed_s == 86_400 * 1.5


def test_after_its_days_it_goes(root: Path) -> None:
    record = undo_copies.find(root)
    at = from_text(record.at)
    gone = [undo_copies.sweep(root, at + timedelta(hours=12 * half)) for half in range(1, 15)]
    assert gone == [[]] * 13 + [[record.copy]]
    assert undo_copies.copies(root) == []
    assert list((root / FOLDER).glob("*undo*")) == []


def test_what_is_half_deleted_is_never_offered_and_goes_next_time(root: Path) -> None:
    record = undo_copies.find(root)
    (root / FOLDER / record.copy).rename(root / FOLDER / f"going-{record.copy}")
    assert undo_copies.copies(root) == []
    undo_copies.sweep(root)
    assert not (root / FOLDER / f"going-{record.copy}").exists()


def test_a_viewer_deletes_nothing_and_a_record_that_cannot_be_read_keeps_its_copy(root: Path) -> None:
    record = undo_copies.find(root)
    (root / FOLDER / record.copy / RECORD).write_text(json.dumps({"format": 1}))
    with Workspace(root) as opened:
        assert undoing.sweep(opened) == []
        opened.db.connection.execute("UPDATE user SET role = 'viewer'")
    with Workspace(root) as opened:
        assert undoing.sweep(opened) == []
    assert swap_record.copy_names(root) == [record.copy]
    assert (root / FOLDER / record.copy / "binscout.db").exists()


def test_the_same_file_before_and_after_needs_its_room_once(root: Path, tmp_path: Path) -> None:
    record = undo_copies.find(root)
    copy = root / FOLDER / record.copy
    (copy / "originals" / "aa" / "same").hardlink_to(root / "originals" / "aa" / "file")
    with Workspace(root) as opened:
        undoing.roll_back(opened)
        opened.db.write(labels.add_class, "later")
    assert (root / "originals" / "aa" / "same").stat().st_nlink == 2
    assert content(root)["classes"] == "later,old"
