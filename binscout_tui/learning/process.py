"""This process among those that train one run: its rank, its device, its lock, and how it is told to stop."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import distributed

from binscout_tui.errors import BinScoutError, ConflictError

PR_SET_PDEATHSIG = 1
LOCK_FILE = "run.lock"
LOCK_PATIENCE = 5.0  # seconds; a killed predecessor may still be on its way out
STEP_PATIENCE = timedelta(minutes=30)  # a process that takes longer for its part of a step hangs
PATIENCE = timedelta(days=30)  # what one process does for all may take: decoding, features, judging


@dataclass(frozen=True, slots=True)
class Place:
    """Rank `rank` of `world` processes, `local_rank` of those on host number `host`, working on `device`.

    `patient` is a group of them all in which they may wait for each other for days.
    """

    rank: int
    world: int
    device: torch.device
    host: int = 0
    local_rank: int = 0
    patient: distributed.ProcessGroup | None = None

    @property
    def leads(self) -> bool:
        """Only rank 0 writes events, checkpoints and the model."""
        return self.rank == 0

    @property
    def leads_host(self) -> bool:
        """One process of each host prepares what the others there read."""
        return self.local_rank == 0


class StopRequest:
    """Becomes true when SIGTERM or SIGINT asks the process to finish; looked at between two steps."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def agreed(self, place: Place, bad: bool, due: bool) -> tuple[bool, bool, bool]:
        """(any process was asked to stop, any has a `bad` loss, for any a checkpoint is `due`): the same in all.

        They leave together, and gather together what a checkpoint holds.

        A process that died cannot answer, which raises RuntimeError here: that is a failure and not a cancellation.
        """
        if place.world > 1:
            flags = torch.tensor([float(self.asked), float(bad), float(due)], device=place.device)
            distributed.all_reduce(flags, op=distributed.ReduceOp.MAX)
            self.asked, bad, due = (flag > 0 for flag in flags.tolist())
        return self.asked, bad, due

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, so that no worker is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def lock_run(folder: Path) -> int:
    """Take the exclusive lock of the run; the descriptor keeps it until the process ends. Raises ConflictError."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise ConflictError(
                    f"Another process trains in {folder}.", hint="Wait for it, or cancel it.", code="run_locked"
                ) from None
            time.sleep(0.1)
        else:
            return descriptor


def choose_device(wanted: str, local_rank: int = 0) -> torch.device:
    """`auto` takes a GPU when there is one; BinScoutError `device_missing` when `cuda` is asked for in vain."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BinScoutError(
            "This machine or this torch has no CUDA device.", hint="Use the device cpu or auto.", code="device_missing"
        )
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", local_rank)


def join_group(wanted: str) -> Place:
    """Find this process's place from the variables that torchrun sets, and meet the others."""
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    host, local_rank = int(os.environ.get("GROUP_RANK", "0")), int(os.environ.get("LOCAL_RANK", "0"))
    device = choose_device(wanted, local_rank)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(_compute_threads(int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))
    patient = None
    if world > 1:
        backend = "nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=STEP_PATIENCE)
        patient = distributed.new_group(backend="gloo", timeout=PATIENCE)
    return Place(rank, world, device, host, local_rank, patient)


def _compute_threads(local_world: int) -> int:
    """Half of this process's share of the cores, the other half being for the thread that prepares pictures.

    Never more: threads that share one operation wait for the slowest at each, so that on a busy machine two of them
    take many times as long as one.
    """
    return max(1, len(os.sched_getaffinity(0)) // local_world // 2)


def wait_for_all(place: Place) -> None:
    """Return when every process has come here, however long one of them was busy."""
    if place.world > 1:
        distributed.barrier(place.patient)


def same_everywhere(place: Place, digest: str) -> bool:
    """Whether every process came here with the same `digest`; the answer is the same in all of them."""
    if place.world == 1:
        return True
    found: list[str | None] = [None] * place.world
    distributed.all_gather_object(found, digest)
    return all(one == digest for one in found) and len(set(found)) == 1


def from_leader(place: Place, value: Any) -> Any:
    """What rank 0 gives, in every process."""
    if place.world == 1:
        return value
    box = [value if place.leads else None]
    distributed.broadcast_object_list(box, src=0, device=place.device)
    return box[0]


def fast_half_precision(device: torch.device) -> bool:
    """Whether bfloat16 is computed by the hardware: GPUs since Ampere, CPUs with AVX512-BF16 or AMX."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and bool(torch.cpu._is_avx512_bf16_supported())
