"""Two processes that meet as those of one training do, and what each of them says.

python -m tests.learning.pair FOLDER      prints {deed: [what rank 0 said, what rank 1 said]} as JSON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn

from binscout_tui.errors import BinScoutError
from binscout_tui.learning import process
from binscout_tui.learning.checkpoint import load_checkpoint
from binscout_tui.learning.config import TrainConfig
from binscout_tui.learning.events import EventWriter
from binscout_tui.learning.items import DatasetItem
from binscout_tui.learning.loop import Trainer
from binscout_tui.learning.plan import make_plan
from binscout_tui.learning.process import Place, StopRequest, from_leader, join_group, wait_for_all
from binscout_tui.learning.train import Cancelled, Guard, check_samples, leave_together

from .shapes import environment, free_port

STEPS = 6
BATCH = 4


def said_by_two(folder: Path) -> dict[str, list[Any]]:
    """What rank 0 and rank 1 say of each deed."""
    command = [sys.executable, "-m", "tests.learning.pair", str(folder)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, list[Any]] = json.loads(done.stdout)
    return said


def serve(folder: Path) -> None:
    """All processes are forks of this one, which has everything imported."""
    os.environ |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    print(json.dumps({what: _said(what, folder) for what in DEEDS}))


def _said(what: str, folder: Path) -> list[Any]:
    own = folder / what
    own.mkdir()
    os.environ["MASTER_PORT"] = str(free_port())
    children = [os.fork() or _child(rank, what, own) for rank in range(2)]
    for child in children:
        os.waitpid(child, 0)
    return [json.loads((own / f"said-{rank}").read_text()) for rank in range(2)]


def _child(rank: int, what: str, folder: Path) -> int:
    """Does not return."""
    said = None
    if what == "patience":
        process.STEP_PATIENCE = timedelta(seconds=3)  # enough for two that begin within moments of each other to meet
    try:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        said = DEEDS[what](join_group("cpu"), folder)
    except RuntimeError:
        said = "failed"
    finally:
        (folder / f"said-{rank}").write_text(json.dumps(said))
        os._exit(0)


class Line:
    """A learner of a line through made-up points, which shows the error of each process's own share."""

    def __init__(self, unreadable: Sequence[str] = ()) -> None:
        torch.manual_seed(1)
        self.network: nn.Module = nn.Linear(4, 1)
        self.points = torch.randn(STEPS * BATCH, 4)
        self.weights = torch.ones(len(self.points), dtype=torch.float64)
        self.unreadable = unreadable

    def batch(self, rows: NDArray[np.intp], generator: torch.Generator) -> Tensor:
        return self.points[rows] + 0.1 * torch.randn(len(rows), 4, generator=generator)

    def loss(self, network: nn.Module, batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        off = network(batch)[:, 0] - batch.sum(1)
        return off.square().mean(), {"train_off": off.detach().abs().mean()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        raise NotImplementedError

    def finish(self, network: nn.Module, training: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


def trainer_at(place: Place, seed: int = 0) -> Trainer:
    """The loop over one epoch of a line."""
    items = [DatasetItem(sha256=str(n), path=str(n), label="a", split="train") for n in range(STEPS * BATCH)]
    config = TrainConfig(batch_size=BATCH, epochs=1, seed=seed)
    return Trainer(Line(), make_plan(config, items, place.world), place)


def figures(place: Place, folder: Path) -> Any:
    """What is shown of an epoch, run through or stopped on the way."""
    return {
        "whole": _shown(place, folder, None, 1e9),
        "saved at each step": _shown(place, folder, None, 0),
        "stopped amid the epoch": _shown(place, folder, 3, 1e9),
        "stopped after a checkpoint": _shown(place, folder, 4, 0),
        "stopped after the last step": _shown(place, folder, STEPS, 0),
    }


def _shown(place: Place, folder: Path, stop_at: int | None, checkpoint_every: float) -> Any:
    """Rank 1 is asked to stop after the step `stop_at`; both then go on from the checkpoint."""
    trainer, stop = trainer_at(place), StopRequest()
    guard = Guard(folder, trainer, stop, EventWriter(None), checkpoint_every)

    def after_step(loss: float) -> None:
        stop.asked = trainer.step == stop_at and not place.leads
        guard.after_step(loss)

    try:
        found = trainer.run_epoch(after_step)
    except Cancelled:
        state = from_leader(place, load_checkpoint(folder) if place.leads else None)
        trainer = trainer_at(place)
        trainer.restore(state)
        found = trainer.run_epoch(lambda loss: None)
    return {"loss": found.loss, **found.shown}


def patience(place: Place, folder: Path) -> Any:
    """Rank 0 comes only when rank 1 has given up to wait as one waits within a step."""
    store = distributed.FileStore(str(folder / "store"), 2)
    gave_up: list[str] = []

    def hurried() -> None:
        try:
            distributed.barrier()
        except RuntimeError:
            gave_up.append("gave up")
        store.set("hurried", "done")

    if place.leads:
        store.wait(["hurried"], timedelta(seconds=60))
    else:
        threading.Thread(target=hurried).start()
    wait_for_all(place)
    return ["came", *gave_up]


def different_pictures(place: Place, folder: Path) -> Any:
    """The same pictures in another order are no difference."""
    lost = ["/p/1.png", "/p/2.png"]
    check_samples(place, Line(lost if place.leads else lost[::-1]))
    try:
        check_samples(place, Line(lost[: place.rank + 1]))
    except BinScoutError as error:
        return error.code
    return None


def _without(place: Place, folder: Path, rank: int) -> str:
    """The process `rank` ends where the other still waits to leave with it."""
    store = distributed.FileStore(str(folder / "store"), 2)
    if place.rank == rank:
        store.wait(["joined"], timedelta(seconds=60))
        return "ended"
    store.set("joined", "done")
    leave_together(place)
    return "left"


DEEDS: Mapping[str, Callable[[Place, Path], Any]] = {
    "figures": figures,
    "patience": patience,
    "different pictures": different_pictures,
    "the other has ended": lambda place, folder: _without(place, folder, 1),
    "the leader has ended": lambda place, folder: _without(place, folder, 0),
}


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
