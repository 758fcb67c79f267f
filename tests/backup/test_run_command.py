"""`binscout backup run` as people and cron call it, and the job behind it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.jobs.control import reconcile
from binscout_tui.store import jobs
from binscout_tui.workspace import Workspace
from tests.backup.backing_up import back_up, committed, get_back, point_at, set_backup
from tests.backup.made import digest, made_workspace
from tests.backup.servers import SECRET, Server
from tests.backup.waiting import is_gone, until

BINSCOUT = [sys.executable, "-m", "binscout_tui"]


def call(root: Path, *words: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command."""
    done = subprocess.run([*BINSCOUT, "--workspace", str(root), *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def answer(root: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """(exit code, answer) of a command with `--json`."""
    code, out, _ = call(root, "--json", *words)
    found: dict[str, Any] = json.loads(out)
    return code, found


@pytest.fixture
def root(tmp_path: Path, local_target: Server) -> Path:
    """A workspace whose target is a folder of this machine."""
    made = made_workspace(tmp_path / "workspace")
    point_at(made, local_target)
    return made


def job_of(root: Path, job_id: int) -> jobs.Job:
    with Workspace(root) as workspace:
        return workspace.db.read(jobs.get, job_id)


def test_it_makes_a_backup_and_says_what_was_proven(root: Path, local_target: Server) -> None:
    code, out, _ = call(root, "backup", "run", "--note", "before the move")
    assert code == 0
    (run,) = committed(local_target.folder)
    assert f"Run {run} is committed: 18 files" in out
    assert "read back, byte for byte" in out
    code, found = answer(root, "backup", "run")
    assert code == 0
    assert found["parent"] == run
    assert found["added_files"] == 0


def test_bad_words_are_refused_in_a_sentence(root: Path, local_target: Server) -> None:
    for words, code in ((["--target", "no"], 1), (["--if-older", "soon"], 2), (["--if-older", "6"], 2)):
        found, said = answer(root, "backup", "run", *words)
        assert (found, set(said)) == (code, {"error"}), said
    assert local_target.files() == {}


def test_cron_is_told_nothing_unless_something_is_wrong(root: Path, local_target: Server) -> None:
    assert call(root, "backup", "run", "--quiet", "--if-older", "6d") == (0, "", "")
    assert call(root, "backup", "run", "--quiet", "--if-older", "6d") == (0, "", "")
    assert len(committed(local_target.folder)) == 1
    code, found = answer(root, "backup", "run", "--if-older", "6d")
    assert (code, found["run"], found["last"]) == (0, None, committed(local_target.folder)[0])
    next((root / "originals").rglob("*.jpg")).unlink()
    code, out, _ = call(root, "backup", "run", "--quiet")
    assert code == 0
    assert "missing at the time of the backup" in out
    local_target.folder.rename(local_target.folder.with_name("unmounted"))
    code, out, said = call(root, "backup", "run", "--quiet")
    assert (code, out) == (1, "")
    assert "gone" in said


def test_nobody_waits_with_no_wait(root: Path, local_target: Server) -> None:
    code, found = answer(root, "backup", "run", "--no-wait")
    assert code == 0
    until(lambda: job_of(root, found["job"]).state == "done", "the job does its work")
    assert job_of(root, found["job"]).result["run"] == committed(local_target.folder)[0]  # type: ignore[index]


def slow(root: Path) -> None:
    """So much to send, so slowly, that a test can act meanwhile."""
    (root / "models" / "large.bin").write_bytes(os.urandom(6 << 20))
    set_backup(root, bandwidth="300k")


def test_ctrl_c_stops_it_and_a_second_one_meanwhile_is_refused(tmp_path: Path, sftp_server: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, sftp_server)
    slow(root)
    child = subprocess.Popen(
        [*BINSCOUT, "--workspace", str(root), "--json", "backup", "run"], stdout=subprocess.PIPE, text=True
    )

    def sending() -> bool:
        with Workspace(root) as workspace:
            return any(job.kind == "backup" and job.done > 0 for job in workspace.db.read(jobs.open_jobs))

    until(sending, "bytes are on the way")
    code, found = answer(root, "backup", "run")
    assert (code, found["error"]["code"]) == (3, "running")
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=20)
    assert (child.returncode, json.loads(out)["error"]["code"]) == (130, "interrupted")
    with Workspace(root) as workspace:
        (job,) = [job for job in workspace.db.read(jobs.latest) if job.kind == "backup"]
    assert job.state == "cancelled"
    assert committed(sftp_server.folder) == []
    assert SECRET not in "".join(path.read_text(errors="replace") for path in (root / "logs").rglob("*.log"))


def test_a_job_whose_process_was_killed_goes_on_with_what_it_has_sent(tmp_path: Path, sftp_server: Server) -> None:
    root = made_workspace(tmp_path / "workspace")
    point_at(root, sftp_server)
    slow(root)
    _, found = answer(root, "backup", "run", "--no-wait")
    until(lambda: job_of(root, found["job"]).done > 0, "bytes are on the way")
    pid = job_of(root, found["job"]).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(pid), "it is gone")
    assert committed(sftp_server.folder) == []
    set_backup(root)
    with Workspace(root) as workspace:
        workspace.db.write(reconcile, root)
    until(lambda: job_of(root, found["job"]).state == "done", "the job does its work after all")
    (run,) = committed(sftp_server.folder)
    assert digest(get_back(sftp_server.folder, run, tmp_path / "back")) == digest(root)


def test_a_run_that_is_held_elsewhere_fails_the_job_with_words(root: Path, tmp_path: Path) -> None:
    back_up(root)
    config = root / "backup" / "targets.json"
    config.write_text("{ not a list")
    code, _, said = call(root, "backup", "run")
    assert code == 1
    assert "Traceback" not in said
