"""Everything that a run's folder tells of its model, read at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.eventlog.metrics import MetricsReader
from binscout_tui.eventlog.series import Point
from binscout_tui.reporting.cases import Case, Sources, read_cases, read_sources
from binscout_tui.reporting.document import Document, document
from binscout_tui.reporting.report import Report, read_report
from binscout_tui.reporting.versus import Side

CURVES_S = 5.0
"""So long at most is read in the events of a run."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run's report and what belongs to it; `cases` is None where it has none, `trouble` says what is wrong there."""

    run: str
    report: Report
    cases: Sequence[Case] | None
    sources: Sources
    config: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""

    def document(self, curves: Mapping[str, Sequence[Point]] | None = None) -> Document:
        """The report as sections."""
        return document(self.run, self.report, self.cases, self.sources, curves, self.trouble)


def read_run(folder: Path) -> ReadRun:
    """What is in `folder`. Raises as `read_report` does; cases that cannot be read are a `trouble`, no error."""
    report = read_report(folder)
    cases, trouble = None, ""
    try:
        cases = read_cases(folder)
    except NotFoundError:
        pass
    except BinScoutError as error:
        trouble = error.sentence
    return ReadRun(folder.name, report, cases, read_sources(folder), _config(folder), trouble)


def read_side(folder: Path) -> Side:
    """A run to compare with another. Raises as `read_report` and `read_cases` do."""
    report, sources = read_report(folder), read_sources(folder)
    return Side(folder.name, report, read_cases(folder), sources.groups, _config(folder), sources.examples)


def read_curves(folder: Path) -> dict[str, tuple[Point, ...]]:
    """The curves of the run's events, the losses first; none where they cannot be read."""
    reader = MetricsReader(folder / "events.jsonl")
    try:
        reader.poll(CURVES_S)
        series = reader.progress.series
    except BinScoutError:
        return {}
    finally:
        reader.close()
    names = sorted(series, key=lambda name: ("loss" not in name, "val" not in name, name))
    return {name: series[name] for name in names if len(series[name]) > 1}


def _config(folder: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode((folder / "config.json").read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
