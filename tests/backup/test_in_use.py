"""Who has a workspace open is known, waits for nobody, and lets go when it is asked to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.backup.swapping import in_use
from binscout_tui.backup.swapping.holders import Holder, kind_of
from binscout_tui.backup.swapping.in_use import Hold
from binscout_tui.capture import launch as captures
from binscout_tui.engine import address
from binscout_tui.errors import BinScoutError, NotFoundError, RefusedError
from binscout_tui.store import jobs
from binscout_tui.workspace import LiveWorkspace, Workspace
from tests.backup.swapping import CUT, content, cut_off_at, made, run_swap, staged_in
from tests.conftest import REPOSITORY

HOLDING = (
    "import sys, time; from pathlib import Path; from binscout_tui.workspace import Workspace;"
    "w = Workspace(Path(sys.argv[1])); print('open', flush=True); time.sleep(100)"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path / "bins", "old")


@pytest.fixture
def other(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the workspace open and does not let go."""
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(root)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("python -m binscout_tui --workspace /x", "the app"),
        ("/usr/bin/python /usr/bin/binscout", "the app"),
        ("/usr/bin/python /usr/bin/binscout open gallery --image 3", "the app"),
        ("python -P -m binscout_tui.engine.server /x --device cpu", "the engine"),
        ("python -m binscout_tui --workspace /x job run 12", "job 12"),
        ("python -m binscout_tui --workspace=/x capture run", "the capture process"),
        ("python /x/binscout --json labels import /y --format coco", "`binscout labels import`"),
        ("python /x/binscout undo", "`binscout undo`"),
        ("/usr/bin/python", "`python`"),
        ("", "a program"),
    ],
)
def test_what_a_process_is_from_its_command_line(line: str, kind: str) -> None:
    assert kind_of(line.split()) == kind


def test_words_of_who_has_it_open() -> None:
    assert Holder(7, "the app", "", stopped=True).words == "the app (process 7, stopped)"


def test_everybody_who_has_it_open_is_named(root: Path, other: subprocess.Popen[bytes]) -> None:
    assert [holder.pid for holder in in_use.who(root)] == [other.pid]
    with Workspace(root), Workspace(root):
        assert {holder.pid for holder in in_use.who(root)} == {other.pid, os.getpid()}
    other.kill()
    other.wait()
    assert in_use.who(root) == []


