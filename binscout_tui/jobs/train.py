"""The training job: starts the trainer, watches its events, starts it again when it dies, enters the model."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, StorageError
from binscout_tui.eventlog.metrics import MetricsReader, RunProgress
from binscout_tui.jobs.process import die_with_parent
from binscout_tui.jobs.runner import CancelledError, Heart
from binscout_tui.learning.config import command
from binscout_tui.learning.tasks import find_task
from binscout_tui.operations.originals import hash_of
from binscout_tui.store import models, runs
from binscout_tui.store.jobs import Job
from binscout_tui.store.runs import Run
from binscout_tui.workspace import Workspace

BEAT_S = 1.0
STOP_S = 20.0
RESTARTS = 3
EVENTS = "events.jsonl"
SHOWN = (("val_acc", "network acc"), ("val_top1", "network top-1"), ("val_mae", "error"))
"""The figure after an epoch that a list of jobs shows, and its words, for each task."""
PROBE_BYTES = 1 << 16
MODEL_FILES = ("model.safetensors", "card.json")


def train(workspace: Workspace, job: Job, heart: Heart) -> Mapping[str, Any]:
    """Train a run to its end, from its last checkpoint where it has one, and enter its model.

    Raises CancelledError, or BinScoutError in the trainer's own words.
    """
    run = workspace.db.read(runs.get, job.payload["run"])
    folder = workspace.paths.run(run.id)
    for _ in range(1 + RESTARTS):
        begun_at = _size(folder / EVENTS)
        code = _attempt(folder, run, heart)
        if code == 0:
            result = _enter_model(workspace, run, folder)
            heart.beat(result["epochs"], result["epochs"], reached(result))
            return result
        last = _last_state(folder, begun_at)
        if last.get("state") == "failed":
            raise BinScoutError(last.get("message", "Training failed."), hint=last.get("hint", ""), code="training")
        _must_be_writable(folder)
    raise BinScoutError(
        f"The trainer died {1 + RESTARTS} times.", hint=f"Its words are in {folder / 'log.txt'}.", code="trainer_died"
    )


def _must_be_writable(folder: Path) -> None:
    """StorageError where the trainer could not even say that the disk refused."""
    probe = folder / ".tmp-probe"
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
    except OSError as error:
        raise StorageError(
            f"The disk refused what training wrote: {error}; the last checkpoint is kept.",
            hint="Make room, then start the job again.",
            code="disk_full",
        ) from error
    finally:
        probe.unlink(missing_ok=True)


def _attempt(folder: Path, run: Run, heart: Heart) -> int:
    metrics = MetricsReader(folder / EVENTS)
    # Threads that wait without spinning: four times faster where other work wants the same cores.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONUNBUFFERED": "1"} | os.environ
    with (folder / "log.txt").open("ab") as output:
        child = subprocess.Popen(
            _command(folder, run.config),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
    try:
        while True:
            metrics.poll()
            if heart.beat(*position(metrics.progress)):
                _stop(child)
                raise CancelledError
            try:
                return child.wait(BEAT_S)
            except subprocess.TimeoutExpired:
                continue
    finally:
        metrics.close()
        if child.poll() is None:
            _stop(child)


def _command(folder: Path, config: Mapping[str, Any]) -> list[str]:
    return command(folder, int(config.get("devices", 1)), int(config.get("nnodes", 1)), config.get("rdzv"))


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the trainer to finish cleanly; end it where it does not."""
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def position(progress: RunProgress) -> tuple[int, int, str]:
    """(epochs done, all epochs, in words) of a run that goes on."""
    done, total = progress.epoch or 0, progress.epochs or 0
    shown = next((f" {word} {points[-1][1]:.2f}" for name, word in SHOWN if (points := progress.curve(name))), "")
    return done, total, f"epoch {done}/{total}{shown}" if total else progress.what or progress.message or "starting"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _last_state(folder: Path, begun_at: int) -> dict[str, Any]:
    """The last state that the trainer told after byte `begun_at` of its events; an earlier attempt's does not count."""
    last: dict[str, Any] = {}
    path = folder / EVENTS
    if not path.exists():
        return last
    with path.open("rb") as handle:
        handle.seek(begun_at)
        lines = handle.read().split(b"\n")[:-1]
    for line in lines:
        if b'"state"' in line:
            event = msgspec.json.decode(line)
            last = event if event.get("type") == "state" else last
    return last


def _enter_model(workspace: Workspace, run: Run, folder: Path) -> Mapping[str, Any]:
    target = workspace.paths.model(run.id)
    try:
        for name in MODEL_FILES:
            _copy(folder / name, target / name)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageError("The disk is full; the model stays in its run.", code="disk_full") from error
        raise
    card = msgspec.json.decode((target / "card.json").read_bytes())
    report = msgspec.json.decode((folder / "report.json").read_bytes())
    weights = target / "model.safetensors"
    metrics = summary(report)

    workspace.db.insist(runs.set_metrics, run.id, metrics)
    workspace.db.insist(
        models.add,
        workspace.user.uid,
        run.id,
        run_id=run.id,
        task=run.task,
        sha256=hash_of(weights),
        size=weights.stat().st_size,
        card=card,
    )
    return {"run": run.id, "model": run.id, "epochs": report["epochs"], **metrics}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".tmp-{target.name}")
    try:
        shutil.copyfile(source, temporary)
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    atomic.sync_folder(target.parent)


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a report that lists show: the model's on the test split, and the baselines beside them."""
    return {
        "task": report["task"],
        "metrics": {"n": report["test"]["n"], **_figures(report["test"])},
        "baselines": {name: _figures(found) for name, found in report["baselines"].items()},
    }


def reached(summary: Mapping[str, Any]) -> str:
    """The first figure of the task on the test split, and the best that a baseline reaches."""
    figure = find_task(summary["task"]).primary
    value = _value(summary["metrics"], figure.name)
    if value is None:
        return "done"
    known = [found for entry in summary["baselines"].values() if (found := _value(entry, figure.name)) is not None]
    best = (max if figure.higher_is_better else min)(known, default=None)
    return f"{figure.words} {value:.2f}" + ("" if best is None else f" (baseline {best:.2f})")


def _value(found: Mapping[str, Any], name: str) -> float | None:
    value: float | None = found.get("figures", {}).get(name, {}).get("value")
    return value


def _figures(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: found[key] for key in ("figures", "accuracy", "ci95", "by_family") if key in found}
