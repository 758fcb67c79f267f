"""Two real Ray workers on this machine: killed in the middle, and the rows of one process in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import binscout

from .small_model import make_model
from .test_scoring import make_pictures, rows

pytest.importorskip("ray", reason="the extra `cluster` is not installed")


@pytest.mark.slow
def test_a_killed_job_goes_on_with_no_row_twice(tmp_path: Path) -> None:
    photos, model = make_pictures(tmp_path / "photos", 60), make_model(tmp_path / "model")
    (photos / "3.png").rename(photos / os.fsdecode(b"\xff.png"))
    ask = ("cluster", "score", photos, "--model", model, "--shard-size", 4)
    alone, out = tmp_path / "alone", tmp_path / "out"
    assert binscout(tmp_path, *ask, "--out", alone, "--workers", 0).code == 0

    command = [sys.executable, "-m", "binscout_tui", *map(str, ask), "--out", str(out), "--workers", "2"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not list(out.glob("shards/*.parquet")) and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = {path.name: path.stat().st_mtime_ns for path in out.glob("shards/*.parquet")}
    assert done

    answer = binscout(tmp_path, *ask, "--out", out, "--workers", 2)
    assert answer.code == 0, answer.err
    assert answer.data["now"] == 62 - 4 * len(done)
    assert answer.data["failed"] == 2
    assert {name: (out / "shards" / name).stat().st_mtime_ns for name in done} == done
    assert rows(out) == rows(alone)
