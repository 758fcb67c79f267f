"""What a task must bring to be trained by the loop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.items import Item
from binscout_tui.learning.plan import Plan
from binscout_tui.learning.process import Place


@dataclass(frozen=True, slots=True)
class RunSetup:
    """One run as a process sees it. `stopped` raises where somebody asked the training to end."""

    folder: Path
    config: TrainConfig
    items: Sequence[Item]
    plan: Plan
    place: Place
    events: EventWriter
    stopped: Callable[[], None]

    @property
    def scratch(self) -> Path:
        """Where this host keeps what it prepares for its own processes; hosts may share one run folder."""
        return self.folder if self.place.host == 0 else self.folder / f"host-{self.place.host}"


class Learner(Protocol):
    """A network, its samples, its loss and its figures.

    `network` is as it is before the first step and on the CPU; one without parameters to train is not trained.
    `weights` (n,) float64 say how often each of the n training samples is drawn. Every random choice comes from the
    generator that is given, so that a run continued at any step gives the numbers of one that was never stopped.
    """

    network: nn.Module
    weights: Tensor

    @property
    def unreadable(self) -> Collection[str]:
        """The paths of the pictures that this host could not read and left out."""

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> Any:
        """The samples `rows` (0..n-1) as tensors on the device; called in a second thread while the network learns."""

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch and what is shown beside it, means over the batch; `network` may be a parallel one."""

    def validate(self, network: nn.Module) -> dict[str, float]:
        """`val_…` figures after an epoch, the primary one of the task among them; on rank 0, averaged weights."""

    def finish(self, network: nn.Module, training: Mapping[str, Any]) -> dict[str, Any]:
        """Calibrate, judge and write the model by `outputs.write_outputs`; returns the report. On rank 0.

        `training` is the part of the report that says how the training went.
        """
