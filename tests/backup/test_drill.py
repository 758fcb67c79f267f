"""The drill proves that backups come back, says which step fails when they do not, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import CancelledWork
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.target.known import Target
from binscout_tui.errors import NotFoundError, RefusedError
from binscout_tui.operations.backups import detail, drill, drill_scratch, running, targets
from binscout_tui.operations.backups.opening import opened
from binscout_tui.workspace import Workspace
from tests.backup.made import add_in_place, digest, made_workspace
from tests.backup.servers import Server, SmallDisk
from tests.command_line import binscout

STEPS = [
    "find the newest good run",
    "restore it to a scratch folder",
    "compare it with the run",
    "open it",
    "back it up beside",
    "lose everything",
    "restore it in place",
    "compare it byte for byte",
    "take it away",
]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where drills happen."""
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def listed(folder: Path) -> dict[str, bytes]:
    """What lies on a target that is a folder here."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_that_was_lost_comes_back_from_any_target(any_server: Server, tmp_path: Path, scratch: Path) -> None:
    root = made_workspace(tmp_path / "workspace")
    with Workspace(root) as ws:
        add_in_place(ws, tmp_path / "photos" / "in place.jpg", 77)
        any_server.add_to(ws)
        running.run(ws, "nas")
        workspace, there = digest(root), any_server.files()
        found = drill.drill(ws, "nas", scratch=scratch)
        assert drill.last(ws, "nas") == found
        with opened(ws, "nas") as on:
            assert [entry.name for entry in on.remote.list()]
    assert [(step.name, step.ok) for step in found.steps] == [(name, True) for name in STEPS], found.steps
    assert (found.ok, found.sample) == (True, None)
    # Nothing was changed, and nothing is left.
    assert digest(root) == workspace
    assert any_server.files() == there
    assert list(scratch.iterdir()) == []
    assert [one.name for one in any_server.folder.parent.iterdir() if drill_scratch.MARK in one.name] == []
    assert not (root / "backup" / drill_scratch.STARTED).exists()


@pytest.mark.parametrize(
    "how", [{"crypt": "Unlikely-key-of-the-test"}, pytest.param({"engine": "restic"}, marks=pytest.mark.slow)]
)
def test_encrypted_targets_are_proven_too(
    local_target: Server, tmp_path: Path, scratch: Path, how: dict[str, Any]
) -> None:
    if how.get("engine") == "restic" and shutil.which("restic") is None:
        pytest.skip("no restic here: see docs/backup-restic.md")
    with Workspace(made_workspace(tmp_path / "workspace", 6)) as ws:
        targets.add(ws, "nas", local_target.url, tested=False, **how)
        running.run(ws, "nas")
        there = local_target.files()
        found = drill.drill(ws, "nas", scratch=scratch)
    assert found.ok, found.steps
    assert {name for name in local_target.files() if "locks/" not in name} == set(there)
    assert list(scratch.iterdir()) == []


def test_the_command_proves_the_whole_chain(root: Path, run: str, target: Path) -> None:
    before = digest(root)
    answer = binscout(root, "backup", "drill", "--scratch", root.parent)
    assert answer.code == 0, answer.err
    assert (answer.data["run"], answer.data["ok"]) == (run, True)
    assert [step["name"] for step in answer.data["steps"]] == STEPS
    assert {k: v for k, v in digest(root).items() if "user" not in k} == {
        k: v for k, v in before.items() if "user" not in k
    }
    assert sorted(one.name for one in target.parent.iterdir()) == ["place", "target"]
    text = binscout(root, "backup", "drill", "--files", "3", as_json=False)
    assert text.code == 0, text.err
    assert "Proven in" in text.out
    assert "A sample: 3 files and all records." in text.out


def test_a_flipped_bit_fails_the_step_that_reads_it(root: Path, run: str, target: Path, scratch: Path) -> None:
    pack = next((target / layout.PACKS).rglob("*.tar"))
    data = bytearray(pack.read_bytes())
    data[700] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    answer = binscout(root, "backup", "drill", "--scratch", scratch)
    assert answer.code == 1
    assert [(step["name"], step["ok"]) for step in answer.data["steps"]] == [
        (STEPS[0], True),
        (STEPS[1], False),
        (STEPS[-1], True),
    ]
    assert "scratch folder" in answer.err
    # It is known from now on, and which stored file it is.
    [row] = binscout(root, "backup", "list").data["rows"]
    assert (row["state"], row["verified"]) == ("damaged", "")
    with Workspace(root) as ws:
        looks = detail.detail(ws, "nas", run).looks
    assert list(looks[0].bad) == [str(pack.relative_to(target))]
    assert list(scratch.iterdir()) == []
    jobs = binscout(root, "jobs", "list").data
    assert (jobs[0]["kind"], jobs[0]["state"]) == ("backup-drill", "failed")


def test_a_sample_is_told_and_is_another_one_each_time(root: Path, scratch: Path) -> None:
    with Workspace(root) as ws:
        found = drill.drill(ws, "nas", files=4, scratch=scratch)
        assert (found.ok, found.sample) == (True, 4)
        assert "of which 4 are tried" in found.steps[0].words
        assert found.steps[1].words.startswith("4 files")
        whole = drill.drill(ws, "nas", files=0, scratch=scratch)
        assert (whole.ok, whole.sample) == (True, None)


def test_a_step_that_finds_a_difference_says_so(root: Path, run: str, scratch: Path) -> None:
    def meddle(step: str, progress: Progress) -> None:
        if step == "compare it byte for byte":
            [place] = scratch.iterdir()
            shot = next((place / "workspace" / "incoming").iterdir())
            shot.chmod(0o644)
            shot.write_bytes(b"other bytes")

    with Workspace(root) as ws:
        found = drill.drill(ws, "nas", meddle, scratch=scratch)
    failed = [step for step in found.steps if not step.ok]
    assert [step.name for step in failed] == ["compare it byte for byte"]
    assert "incoming/shot-of-a-phone.jpg" in failed[0].words
    assert not found.ok


@pytest.mark.parametrize("at", STEPS[1:-1])
def test_a_drill_that_is_stopped_leaves_nothing(root: Path, target: Path, scratch: Path, at: str) -> None:
    before = digest(root), listed(target)

    def stop(step: str, progress: Progress) -> None:
        if step == at:
            raise CancelledWork

    with Workspace(root) as ws, pytest.raises(CancelledWork):
        drill.drill(ws, "nas", stop, scratch=scratch)
    assert (digest(root), listed(target)) == before
    assert list(scratch.iterdir()) == []
    assert [one.name for one in target.parent.iterdir() if drill_scratch.MARK in one.name] == []


KILLED = """
import os, signal, sys
from pathlib import Path
from binscout_tui.operations.backups import drill
from binscout_tui.workspace import Workspace

