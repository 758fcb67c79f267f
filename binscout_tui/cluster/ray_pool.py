"""The same work on the machines of a Ray cluster, or on the cores of this one. The only module that imports Ray.

Ray Data keeps a pool of actors, each of which loads the model once; a block is a shard, and one whose actor dies is
given to another. Paths travel, pictures do not: every machine reads them where this one does.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.learning.checkpoint import first_line

from .models import PackedModel
from .shards import File, Job, Shard
from .tables import require, table
from .worker import ShardWorker

PATIENCE_S = 5.0


class RayWorker:
    """A `ShardWorker` inside an actor: arrow table of (row, path, refused) in, arrow table of answers out."""

    def __init__(self, job: Job, references: list[Any]) -> None:
        import ray

        packed: PackedModel = ray.get(references[0])
        self._job = job
        self._worker = ShardWorker(job, packed)

    def __call__(self, block: Any) -> Any:
        columns = block.to_pydict()
        paths = [Path(os.fsdecode(path)) for path in columns["path"]]
        files = [File(path, refused) for path, refused in zip(paths, columns["refused"], strict=True)]
        return table(self._job, self._worker.rows(columns["row"][0], files))


def answers(
    job: Job, model: PackedModel, shards: Sequence[Shard], *, workers: int | None, address: str | None, gpus: float
) -> Iterator[tuple[Shard, Any]]:
    """(shard, arrow table of its rows) as they are done, in any order.

    Without an `address` Ray is started on this machine for `workers` processes and ended afterwards. Raises
    BinScoutError: `not_installed` without the extra, `cluster` when Ray gives up.
    """
    require("pyarrow")
    ray = require("ray")
    data = require("ray.data")
    try:
        _join(ray, workers, address)
        yield from _run(ray, data, job, model, shards, workers or _places(ray, gpus), gpus)
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise BinScoutError(
            f"Ray gave up: {_cause(error)}", hint="What is done is kept; start it again to go on.", code="cluster"
        ) from error
    finally:
        ray.shutdown()


def check_address(address: str) -> None:
    """Raises UsageError for what is no address, BinScoutError `cluster` where none answers: Ray would wait minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()) or "/" in host:
        raise UsageError(
            f"{display_name(address)} is no address of a cluster.", hint="Write auto or HOST:PORT.", code="bad_address"
        )
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise BinScoutError(
            f"No Ray cluster answers at {display_name(address)}: {error}.",
            hint="Start one there with `ray start --head`, or leave --address out.",
            code="cluster",
        ) from error


def _join(ray: Any, workers: int | None, address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what ends the job is raised here as well
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address is None:
        options |= {"num_cpus": workers, "include_dashboard": False}
    ray.init(address or "local", **options)


def _places(ray: Any, gpus: float) -> int:
    """How many workers the cluster has room for."""
    found = ray.cluster_resources()
    return max(1, int(found.get("GPU", 0) / gpus if gpus else found.get("CPU", 1)))


def _run(
    ray: Any, data: Any, job: Job, model: PackedModel, shards: Sequence[Shard], workers: int, gpus: float
) -> Iterator[tuple[Shard, Any]]:
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    travelling = ray.put(model)  # held to the end: an actor that is started again needs it again
    answered = data.from_arrow([_block(shard) for shard in shards]).map_batches(
        RayWorker,
        fn_constructor_args=(job, [travelling]),
        batch_size=None,
        batch_format="pyarrow",
        compute=data.ActorPoolStrategy(size=min(workers, len(shards))),
        num_cpus=1,
        num_gpus=gpus,
    )
    yield from _whole(answered.iter_batches(batch_size=None, batch_format="pyarrow"), job.shard_size, shards)


def _whole(blocks: Iterator[Any], size: int, shards: Sequence[Shard]) -> Iterator[tuple[Shard, Any]]:
    """Shards of which all rows have come; Ray may cut or join what a worker gave."""
    import pyarrow

    wanted = {shard.number: shard for shard in shards}
    parts: dict[int, list[Any]] = defaultdict(list)
    for block in blocks:
        numbers = pyarrow.compute.floor(pyarrow.compute.divide(block.column("row"), size))
        for number in pyarrow.compute.unique(numbers).to_pylist():
            parts[number].append(block.filter(pyarrow.compute.equal(numbers, number)))
            if sum(len(part) for part in parts[number]) == len(wanted[number].files):
                yield wanted[number], pyarrow.concat_tables(parts.pop(number)).sort_by("row")
    if parts:
        raise BinScoutError(f"Ray lost rows of {len(parts)} shards.", hint="Start it again to go on.", code="cluster")


def _block(shard: Shard) -> Any:
    """A shard as Ray carries it; paths as bytes, which any file name survives."""
    import pyarrow

    return pyarrow.table(
        {
            "row": pyarrow.array(range(shard.first, shard.first + len(shard.files)), pyarrow.int64()),
            "path": pyarrow.array([os.fsencode(file.path) for file in shard.files], pyarrow.binary()),
            "refused": pyarrow.array([file.refused for file in shard.files], pyarrow.string()),
        }
    )


def _cause(error: BaseException) -> str:
    """The innermost reason: what a worker raised, rather than what Ray says about it."""
    inner = getattr(error, "cause", None) or error.__cause__
    return _cause(inner) if isinstance(inner, BaseException) and inner is not error else first_line_of(error)


def first_line_of(error: BaseException) -> str:
    """The last line of a traceback that Ray carries as text, else the first line of what is said."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return first_line(Exception(lines[-1] if lines else type(error).__name__))
