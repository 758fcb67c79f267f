"""Everything that a run's folder tells of its model, read at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError, NotFoundError
from binscout_tui.eventlog.metrics import MetricsReader
from binscout_tui.eventlog.series import Point
from binscout_tui.reporting.cases import Case, Sources, read_cases, read_sources, without
from binscout_tui.reporting.document import Document, document
from binscout_tui.reporting.report import Report, read_report
from binscout_tui.reporting.versus import Side

CURVES_S = 5.0
"""So long at most is read in the events of a run."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run's report and what belongs to it; `cases` is None where it has none, `trouble` says what is wrong there.

    Cases with an image whose hash is in `hidden` are counted and not listed.
    """

    run: str
    report: Report
    cases: Sequence[Case] | None
    sources: Sources
    config: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""
    hidden: frozenset[str] = frozenset()

    def without(self, hidden: Collection[str]) -> ReadRun:
        """The same, but no picture of these hashes is listed; all figures stay as they are."""
        test = self.report.test
        return replace(
            self,
            report=msgspec.structs.replace(
                self.report,
                test=msgspec.structs.replace(test, worst=[one for one in test.worst if one.sha256 not in hidden]),
            ),
            hidden=frozenset(hidden),
            sources=msgspec.structs.replace(self.sources, examples=_seen(self.sources.examples, hidden)),
        )

    def document(self, curves: Mapping[str, Sequence[Point]] | None = None) -> Document:
        """The report as sections."""
        found = document(self.run, self.report, self.cases, self.sources, curves, self.trouble)
        return replace(found, worst=tuple(without(found.worst, self.hidden)))


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


def read_side(folder: Path, hidden: Collection[str] = ()) -> Side:
    """A run to compare with another, but for cases with an image of the hashes `hidden`.

    Raises as `read_report` and `read_cases` do.
    """
    report, sources = read_report(folder), read_sources(folder)
    cases, examples = without(read_cases(folder), hidden), _seen(sources.examples, hidden)
    return Side(folder.name, report, cases, sources.groups, _config(folder), examples)


def _seen(examples: Mapping[str, Sequence[str]], hidden: Collection[str]) -> dict[str, list[str]]:
    return {name: [one for one in found if one not in hidden] for name, found in examples.items()}


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
