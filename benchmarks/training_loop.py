"""The training loop beside a bare PyTorch loop: the same network, batches, loader, optimiser and average.

    python benchmarks/training_loop.py [--rounds 20] [--steps 6] [--epochs 6] [--size 112] [--batch 32]

Both take turns, some steps each, in one process with one thread for computing and one that prepares pictures; the
figure is the median over the rounds of bare time / our time. The limit is 0.95. Ours also asks whether to stop, looks
for losses that are no numbers, counts figures and tells its progress. An epoch has 25 steps, the fewest that a plan
makes; one of ours also writes the checkpoint and the line of the log, which the bare one does not, and both judge the
validation pictures. The time of the processor is printed too: it does not depend on what else the machine does.

`without prefetch` and `without average and clipping` say what those parts are worth or cost; they have no limit.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from binscout_tui.learning import torchvision_shim  # noqa: F401 - must come before timm

# isort: split
from timm.utils.model_ema import ModelEmaV3

from binscout_tui.learning.augment import augment
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.loop import EMA_DECAY, MOST_GRADIENT, Trainer
from binscout_tui.learning.networks import build_network, parameter_groups
from binscout_tui.learning.plan import Plan
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.process import Place, StopRequest, choose_device, fast_half_precision
from binscout_tui.learning.train import Guard, record_epoch

LIMIT = 0.95
PICTURES, CLASSES, JUDGED, EPOCH = 256, 10, 64, 25


class Pictures:
    """Noise to learn from, with the classifier's own augmentation: what a task brings to the loop."""

    def __init__(self, plan: Plan, device: torch.device) -> None:
        preset = find_preset("classify", "tiny")
        torch.manual_seed(0)
        self.plan, self.device = plan, device
        self.network: nn.Module = build_network(preset.arch, preset.arch_options, CLASSES, plan.image_size)
        self.weights = torch.ones(PICTURES, dtype=torch.float64)
        dice = np.random.default_rng(0)
        self.pixels = dice.integers(0, 256, (PICTURES, plan.cache_size, plan.cache_size, 3), np.uint8)
        self.labels = dice.integers(0, CLASSES, PICTURES)

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        pixels = torch.from_numpy(self.pixels[rows]).permute(0, 3, 1, 2).to(self.device)
        images = (augment(pixels, self.plan.image_size, 1.0, generator) - 0.5) / 0.25
        labels = torch.from_numpy(self.labels[rows]).to(self.device)
        return images.contiguous(memory_format=torch.channels_last), labels

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        logits = network(batch[0]).float()
        right = (logits.argmax(1) == batch[1]).float().mean()
        return functional.cross_entropy(logits, batch[1], label_smoothing=0.1), {"train_acc": right}

    def validate(self, network: nn.Module) -> dict[str, float]:
        with torch.inference_mode():
            images, labels = self.batch(np.arange(JUDGED), torch.Generator().manual_seed(1))
            return {"val_acc": float((network(images).argmax(1) == labels).float().mean())}

    def finish(self, network: nn.Module, training: Any) -> dict[str, Any]:
        raise NotImplementedError


class Bare:
    """What one would write down for this one network and nothing else."""

    def __init__(self, learner: Pictures, *, prefetch: bool = True, frills: bool = True) -> None:
        self.learner, self.prefetch, self.frills = learner, prefetch, frills
        self.network = copy.deepcopy(learner.network).to(learner.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        plan = learner.plan
        self.average = ModelEmaV3(self.network, decay=EMA_DECAY, use_warmup=True, warmup_power=0.75)
        self.optimizer = torch.optim.AdamW(parameter_groups(self.network, plan.weight_decay, plan.lr, None))
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, 10_000)
        self.half = fast_half_precision(learner.device)
        self.taken = 0

    def batches(self, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
        def make() -> tuple[Tensor, Tensor]:
            rows = torch.randint(PICTURES, (self.learner.plan.batch_size,)).numpy()
            return self.learner.batch(rows, torch.Generator().manual_seed(0))

        if not self.prefetch:
            for _ in range(steps):
                yield make()
            return
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(make)
            for left in reversed(range(steps)):
                ready = waiting.result()
                if left:
                    waiting = thread.submit(make)
                yield ready

    def run(self, steps: int) -> None:
        self.network.train()
        for images, labels in self.batches(steps):
            with self.precision():
                logits = self.network(images)
            loss = functional.cross_entropy(logits.float(), labels, label_smoothing=0.1)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            if self.frills:
                nn.utils.clip_grad_norm_(self.network.parameters(), MOST_GRADIENT)
            self.optimizer.step()
            self.schedule.step()
            self.taken += 1
            if self.frills:
                self.average.update(self.network, step=self.taken)
            loss.item()

    def precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self.learner.device.type, torch.bfloat16) if self.half else nullcontext()

    def epoch(self, steps: int) -> None:
        self.run(steps)
        self.learner.validate(self.average.module.eval())


