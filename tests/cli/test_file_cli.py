"""`files …`, `set export`, `set import-log` and `crop render` as people and scripts call them."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.operations.set_logs import SELECT_CROP
from tests.command_line import Answer, binscout, ok
from tests.operations.files.trees import content, make
from tests.pictures import photo

PAIRS = 400


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty workspace."""
    workspaces.create(tmp_path / "ws")
    return tmp_path / "ws"


def without_workspace(tmp_path: Path, *words: object) -> Answer:
    """A command where there is no workspace at all."""
    command = [sys.executable, "-m", "binscout_tui", *(str(word) for word in words)]
    environment = os.environ | {"BINSCOUT_WORKSPACE": str(tmp_path / "none")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    return Answer(done.returncode, None, done.stdout, done.stderr)


def test_a_dry_run_says_what_then_happens_and_undo_takes_it_back(root: Path, tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", "d/a.jpg", "d/a.yaml", "b.txt"))
    dry = ok(root, "files", "move", tmp_path / "in", tmp_path / "out", "--dry-run")
    assert content(tmp_path / "in") == before
    assert not (root / "logs").exists()
    done = ok(root, "files", "move", tmp_path / "in", tmp_path / "out")
    assert {one["source"]: one["destination"] for one in dry["moves"]} == {
        str(tmp_path / "in" / name): str(tmp_path / "out" / name) for name in content(tmp_path / "out")
    }
    assert (done["moved"], done["groups"]) == (3, 2)
    [row] = ok(root, "files", "log")
    assert (row["batch"], row["state"], row["moved"]) == (done["batch"], "done", 3)
    assert len(ok(root, "files", "log", done["batch"])) == 1 + 3 + 3 + 1
    strange = binscout(root, "files", "log", "20200101T000000Z-000000")
    assert (strange.code, strange.data["error"]["code"]) == (1, "no_batch")
    assert ok(root, "files", "undo")["moved"] == 3
    assert content(tmp_path / "in") == before
    again = binscout(root, "files", "undo")
    assert (again.code, again.data["error"]["code"]) == (1, "nothing_to_undo")


def test_what_is_refused_ends_with_3_and_moves_the_rest(root: Path, tmp_path: Path) -> None:
    make(tmp_path / "in", "a.jpg", "a.txt", "b.jpg", "new\nline.jpg")
    make(tmp_path / "out", "a.txt")
    answer = binscout(root, "files", "move", tmp_path / "in", tmp_path / "out")
    assert (answer.code, answer.data["moved"]) == (3, 1)
    assert {one["code"] for one in answer.data["refused"]} == {"exists", "name"}
    assert all("\n" not in one["path"] for one in answer.data["refused"])
    assert sorted(content(tmp_path / "in")) == ["a.jpg", "a.txt", "new\nline.jpg"]
    assert binscout(root, "files", "move", tmp_path / "in", tmp_path / "in" / "x").code == 3
    assert binscout(root, "files", "move", tmp_path / "none", tmp_path / "out").code == 2


def test_collect_and_drop(root: Path, tmp_path: Path) -> None:
    make(tmp_path / "in", *(f"p/20240101_10{n}000_stage{n}_x.{s}" for n in (1, 2) for s in ("png", "caption")))
    make(tmp_path / "done", "20240101_102000_stage2_x.png")
    collected = ok(root, "files", "collect", tmp_path / "in", tmp_path / "ones", "--stage", "1")
    assert sorted(content(tmp_path / "ones")) == ["20240101_101000_stage1_x.caption", "20240101_101000_stage1_x.png"]
    assert ok(root, "files", "undo", collected["batch"])["moved"] == 2
    dropped = ok(root, "files", "drop", tmp_path / "in", "--done-in", tmp_path / "done")
    assert dropped["moved"] == 4
    assert len(content(tmp_path / "in.dropped")) == 4
    assert binscout(root, "files", "collect", tmp_path / "in", tmp_path / "x", "--stage", "last").code == 2


def test_without_a_workspace_it_needs_a_place_for_the_log(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.jpg")
    answer = without_workspace(tmp_path, "files", "move", tmp_path / "in", tmp_path / "out")
    assert answer.code == 3
    assert "--log" in answer.err
    assert sorted(content(tmp_path / "in")) == ["a.jpg"]
    log = tmp_path / "moves.jsonl"
    assert without_workspace(tmp_path, "files", "move", tmp_path / "in", tmp_path / "out", "--log", log).code == 0
    assert sorted(content(tmp_path / "out")) == ["a.jpg"]
    assert without_workspace(tmp_path, "files", "undo", "--log", log).code == 0
    assert sorted(content(tmp_path / "in")) == ["a.jpg"]


def test_a_command_that_is_killed_parts_no_pair_and_the_next_one_goes_on(root: Path, tmp_path: Path) -> None:
    before = content(make(tmp_path / "in", *(f"{n:03}.{s}" for n in range(PAIRS) for s in ("jpg", "txt"))))
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(root), "files", "move"]
    log = root / "logs" / "operations.jsonl"
    kills = 0
    for lines in (1, 40, 200, 700):
        running = subprocess.Popen([*command, str(tmp_path / "in"), str(tmp_path / "out")], stdout=subprocess.DEVNULL)
        start = log.stat().st_size if log.exists() else 0
        until = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < until:
            if log.exists() and log.stat().st_size > start + lines * 300:
                os.kill(running.pid, signal.SIGKILL)
                break
        kills += running.wait() == -signal.SIGKILL
    assert kills, "every command was done before it was killed"
    answer = binscout(root, "files", "move", tmp_path / "in", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert answer.data["settled"]["lost"] == []
    assert content(tmp_path / "out") == before
    assert content(tmp_path / "in") == {}
    while (answer := binscout(root, "files", "undo")).code == 0:
        pass
    assert answer.data["error"]["code"] == "nothing_to_undo"
    assert content(tmp_path / "in") == before


def test_logs_and_crops(root: Path, tmp_path: Path) -> None:
    for number in range(4):
        photo(tmp_path / "in" / f"set{number // 2}" / f"{number}.jpg", number)
    ok(root, "import", tmp_path / "in", "--sets", "folder")
    first, second = ok(root, "set", "list")
    ok(root, "set", "choose", first["id"], first["images"][1], "--crop", "0.5,0,1,0.5")
    ok(root, "set", "reject", second["id"])
    assert ok(root, "set", "export", tmp_path / "log.csv")["states"] == {"done": 1, "rejected": 1}
    with (tmp_path / "log.csv").open(newline="") as handle:
        assert {len(row) for row in csv.reader(handle)} == {len(SELECT_CROP)}
    assert binscout(root, "set", "export", tmp_path / "log.csv").code == 3
    ok(root, "set", "export", tmp_path / "log.csv", "--replace")
    ok(root, "set", "export", tmp_path / "log.jsonl", "--jsonl", "--format", "selection-only")
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 2
    dry = ok(root, "crop", "render", tmp_path / "crops", "--dry-run")
    done = ok(root, "crop", "render", tmp_path / "crops", "--sets", f"{first['id']},{second['id']}")
    assert (done["rendered"], done["files"]) == (1, dry["files"])
    assert binscout(root, "crop", "render", tmp_path / "crops", "--sets", "all").code == 2
    old = tmp_path / "select_crop_log.csv"
    old.write_text("session_id,set_id,chosen_path,neg_paths,timestamp\ns,t,a.jpg,[],2025-01-01T00:00:00\n")
    answer = binscout(root, "set", "import-log", old, "--dry-run")
    assert (answer.code, answer.data["lines"][0]["codes"]) == (1, ["single"])
    assert binscout(root, "set", "import-log", tmp_path / "log.csv").code == 2
