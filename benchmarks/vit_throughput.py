"""ViT-B/16 in bfloat16: pictures a second in training and inference, as a share of a bare loop, and the peak memory.

    python benchmarks/vit_throughput.py                 on a GPU: vit_base_patch16_224, batches of 64
    python benchmarks/vit_throughput.py --check         on a CPU: a tiny one, to see that it runs at all

Training is a step of the program's loop (`learning/loop.py`) with the optimiser of the preset `vit-b16`; the bare loop
has the same network, batches, optimiser and average written straight down. Inference is what a model's answer costs
after decoding (`learning/scoring.py`, one view) beside a bare forward pass. Both take turns; the figure is the median
of bare time / our time over the rounds.

No machine with a GPU was at hand: its figures for a GPU are not known.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from binscout_tui.learning import torchvision_shim  # noqa: F401 - must come before timm

# isort: split
import timm
from timm.utils.model_ema import ModelEmaV3

from binscout_tui.learning.card import Preprocessing
from binscout_tui.learning.loop import EMA_DECAY, MOST_GRADIENT, Trainer
from binscout_tui.learning.networks import parameter_groups
from binscout_tui.learning.pace import peak_memory
from binscout_tui.learning.plan import Plan
from binscout_tui.learning.presets import find_preset
from binscout_tui.learning.process import Place, choose_device, fast_half_precision
from binscout_tui.learning.scoring import probabilities

CLASSES, PICTURES = 20, 256


class Batches:
    """Pictures that are on the device already: what is measured is the loop and the network, not the loader."""

    def __init__(self, network: nn.Module, plan: Plan, device: torch.device) -> None:
        self.network, self.plan = network, plan
        self.weights = torch.ones(PICTURES, dtype=torch.float64)
        self.images = torch.randn(plan.batch_size, 3, plan.image_size, plan.image_size, device=device)
        self.images = self.images.contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(CLASSES, (plan.batch_size,), device=device)

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.images, self.labels

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        logits = network(batch[0]).float()
        return functional.cross_entropy(logits, batch[1]), {}

    def validate(self, network: nn.Module) -> dict[str, float]:
        return {}

    def finish(self, network: nn.Module, training: Any) -> dict[str, Any]:
        raise NotImplementedError


def make(options: argparse.Namespace, device: torch.device) -> tuple[Callable[[], nn.Module], Plan]:
    preset = find_preset("classify", "vit-b16")
    size = 32 if options.check else preset.image_size
    arch = "test_vit" if options.check else preset.arch
    batch = options.batch or (4 if options.check else 64)
    plan = Plan(
        seed=0, classes=(), image_size=size, cache_size=size, batch_size=batch, steps=options.steps, epochs=10_000,
        lr=preset.lr, weight_decay=preset.weight_decay, layer_decay=preset.layer_decay, label_smoothing=0.0,
        augment=0.0, mean=preset.mean, std=preset.std, views=1,
    )  # fmt: skip
    return lambda: timm.create_model(arch, num_classes=CLASSES, img_size=size), plan


class OurTraining:
    def __init__(self, network: nn.Module, plan: Plan, device: torch.device) -> None:
        self.trainer = Trainer(Batches(network, plan, device), plan, Place(0, 1, device))

    def __call__(self) -> None:
        self.trainer.parallel.train()
        with closing(self.trainer.batches()) as batches:  # type: ignore[type-var]
            for batch in batches:
                self.trainer.learn(batch)
        self.trainer.step = 0


class BareTraining:
    def __init__(self, network: nn.Module, plan: Plan, device: torch.device) -> None:
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.given, self.plan = Batches(network, plan, device), plan
        self.average = ModelEmaV3(self.network, decay=EMA_DECAY, use_warmup=True, warmup_power=0.75)
        self.optimizer = torch.optim.AdamW(parameter_groups(self.network, plan.weight_decay, plan.lr, plan.layer_decay))
        self.device, self.half, self.taken = device, fast_half_precision(device), 0

    def __call__(self) -> None:
        self.network.train()
        for _ in range(self.plan.steps):
            with precision(self.device, self.half):
                logits = self.network(self.given.images)
            loss = functional.cross_entropy(logits.float(), self.given.labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), MOST_GRADIENT)
            self.optimizer.step()
            self.taken += 1
            self.average.update(self.network, step=self.taken)


def precision(device: torch.device, half: bool) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16) if half else nullcontext()


def inference(network: nn.Module, plan: Plan, device: torch.device) -> tuple[Callable[[], None], Callable[[], None]]:
    """Ours and the bare one, over the same squares of bytes."""
    network = network.to(device).eval()
    side = plan.image_size
    pixels = np.random.default_rng(0).integers(0, 256, (plan.batch_size, side, side, 3), np.uint8)
    images = torch.randn(plan.batch_size, 3, side, side, device=device)
    wanted = Preprocessing(square=side, size=side, mean=plan.mean, std=plan.std, views=1)

    def ours() -> None:
        for _ in range(plan.steps):
            probabilities(network, pixels, wanted, device)

    def bare() -> None:
        with torch.inference_mode():
            for _ in range(plan.steps):
                network(images).float().softmax(dim=1).cpu()

    return ours, bare


def seconds(work: Callable[[], None], device: torch.device) -> float:
    synchronize(device)
    began = time.monotonic()
    work()
    synchronize(device)
    return time.monotonic() - began


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def compare(
    name: str, ours: Callable[[], None], bare: Callable[[], None], pictures: int, options: Any, device: Any
) -> None:
    for work in (ours, bare):
        work()
    pairs = []
    for number in range(options.rounds):
        first, second = (ours, bare) if number % 2 else (bare, ours)
        taken = {first: seconds(first, device), second: seconds(second, device)}
        pairs.append((taken[ours], taken[bare]))
    share = statistics.median(bare_s / ours_s for ours_s, bare_s in pairs)
    rate = pictures / statistics.median(ours_s for ours_s, _ in pairs)
    print(f"{name:<10} {rate:9.1f} pictures/s   {share:6.3f} of the bare loop", flush=True)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="a tiny network, for machines without a GPU")
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    device = choose_device("auto")
    if device.type != "cuda" and not options.check:
        print("There is no GPU here; --check runs a tiny network on the CPU.", file=sys.stderr)
        return 1
    network, plan = make(options, device)
    pictures = plan.steps * plan.batch_size
    half = "bfloat16" if fast_half_precision(device) else "float32"
    print(
        f"{'a tiny network' if options.check else 'ViT-B/16'}, training in {half},"
        f" batches of {plan.batch_size}, {device}"
    )
    compare(
        "training",
        OurTraining(network(), plan, device),
        BareTraining(network(), plan, device),
        pictures,
        options,
        device,
    )
    print(f"peak memory of training {peak_memory(device) / 2**30:.2f} GiB (both loops together)")
    compare("inference", *inference(network(), plan, device), pictures, options, device)
    if device.type != "cuda":
        print("Not run on a GPU: these figures say only that everything works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
