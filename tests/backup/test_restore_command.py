"""`binscout backup restore` as people type it, against every kind of target."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.store import jobs
from binscout_tui.workspace import Workspace
from tests.backup.made import digest, made_workspace
from tests.backup.restorable import backed_up
from tests.backup.servers import Server
from tests.backup.waiting import until
from tests.command_line import answered_here, binscout, ok

IN_PLACE = ("--in-place", "--confirm", "restore")
RESTORE = ("backup", "restore", "latest")


def test_backup_delete_restore_verify(tmp_path: Path, every_server: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    with Workspace(root) as ws:
        every_server.add_to(ws)
    ok(root, "backup", "run")
    before = digest(root)
    shutil.rmtree(root)
    workspaces.create(root)
    with Workspace(root) as ws:
        every_server.add_to(ws)
    done = ok(root, *RESTORE, *IN_PLACE)
    now = digest(root)
    assert {name for name in before | now if before.get(name) != now.get(name)} == {"rows of journal"}
    assert done["files"] == 18
    assert done["fetched"] == done["bytes"]
    listed = ok(root, "jobs", "list")
    assert [(one["kind"], one["state"]) for one in listed] == [
        ("restore", "done"),
        ("backup", "done"),
        ("train", "done"),
    ]
    folder = tmp_path / "elsewhere"
    ok(root, *RESTORE, "--to", folder)
    assert ok(folder, "images", "list")


def test_what_it_says_and_how_it_ends(
    root: Path, run: str, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answered_here(root, capsys, *RESTORE, as_json=False)
    assert (told.code, "same     18 files" in told.out, "needed on the disk" in told.out) == (0, True, True)
    assert answered_here(root, capsys, *RESTORE).data["run"] == run
    for words, code, says in (
        (("--in-place",), 3, "restore is missing"),
        (("--in-place", "--confirm", "Restore"), 3, "restore is missing"),
        (("--in-place", "--to", tmp_path / "x"), 2, "exclude each other"),
        (("--skip-damaged",), 2, "--to"),
        (("--to", ""), 2, "empty"),
        (("--to", root / "inside"), 3, "workspace itself"),
        (("--item", "4711"), 1, "4711"),
        (("--database-only", "--item", "1"), 2, "--in-place"),
        (("--target", "nowhere"), 1, "nowhere"),
    ):
        answer = answered_here(root, capsys, *RESTORE, *words, as_json=False)
        assert (answer.code, says in answer.err, "Traceback" in answer.err) == (code, True, False), answer.err
    assert answered_here(root, capsys, "backup", "restore", "2031").code == 1
    shutil.rmtree(target)
    gone = answered_here(root, capsys, *RESTORE, *IN_PLACE)
    assert gone.code in (1, 3)
    assert gone.data["error"]["message"]


def test_a_damaged_run_is_still_the_latest_and_can_be_had_as_far_as_it_goes(
    root: Path, run: str, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pack,) = target.glob("packs/*/*")
    pack.rename(target / "pack")
    assert answered_here(root, capsys, "backup", "show", "latest").data["detail"]["row"]["run"] == run
    plan = answered_here(root, capsys, *RESTORE, as_json=False)
    assert (plan.code, "--skip-damaged" in plan.out) == (0, True)
    refused = answered_here(root, capsys, *RESTORE, *IN_PLACE)
    assert (refused.code, refused.data["error"]["code"]) == (3, "damaged_run")
    had = answered_here(root, capsys, *RESTORE, "--to", tmp_path / "had", "--skip-damaged")
    assert (had.code, had.data["run"], had.data["skipped"] > 0) == (0, run, True)
    assert f"Run {run} is damaged (1 stored file" in had.err
    assert "No good run is before it." in had.err
    (target / "pack").rename(pack)


def test_a_damaged_newest_run_is_told_with_the_one_before(
    root: Path, run: str, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "models" / "screws-1" / "more").write_bytes(b"more" * 999)
    newest = backed_up(root)
    (target / "runs" / newest / "records.tar.gz").unlink()
    told = answered_here(root, capsys, *RESTORE, "--to", tmp_path / "had")
    assert told.code == 1
    assert f"Run {newest} is damaged" in told.err
    assert f"The run before it that is good is {run}." in told.err
    assert answered_here(root, capsys, "backup", "restore", "latest~1").data["run"] == run


def test_a_suspicious_run_is_told_before_it_is_restored(
    root: Path, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (root / "originals").rglob("*.jpg"):
        path.unlink()
    newest = backed_up(root)
    words = f"The run before it that is good is {run}."
    plan = answered_here(root, capsys, *RESTORE)
    assert f"Run {newest} is suspicious" in plan.data["doubt"]
    assert words in answered_here(root, capsys, *RESTORE, as_json=False).out
    had = answered_here(root, capsys, *RESTORE, "--to", tmp_path / "had")
    assert (had.code, had.data["run"], words in had.err) == (0, newest, True)


def test_every_item_has_its_own_option(root: Path, run: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = answered_here(root, capsys, *RESTORE, "--item", "1", "2", as_json=False)
    assert (answer.code, "--item 1 --item 2" in answer.err) == (2, True)
    unknown = answered_here(root, capsys, *RESTORE, "--item", "4711")
    assert (unknown.code, "retry" in unknown.err) == (1, False)


def test_a_job_that_nobody_waited_for_says_what_it_restored_and_where(
    root: Path, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    had = tmp_path / "had"
    job = answered_here(root, capsys, *RESTORE, "--to", had, "--no-wait").data["job"]
    until(lambda: answered_here(root, capsys, "jobs", "show", job).data["state"] == "done", "the restore has ended")
    told = answered_here(root, capsys, "jobs", "show", job, as_json=False).out
    assert f"is restored to {had}: 18 files" in told


def test_single_things_by_the_command(root: Path, run: str) -> None:
    original = sorted((root / "originals").rglob("*.jpg"))[0]
    data = original.read_bytes()
    original.unlink()
    done = ok(root, *RESTORE, "--item", original.stem, "--item", "screws-1")
    assert [one["what"] for one in done["done"]] == ["put back", "was there"]
    assert original.read_bytes() == data


def test_while_a_job_runs_it_is_refused_and_the_job_is_named(root: Path, run: str) -> None:
    before = digest(root)
    with Workspace(root) as ws, subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as busy:
        from binscout_tui.jobs.process import started

        job = ws.db.write(jobs.add, ws.user.uid, "train", {"run": "screws-1"})
        ws.db.write(jobs.begin, job, busy.pid, started(busy.pid))
        answer = binscout(root, *RESTORE, *IN_PLACE)
        busy.kill()
    assert answer.code == 3
    assert f"train {job}" in answer.data["error"]["message"]
    assert digest(root) == before


def test_ctrl_c_stops_it_and_the_next_one_goes_on(root: Path, run: str, target: Path, tmp_path: Path) -> None:
    """The target is slow, so that there is time to stop it."""
    large = root / "models" / "screws-1" / "large"
    large.write_bytes(b"x" * (12 << 20))
    backed_up(root)
    large.unlink()
    before = digest(root)
    (root / "settings.toml").write_text('[backup]\nbandwidth = "1M"\n')
    assert "nothing of it is left" in stopped_while_it_fetches(root, "--to", str(tmp_path / "had"))
    assert not list(tmp_path.glob("had*"))
    assert "nothing was changed here, and what was fetched is kept" in stopped_while_it_fetches(root, *IN_PLACE)
    assert {name for name, value in digest(root).items() if before.get(name) != value} == {"settings.toml"}
    (root / "settings.toml").unlink()
    done = ok(root, *RESTORE, *IN_PLACE)
    assert large.stat().st_size == 12 << 20
    assert done["fetched"] >= large.stat().st_size


def stopped_while_it_fetches(root: Path, *words: str) -> str:
    """What a restore says at Ctrl-C."""
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(root), *RESTORE, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as going:
        until(lambda: stage_of_the_restore(root) == "fetch", "the restore fetches")
        going.send_signal(2)
        told = going.communicate(timeout=60)[1]
    assert (going.returncode, "Stopped" in told) == (130, True), told
    return told


def stage_of_the_restore(root: Path) -> str:
    with closing(sqlite3.connect(f"file:{root / 'binscout.db'}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT message FROM job WHERE kind = 'restore' AND state = 'running'").fetchone()
    return str(row[0]).partition(" ")[0] if row else ""
