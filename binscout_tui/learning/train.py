"""Training a run folder: `python -m torch.distributed.run … -m binscout_tui.learning.train RUN_DIR`."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import distributed, nn

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError, ConflictError
from binscout_tui.learning.cache import CACHE_FILE, decode_to_disk, map_cache
from binscout_tui.learning.card import CARD_FILE
from binscout_tui.learning.checkpoint import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from binscout_tui.learning.config import (
    DATASET_FILE,
    DatasetItem,
    TrainConfig,
    check_dataset,
    read_config,
    read_dataset,
)
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.finish import finish
from binscout_tui.learning.metrics import mean_nll
from binscout_tui.learning.networks import build_network, download_pretrained, load_pretrained
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.plan import Plan, make_plan, preprocessing_of
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.process import Place, StopRequest, die_with_parent, join_group, lock_run, wait_for_all
from binscout_tui.learning.report import summary
from binscout_tui.learning.samples import Samples, arrange, require_every_class
from binscout_tui.learning.scoring import probabilities_of_rows
from binscout_tui.learning.trainer import EpochFigures, Trainer

EXIT_LOCKED = 75
EXIT_CANCELLED = 143
UNREADABLE_FILE = "unreadable.json"
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
        except BinScoutError as error:
            events.state("failed", **error.as_json())
            sys.stderr.write(f"{error.sentence} {error.hint}\n")
            return 1
        except OSError as error:
            events.state("failed", code="storage", message=f"The disk refused: {error}", hint="Make room, then go on.")
            raise
        except BaseException as error:
            events.state("failed", code="internal", message=f"{type(error).__name__}: {error}", hint="See log.txt.")
            raise
        finally:
            if distributed.is_initialized():
                distributed.destroy_process_group()
            if lock is not None:
                os.close(lock)
    return 0


def train(folder: Path, stop: StopRequest, events: EventWriter) -> None:
    """Train what `config.json` and `dataset.jsonl` ask for, from the last checkpoint if there is one."""
    config, items = read_config(folder), read_dataset(folder / DATASET_FILE)
    check_dataset(items)
    place = join_group(config.device)
    plan = make_plan(config, items, place.world)
    state = load_checkpoint(folder)
    resumed = {} if state is None else {"resumed_from": state["epoch"]}
    events.state(
        "running", pid=os.getpid(), device=str(place.device), processes=place.world, epochs=plan.epochs, **resumed
    )
    network = initial_network(config, plan, events)
    pixels, samples = load_pictures(folder, items, plan, place, stop, events)
    trainer = Trainer(network, plan, place, pixels, samples.labels, samples.rows["train"])
    if state is not None:
        trainer.restore(state)
    guard = Guard(stop, place, events, plan)
    while trainer.epoch < plan.epochs:
        figures = trainer.run_epoch(guard.after_step(trainer.epoch))
        if place.leads:
            record_epoch(folder, trainer, figures, samples, events)
    if not trainer.agreed():
        raise BinScoutError("The processes ended with different parameters.", hint="Train again.", code="diverged")
    events.log("debug", f"{place.world} process(es) agree on the parameters")
    if place.leads:
        events.progress(0, 1, None, "report")
        report = finish(folder, config, plan, place, trainer.averaged(), pixels, samples)
        for name in (CACHE_FILE, UNREADABLE_FILE, CHECKPOINT_FILE):
            (folder / name).unlink(missing_ok=True)
        events.progress(1, 1, 0.0, "report")
        events.state("done", metrics=summary(report["test"]), val=summary(report["val"]))


def initial_network(config: TrainConfig, plan: Plan, events: EventWriter) -> nn.Module:
    """The network before the first step: random, from a local file, or from the hub."""
    preset = find_preset(config.preset)
    torch.manual_seed(plan.seed)
    if preset.wants_weights and config.weights is None:
        events.log("info", f"downloading the pretrained weights of {preset.arch}")
        return download_pretrained(preset.arch, preset.arch_options, len(plan.classes))
    network = build_network(preset.arch, preset.arch_options, len(plan.classes), plan.image_size)
    if config.weights is not None:
        fresh = load_pretrained(network, Path(config.weights))
        events.log("info", f"weights from {Path(config.weights).name}; new: {', '.join(fresh) or 'nothing'}")
    return network


def load_pictures(
    folder: Path, items: list[DatasetItem], plan: Plan, place: Place, stop: StopRequest, events: EventWriter
) -> tuple[Pixels, Samples]:
    """All pictures, decoded by rank 0 and mapped by every process; what cannot be read is reported and left out."""

    def decoded(done: int) -> None:
        events.progress(done, len(items), None, "decoding")
        if stop.asked:
            raise Cancelled

    if place.leads:
        failures = decode_to_disk(folder / CACHE_FILE, items, plan.cache_size, decoded)
        atomic.write_text(folder / UNREADABLE_FILE, json.dumps(failures))
        for index, reason in failures.items():
            events.log("warning", f"{items[index].path}: {reason}")
        if failures:
            events.log("warning", f"{len(failures)} of {len(items)} images cannot be read and are left out")
    wait_for_all(place)
    unreadable = {int(key): reason for key, reason in json.loads((folder / UNREADABLE_FILE).read_text()).items()}
    samples = arrange(items, plan.classes, unreadable)
    require_every_class(samples, plan.classes)
    return map_cache(folder / CACHE_FILE), samples


class Guard:
    """Looks up between two steps: has somebody asked to stop, and is it time to say how far we are?"""

    def __init__(self, stop: StopRequest, place: Place, events: EventWriter, plan: Plan) -> None:
        self.stop, self.place, self.events, self.plan = stop, place, events, plan
        self._started = self._said = time.monotonic()
        self._steps = 0

    def after_step(self, epoch: int) -> Callable[[int], None]:
        """The callback for the steps of `epoch`; it raises Cancelled."""

        def look(step: int) -> None:
            self._steps += 1
            if self.stop.agreed(self.place):
                raise Cancelled
            now = time.monotonic()
            if now - self._said >= PROGRESS_EVERY:
                self._said = now
                done, total = epoch * self.plan.steps + step, self.plan.epochs * self.plan.steps
                eta = (total - done) * (now - self._started) / self._steps
                self.events.progress(done, total, round(eta, 1), "training")

        return look


def record_epoch(folder: Path, trainer: Trainer, figures: EpochFigures, samples: Samples, events: EventWriter) -> None:
    """Judge the averaged network on the validation split, write the checkpoint, then say so."""
    plan, rows = trainer.plan, samples.rows["val"]
    scores = probabilities_of_rows(
        trainer.averaged(), trainer.pixels, rows, preprocessing_of(plan, 1), trainer.place.device, len(plan.classes)
    )
    truth = samples.labels[rows]
    save_checkpoint(folder, trainer.state())
    events.metric(
        epoch=trainer.epoch,
        epochs=plan.epochs,
        step=trainer.epoch * plan.steps,
        loss=figures.loss,
        lr=figures.lr,
        train_acc=figures.train_acc,
        val_loss=mean_nll(scores, truth),
        val_acc=float((scores.argmax(axis=1) == truth).mean()),
        samples_per_s=round(figures.samples_per_s, 1),
    )


if __name__ == "__main__":
    sys.exit(main())
