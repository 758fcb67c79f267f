"""Two processes and two hosts train one model: the same parameters, one report, and nobody left when one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from binscout_tui.cluster.joining import join
from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.learning.checkpoint import CHECKPOINT_FILE, load_checkpoint
from binscout_tui.learning.config import DATASET_FILE, TrainConfig, check_config, command, prepare_run

from .count.bins import make_bins
from .select.made_sets import make_sets
from .shapes import QUICK, environment, events, free_port, make_items, read_json, train

LONG = msgspec.structs.replace(QUICK, epochs=400, checkpoint_every=0)


def launched(folder: Path, **hosts: Any) -> subprocess.Popen[str]:
    """The real launcher over a prepared folder."""
    with (folder / "log.txt").open("a") as log:
        return subprocess.Popen(command(folder, **hosts), env=environment(), stdout=log, stderr=log, text=True)


def words(folder: Path) -> list[str]:
    return [event["msg"] for event in events(folder, "log")]


def test_two_processes_train_one_model_and_the_report_names_the_speed_up(tmp_path: Path) -> None:
    prepare_run(tmp_path / "run", msgspec.structs.replace(QUICK, devices=2), make_items(tmp_path / "p"))
    answer = train(tmp_path / "run", devices=2)
    assert answer.returncode == 0, answer.stderr
    assert "2 process(es) agree on the parameters" in words(tmp_path / "run")
    assert events(tmp_path / "run", "state")[0]["processes"] == 2
    told = read_json(tmp_path / "run" / "report.json")["training"]
    assert told["processes"] == 2
    assert told["alone_samples_per_s"] > 0
    assert told["speed_up"] == pytest.approx(told["samples_per_s"] / told["alone_samples_per_s"], abs=0.02)
    assert 0 <= told["waited"] < 1
    assert told["peak_memory_bytes"] > 50_000_000
    assert told["resumed"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("task", ["select", "count"])
def test_two_processes_train_the_other_tasks(tmp_path: Path, task: str) -> None:
    items = make_sets(tmp_path / "p") if task == "select" else make_bins(tmp_path / "p")
    prepare_run(tmp_path / "run", TrainConfig(task=task, image_size=64, batch_size=4, epochs=2, device="cpu"), items)
    answer = train(tmp_path / "run", devices=2, timeout=250)
    assert answer.returncode == 0, answer.stderr
    assert "2 process(es) agree on the parameters" in words(tmp_path / "run")
    assert read_json(tmp_path / "run" / "report.json")["training"]["speed_up"] > 0


def test_one_process_has_no_speed_up_to_name(finished: Path) -> None:
    told = read_json(finished / "report.json")["training"]
    assert (told["processes"], told["alone_samples_per_s"], told["speed_up"]) == (1, None, None)
    assert told["samples_per_s"] > 0


def test_hosts_meet_where_the_first_one_is(tmp_path: Path) -> None:
    words = " ".join(command(tmp_path / "run-1", 4, 2, "10.0.0.5:29500", 1))
    for expected in ("--nnodes 2", "--node-rank 1", "--nproc-per-node 4", "--rdzv-endpoint 10.0.0.5:29500"):
        assert expected in words
    assert "--standalone" not in words
    assert "--standalone" in command(tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"nnodes": 2},
        {"nnodes": 0},
        {"rdzv": "host:29500"},
        {"nnodes": 2, "rdzv": "host"},
        {"nnodes": 2, "rdzv": "host:0"},
        {"nnodes": 2, "rdzv": ":29500"},
        {"nnodes": 2, "rdzv": "host:99999"},
    ],
)
def test_hosts_that_cannot_meet_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        check_config(TrainConfig(**fields))
    assert caught.value.code == "config_invalid"


def test_joining_what_needs_nobody_is_refused(tmp_path: Path) -> None:
    prepare_run(tmp_path / "alone", QUICK, make_items(tmp_path / "p"))
    with pytest.raises(UsageError, match="for one host"):
        join(tmp_path / "alone", 1)
    [folder, _] = two_hosts(tmp_path)
    with pytest.raises(UsageError, match="has 2 hosts"):
        join(folder, 2)
    with pytest.raises(BinScoutError, match="cannot be read"):
        join(tmp_path, 1)


def two_hosts(tmp_path: Path) -> list[Path]:
    """The run's folder on the first host, and what the second one needs: the two files that were prepared."""
    meeting = f"127.0.0.1:{free_port()}"
    config = msgspec.structs.replace(QUICK, nnodes=2, rdzv=meeting)
    folders = [tmp_path / "first", tmp_path / "second"]
    items = make_items(tmp_path / "p")
    for folder in folders:
        prepare_run(folder, config, items)
    return folders


