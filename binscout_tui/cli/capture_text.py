"""Captures as lines and as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from binscout_tui.imaging.names import display_name
from binscout_tui.store.capture_sources import Request
from binscout_tui.store.captures import Capture
from binscout_tui.store.coverage import CompartmentCoverage, ItemCoverage
from binscout_tui.store.journal import Entry


def row(capture: Capture) -> dict[str, Any]:
    """The capture for `--json`: its fields by name; `path` escaped where it is not text."""
    values = msgspec.structs.asdict(capture)
    values["path"] = None if capture.path is None else display_name(capture.path)
    return values


def line(capture: Capture) -> str:
    """One line of a list."""
    place = f"{capture.compartment or '-':<10}  {capture.item or '-':<20}"
    tail = f"  {capture.error}" if capture.error else ""
    again = f"  (attempt {capture.attempt})" if capture.attempt > 1 else ""
    return f"{capture.id:>6}  {capture.state:<10}  {place}  {capture.name}{again}{tail}"


def captures_are(number: int) -> str:
    """`number` as the beginning of a sentence about so many captures."""
    return "1 capture is" if number == 1 else f"{number} captures are"


def details(capture: Capture, attempts: list[Capture], history: list[Entry]) -> list[str]:
    """Everything about one capture."""
    lines = [
        line(capture),
        f"image      {capture.image_id if capture.image_id is not None else 'none'}",
        f"source     {capture.source or 'none'}",
        f"came from  {capture.origin or 'unknown'}",
        f"taken      {capture.added_at}",
    ]
    if capture.reason:
        lines.append(f"reason     {capture.reason}")
    if capture.codes:
        lines.append(f"codes      {', '.join(display_name(code) for code in capture.codes)}")
    for finding in capture.checks.get("findings", []):
        lines.append(f"check      {finding['level']:<4}  {finding['check']}: {finding['sentence']}")
    lines += [f"attempt    {line(one)}" for one in attempts if len(attempts) > 1]
    lines += [f"journal    {entry.at}  uid {entry.uid}  {entry.action} of {entry.target}" for entry in history]
    return lines


def decision(entry: Entry) -> dict[str, Any]:
    """A decision for `--json`."""
    return {
        "at": entry.at,
        "uid": entry.uid,
        "action": entry.action,
        "capture": entry.target,
        "before": entry.before,
        "after": entry.after,
    }


def request_row(request: Request) -> dict[str, Any]:
    """A request for `--json`."""
    return {
        "request": request.id,
        "state": request.state,
        "capture": request.capture_id,
        "error": request.error,
    }


def coverage_row(one: ItemCoverage | CompartmentCoverage) -> dict[str, Any]:
    """Coverage for `--json`, with what is missing and what is needed."""
    return {**msgspec.structs.asdict(one), "missing": one.missing, "needed": one.needed}


def coverage_line(one: ItemCoverage | CompartmentCoverage) -> str:
    """One line of coverage."""
    if isinstance(one, ItemCoverage):
        where = ", ".join(one.compartments) or "no compartment"
        return f"{_of(one.accepted, one.staged, one.target)}  {one.name}  ({where})"
    if one.target is None:
        return f"{'no item':<30}  {one.code}"
    return f"{_of(one.accepted, one.staged, one.target)}  {one.code}  {one.item}"


def _of(accepted: int, staged: int, target: int) -> str:
    waiting = f"{staged} staged" if staged else ""
    return f"{accepted:>5} of {target:<5}  {waiting:<14}"
