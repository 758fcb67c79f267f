"""Making and reading logs for the tests of this folder."""

from __future__ import annotations

import json
from pathlib import Path

from binscout_tui.eventlog.reader import Batch, LogReader


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as handle:
        handle.write(data)


def numbered(first: int, stop: int) -> bytes:
    """Lines `first` to `stop - 1` as a training run would write them, about 125 bytes each."""
    return b"".join(numbered_line(number) + b"\n" for number in range(first, stop))


def numbered_line(number: int) -> bytes:
    event = {"t": 1.7e9 + number, "type": "metric", "epoch": number // 1000, "step": number}
    return json.dumps(event | {"loss": 1 / (1 + number), "lr": 2.1e-4, "note": "x" * 20}).encode()


def settle(reader: LogReader) -> list[Batch]:
    """Poll until nothing is left to do."""
    batches = [reader.poll()]
    while batches[-1].more:
        batches.append(reader.poll())
    return batches


def visible(reader: LogReader) -> list[bytes]:
    """Everything that can be read through `reader` once it has settled."""
    settle(reader)
    return reader.lines(reader.first, reader.stop)
