"""How fast a training goes: one process alone before the first step, all of them in the end."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from typing import Any

import torch

from binscout_tui.learning.loop import Trainer
from binscout_tui.learning.process import Place, wait_for_all

WARM_STEPS = 2
TIMED_STEPS = 12
ENOUGH_SECONDS = 10.0


def alone(trainer: Trainer, stopped: Callable[[], None]) -> float | None:
    """Samples a second of this process alone with whole batches; None for one process, or too few steps to tell.

    A copy of the network learns for a few steps on rank 0, while the others wait. The training is not touched: all its
    random choices follow from its own seeds.
    """
    place = trainer.place
    if place.world == 1 or trainer.finished or trainer.plan.steps <= WARM_STEPS:
        return None
    pace = _pace(trainer, stopped) if place.leads else None
    wait_for_all(place)
    return pace


def _pace(trainer: Trainer, stopped: Callable[[], None]) -> float:
    copy = Trainer(trainer.learner, trainer.plan, Place(0, 1, trainer.place.device), deepcopy(trainer.network))
    copy.parallel.train()
    began, steps = time.monotonic(), 0
    with closing(copy.batches()) as batches:  # type: ignore[type-var]
        for batch in batches:
            copy.learn(batch)
            stopped()
            if copy.step == WARM_STEPS:
                began, steps = time.monotonic(), copy.step
            seconds = time.monotonic() - began
            if copy.step - steps >= TIMED_STEPS or (steps and copy.step > steps and seconds > ENOUGH_SECONDS):
                break
    return (copy.step - steps) * trainer.plan.batch_size / (time.monotonic() - began)


def training_facts(trainer: Trainer, samples_alone: float | None) -> dict[str, Any]:
    """The part of the report that says how the training went; what was not measured is null.

    `samples_per_s` counts those of all processes, validation and checkpoints left out; `speed_up` compares it with
    `alone_samples_per_s`. `waited` is the share of that time in which the network waited for samples.
    """
    spent, place = trainer.spent(), trainer.place
    pace = spent.steps * trainer.plan.batch_size / spent.seconds if spent.steps else None
    return {
        "device": str(place.device),
        "processes": place.world,
        "seconds": round(spent.seconds, 1),
        "samples_per_s": _rounded(pace, 1),
        "alone_samples_per_s": _rounded(samples_alone, 1),
        "speed_up": _rounded(pace / samples_alone, 2) if pace and samples_alone else None,
        "waited": _rounded(spent.waited / spent.seconds, 4) if spent.steps else None,
        "peak_memory_bytes": peak_memory(place.device),
        "resumed": trainer.resumed,
    }


def peak_memory(device: torch.device) -> int:
    """The most bytes that this process has held: on its GPU, else resident in memory."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
