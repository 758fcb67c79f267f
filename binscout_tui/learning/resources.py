"""What a training uses: cores, memory, the GPU where there is one, room on the disk. No torch here.

A thread of the leading process looks now and then and tells it in the run's events. Whatever goes wrong there is its
own affair: the training never waits for it and never fails of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from binscout_tui.learning.events import EventWriter

EVERY_S = 2.0
LATEST_S = 10.0
"""What has hardly changed is told again after so many seconds, so that the log stays readable."""
HARDLY = 0.1
GPU_PATIENCE_S = 2.0
KIND = "resources"
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process: seconds of processor time so far, and bytes in memory."""

    cpu_s: float
    rss_bytes: int


def usage_of(pid: int, proc: Path = Path("/proc")) -> Usage | None:
    """What process `pid` has used, None when it is gone. Memory that processes share counts in each."""
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return Usage((int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE)


def family(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """`pid` and all processes that it and its children have started and that still run."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for children in (proc / str(one) / "task").glob("*/children"):
            with suppress(OSError):
                waiting += map(int, children.read_text().split())
    return found


def head_of_family() -> int:
    """The process whose family trains: the launcher where there is one, because the other ranks are its children."""
    return os.getppid() if "TORCHELASTIC_RUN_ID" in os.environ else os.getpid()


class Meter:
    """Measures from one look to the next, for the family of the process `head` and the disk of `folder`."""

    def __init__(
        self,
        folder: Path,
        head: int,
        *,
        proc: Path = Path("/proc"),
        clock: Callable[[], float] = time.monotonic,
        gpu: Callable[[], Mapping[str, float]] = lambda: {},
    ) -> None:
        self._folder, self._head, self._proc, self._clock, self._gpu = folder, head, proc, clock, gpu
        self._before: dict[int, float] = {}
        self._at = clock()
        self._look()

    def read(self) -> dict[str, Any]:
        """The fields of a `resources` event.

        `cpu_percent` is since the last call, 100 for one core; `rss_bytes` is resident memory, `disk_free_bytes` what
        a person without special rights may still write; `gpu_percent` and `gpu_bytes` only where a GPU is used.
        """
        before, at = self._before, self._at
        rss = self._look()
        # A process that began meanwhile has spent all its time since; of one that ended the rest is not known.
        spent = sum(max(0.0, cpu - before.get(pid, 0.0)) for pid, cpu in self._before.items())
        seconds = max(self._at - at, 1e-3)
        return {
            "cpu_percent": round(100 * spent / seconds),
            "cores": len(os.sched_getaffinity(0)),
            "rss_bytes": rss,
            "disk_free_bytes": shutil.disk_usage(self._folder).free,
            **self._gpu(),
        }

    def _look(self) -> int:
        """Note the time that each process has spent so far; returns their memory together."""
        found = {pid: usage for pid in family(self._head, self._proc) if (usage := usage_of(pid, self._proc))}
        self._before, self._at = {pid: usage.cpu_s for pid, usage in found.items()}, self._clock()
        return sum(usage.rss_bytes for usage in found.values())


def gpu_usage() -> Mapping[str, float]:
    """Mean load in per cent and bytes in use of the GPUs that this process may use; nothing where it uses none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return {}
    command = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]
    if visible := os.environ.get("CUDA_VISIBLE_DEVICES"):
        command.append(f"--id={visible}")
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=GPU_PATIENCE_S)
    return parse_gpus(done.stdout)


def parse_gpus(table: str) -> Mapping[str, float]:
    """The lines `load, MiB` of nvidia-smi as fields; a GPU that does not say counts for nothing."""
    rows = []
    for line in table.splitlines():
        with suppress(ValueError):
            load, used = (float(word) for word in line.split(","))
            rows.append((load, used))
    if not rows:
        return {}
    return {
        "gpu_percent": round(sum(load for load, _ in rows) / len(rows)),
        "gpu_bytes": sum(r[1] for r in rows) * 2**20,
    }


@contextmanager
def watching(folder: Path, events: EventWriter | None, every_s: float = EVERY_S) -> Iterator[None]:
    """Look every `every_s` seconds while this is open, and tell what changed; nothing without `events`."""
    if events is None:
        yield
        return
    end = threading.Event()
    thread = threading.Thread(target=_watch, args=(folder, events, end, every_s), name="resources", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(GPU_PATIENCE_S + 1)


def moved(before: Mapping[str, float], now: Mapping[str, float]) -> bool:
    """Whether any of the figures is another one by more than a tenth (by 10 for shares in per cent)."""
    if before.keys() != now.keys():
        return True
    return any(
        abs(value - before[key]) > (100 * HARDLY if key.endswith("_percent") else HARDLY * before[key])
        for key, value in now.items()
    )


def _watch(folder: Path, events: EventWriter, end: threading.Event, every_s: float) -> None:
    # A full disk, a /proc that says nothing, a driver that hangs: the next look may work, and the training goes on.
    meter: Meter | None = None
    told: dict[str, Any] = {}
    told_at = 0.0
    while not end.wait(every_s if meter else 0):
        try:
            if meter is None:
                meter = Meter(folder, head_of_family(), gpu=gpu_usage)
                continue
            found = meter.read()
            if moved(told, found) or time.monotonic() - told_at >= LATEST_S:
                events.write(KIND, **found)
                told, told_at = found, time.monotonic()
        except Exception:  # noqa: BLE001 - whatever it is, it is not worth a training
            if end.wait(every_s):
                return
