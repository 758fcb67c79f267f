"""What a training uses, told beside it and never at its cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from binscout_tui.learning import resources
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.resources import PAGE, TICKS, Meter, family, parse_gpus, watching


def process(proc: Path, pid: int, cpu_s: float, pages: int, children: str = "") -> None:
    """A process as the kernel shows it, with a name that tries to be mistaken for fields."""
    folder = proc / str(pid) / "task" / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    fields = ["S", "1", *["0"] * 9, str(round(cpu_s * TICKS)), "0", *["0"] * 8, str(pages), "0"]
    (proc / str(pid) / "stat").write_text(f"{pid} (a) R 9 (b) {' '.join(fields)}")
    (folder / "children").write_text(children)


def test_the_family_is_measured_together_and_from_look_to_look(tmp_path: Path) -> None:
    now = 10.0
    process(tmp_path, 1, 5.0, 100, "2")
    process(tmp_path, 2, 1.0, 50, "3 4")
    process(tmp_path, 3, 2.0, 10)
    meter = Meter(tmp_path, 1, proc=tmp_path, clock=lambda: now)
    assert family(1, tmp_path) == [1, 2, 4, 3]
    process(tmp_path, 1, 6.0, 100, "2")
    process(tmp_path, 2, 2.0, 60, "3 4")
    process(tmp_path, 4, 1.0, 30)  # began meanwhile
    now = 12.0
    found = meter.read()
    assert found["cpu_percent"] == 150
    assert found["rss_bytes"] == 200 * PAGE
    assert found["disk_free_bytes"] > 0
    now = 14.0
    assert meter.read()["cpu_percent"] == 0


def test_a_busy_child_counts(tmp_path: Path) -> None:
    meter = Meter(tmp_path, os.getpid())
    before = meter.read()["rss_bytes"]
    busy = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass\ninput()"
    with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE) as child:
        while (usage := resources.usage_of(child.pid)) is None or usage.cpu_s < 0.5:
            time.sleep(0.01)
        found = meter.read()
        child.communicate(b"\n")
    assert found["rss_bytes"] > before + 1_000_000
    assert found["cpu_percent"] > 5


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("70, 1024\n30, 3072\n", {"gpu_percent": 50, "gpu_bytes": 4096 * 2**20}),
        ("[N/A], 10\n", {}),
        ("", {}),
        ("No devices were found\n", {}),
    ],
)
def test_what_gpus_say(table: str, expected: dict[str, float]) -> None:
    assert parse_gpus(table) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {"cpu_percent": 1}, True),
        ({"cpu_percent": 150, "rss_bytes": 1000}, {"cpu_percent": 158, "rss_bytes": 1050}, False),
        ({"cpu_percent": 150}, {"cpu_percent": 161}, True),
        ({"cpu_percent": 0}, {"cpu_percent": 9}, False),
        ({"rss_bytes": 1000}, {"rss_bytes": 1101}, True),
        ({"rss_bytes": 1000}, {"rss_bytes": 1000, "gpu_percent": 1}, True),
    ],
)
def test_only_what_moved_is_told(before: dict[str, float], now: dict[str, float], expected: bool) -> None:
    assert resources.moved(before, now) is expected


def test_it_is_told_until_the_end_and_not_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "LATEST_S", 0.0)
    with EventWriter(tmp_path) as events:
        with watching(tmp_path, events, 0.01):
            while (tmp_path / "events.jsonl").read_bytes().count(b"\n") < 3:
                time.sleep(0.01)
        told = (tmp_path / "events.jsonl").read_text().splitlines()
        assert all(json.loads(line)["type"] == "resources" for line in told)
        assert not [thread for thread in threading.enumerate() if thread.name == "resources"]


def test_what_goes_wrong_there_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()

    def broken() -> dict[str, float]:
        tried.set()
        raise RuntimeError("the driver is gone")

    monkeypatch.setattr(resources, "gpu_usage", broken)
    with EventWriter(tmp_path) as events, watching(tmp_path, events, 0.01):
        assert tried.wait(10)
        events.state("running")
    assert [json.loads(line)["type"] for line in (tmp_path / "events.jsonl").read_text().splitlines()] == ["state"]


def test_only_the_leader_tells(tmp_path: Path) -> None:
    with watching(tmp_path, None, 0.001):
        assert not [thread for thread in threading.enumerate() if thread.name == "resources"]
