"""The loop: steps, epochs, averaged weights, and the state from which it goes on at any step."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from binscout_tui.learning import torchvision_shim  # noqa: F401 - must come before timm

# isort: split
from timm.utils.model_ema import ModelEmaV3

from binscout_tui.errors import BinScoutError
from binscout_tui.learning.checkpoint import mismatch
from binscout_tui.learning.networks import parameter_groups
from binscout_tui.learning.plan import Plan
from binscout_tui.learning.process import Place, fast_half_precision
from binscout_tui.learning.task import Learner
from binscout_tui.learning.times import Times

WARM_UP = 0.05  # of all steps
MOST_GRADIENT = 2.0
EMA_DECAY = 0.998
SEEDS = 2**63  # torch takes no larger ones
ORDER = 1023  # the rank whose seed draws the order of the samples, the same in all processes


@dataclass(frozen=True, slots=True)
class EpochFigures:
    """Means over one epoch. `samples_per_s` counts those of all processes, `waited` is the share of waiting for them.

    `shown` is what the task tells beside the loss.
    """

    loss: float
    shown: dict[str, float]
    lr: float
    samples_per_s: float
    waited: float


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of training, those of them that were spent waiting for samples, and steps."""

    seconds: float = 0.0
    waited: float = 0.0
    steps: int = 0


