"""Training a run folder: `python -m torch.distributed.run … -m binscout_tui.learning.train RUN_DIR`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import shutil
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import distributed

from binscout_tui.errors import BinScoutError, ConflictError, StorageError
from binscout_tui.learning.card import CARD_FILE
from binscout_tui.learning.checkpoint import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from binscout_tui.learning.config import TrainConfig, check_dataset, read_config
from binscout_tui.learning.events import FILE_NAME, EventWriter
from binscout_tui.learning.faults import in_words, not_finite
from binscout_tui.learning.items import DATASET_FILE, Item, dataset_text, read_items
from binscout_tui.learning.loop import EpochFigures, Trainer
from binscout_tui.learning.pace import alone, training_facts
from binscout_tui.learning.plan import make_plan
from binscout_tui.learning.process import (
    Place,
    StopRequest,
    die_with_parent,
    from_leader,
    join_group,
    lock_run,
    same_everywhere,
    wait_for_all,
)
from binscout_tui.learning.resources import watching
from binscout_tui.learning.task import Learner, RunSetup

EXIT_LOCKED = 75
EXIT_STORAGE = 74
EXIT_CANCELLED = 143
PROGRESS_EVERY = 1.0  # seconds


class Cancelled(Exception):  # noqa: N818 - being asked to stop is no error
    """Raised between two steps when somebody asked the training to stop."""


def main() -> int:
    """Train, and say in `events.jsonl` how it went; the exit code says the same."""
    logging.captureWarnings(True)
    folder = Path(sys.argv[1]).resolve()
    leads = os.environ.get("RANK", "0") == "0"
    die_with_parent()
    stop = StopRequest()
    if (folder / CARD_FILE).exists():
        return 0
    try:
        lock = lock_run(folder) if leads else None
    except ConflictError as error:
        sys.stderr.write(f"{error.sentence} {error.hint}\n")
        return EXIT_LOCKED
    with EventWriter(folder if leads else None) as events, watching(folder, events if leads else None):
        try:
            train(folder, stop, events)
        except Cancelled:
            events.state("cancelled")
            return EXIT_CANCELLED
        except Exception as error:
            known = in_words(error)
            _failed(
                events, known or BinScoutError(f"{type(error).__name__}: {error}", hint="See log.txt.", code="internal")
            )
            if known is None:
                raise
            return EXIT_STORAGE if isinstance(known, StorageError) else 1
        finally:
            if distributed.is_initialized():
                distributed.destroy_process_group()
            if lock is not None:
                os.close(lock)
    return 0


def _failed(events: EventWriter, error: BinScoutError) -> None:
    """Say it in the log of the run, or at least in that of the process where the disk takes no line any more."""
    sys.stderr.write(f"{error.sentence} {error.hint}\n")
    with contextlib.suppress(OSError):
        events.state("failed", **error.as_json())


def train(folder: Path, stop: StopRequest, events: EventWriter) -> None:
    """Train what `config.json` and `dataset.jsonl` ask for, from the last checkpoint if there is one."""
    config = read_config(folder)
    items = read_items(folder / DATASET_FILE, config.task)
    check_dataset(items, config.task)
    place = join_group(config.device)
    check_same(place, config, items)
    plan = make_plan(config, items, place.world)
    state = from_leader(place, load_checkpoint(folder) if place.leads else None)
    resumed = {} if state is None else {"resumed_from": state.get("epoch"), "resumed_step": state.get("step")}
    events.state(
        "running", pid=os.getpid(), device=str(place.device), processes=place.world, epochs=plan.epochs, **resumed
    )

    def stopped() -> None:
        if stop.asked:
            raise Cancelled

    run = RunSetup(folder, config, items, plan, place, events, stopped)
    run.scratch.mkdir(exist_ok=True)
    learner = find_learner(run)
    check_samples(place, learner)
    trainer = Trainer(learner, plan, place)
    if state is not None:
        trainer.restore(state)
        tell_again(folder, state, events)
    pace = alone(trainer, stopped)
    learn(trainer, Guard(folder, trainer, stop, events, config.checkpoint_every))
    trainer.check_agreement()
    events.log("debug", f"{place.world} process(es) agree on the parameters")
    if place.leads:
        end(folder, trainer, training_facts(trainer, pace), events)
    elif place.leads_host:
        shutil.rmtree(run.scratch)
    leave_together(place)


def leave_together(place: Place) -> None:
    """Return when all are here, or one could tear down the connections that another still holds.

    The others wait for the leader to judge and write. When it comes the model is there, and whatever becomes of the
    others cannot make that a failure.
    """
    try:
        wait_for_all(place)
    except RuntimeError:
        if not place.leads:
            raise


def check_same(place: Place, config: TrainConfig, items: Sequence[Item]) -> None:
    """BinScoutError `run_differs` unless every process reads the same settings and the same dataset."""
    digest = hashlib.sha256(f"{config}{dataset_text(items)}".encode()).hexdigest()
    if not same_everywhere(place, digest):
        raise BinScoutError(
            "The hosts have different copies of config.json or dataset.jsonl.",
            hint="Copy both from the run's folder on the first host to the others.",
            code="run_differs",
        )


def check_samples(place: Place, learner: Learner) -> None:
    """BinScoutError `samples_differ` unless every process could read the same pictures."""
    seen = json.dumps([learner.weights.tolist(), sorted(learner.unreadable)])
    if not same_everywhere(place, hashlib.sha256(seen.encode()).hexdigest()):
        raise BinScoutError(
            "The hosts could not read the same pictures.",
            hint="Make every picture of the dataset readable at the same path on all hosts.",
            code="samples_differ",
        )


def find_learner(run: RunSetup) -> Learner:
    """What the task of the run brings."""
    module = import_module(f"binscout_tui.learning.{run.config.task}.task")
    learner: Learner = module.learner(run)
    return learner


def learn(trainer: Trainer, guard: Guard) -> None:
    """Train all epochs that are left."""
    while not trainer.finished:
        figures = trainer.run_epoch(guard.after_step)
        if trainer.place.leads:
            record_epoch(guard.folder, trainer, figures, guard.events)
        guard.saved()


def end(folder: Path, trainer: Trainer, training: dict[str, Any], events: EventWriter) -> None:
    """Judge and write the model, and say so."""
    events.progress(0, 1, None, "report")
    report = trainer.learner.finish(trainer.averaged(), training)
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    events.progress(1, 1, 0.0, "report")
    events.state("done", metrics=headline(report, "test"), val=headline(report, "val"))


def headline(report: dict[str, Any], split: str) -> dict[str, Any]:
    """n, and the figures of a split by name."""
    found = report[split]
    return {"n": found["n"], **{name: figure["value"] for name, figure in found["figures"].items()}}


class Guard:
    """Looks up after each step: has somebody asked to stop, are these still numbers, is it time to save or to tell?"""

    def __init__(
        self, folder: Path, trainer: Trainer, stop: StopRequest, events: EventWriter, checkpoint_every: float
    ) -> None:
        self.folder, self.trainer, self.stop, self.events = folder, trainer, stop, events
        self._checkpoint_every = checkpoint_every
        self._started = self._said = self._saved = time.monotonic()
        self._steps = 0

    def saved(self) -> None:
        """A checkpoint was just written."""
        self._saved = time.monotonic()

    def after_step(self, loss: float) -> None:
        """Raises Cancelled, with a checkpoint of this very step, or BinScoutError `loss_not_finite`, with the last."""
        self._steps += 1
        place = self.trainer.place
        asked, bad, due = self.stop.agreed(place, not math.isfinite(loss), place.leads and self._is_due())
        if bad:
            raise not_finite(self.trainer.epoch + 1)
        if asked or due:
            self._save()
        if place.leads:
            self._tell(loss)
        if asked:
            raise Cancelled

    def _is_due(self) -> bool:
        """The end of an epoch has a checkpoint of its own."""
        ends = self.trainer.step == self.trainer.plan.steps
        return not ends and time.monotonic() - self._saved >= self._checkpoint_every

    def _save(self) -> None:
        self.trainer.gather()
        if self.trainer.place.leads:
            save(self.folder, self.trainer)
            self.saved()

    def _tell(self, loss: float) -> None:
        now = time.monotonic()
        if now - self._said < PROGRESS_EVERY:
            return
        self._said = now
        plan, trainer = self.trainer.plan, self.trainer
        done, total = trainer.epoch * plan.steps + trainer.step, plan.epochs * plan.steps
        rate = self._steps / (now - self._started)
        self.events.progress(
            done, total, round((total - done) / rate, 1), "training",
            loss=round(loss, 6), samples_per_s=round(rate * plan.batch_size, 1),
        )  # fmt: skip


def record_epoch(folder: Path, trainer: Trainer, figures: EpochFigures, events: EventWriter) -> None:
    """Judge the averaged network on the validation split, write the checkpoint, then say so."""
    metric = {
        "epoch": trainer.epoch,
        "epochs": trainer.plan.epochs,
        "step": trainer.epoch * trainer.plan.steps,
        "loss": figures.loss,
        "lr": figures.lr,
        **figures.shown,
        **trainer.learner.validate(trainer.averaged()),
    }
    if figures.samples_per_s:  # none when all steps of the epoch were taken before the checkpoint
        metric |= {"samples_per_s": round(figures.samples_per_s, 1), "waited": round(figures.waited, 4)}
    save(folder, trainer, metric=metric)
    events.metric(**metric)


def save(folder: Path, trainer: Trainer, **more: Any) -> None:
    """Replace the checkpoint, unless something in it is not a number: BinScoutError `loss_not_finite`, OSError."""
    if not trainer.is_finite():
        raise not_finite(trainer.epoch + (trainer.step > 0))
    save_checkpoint(folder, {**trainer.state(), **more})


def tell_again(folder: Path, state: dict[str, Any], events: EventWriter) -> None:
    """Write the figures of the checkpoint's epoch where the process died between the checkpoint and the words."""
    metric = state.get("metric")
    if metric is not None and metric["epoch"] not in told_epochs(folder):
        events.metric(**metric)


def told_epochs(folder: Path) -> set[int]:
    """The epochs whose figures are in the log of the run."""
    path = folder / FILE_NAME
    lines = path.read_bytes().splitlines() if path.exists() else []
    found = set()
    for line in lines:
        if b'"metric"' in line:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # a line that a killed process left half-written
            if event.get("type") == "metric" and isinstance(event.get("epoch"), int):
                found.add(event["epoch"])
    return found


if __name__ == "__main__":
    sys.exit(main())
