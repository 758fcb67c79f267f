"""Training a run folder: `python -m torch.distributed.run … -m binscout_tui.learning.train RUN_DIR`."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from binscout_tui.errors import BinScoutError, ConflictError
from binscout_tui.learning.card import CARD_FILE
from binscout_tui.learning.checkpoint import CHECKPOINT_FILE, first_line, load_checkpoint, save_checkpoint
from binscout_tui.learning.config import check_dataset, read_config
from binscout_tui.learning.events import FILE_NAME, EventWriter
from binscout_tui.learning.items import DATASET_FILE, read_items
from binscout_tui.learning.loop import EpochFigures, Trainer
from binscout_tui.learning.plan import make_plan
from binscout_tui.learning.process import StopRequest, die_with_parent, join_group, lock_run
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
    with EventWriter(folder if leads else None) as events:
        try:
            train(folder, stop, events)
        except Cancelled:
            events.state("cancelled")
            return EXIT_CANCELLED
        except OSError as error:
            sys.stderr.write(f"The disk refused: {error}\n")
            events.state("failed", code="storage", message=f"The disk refused: {error}.", hint="Make room, then go on.")
            return EXIT_STORAGE
        except BinScoutError as error:
            return _failed(events, error)
        except Exception as error:
            if not _is_out_of_memory(error):
                events.state("failed", code="internal", message=f"{type(error).__name__}: {error}", hint="See log.txt.")
                raise
            return _failed(events, _no_memory(error))
        finally:
            if distributed.is_initialized():
                distributed.destroy_process_group()
            if lock is not None:
                os.close(lock)
    return 0


def _failed(events: EventWriter, error: BinScoutError) -> int:
    events.state("failed", **error.as_json())
    sys.stderr.write(f"{error.sentence} {error.hint}\n")
    return 1


def _is_out_of_memory(error: Exception) -> bool:
    words = ("not enough memory", "can't allocate memory", "cannot allocate memory")
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(word in str(error).lower() for word in words)


def _no_memory(error: Exception) -> BinScoutError:
    return BinScoutError(
        f"There is not enough memory for this training: {first_line(error)}",
        hint="Train with a smaller --batch-size or --image-size, or close other programs; then go on.",
        code="out_of_memory",
    )


def train(folder: Path, stop: StopRequest, events: EventWriter) -> None:
    """Train what `config.json` and `dataset.jsonl` ask for, from the last checkpoint if there is one."""
    config = read_config(folder)
    items = read_items(folder / DATASET_FILE, config.task)
    check_dataset(items, config.task)
    place = join_group(config.device)
    plan = make_plan(config, items, place.world)
    state = load_checkpoint(folder)
    resumed = {} if state is None else {"resumed_from": state.get("epoch"), "resumed_step": state.get("step")}
    events.state(
        "running", pid=os.getpid(), device=str(place.device), processes=place.world, epochs=plan.epochs, **resumed
    )

    def stopped() -> None:
        if stop.asked:
            raise Cancelled

    learner = find_learner(RunSetup(folder, config, items, plan, place, events, stopped))
    trainer = Trainer(learner, plan, place)
    if state is not None:
        trainer.restore(state)
        tell_again(folder, state, events)
    learn(trainer, Guard(folder, trainer, stop, events, config.checkpoint_every))
    trainer.check_agreement()
    events.log("debug", f"{place.world} process(es) agree on the parameters")
    if place.leads:
        end(folder, trainer, events)


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


def end(folder: Path, trainer: Trainer, events: EventWriter) -> None:
    """Judge and write the model, and say so."""
    events.progress(0, 1, None, "report")
    report = trainer.learner.finish(trainer.averaged(), training_facts(trainer))
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    events.progress(1, 1, 0.0, "report")
    events.state("done", metrics=headline(report, "test"), val=headline(report, "val"))


def training_facts(trainer: Trainer) -> dict[str, Any]:
    """The part of the report that says how the training went."""
    place, samples = trainer.place, trainer.epoch * trainer.plan.steps * trainer.plan.batch_size
    return {
        "device": str(place.device),
        "processes": place.world,
        "seconds": round(trainer.seconds, 1),
        "samples_per_s": round(samples / trainer.seconds, 1) if trainer.seconds else None,
    }


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
        """Raises Cancelled, or BinScoutError `loss_not_finite`; the last checkpoint is from before that step."""
        self._steps += 1
        place = self.trainer.place
        asked, bad = self.stop.agreed(place, loss != loss or loss in (float("inf"), float("-inf")))
        if bad:
            raise not_finite(self.trainer.epoch + 1)
        if asked:
            raise Cancelled
        if place.leads:
            self._save()
            self._tell(loss)

    def _save(self) -> None:
        if time.monotonic() - self._saved >= self._checkpoint_every and self.trainer.step < self.trainer.plan.steps:
            save_checkpoint(self.folder, self.trainer.state())
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


def not_finite(epoch: int) -> BinScoutError:
    """The error for a loss that is no number."""
    return BinScoutError(
        f"The loss is not a number any more, in epoch {epoch}; the last good checkpoint is kept.",
        hint="Train again with a lower --lr.",
        code="loss_not_finite",
    )


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
        "samples_per_s": round(figures.samples_per_s, 1),
        "waited": round(figures.waited, 4),
    }
    save_checkpoint(folder, {**trainer.state(), "metric": metric})
    events.metric(**metric)


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
