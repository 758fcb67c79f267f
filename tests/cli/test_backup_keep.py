"""`backup verify`, `scrub`, `repair`, `prune`, `schedule` as somebody types them."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.backup.archive import lease
from binscout_tui.backup.archive.lease import Holder
from binscout_tui.jobs.control import reconcile
from binscout_tui.operations.backups import keeping, opening, running, targets
from binscout_tui.store import jobs
from binscout_tui.workspace import Workspace
from tests.backup.made import made_workspace
from tests.command_line import Answer, answered_here, binscout

OTHER = Holder(host="elsewhere", user="ben", place="/x", pid=1, since="2026-11-22T01:00:00.000Z")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run on a target; both are copied for each test."""
    here = tmp_path_factory.mktemp("template")
    root = made_workspace(here / "ws")
    (root / "settings.toml").write_text("[backup]\nkeep_last = 1\nweekly = 0\ngrace_days = 0\n")
    return here


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    """The workspace; its target is the folder `nas` beside it."""
    shutil.copytree(template / "ws", tmp_path / "ws")
    with Workspace(tmp_path / "ws") as workspace:
        targets.add(workspace, "nas", str(tmp_path / "nas"), tested=False)
        running.run(workspace, "nas")
    return tmp_path / "ws"


Said = Callable[..., Answer]


def pack(root: Path) -> Path:
    (found,) = (root.parent / "nas").glob("packs/*/*")
    return found