class Trainer:
    """Trains the network of `learner` by `plan`.

    Every random choice of a step follows from (seed, epoch, step, rank): a training that was killed and continued at
    any step ends with the same numbers as one that was not.
    """

    def __init__(self, learner: Learner, plan: Plan, place: Place, network: nn.Module | None = None) -> None:
        """`network` trains instead of the learner's own, such as a copy of it."""
        self.learner, self.plan, self.place = learner, plan, place
        given: Any = network or learner.network
        self.network: nn.Module = given.to(place.device, memory_format=torch.channels_last)
        self.average = ModelEmaV3(self.network, decay=EMA_DECAY, use_warmup=True, warmup_power=0.75)
        self.trains = any(weight.requires_grad for weight in self.network.parameters())
        self.epoch = self.step = self.resumed = 0
        self._before = Spent()
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._timed = Times()
        if self.trains:
            self._prepare()

    def _prepare(self) -> None:
        plan, place = self.plan, self.place
        self.optimizer = torch.optim.AdamW(parameter_groups(self.network, plan.weight_decay, plan.lr, plan.layer_decay))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self.parallel: nn.Module = DistributedDataParallel(self.network) if place.world > 1 else self.network
        self.half = fast_half_precision(place.device)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return not self.trains or self.epoch >= self.plan.epochs

    def _rate(self, step: int) -> float:
        total = self.plan.epochs * self.plan.steps
        warm = min(1.0, (step + 1) / (WARM_UP * total + 1))
        return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / total)))

    def run_epoch(self, after_step: Callable[[float], None]) -> EpochFigures:
        """Train the rest of this epoch; `after_step` is called with each loss and may raise to stop.

        The means are those of all processes on rank 0, and mean nothing elsewhere.
        """
        self.parallel.train()
        self._timed = Times()
        for batch in self.batches():
            loss = self.learn(batch)
            after_step(loss)
        self._before = self.spent()
        self.gather()
        figures = self._figures()
        self._timed = Times()
        self.epoch, self.step, self._sums = self.epoch + 1, 0, defaultdict(float)
        return figures

    def spent(self) -> Spent:
        """What all epochs so far have taken, those before a checkpoint included."""
        before, now = self._before, self._timed
        if not now.steps:
            return before
        return Spent(before.seconds + now.seconds, before.waited + now.waited, before.steps + now.steps)

    def gather(self) -> None:
        """Rank 0 takes over what all have summed, so that its state has the whole of it. Called in all processes."""
        if self.place.world == 1:
            return
        names = sorted(self._sums)
        totals = torch.tensor([self._sums[name] for name in names], dtype=torch.float64, device=self.place.device)
        distributed.all_reduce(totals)
        own = totals.tolist() if self.place.leads else [0.0] * len(names)
        self._sums = defaultdict(float, zip(names, own, strict=True))

    def _figures(self) -> EpochFigures:
        """Of the sums gathered: only those of rank 0 say something."""
        shown = {name: total / self.place.world / self.plan.steps for name, total in self._sums.items()}
        samples = self._timed.steps * self.plan.batch_size
        rate = self.optimizer.param_groups[-1]["lr"]
        return EpochFigures(shown.pop("loss"), shown, rate, samples / self._timed.seconds, self._timed.waited_share)

    def _seed(self, rank: int, step: int = 0) -> int:
        """A seed of its own for each epoch, step and process."""
        return (((self.plan.seed * 1_000_003 + self.epoch) * 100_003 + step) * 1024 + rank) % SEEDS

    def _rows(self) -> list[NDArray[np.intp]]:
        """The rows of this process's share of each batch of the epoch."""
        order = torch.Generator().manual_seed(self._seed(ORDER))
        number = self.plan.steps * self.plan.batch_size
        drawn = torch.multinomial(self.learner.weights, number, replacement=True, generator=order).numpy()
        batches = drawn.reshape(self.plan.steps, self.plan.batch_size)
        return list(batches[:, self.place.rank :: self.place.world])

    def batches(self) -> Iterator[Any]:
        """The batches that are left, each made by a second thread while the network learns from the one before."""
        if self.step == self.plan.steps:
            return
        batches = self._rows()
        with ThreadPoolExecutor(1, "samples") as thread:
            waiting = thread.submit(self._make, self.step, batches[self.step])
            for following in range(self.step + 1, self.plan.steps + 1):
                with self._timed.waiting():
                    ready = waiting.result()
                if following < self.plan.steps:
                    waiting = thread.submit(self._make, following, batches[following])
                yield ready

    def _make(self, step: int, rows: NDArray[np.intp]) -> Any:
        return self.learner.batch(rows, torch.Generator().manual_seed(self._seed(self.place.rank, step)))

    def learn(self, batch: Any) -> float:
        """One step; returns its loss on this process's share of the batch, and NaN for a step that was not taken.

        That is one whose loss or gradient is not a number, in any process.
        """
        torch.manual_seed(self._seed(self.place.rank, self.step))
        with self._precision():
            loss, shown = self.learner.loss(self.parallel, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), MOST_GRADIENT)
        values = torch.stack([value.detach().float() for value in (norm, loss, *shown.values())])
        length, *numbers = values.tolist()  # the one place where the step waits for a GPU
        if not math.isfinite(length + numbers[0]):
            return math.nan
        self.optimizer.step()
        self.schedule.step()
        self.average.update(self.network, step=self.schedule.last_epoch)
        for name, number in zip(["loss", *shown], numbers, strict=True):
            self._sums[name] += number
        self.step += 1
        self._timed.steps += 1
        return float(numbers[0])

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self.place.device.type, torch.bfloat16) if self.half else nullcontext()

    def averaged(self) -> nn.Module:
        """The network with averaged weights, the one that is judged and kept."""
        module: nn.Module = self.average.module
        return module.eval()

    def is_finite(self) -> bool:
        """Whether all that would be kept is numbers."""
        kept = [*self.network.state_dict().values(), *self.average.module.state_dict().values()]
        return all(bool(torch.isfinite(value).all()) for value in kept)

    def state(self) -> dict[str, Any]:
        """Everything that the next step needs; of several processes that of rank 0 after `gather`."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "plan": self._shape(),
            "spent": dataclasses.astuple(self.spent()),
            "resumed": self.resumed,
            "sums": dict(self._sums),
            "processes": self.place.world,
            "network": self.network.state_dict(),
            "average": self.average.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": {"last_epoch": self.schedule.last_epoch, "lr": self.schedule.get_last_lr()},
        }

    def _shape(self) -> list[int]:
        """What must be the same for a step to mean the same."""
        return [self.plan.seed, self.plan.steps, self.plan.batch_size, self.plan.image_size]

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state` gave; BinScoutError `checkpoint_mismatch` for another run's."""
        if state.get("plan") != self._shape():
            raise mismatch(ValueError("it was made with other settings"))
        try:
            self.network.load_state_dict(state["network"])
            self.average.module.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.last_epoch = state["schedule"]["last_epoch"]
            self.schedule._last_lr = state["schedule"]["lr"]
            self.epoch, self.step, self.resumed = state["epoch"], state["step"], state["resumed"] + 1
            self._before = Spent(*state["spent"])
            # rank 0 goes on with the sums of all; other processes need the same names
            share = self.place.world / state["processes"] if self.place.leads else 0.0
            self._sums = defaultdict(float, {name: total * share for name, total in state["sums"].items()})
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise mismatch(error) from error

    def check_agreement(self) -> None:
        """BinScoutError `diverged` unless every process holds the same parameters to the last bit."""
        if self.place.world == 1 or not self.trains:
            return
        mine = torch.cat([weight.detach().flatten() for weight in self.network.parameters()])
        first = mine.clone()
        distributed.broadcast(first, src=0)
        same = torch.tensor([float(torch.equal(mine, first))], device=self.place.device)
        distributed.all_reduce(same, op=distributed.ReduceOp.MIN)
        if not same.item():
            raise BinScoutError("The processes ended with different parameters.", hint="Train again.", code="diverged")
