"""One network learning from one array of pictures: steps, epochs, averages, and its state between two epochs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from binscout_tui.learning import torchvision_shim  # noqa: F401 - must come before timm

# isort: split
from timm.utils.model_ema import ModelEmaV3

from binscout_tui.learning.augment import augment
from binscout_tui.learning.metrics import Ints
from binscout_tui.learning.networks import parameter_groups
from binscout_tui.learning.pixels import Pixels
from binscout_tui.learning.plan import Plan
from binscout_tui.learning.process import Place, fast_half_precision

WARM_UP = 0.05  # of all steps
MOST_GRADIENT = 2.0
EMA_DECAY = 0.998


@dataclass(frozen=True, slots=True)
class EpochFigures:
    """Means over one epoch; `samples_per_s` counts the pictures of all processes."""

    loss: float
    train_acc: float
    lr: float
    samples_per_s: float


class Trainer:
    """Trains `network` on the rows `train` of `pixels` (N, S, S, 3) uint8 with class numbers `labels` (N,).

    Every random choice of an epoch follows from (seed, epoch, rank): a training that was killed and continued ends
    with the same numbers as one that was not.
    """

    def __init__(
        self, network: nn.Module, plan: Plan, place: Place, pixels: Pixels, labels: Ints, train: NDArray[np.intp]
    ) -> None:
        self.plan, self.place = plan, place
        self.pixels, self.labels, self.train = pixels, labels, train
        self.network = network.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = ModelEmaV3(self.network, decay=EMA_DECAY, use_warmup=True, warmup_power=0.75)
        groups = parameter_groups(self.network, plan.weight_decay, plan.lr, plan.layer_decay)
        self.optimizer = torch.optim.AdamW(groups)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self.parallel: nn.Module = DistributedDataParallel(self.network) if place.world > 1 else self.network
        self.half = fast_half_precision(place.device)
        self.epoch = 0
        self._weights = torch.from_numpy(balanced_weights(labels[train]))
        self._mean = torch.tensor(plan.mean, device=place.device).view(1, 3, 1, 1)
        self._std = torch.tensor(plan.std, device=place.device).view(1, 3, 1, 1)

    def _rate(self, step: int) -> float:
        total = self.plan.epochs * self.plan.steps
        warm = min(1.0, (step + 1) / (WARM_UP * total + 1))
        return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / total)))

    def run_epoch(self, after_step: Callable[[int], None]) -> EpochFigures:
        """Train one epoch; `after_step` is called with the number of steps done in it and may raise to stop."""
        started = time.monotonic()
        generator = torch.Generator().manual_seed(self._seed(self.place.rank))
        torch.manual_seed(self._seed(self.place.rank))
        self.parallel.train()
        totals = torch.zeros(2)
        for done, (images, truth) in enumerate(self._prepared(generator), 1):
            totals += self._step(images, truth)
            after_step(done)
        self.epoch += 1
        if self.place.world > 1:
            totals = totals.to(self.place.device)
            distributed.all_reduce(totals)
            totals = totals.cpu() / self.place.world
        loss, right = (totals / self.plan.steps).tolist()
        pictures = self.plan.steps * self.plan.batch_size
        rate = self.optimizer.param_groups[-1]["lr"]
        return EpochFigures(loss, right, rate, pictures / (time.monotonic() - started))

    def _seed(self, rank: int) -> int:
        """A seed of its own for each epoch and process."""
        return (self.plan.seed * 1_000_003 + self.epoch) * 1024 + rank

    def _batches(self) -> list[NDArray[np.intp]]:
        """The rows of this process's share of each batch; classes are drawn evenly."""
        order = torch.Generator().manual_seed(self._seed(1023))
        number = self.plan.steps * self.plan.batch_size
        drawn = torch.multinomial(self._weights, number, replacement=True, generator=order).numpy()
        batches = self.train[drawn].reshape(self.plan.steps, self.plan.batch_size)
        return list(batches[:, self.place.rank :: self.place.world])

    def _prepared(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of this epoch, each made by a second thread while the network learns from the one before."""
        batches = self._batches()
        with ThreadPoolExecutor(1, "pictures") as thread:
            waiting = thread.submit(self._inputs, batches[0], generator)
            for following in [*batches[1:], None]:
                ready = waiting.result()
                if following is not None:
                    waiting = thread.submit(self._inputs, following, generator)
                yield ready

    def _step(self, images: Tensor, truth: Tensor) -> Tensor:
        with self._precision():
            logits = self.parallel(images)
        loss = functional.cross_entropy(logits.float(), truth, label_smoothing=self.plan.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), MOST_GRADIENT)
        self.optimizer.step()
        self.schedule.step()
        self.average.update(self.network, step=self.schedule.last_epoch)
        right = (logits.argmax(1) == truth).float().mean()
        return torch.stack([loss.detach().cpu(), right.cpu()])

    def _inputs(self, rows: NDArray[np.intp], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        pixels = torch.from_numpy(self.pixels[rows]).permute(0, 3, 1, 2).to(self.place.device)
        images = augment(pixels, self.plan.image_size, self.plan.augment, generator)
        images = ((images - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        return images, torch.from_numpy(self.labels[rows]).to(self.place.device)

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self.place.device.type, torch.bfloat16) if self.half else nullcontext()

    def averaged(self) -> nn.Module:
        """The network with averaged weights, the one that is judged and kept."""
        module: nn.Module = self.average.module
        return module.eval()

    def state(self) -> dict[str, Any]:
        """Everything that the next epoch needs."""
        return {
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "average": self.average.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": {"last_epoch": self.schedule.last_epoch, "lr": self.schedule.get_last_lr()},
            "rng": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state` gave."""
        self.network.load_state_dict(state["network"])
        self.average.module.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.last_epoch = state["schedule"]["last_epoch"]
        self.schedule._last_lr = state["schedule"]["lr"]
        torch.set_rng_state(state["rng"])
        self.epoch = state["epoch"]

    def agreed(self) -> bool:
        """Whether every process holds the same parameters to the last bit."""
        if self.place.world == 1:
            return True
        mine = torch.cat([weight.detach().flatten() for weight in self.network.parameters()])
        first = mine.clone()
        distributed.broadcast(first, src=0)
        same = torch.tensor([float(torch.equal(mine, first))], device=self.place.device)
        distributed.all_reduce(same, op=distributed.ReduceOp.MIN)
        return bool(same.item())


def balanced_weights(labels: Ints) -> NDArray[np.float64]:
    """A drawing weight a picture: 1 / sqrt of its class's size, halfway between even classes and even pictures."""
    counts = np.bincount(labels)
    return np.asarray(1 / np.sqrt(counts[labels]))