@pytest.fixture
def said(root: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command within this process; its job has one of its own all the same."""
    return lambda *words, as_json=True: answered_here(root, capsys, "backup", *words, as_json=as_json)


def rotten(root: Path) -> Path:
    """The pack, in which one bit was changed."""
    path = pack(root)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path


def test_verify_repair_verify(root: Path, said: Said) -> None:
    found = said("verify").data
    assert (found["bad"], found["level"]) == ([], "read back")
    before = pack(root).read_bytes()
    rotten(root)
    assert said("verify", "latest", "--level", "sizes").data["bad"] == []
    answer = binscout(root, "backup", "verify", found["run"][:15])
    assert answer.code == 1
    assert [one["name"].split("/")[0] for one in answer.data["bad"]] == ["packs"]
    answer = said("repair")
    assert (answer.code, len(answer.data["repaired"])) == (0, 1)
    assert pack(root).read_bytes() == before
    answer = said("verify")
    assert (answer.code, answer.data["bad"]) == (0, [])


def test_the_words_for_people(root: Path, said: Said) -> None:
    assert "all good." in said("verify", as_json=False).out
    assert said("verify", "--quiet", as_json=False).out == ""
    rotten(root)
    answer = said("scrub", "--share", "all", "--quiet", as_json=False)
    assert answer.code == 1
    assert "its bytes are not those that were stored" in answer.out
    assert "`binscout backup repair`" in answer.out
    assert "Made again: 1 stored file" in said("repair", as_json=False).out
    assert "Nothing is known to be bad." in said("repair", as_json=False).out


def test_a_prune_is_shown_first_and_deletes_only_that(root: Path, said: Said) -> None:
    with Workspace(root) as workspace:
        second = running.run(workspace, "nas").run
    shown = said("prune")
    plan = shown.data["plan"]
    assert (shown.code, shown.data["pruned"], len(plan["drop"])) == (0, None, 1)
    told = said("prune", as_json=False).out
    assert f"keep    {second}  newest" in told
    assert f"delete  {plan['drop'][0]}" in told
    assert "Nothing was deleted." in told
    assert len(list((root.parent / "nas/runs").iterdir())) == 2
    other = said("prune", "--yes", "--plan", "0123456789abcdef")
    assert (other.code, other.data["error"]["code"]) == (1, "plan_changed")
    done = said("prune", "--yes", "--plan", plan["hash"])
    assert (done.code, done.data["pruned"]["dropped"]) == (0, plan["drop"])
    assert [path.parent.name for path in (root.parent / "nas/runs").glob("*/manifest.json")] == [second]
    assert said("prune", "--yes").data["pruned"] is None
    assert said("verify").data["bad"] == []


def test_a_run_that_nothing_can_read_is_given_up_by_name_alone(root: Path, said: Said) -> None:
    with Workspace(root) as workspace:
        last = running.run(workspace, "nas").run
    first = next(path.name for path in sorted((root.parent / "nas/runs").iterdir()) if path.name != last)
    (root.parent / "nas/runs" / first / "manifest.json").write_bytes(b"rotten")
    shutil.rmtree(root / "derived")
    assert said("prune").code == 3
    lost = said("repair")
    assert (lost.code, [one["name"] for one in lost.data["lost"]]) == (1, [f"runs/{first}/manifest.json"])
    for other, code in ((last, "readable"), (first[:20], "no_run"), ("../../x", "no_run")):
        refused = said("repair", "--give-up", other)
        assert (refused.code in (1, 3), refused.data["error"]["code"]) == (True, code)
    assert said("repair", "--give-up", first).code == 0
    plan = said("prune").data["plan"]
    assert (plan["refused"], [one["run"] for one in plan["keep"]]) == ("", [last])
    assert said("verify").data["bad"] == []


def test_a_prune_is_refused_while_a_run_goes_on_elsewhere(root: Path, said: Said) -> None:
    with Workspace(root) as workspace, opening.opened(workspace, "nas") as on:
        lease.announce(on.remote, "20261122T010203Z-1a2b3c4d", OTHER)
    answer = said("prune", "--yes")
    assert (answer.code, answer.data["plan"]["hash"]) == (3, "")
    assert "ben on elsewhere" in answer.data["plan"]["refused"]


def test_a_run_and_a_prune_are_refused_while_somebody_prunes(root: Path, said: Said) -> None:
    with Workspace(root) as workspace:
        running.run(workspace, "nas")
        with opening.opened(workspace, "nas") as on, lease.Lease(on.remote, OTHER):
            answers = [said("run"), said("prune", "--yes")]
    for answer in answers:
        assert answer.code != 0
        assert "ben on elsewhere" in answer.data["error"]["message"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("verify nothing", 1),
        ("verify latest~9", 1),
        ("verify --level deep", 2),
        ("verify --target elsewhere", 1),
        ("scrub --share 0", 2),
        ("scrub --share 9/8", 2),
        ("scrub --share nan", 2),
        ("scrub --share many", 2),
        ("prune --plan 0123", 2),
        ("schedule --on never", 2),
        ("schedule --install launchd", 2),
        ("schedule --remove --status", 2),
    ],
)
def test_wrong_words_are_one_sentence(said: Said, words: str, code: int) -> None:
    answer = said(*words.split(), as_json=False)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("binscout: ")
    assert len(answer.err.strip().splitlines()) == 1


def test_schedule_prints_both_and_installs_nothing(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "/nowhere")
    printed = said("schedule", as_json=False).out
    assert "OnCalendar=Sun *-*-* 02:00:00" in printed
    assert "0 2 * * 0 " in printed
    assert not (tmp_path / "config").exists()
    status = said("schedule", "--status")
    assert (status.code, status.data["installed"]) == (0, "")
    refused = said("schedule", "--install", "cron")
    assert (refused.code, refused.data["error"]["code"]) == (3, "no_cron")
    done = said("schedule", "--install", "systemd", "--on", "Mon,Fri 23:10")
    assert (done.code, done.data["installed"]) == (0, "systemd")
    assert said("schedule", "--status").data["on"] == "Mon,Fri 23:10"
    assert len(said("schedule", "--remove").data["changed"]) == 2


def test_a_run_that_is_not_there_makes_no_job(root: Path, said: Said) -> None:
    answer = said("verify", "nonsense")
    assert (answer.code, answer.data["error"]["code"]) == (1, "no_run")
    with Workspace(root) as workspace:
        assert [job for job in workspace.db.read(jobs.latest) if job.kind == keeping.VERIFY] == []


def test_nobody_needs_to_wait(root: Path, said: Said) -> None:
    job = said("verify", "--no-wait").data["job"]
    with Workspace(root) as workspace:
        assert until(workspace, job).result["bad"] == []


def test_a_verify_whose_process_was_killed_begins_again(root: Path) -> None:
    (root / "settings.toml").write_text('[backup]\nbandwidth = "1k"\ntransfers = 1\n')
    with Workspace(root) as workspace:
        job_id = workspace.db.write(keeping.enqueue_verify, workspace, "nas", "latest")
        workspace.db.write(jobs.requeue, job_id, attempts=0)
        from binscout_tui.jobs.launch import launch

        pid = launch(root, job_id)
        end = time.monotonic() + 60
        while workspace.db.read(jobs.get, job_id).state == "queued":
            assert time.monotonic() < end
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        (root / "settings.toml").write_text("")
        done: Any = until(workspace, job_id)
        assert (done.state, done.result["bad"], done.attempts >= 1) == ("done", [], True)
        assert list((root.parent / "nas").rglob("*.partial")) == []


def until(workspace: Workspace, job_id: int) -> Any:
    """The job when it has ended."""
    end = time.monotonic() + 90
    while (job := workspace.db.read(jobs.get, job_id)).is_open:
        assert time.monotonic() < end, job
        workspace.db.write(reconcile, workspace.paths.root)
        time.sleep(0.05)
    return job