def agents(folders: list[Path]) -> list[subprocess.Popen[str]]:
    """The launcher of the first host, and the command that joins it."""
    first = launched(folders[0], nnodes=2, rdzv=read_json(folders[0] / "config.json")["rdzv"])
    joining = [sys.executable, "-m", "binscout_tui", "cluster", "join", str(folders[1])]
    with (folders[1] / "log.txt").open("a") as log:
        return [first, subprocess.Popen(joining, env=environment(), stdout=log, stderr=log, text=True)]


def ended(started: list[subprocess.Popen[str]]) -> list[int]:
    """How they ended; none of them is left behind."""
    try:
        return [agent.wait(150) for agent in started]
    finally:
        for agent in started:
            agent.kill()


@pytest.mark.slow
def test_two_hosts_train_one_model(tmp_path: Path) -> None:
    folders = two_hosts(tmp_path)
    assert ended(agents(folders)) == [0, 0], (folders[0] / "log.txt").read_text()
    assert "2 process(es) agree on the parameters" in words(folders[0])
    assert read_json(folders[0] / "report.json")["training"]["processes"] == 2
    left = {path.name for path in folders[1].iterdir()}
    assert left == {"config.json", "dataset.jsonl", "log.txt"}


@pytest.mark.slow
def test_hosts_with_different_copies_refuse_to_train(tmp_path: Path) -> None:
    folders = two_hosts(tmp_path)
    lines = (folders[1] / DATASET_FILE).read_text().splitlines(keepends=True)
    (folders[1] / DATASET_FILE).write_text("".join(lines[:-1]))
    assert all(ended(agents(folders)))
    state = events(folders[0], "state")[-1]
    assert (state["state"], state["code"]) == ("failed", "run_differs")


def training(launcher: subprocess.Popen[str]) -> dict[int, int]:
    """Pid by rank of the processes that `launcher` started."""
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    found = {}
    for child in map(int, children):
        variables = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        ranks = [line.partition(b"=")[2] for line in variables if line.startswith(b"RANK=")]
        found |= {int(rank): child for rank in ranks}
    return found


def amid_training(folder: Path) -> subprocess.Popen[str]:
    """Two processes that have trained some steps."""
    prepare_run(folder, msgspec.structs.replace(LONG, devices=2), make_items(folder.parent / "p"))
    launcher = launched(folder, devices=2)
    deadline = time.monotonic() + 200
    while not (folder / CHECKPOINT_FILE).exists():
        assert launcher.poll() is None, (folder / "log.txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return launcher


@pytest.mark.slow
def test_a_process_that_dies_ends_all_with_a_sentence_and_a_good_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    launcher = amid_training(folder)
    os.kill(training(launcher)[1], signal.SIGKILL)
    assert launcher.wait(200) != 0
    state = events(folder, "state")[-1]
    assert (state["state"], state["code"]) == ("failed", "process_lost"), state
    assert "checkpoint" in state["hint"]
    kept = load_checkpoint(folder)
    assert kept is not None

    again = launched(folder, devices=2)
    while len(events(folder, "state")) < 3:
        assert again.poll() is None, (folder / "log.txt").read_text()
        time.sleep(0.05)
    assert events(folder, "state")[2]["resumed_from"] == kept["epoch"]
    again.send_signal(signal.SIGTERM)
    again.wait(200)
    assert events(folder, "state")[-1]["state"] == "cancelled"


@pytest.mark.slow
def test_two_processes_are_cancelled_at_the_same_step(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    launcher = amid_training(folder)
    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(200) != 0
    assert events(folder, "state")[-1]["state"] == "cancelled"
    assert load_checkpoint(folder) is not None
