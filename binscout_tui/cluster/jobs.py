"""A whole large job: open its folder, answer what is missing, count what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from . import ray_pool
from .models import PackedModel
from .shards import Job, Shard, find_files, is_begun, locked, missing, open_job, plan
from .tables import failures, require, table, write
from .worker import ShardWorker

Progress = Callable[[int, int], None]


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What a job has come to: `images` in all, of them `failed`; `now` were answered by this call, `images_per_s`."""

    out: str
    kind: str
    model: str
    images: int
    failed: int
    shards: int
    now: int
    seconds: float
    images_per_s: float | None
    workers: int | None


def run(
    out: Path,
    folder: Path,
    wanted: Job,
    model: PackedModel,
    on_progress: Progress,
    *,
    workers: int | None = None,
    address: str | None = None,
    gpus: float = 0,
) -> Finished:
    """Answer every shard of `wanted`, over the files of `folder`, that `out` does not have; each is written when whole.

    With `workers` 0 this process does it alone, without Ray. Raises what `find_files`, `open_job`, `locked` and the
    models raise, and OSError; what is done by then stays.
    """
    require("pyarrow")
    if workers != 0:
        require("ray")
    if address is not None:
        ray_pool.check_address(address)
    found = [] if is_begun(out) else find_files(folder)
    with locked(out):
        job, files = open_job(out, wanted, found)
        shards = plan(files, job.shard_size)
        waiting, began, now = missing(out, shards), time.monotonic(), 0
        done = len(files) - sum(len(shard.files) for shard in waiting)
        for shard, rows in _answers(job, model, waiting, workers, address, gpus):
            write(out, shard, rows)
            now += len(shard.files)
            on_progress(done + now, len(files))
        seconds = time.monotonic() - began
        return Finished(
            out=str(out),
            kind=job.kind,
            model=job.model,
            images=len(files),
            failed=failures(out, shards),
            shards=len(shards),
            now=now,
            seconds=round(seconds, 2),
            images_per_s=round(now / seconds, 1) if now else None,
            workers=workers,
        )


def _answers(
    job: Job, model: PackedModel, shards: Sequence[Shard], workers: int | None, address: str | None, gpus: float
) -> Iterator[tuple[Shard, Any]]:
    if not shards:
        return
    if workers == 0:
        yield from _alone(job, model, shards)
    else:
        yield from ray_pool.answers(job, model, shards, workers=workers, address=address, gpus=gpus)


def _alone(job: Job, model: PackedModel, shards: Sequence[Shard]) -> Iterator[tuple[Shard, Any]]:
    worker = ShardWorker(job, model)
    try:
        for shard in shards:
            yield shard, table(job, worker.rows(shard.first, shard.files))
    finally:
        worker.close()
