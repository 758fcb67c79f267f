"""The real capture process and its cameras."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from binscout_tui.capture import launch
from binscout_tui.capture.camera_work import CameraWork
from binscout_tui.capture.command import Command
from binscout_tui.capture.runner import NICENESS
from binscout_tui.jobs.process import started
from binscout_tui.store import capture_sources, captures, compartments, images, items
from binscout_tui.store.capture_sources import Request, Source
from binscout_tui.workspace import Workspace

from ..command_line import binscout
from ..pictures import photo
from .cameras import SECRET, free_port, serving
from .conftest import Runner, until

AddSource = Callable[..., Source]
Capsys = pytest.CaptureFixture[str]

LOWEST_PRIORITY = 19


def ask(workspace: Workspace, source: Source, **wanted: object) -> int:
    return workspace.db.write(capture_sources.ask, workspace.user.uid, source.id, **wanted)  # type: ignore[arg-type]


def answered(workspace: Workspace, request_id: int) -> Request:
    """The request, once it is done or failed."""

    def closed() -> Request | None:
        found = workspace.db.read(capture_sources.request, request_id)
        return found if found.state in ("done", "failed") else None

    found = until(closed, f"request {request_id}")
    assert isinstance(found, Request)
    return found


def copying(picture: Path) -> list[str]:
    return ["cp", str(picture), "{output}"]


def test_shots_are_taken_in_the_order_in_which_they_were_asked_for(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    text = (
        "import pathlib, shutil, sys; left = sorted(pathlib.Path(sys.argv[1]).iterdir());"
        "shutil.move(left[0], sys.argv[2])"
    )
    for number in range(4):
        photo(tmp_path / "film" / f"{number}.jpg", number)
    source = add_source("film", "command", argv=[sys.executable, "-c", text, str(tmp_path / "film"), "{output}"])
    place = workspace.db.write(compartments.add, workspace.user.uid, "A-01")
    item = workspace.db.write(items.add, workspace.user.uid, "screw")
    workspace.db.write(compartments.place, workspace.user.uid, place.id, item.id)
    hashes = [image_hash(tmp_path / "film" / f"{number}.jpg") for number in range(4)]
    requests = [ask(workspace, source, compartment_id=place.id) for _ in range(4)]
    runner.start()
    done = [answered(workspace, one) for one in requests]
    found = [workspace.db.read(captures.get, one.capture_id or 0) for one in done]
    assert [one.sha256 for one in found] == hashes
    assert {(one.state, one.compartment, one.item) for one in found} == {("staged", "A-01", "screw")}
    image = workspace.db.read(images.get, found[0].image_id or 0)
    assert workspace.paths.original(image).is_file()
    assert not list(workspace.paths.incoming.iterdir())
    runner.state(source, "ready")


def image_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_shot_that_fails_is_a_failed_capture_and_its_retry_is_the_same_one(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    picture = tmp_path / "a.jpg"
    source = add_source("copy", "command", argv=copying(picture))
    place = workspace.db.write(compartments.add, workspace.user.uid, "A-01")
    runner.start()
    failed = answered(workspace, ask(workspace, source, compartment_id=place.id))
    assert failed.state == "failed"
    assert "cp ended with status 1" in (failed.error or "")
    assert "ended with status 1" in runner.state(source, "failing").message
    capture = workspace.db.read(captures.get, failed.capture_id or 0)
    assert (capture.state, capture.error_code, capture.compartment) == ("failed", "command_failed", "A-01")
    photo(picture, 1)
    [retry] = workspace.db.write(capture_sources.ask_retries, workspace.user.uid, [capture.id])
    assert answered(workspace, retry).state == "done"
    assert workspace.db.read(captures.get, capture.id).state == "staged"
    runner.state(source, "ready")


def test_what_is_no_picture_is_refused_by_the_guarded_decoder(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    source = add_source("copy", "command", argv=copying(tmp_path / "a.jpg"))
    runner.start()
    failed = answered(workspace, ask(workspace, source))
    assert workspace.db.read(captures.get, failed.capture_id or 0).error_code in ("corrupt", "truncated")
    assert workspace.db.read(images.count) == 0


def test_a_shot_that_breaks_in_a_way_that_nobody_foresaw_fails_and_stops_no_other(
    workspace: Workspace, add_source: AddSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    source = add_source("copy", "command", argv=copying(photo(tmp_path / "a.jpg", 1)))
    shoot, told = Command.shoot, iter([True, False])

    def breaking(camera: Command, folder: Path, stop: threading.Event) -> Path:
        if next(told):
            raise RuntimeError("the login was rtsp://erik:hushed@cam")
        return shoot(camera, folder, stop)

    monkeypatch.setattr(Command, "shoot", breaking)
    first, second = ask(workspace, source), ask(workspace, source)
    work = CameraWork(workspace.paths.root, source, once=True)
    work.run()
    assert (work.tally.staged, work.tally.failed) == (1, 1)
    failed = answered(workspace, first)
    assert failed.error == "Taking the picture broke (RuntimeError). The log of the capture process says more."
    assert workspace.db.read(captures.get, failed.capture_id or 0).error_code == "broken"
    assert answered(workspace, second).state == "done"
    log = capsys.readouterr().err
    assert "RuntimeError: the login was rtsp://***@cam" in log


def test_a_shot_for_a_place_that_has_gone_fails_with_a_sentence(
    workspace: Workspace, add_source: AddSource, tmp_path: Path
) -> None:
    source = add_source("copy", "command", argv=copying(photo(tmp_path / "a.jpg", 1)))
    request = ask(workspace, source)
    workspace.db.connection.execute("PRAGMA foreign_keys = OFF")
    workspace.db.connection.execute("UPDATE capture_request SET item_id = 99 WHERE id = ?", (request,))
    CameraWork(workspace.paths.root, source, once=True).run()
    failed = answered(workspace, request)
    assert (failed.state, failed.capture_id) == ("failed", None)
    assert "99" in (failed.error or "")


def test_a_retake_supersedes_in_the_same_moment(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    picture = photo(tmp_path / "a.jpg", 1)
    source = add_source("copy", "command", argv=copying(picture))
    runner.start()
    first = answered(workspace, ask(workspace, source)).capture_id
    photo(picture, 2)
    second = answered(workspace, ask(workspace, source, replaces=first, reason="blurred")).capture_id
    states = {one: workspace.db.read(captures.get, one or 0).state for one in (first, second)}
    assert states == {first: "superseded", second: "staged"}


def test_a_camera_that_goes_away_fails_and_comes_back_by_itself(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    picture = photo(tmp_path / "a.jpg", 1).read_bytes()
    port = free_port()
    source = add_source("ring", "http", url=f"http://127.0.0.1:{port}/basic", auth="basic", user="erik", secret_env="S")
    runner.start(S=SECRET)
    assert "cannot be reached" in runner.state(source, "failing").message
    with serving(picture, port):
        runner.state(source, "ready")
        assert answered(workspace, ask(workspace, source)).state == "done"
    failed = answered(workspace, ask(workspace, source))
    assert "cannot be reached" in (failed.error or "")
    with serving(picture, port):
        runner.state(source, "ready")
    runner.stop()
    for file in [runner.root / "runner.log", *runner.root.glob("binscout.db*")]:
        assert SECRET.encode() not in file.read_bytes()


def test_a_slow_camera_keeps_no_other_one_waiting(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    slow = add_source("slow", "command", argv=["sleep", "600"], timeout=600)
    quick = add_source("quick", "command", argv=copying(photo(tmp_path / "a.jpg", 1)))
    runner.start()
    waiting = ask(workspace, slow)
    runner.state(slow, "working")
    assert answered(workspace, ask(workspace, quick)).state == "done"
    assert workspace.db.read(capture_sources.request, waiting).state == "working"
    # The polite end does not wait for the camera, and the shot is asked for again in the next life.
    assert runner.stop() == 0
    workspace.db.write(
        capture_sources.configure, workspace.user.uid, slow.id, config=dict(quick.config) | {"timeout": 30}
    )
    runner.start()
    assert answered(workspace, waiting).state == "done"


def test_a_shot_in_flight_is_taken_again_after_a_kill_and_staged_once(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    picture = photo(tmp_path / "a.jpg", 1)
    gate = tmp_path / "gate"
    text = (
        "import pathlib, shutil, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)\n"
        "shutil.copy(sys.argv[2], sys.argv[3])"
    )
    argv = [sys.executable, "-c", text, str(gate), str(picture), "{output}"]
    source = add_source("gated", "command", argv=argv, timeout=60)
    runner.start()
    request = ask(workspace, source)
    runner.state(source, "working")
    runner.kill()
    assert list(workspace.paths.incoming.iterdir())
    gate.touch()
    runner.start()
    assert answered(workspace, request).state == "done"
    assert workspace.db.read(captures.counts)["staged"] == 1
    until(lambda: not list(workspace.paths.incoming.iterdir()), "a tidy folder")


def test_a_shot_that_was_wanted_long_ago_is_not_taken_by_surprise(
    workspace: Workspace, runner: Runner, add_source: AddSource, tmp_path: Path
) -> None:
    source = add_source("copy", "command", argv=copying(photo(tmp_path / "a.jpg", 1)))
    old = ask(workspace, source)
    workspace.db.connection.execute("UPDATE capture_request SET at = '2020-01-01T00:00:00.000Z' WHERE id = ?", (old,))
    new = ask(workspace, source)
    runner.start()
    assert "ask for it again" in (answered(workspace, old).error or "")
    assert answered(workspace, new).state == "done"


def test_there_is_one_process_a_workspace_and_it_leaves_with_it(workspace: Workspace, runner: Runner) -> None:
    runner.start()
    assert not launch.start_runner(runner.root)
    second = binscout(runner.root, "capture", "run")
    assert (second.code, second.data["error"]["code"]) == (3, "capture_running")
    assert binscout(runner.root, "capture", "run", "--once").data == {"sources": [], "running": True}
    workspace.close()
    shutil.rmtree(runner.root)
    assert runner.process is not None
    assert runner.process.wait(30) == 0


def test_started_detached_it_lives_on_and_is_stopped_by_name(workspace: Workspace) -> None:
    root = workspace.paths.root
    assert launch.start_runner(root)
    try:
        pid = until(lambda: launch.running(root), "the process")
        given_way = min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, LOWEST_PRIORITY)
        until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == given_way, "it gives way to whoever presses keys")
        assert os.getsid(pid) == pid != os.getsid(0)
        assert binscout(root, "capture", "status").data["pid"] == pid
    finally:
        stopped = binscout(root, "capture", "stop")
    assert stopped.data == {"stopped": True}
    assert launch.running(root) is None
    assert not launch.stop_runner(root)
    assert "left" in (root / "logs" / launch.LOG).read_text()
    until(lambda: not started(pid), "the end of the process")