def test_a_swap_is_given_up_with_the_names_of_who_does_not_let_go(
    root: Path, other: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    staged = staged_in(root, tmp_path)
    seen: list[list[int]] = []
    with pytest.raises(
        RefusedError, match=rf"still open in `python\S*` \(process {other.pid}, since \d\d:\d\d"
    ) as told:
        run_swap(root, staged, patience_s=0.3, waiting=lambda found: seen.append([one.pid for one in found]))
    assert (told.value.code, told.value.exit_code) == ("in_use", 3)
    assert seen[0] == [other.pid]
    assert content(root)["classes"] == "old"
    assert (root / in_use.LOCK).read_bytes() == b""


def test_a_program_that_knows_nothing_of_the_lock_is_found_and_named(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    program = (
        "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1]);"
        "db.execute('SELECT count(*) FROM class').fetchone();"
        "print('open', flush=True); time.sleep(100)"
    )
    content(root)
    other = subprocess.Popen([sys.executable, "-c", program, str(root / "binscout.db")], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(RefusedError, match=rf"still open in `python\S*` \(process {other.pid}") as told:
            run_swap(root, staged)
        assert told.value.code == "in_use"
        assert content(root)["classes"] == "old"
    finally:
        other.kill()
        other.wait()
    run_swap(root, staged)
    assert content(root)["classes"] == "new"


def test_waiting_can_be_cancelled(root: Path, other: subprocess.Popen[bytes], tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)

    def cancel(found: object) -> None:
        raise InterruptedError

    with pytest.raises(BinScoutError):
        run_swap(root, staged, waiting=cancel)
    assert content(root)["classes"] == "old"


def test_this_process_must_let_go_itself(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    with Workspace(root) as opened:
        with pytest.raises(RefusedError, match=str(os.getpid())):
            run_swap(root, staged, patience_s=0.2)
        with opened.away():
            run_swap(root, staged)
        assert opened.db.connection.execute("SELECT name FROM class").fetchone()[0] == "new"


def test_an_opening_waits_for_a_swap_and_is_refused_when_that_takes_too_long(root: Path, tmp_path: Path) -> None:
    with in_use.taken(root, "the run of 22 Nov") as turn:
        for state in ("wanted", "moving"):
            if state == "moving":
                turn.moving()
            found = in_use.notice(root)
            assert found is not None
            assert found.state == state
            with pytest.raises(RefusedError, match=r"the run of 22 Nov \(process \d+\) is being put in place") as told:
                in_use.hold(root, lambda root: None, patience_s=0.1)
            assert (told.value.code, told.value.exit_code) == ("being_replaced", 3)
        waits = threading.Thread(target=lambda: content(root))
        waits.start()
        waits.join(0.2)
        assert waits.is_alive()
    waits.join(20)
    assert not waits.is_alive()


def test_a_second_swap_is_refused_while_one_waits(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    with in_use.taken(root, "another run"), pytest.raises(RefusedError, match="another run"):
        run_swap(root, staged)
    assert content(root)["classes"] == "old"


def test_a_wish_of_a_process_that_died_keeps_nobody(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    assert cut_off_at("journal", lambda step: run_swap(root, staged, step)) == CUT
    assert json.loads((root / in_use.LOCK).read_bytes())["state"] == "wanted"
    began = time.monotonic()
    assert content(root)["classes"] == "old"
    assert time.monotonic() - began < in_use.OPEN_PATIENCE_S / 2
    assert in_use.notice(root) is None
    run_swap(root, staged)
    assert content(root)["classes"] == "new"


def test_a_notice_that_was_cut_off_while_it_was_written_is_looked_into(root: Path) -> None:
    (root / in_use.LOCK).write_bytes(b'{"state":"mov')
    assert content(root)["classes"] == "old"
    assert (root / in_use.LOCK).read_bytes() == b""


def test_a_command_that_lasts_gives_way_and_finds_the_other_workspace(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    with Workspace(root) as opened:
        assert not opened.give_way()
        swapping = threading.Thread(target=lambda: run_swap(root, staged))
        swapping.start()
        until = time.monotonic() + 20
        while not opened.give_way():
            assert time.monotonic() < until
        assert opened.db.connection.execute("SELECT name FROM class").fetchone()[0] == "new"
        swapping.join()


async def test_the_app_sees_that_it_is_wanted(root: Path) -> None:
    live = await LiveWorkspace.open(root)
    assert not live.is_wanted
    waits = threading.Thread(target=_taken_once, args=(root,))
    waits.start()
    try:
        until = time.monotonic() + 20
        while not live.is_wanted:
            assert time.monotonic() < until
    finally:
        await live.close()
    waits.join(20)
    assert not waits.is_alive()
    assert not live.is_wanted


def _taken_once(root: Path) -> None:
    with in_use.taken(root, "x"):
        pass


def test_a_workspace_that_is_not_there_gets_no_lock(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no workspace"):
        Workspace(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_init_waits_for_a_workspace_whose_files_are_away_for_a_moment(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    assert cut_off_at("move 2", lambda step: run_swap(root, staged, step)) == CUT
    assert not (root / "binscout.db").exists()
    assert workspaces.create(root) is False
    assert content(root)["classes"] == "old"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_person_holds_it_too_and_cannot_settle_what_is_not_theirs(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    root.chmod(0o777)
    for folder in root.parents:
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(0o755)  # the folders of tests are their owner's alone
    for path in root.glob("binscout.db*"):
        path.chmod(0o666)
    assert _as_nobody(root) == "open"
    assert cut_off_at("move 3", lambda step: run_swap(root, staged, step)) == CUT
    assert "was cut off, and this user may not settle that" in _as_nobody(root)
    assert content(root)["classes"] == "old"
    assert _as_nobody(root) == "open"


def _as_nobody(root: Path) -> str:
    """What opening the workspace says to somebody else."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            with Workspace(root):
                assert in_use.who(root)
                said = "open"
        except BaseException as error:  # noqa: BLE001
            said = f"{type(error).__name__} {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return told.read()


def test_what_cannot_be_locked_by_who_could_write_is_refused(root: Path) -> None:
    (root / in_use.LOCK).unlink()
    (root / in_use.LOCK).symlink_to("/nowhere/at/all")
    with pytest.raises(RefusedError, match="nobody would know") as told:
        Workspace(root)
    assert told.value.code == "no_lock"
    assert isinstance(in_use.try_hold(root, writes=False), Hold)


def test_opening_costs_less_than_a_millisecond_more(root: Path) -> None:
    times = []
    for _ in range(50):
        began = time.perf_counter()
        workspaces.held(root).release()
        times.append(time.perf_counter() - began)
    assert sorted(times)[25] < 0.001


def test_the_capture_process_lets_go_and_goes_on_with_the_other_workspace(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    assert captures.start_runner(root)
    try:
        pid = _awaited(lambda: captures.running(root))
        assert [holder.kind for holder in in_use.who(root)] == ["the capture process"]
        run_swap(root, staged)
        assert _awaited(lambda: captures.running(root)) == pid
        assert content(root)["classes"] == "new"
    finally:
        assert captures.stop_runner(root)


def test_the_engine_leaves(root: Path, tmp_path: Path) -> None:
    staged = staged_in(root, tmp_path)
    engine = subprocess.Popen(
        [sys.executable, "-P", "-m", "binscout_tui.engine.server", str(root), "--device", "cpu"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    try:
        _awaited(lambda: address.socket_path(root).exists())
        assert [holder.kind for holder in in_use.who(root)] == ["the engine"]
        run_swap(root, staged)
        assert engine.wait(20) == 0
        assert content(root)["classes"] == "new"
    finally:
        engine.kill()
        engine.wait()


def _awaited(question: object, seconds: float = 30) -> object:
    until = time.monotonic() + seconds
    while not (found := question()):  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_a_job_that_began_in_another_database_is_entered_where_it_ends(root: Path) -> None:
    with Workspace(root) as opened:
        job_id = opened.db.write(jobs.add, opened.user.uid, "previews", {})
        job = opened.db.write(jobs.begin, job_id, os.getpid(), "x")
        assert opened.db.write(jobs.finish_this, job, "done", result={"a": 1}) == job_id
        opened.db.connection.execute("DELETE FROM job")
        assert opened.db.write(jobs.finish_this, job, "done") == job_id
        opened.db.connection.execute("UPDATE job SET kind = 'train'")
        entered = opened.db.write(jobs.finish_this, job, "failed", error="x")
        assert entered != job_id
        assert [(one.id, one.kind, one.state) for one in opened.db.read(jobs.latest)] == [
            (entered, "previews", "failed"),
            (job_id, "train", "done"),
        ]
