"""What every training leaves behind, each file written whole or not at all, the card last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from safetensors.torch import save
from torch import Tensor

from binscout_tui import atomic
from binscout_tui.learning.card import WEIGHTS_FILE, write_card
from binscout_tui.learning.events import finite
from binscout_tui.learning.tasks import CASES_FILE, REPORT_FILE

REPORT_FORMAT = 2


def write_outputs(
    folder: Path,
    tensors: Mapping[str, Tensor],
    report: Mapping[str, Any],
    cases: Iterable[Mapping[str, Any]],
    card: Callable[[str], msgspec.Struct],
) -> dict[str, Any]:
    """Write weights, cases, report and card; returns the report as it was written (NaN is null).

    `card` gets the SHA-256 of the weights file. With the card the run is finished. Raises OSError.
    """
    weights = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    written: dict[str, Any] = finite({"format": REPORT_FORMAT, **report})
    made = card(hashlib.sha256(weights).hexdigest())
    atomic.write_bytes(folder / WEIGHTS_FILE, weights)
    atomic.write_text(folder / CASES_FILE, cases_text(cases))
    atomic.write_text(folder / REPORT_FILE, json.dumps(written, indent=1) + "\n")
    write_card(folder, made)
    return written


def cases_text(cases: Iterable[Mapping[str, Any]]) -> str:
    """The lines of `cases.jsonl`: pure ASCII, so that any file name survives."""
    return "".join(json.dumps(finite(case), ensure_ascii=True) + "\n" for case in cases)
