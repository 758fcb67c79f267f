"""Rows of shards as parquet files. Needs pyarrow, which comes with the extra `cluster`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from binscout_tui import atomic
from binscout_tui.errors import BinScoutError
from binscout_tui.imaging.names import display_name

from .shards import Job, Shard, shard_path

INSTALL = "Install it with: pip install 'binscout-tui[cluster]'"


def require(module: str) -> Any:
    """An optional module. Raises BinScoutError `not_installed`."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise BinScoutError(
            f"{module.partition('.')[0]} is not installed, which large jobs need.", hint=INSTALL, code="not_installed"
        ) from error


def schema(job: Job) -> Any:
    """The columns of the job's rows; with an `error` all that the model would have said is null."""
    arrow = require("pyarrow")
    said = {
        ("score", "classify"): [
            ("label", arrow.string()),
            ("score", arrow.float64()),
            ("unknown", arrow.bool_()),
            ("probabilities", arrow.list_(arrow.float32())),
        ],
        ("score", "count"): [
            ("count", arrow.int64()),
            ("raw", arrow.float64()),
            ("by_area", arrow.float64()),
            ("doubt", arrow.bool_()),
        ],
        ("embed", "classify"): [("embedding", arrow.list_(arrow.float32()))],
    }
    common = [("row", arrow.int64()), ("path", arrow.string()), ("sha256", arrow.string())]
    return arrow.schema([*common, *said[job.kind, job.task], ("error", arrow.string())])


def table(job: Job, rows: Sequence[Mapping[str, Any]]) -> Any:
    """`rows` as one arrow table."""
    return require("pyarrow").Table.from_pylist(list(rows), schema=schema(job))


def write(out: Path, shard: Shard, rows: Any) -> None:
    """Write the arrow table `rows` of a shard. Raises OSError; ValueError unless there is one row a file, in order."""
    expected = list(range(shard.first, shard.first + len(shard.files)))
    if rows.column("row").to_pylist() != expected:
        raise ValueError(f"shard {shard.number} came back with other rows than it was sent with")
    buffer = io.BytesIO()
    require("pyarrow.parquet").write_table(rows, buffer)
    atomic.write_bytes(shard_path(out, shard.number), buffer.getvalue())


def failures(out: Path, shards: Sequence[Shard]) -> int:
    """How many rows of finished shards carry an error. Raises BinScoutError when one cannot be read."""
    parquet = require("pyarrow.parquet")
    failed = 0
    for shard in shards:
        path = shard_path(out, shard.number)
        try:
            errors = parquet.read_table(path, columns=["error"]).column("error")
        except (OSError, ValueError, KeyError) as error:  # ArrowInvalid is a ValueError
            raise BinScoutError(
                f"The shard {display_name(path)} cannot be read.", hint="Delete it and go on.", code="shard_damaged"
            ) from error
        failed += len(errors) - errors.null_count
    return failed
