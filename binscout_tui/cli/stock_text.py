"""What came of a list of items or compartments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from binscout_tui.cli.session import Session
from binscout_tui.errors import EXIT_FAILED

if TYPE_CHECKING:
    from binscout_tui.operations.stock_lists import ListReport

SHOWN = 20


def answer_report(ours: Session, report: ListReport) -> int:
    """Answer with `report`; the exit code: failed when a line was refused."""
    lines = [
        f"added {report.added}, changed {report.changed}, unchanged {report.unchanged}, refused {len(report.refused)}"
    ]
    lines += [f"  line {one.line}: {one.reason} [{one.code}]  {one.text}" for one in report.refused[:SHOWN]]
    if len(report.refused) > SHOWN:
        lines.append(f"  and {len(report.refused) - SHOWN} more; --json lists all")
    ours.answer(report, lines)
    return EXIT_FAILED if report.refused else 0