def report(step, progress):
    if step == "restore it in place":
        print("there", flush=True)
        signal.pause()

with Workspace(Path(sys.argv[1])) as ws:
    drill.drill(ws, "nas", report, scratch=Path(sys.argv[2]))
"""


def test_what_a_killed_drill_left_goes_with_the_next_one(root: Path, target: Path, scratch: Path) -> None:
    before = digest(root), listed(target)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(root), str(scratch)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert list(scratch.iterdir())
    assert [one.name for one in target.parent.iterdir() if drill_scratch.MARK in one.name]
    assert (digest(root), listed(target)) == before
    with Workspace(root) as ws:
        assert drill.drill(ws, "nas", scratch=scratch, files=1).ok
    assert list(scratch.iterdir()) == []
    assert [one.name for one in target.parent.iterdir() if drill_scratch.MARK in one.name] == []


def test_without_a_good_run_there_is_nothing_to_prove(root: Path, target: Path, scratch: Path) -> None:
    shutil.rmtree(target / layout.RUNS)
    answer = binscout(root, "backup", "drill", "--scratch", scratch)
    assert answer.code == 1
    assert "no good run" in answer.err


def test_a_scratch_folder_that_cannot_be_had_is_told(root: Path, tmp_path: Path) -> None:
    answer = binscout(root, "backup", "drill", "--scratch", tmp_path / "none" / "there")
    assert answer.code == 1
    assert "--scratch chooses another one" in answer.err


def test_a_scratch_disk_that_is_too_small_is_told_with_numbers(root: Path, small_disk: SmallDisk) -> None:
    disk = small_disk("small", 4)
    with Workspace(root) as ws:
        found = drill.drill(ws, "nas", scratch=disk)
    failed = [step for step in found.steps if not step.ok]
    assert [step.name for step in failed] == ["restore it to a scratch folder"]
    assert "are free" in failed[0].words
    assert "--scratch chooses another disk" in failed[0].words
    assert list(disk.iterdir()) == []


def test_a_viewer_is_refused(root: Path) -> None:
    with Workspace(root) as ws:
        ws.db.connection.execute("UPDATE user SET role = 'viewer'")
    with Workspace(root) as ws, pytest.raises(RefusedError):
        drill.drill(ws, "nas")


def test_two_drills_at_once_are_one_too_many(root: Path) -> None:
    with Workspace(root) as ws:
        ws.db.write(drill.enqueue, ws, "nas")
        with pytest.raises(RefusedError, match="in progress"):
            ws.db.write(drill.enqueue, ws, "nas")
        with pytest.raises(NotFoundError):
            ws.db.write(drill.enqueue, ws, "other")


def target_at(fs: str, **changes: str) -> Target:
    """A target there."""
    return Target(name="nas", kind="x", fs=fs, shown=fs, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fs", "expected"),
    [
        ("/mnt/nas", "/mnt/nas-m"),
        ("/mnt/nas/", "/mnt/nas-m"),
        ("/", None),
        ("nas:share/bins", "nas:share/bins-m"),
        ("nas:bucket", None),
        ("nas:", None),
        ("nas:/", None),
        ("nas:/home/me/bins", "nas:/home/me/bins-m"),
    ],
)
def test_the_store_of_a_drill_lies_beside_the_real_one_or_elsewhere(fs: str, expected: str | None) -> None:
    found = drill_scratch.beside(target_at(fs), "m")
    assert (None if found is None else found.fs) == expected
    assert drill_scratch.beside(target_at(fs, engine="restic"), "m") is None


def test_nothing_but_a_drills_own_is_ever_taken_away(root: Path, target: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    before = listed(target)
    with Workspace(root) as ws:
        drill_scratch.note(ws, precious, target_at(str(target)))
        drill_scratch.sweep(ws)
    assert precious.is_dir()
    assert listed(target) == before


def test_each_step_is_told_as_it_begins(root: Path, scratch: Path) -> None:
    seen: list[str] = []
    with Workspace(root) as ws:
        drill.drill(ws, "nas", lambda step, progress: seen.append(step), scratch=scratch)
    assert list(dict.fromkeys(seen)) == STEPS