class Ours:
    """The loop of the program, with all that a run does between two steps and two epochs."""

    def __init__(self, learner: Pictures, folder: Path, steps: int) -> None:
        self.learner, self.folder = learner, folder
        plan = dataclasses.replace(learner.plan, steps=steps)
        self.trainer = Trainer(learner, plan, Place(0, 1, learner.device), copy.deepcopy(learner.network))
        self.events = EventWriter(folder)
        self.guard = Guard(folder, self.trainer, StopRequest(), self.events, 30.0)

    def run(self, steps: int) -> None:
        trainer = self.trainer
        trainer.parallel.train()
        for batch in trainer.batches():
            self.guard.after_step(trainer.learn(batch))
        trainer.step = 0

    def epoch(self, steps: int) -> None:
        figures = self.trainer.run_epoch(self.guard.after_step)
        record_epoch(self.folder, self.trainer, figures, self.events)
        self.guard.saved()


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock and of the processor."""

    clock: float
    processor: float


def cost(work: Callable[[int], None], steps: int) -> Cost:
    began, used = time.monotonic(), time.process_time()
    work(steps)
    return Cost(time.monotonic() - began, time.process_time() - used)


def ratios(
    ours: Callable[[int], None], peer: Callable[[int], None], steps: int, rounds: int
) -> tuple[float, float, Cost]:
    """Median of peer / ours by the clock and of the processor, and our median cost; they change who goes first."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            mine, other = cost(ours, steps), cost(peer, steps)
        else:
            other, mine = cost(peer, steps), cost(ours, steps)
        pairs.append((mine, other))
    clock = statistics.median(other.clock / mine.clock for mine, other in pairs)
    processor = statistics.median(other.processor / mine.processor for mine, other in pairs)
    middle = Cost(statistics.median(p[0].clock for p in pairs), statistics.median(p[0].processor for p in pairs))
    return clock, processor, middle


def main() -> int:
    """Measure and print; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = choose_device(options.device)
    plan = Plan(
        seed=0, classes=(), image_size=options.size, cache_size=round(options.size * 8 / 7), batch_size=options.batch,
        steps=options.steps, epochs=10_000, lr=1e-3, weight_decay=0.05, layer_decay=None, label_smoothing=0.1,
        augment=1.0, mean=(0.5,) * 3, std=(0.25,) * 3, views=1,
    )  # fmt: skip
    learner = Pictures(plan, device)
    with tempfile.TemporaryDirectory() as folder:
        ours, whole, bare = (
            Ours(learner, Path(folder), options.steps),
            Ours(learner, Path(folder), EPOCH),
            Bare(learner),
        )
        for warm in (ours.run, bare.run, ours.run, bare.run):
            warm(options.steps)
        good = show("step", options, options.steps, LIMIT, ours.run, bare.run, options.rounds)
        good &= show("epoch", options, EPOCH, LIMIT, whole.epoch, bare.epoch, options.epochs)
        spent = whole.trainer.spent()
        print(f"{'waiting':<28} {spent.waited / spent.seconds:6.1%} of the time for pictures", flush=True)
        for name, peer in (
            ("without prefetch", Bare(learner, prefetch=False)),
            ("without average and clipping", Bare(learner, frills=False)),
        ):
            peer.run(options.steps)
            show(name, options, options.steps, None, ours.run, peer.run, max(2, options.rounds // 3))
    return 0 if good else 1


def show(
    name: str,
    options: argparse.Namespace,
    steps: int,
    limit: float | None,
    ours: Callable[[int], None],
    peer: Callable[[int], None],
    rounds: int,
) -> bool:
    clock, processor, middle = ratios(ours, peer, steps, rounds)
    pictures = steps * options.batch
    good = limit is None or clock >= limit
    said = "" if limit is None else f"limit {limit}  {'met' if good else 'MISSED'}"
    print(
        f"{name:<28} {clock:6.3f} by the clock  {processor:6.3f} of the processor"
        f"  ours {pictures / middle.clock:6.1f} pictures/s, {1000 * middle.processor / pictures:5.2f} ms each  {said}",
        flush=True,
    )
    return good


if __name__ == "__main__":
    sys.exit(main())
