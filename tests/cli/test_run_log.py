"""`runs log` and `runs follow` on the real command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from binscout_tui import workspace
from binscout_tui.engine import address
from binscout_tui.learning.events import EventWriter
from binscout_tui.workspace import Workspace
from tests.app.filling import add_dataset, add_run
from tests.command_line import Answer, binscout
from tests.engine.fakes import engine_processes


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A workspace with the run `screws-1`; an engine that was started is ended."""
    root = tmp_path / "bins"
    workspace.create(root)
    with Workspace(root) as ws:
        add_run(ws, add_dataset(ws), state="running")
    yield root
    for pid in engine_processes(address.real_root(root)):
        os.kill(pid, signal.SIGKILL)


def tell(root: Path, *states: str, steps: int = 3) -> Path:
    folder = root / "runs" / "screws-1"
    with EventWriter(folder) as events:
        for state in states:
            events.state(state, **({"message": "No."} if state == "failed" else {}))
            for step in range(steps):
                events.metric(step=step, loss=0.5)
    return folder / "events.jsonl"


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def follow(root: Path, *words: object) -> Answer:
    """`runs follow --until-end`, whose JSON is one document a line."""
    found = binscout(root, "--json", "runs", "follow", "screws-1", "--until-end", *words, as_json=False, timeout=60)
    return Answer(found.code, rows(found.out) if found.code != 2 else None, found.out, found.err)


def test_the_log_is_shown_with_ids_from_which_it_can_be_read_on(root: Path) -> None:
    log = tell(root, "running", "done")
    found = binscout(root, "runs", "log", "screws-1")
    assert [row["event"] for row in found.data] == [json.loads(line) for line in log.read_bytes().splitlines()]
    rest = binscout(root, "runs", "log", "screws-1", "--from", found.data[2]["id"])
    assert rest.data == found.data[3:]
    assert binscout(root, "runs", "log", "screws-1", "--last", 2).data == found.data[-2:]
    text = binscout(root, "runs", "log", "screws-1", as_json=False)
    assert text.out.splitlines()[0].endswith(" running")


@pytest.mark.parametrize(("state", "code"), [("done", 0), ("failed", 1), ("cancelled", 1)])
def test_following_ends_with_the_run_and_tells_how(root: Path, state: str, code: int) -> None:
    log = tell(root, "failed", "running", state)
    found = follow(root)
    assert (found.code, [row["event"] for row in found.data]) == (
        code,
        [json.loads(line) for line in log.read_bytes().splitlines()],
    )


def test_file_stream_and_pages_give_the_same_and_another_engine_is_named(root: Path) -> None:
    tell(root, "running", "done", steps=30)
    by_file = follow(root)
    by_stream = follow(root, "--source", "sse")
    socket = f"unix:{address.socket_path(root)}"
    by_page = follow(root, "--engine", socket, "--source", "poll")
    assert by_file.data == by_stream.data == by_page.data
    assert len(by_file.data) == 62
    rest = follow(root, "--engine", socket, "--from", by_file.data[40]["id"])
    assert (rest.data, rest.err) == (by_file.data[41:], "")


def test_lines_come_as_they_are_written_and_ctrl_c_is_an_orderly_end(root: Path) -> None:
    tell(root, "running", steps=0)
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(root), "--json", "runs", "follow", "screws-1"]
    # where the tests run in the background, ctrl+c is ignored by all that they start
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heard
    ) as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["event"]["state"] == "running"
        tell(root, "cancelled", steps=1)
        assert json.loads(child.stdout.readline())["event"]["state"] == "cancelled"
        assert json.loads(child.stdout.readline())["event"]["type"] == "metric"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (0, "", "")


def test_what_is_no_event_is_text_and_not_a_number_is_null(root: Path) -> None:
    log = tell(root, "running", steps=0)
    with log.open("ab") as handle:
        handle.write(b'\xff\x1b[31m red\n{"type": "metric", "loss": NaN}\n{"type": "state", "state": "done"}\n')
    found = follow(root)
    assert found.data[1]["text"] == "\\xff\x1b[31m red"
    assert found.data[2]["event"]["loss"] is None
    plain = binscout(root, "runs", "log", "screws-1", as_json=False)
    assert "\x1b" not in plain.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("runs", "follow", "nothing"), 1, "no_run"),
        (("runs", "log", "nothing"), 1, "no_run"),
        (("runs", "follow", "screws-1", "--from", "x"), 2, "bad_place"),
        (("runs", "follow", "screws-1", "--engine", "http://example.org:80"), 2, "bad_engine"),
        (("runs", "follow", "screws-1", "--engine", "unix:/x", "--source", "file"), 2, "bad_source"),
        (("runs", "follow", "screws-1", "--engine", "unix:/nothing/there"), 1, "no_events"),
    ],
)
def test_what_cannot_be_is_said(root: Path, words: tuple[str, ...], code: int, said: str) -> None:
    found = binscout(root, *words)
    assert (found.code, found.data["error"]["code"]) == (code, said)


def test_an_engine_elsewhere_needs_no_workspace_here(root: Path, tmp_path: Path) -> None:
    tell(root, "running", "done")
    assert binscout(root, "engine", "start").code == 0
    there = f"unix:{address.socket_path(root)}"
    nowhere = tmp_path / "no workspace"
    found = binscout(nowhere, "runs", "follow", "screws-1", "--engine", there, "--until-end", as_json=False)
    assert (found.code, len(found.out.splitlines())) == (0, 8)
    assert not nowhere.exists()
    wrong = binscout(nowhere, "runs", "follow", "other-1", "--engine", there)
    assert (wrong.code, wrong.data["error"]["code"]) == (1, "no_run")
