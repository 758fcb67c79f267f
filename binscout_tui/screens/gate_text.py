"""A verdict of the gate as a text: every check with its value and its limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.content import Content

from binscout_tui.store.models import Gate

NAME = 12
NUMBER = 9


def verdict_line(gate: Gate | None) -> tuple[str, str]:
    """(words with a sign, style) for a verdict, or for none."""
    if gate is None:
        return "○ not at the gate yet", "$text-muted"
    failed = [check["name"] for check in gate.checks if not check["passed"]]
    return ("✓ passed", "$success") if gate.passed else (f"✗ failed: {', '.join(failed)}", "$error")


def gate_lines(gate: Gate, *, details: bool = True) -> list[Content]:
    """Headings, then one line a check; without `details` only failed checks say more than value and limit."""
    columns = Content.styled(f"    {'':<{NAME}}{'value':>{NUMBER}}{'limit':>{NUMBER}}", "$text-muted")
    return [columns, *(_check(check, details or not check["passed"]) for check in gate.checks)]


def gate_text(gate: Gate) -> Content:
    """The whole verdict."""
    words, style = verdict_line(gate)
    beside = f"beside {gate.active_model_id}" if gate.active_model_id else "no model was active"
    head = Content.assemble((gate.model_id, "bold"), "  ", (words, style), (f"  {beside}", "$text-muted"))
    return Content("\n").join([head, Content(""), *gate_lines(gate)])


def _check(check: Mapping[str, Any], detailed: bool) -> Content:
    sign, style = ("✓", "$success") if check["passed"] else ("✗", "$error")
    value, limit = (_number(check.get(key)) for key in ("value", "limit"))
    return Content.assemble(
        (f"  {sign} ", style),
        f"{check['name']:<{NAME}}{value:>{NUMBER}}",
        (f"{limit:>{NUMBER}}", "$text-muted"),
        (f"  {check['detail']}" if detailed else "", "" if check["passed"] else style),
    )


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
