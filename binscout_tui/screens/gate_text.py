"""A verdict of the gate as a text: every check with its value and its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import wrap
from typing import Any

from textual.content import Content

from binscout_tui.screens.words import data_size, fraction
from binscout_tui.store.models import Gate

NAME, VALUE, LIMIT = 11, 8, 14
INDENT = 4
LEAST_DETAIL = 20
AT_GATE = ("⟳ at the gate…", "$accent")
WORDS = {
    "per_class": "each class",
    "per_item": "each item",
    "must_pass": "must-pass",
    "regression": "no worse",
    "crops_no_worse": "crop loss",
    "error_no_worse": "error rise",
    "unseen": "not seen",
    "unlike": "not alike",
    "same_item": "same item",
    "mean_error": "mean error",
    "constant": "vs constant",
    "chance": "vs chance",
    "tried": "could be run",
}


def verdict_line(gate: Gate | None) -> tuple[str, str]:
    """(words with a sign, style) for a verdict, or for none."""
    if gate is None:
        return "○ not at the gate yet", "$text-muted"
    failed = [_name(check) for check in gate.checks if not check["passed"]]
    if gate.state == "error":
        return "! could not be tested", "$warning"
    return ("✓ passed", "$success") if gate.passed else (f"✗ failed: {', '.join(failed)}", "$error")


def gate_lines(gate: Gate, width: int) -> list[Content]:
    """One line a check: value and limit, then what was found where there is room; what failed is always explained."""
    return [line for check in gate.checks for line in _check(check, width)]


def gate_text(gate: Gate, width: int) -> Content:
    """The whole verdict, for `width` cells."""
    words, style = verdict_line(gate)
    beside = f"beside {gate.active_model_id}" if gate.active_model_id else "no model was active"
    beside = "it was active itself" if gate.active_model_id == gate.model_id else beside
    head = Content.assemble((gate.model_id, "bold"), "  ", (words, style), (f"  {beside}", "$text-muted"))
    return Content("\n").join([head, Content(""), *gate_lines(gate, width), *_broken(gate, width)])


def _broken(gate: Gate, width: int) -> list[Content]:
    """What the active model had right and this one has not."""
    if not gate.broken:
        return []
    lines = wrap(f"newly wrong: {', '.join(gate.broken)}", max(LEAST_DETAIL, width - 2))
    return [Content(""), *(Content.styled(f"  {words}", "$warning") for words in lines)]


def _check(check: Mapping[str, Any], width: int) -> list[Content]:
    sign, style = ("✓", "$success") if check["passed"] else ("✗", "$error")
    value, limit = _figures(check)
    line = Content.assemble(
        (f"  {sign} ", style), f"{_name(check):<{NAME}}{value:>{VALUE}}", (f"  {limit:<{LIMIT}}", "$text-muted")
    )
    room = width - line.cell_length
    colour = "$text-muted" if check["passed"] else style
    if room >= LEAST_DETAIL:
        first, *more = wrap(check["detail"], room) or [""]
        indent = " " * line.cell_length
        return [
            Content.assemble(line, (first, colour)),
            *(Content.assemble(indent, (words, colour)) for words in more),
        ]
    if check["passed"]:
        return [line]
    below = wrap(check["detail"], max(LEAST_DETAIL, width - INDENT))
    return [line, *(Content.assemble(" " * INDENT, (words, colour)) for words in below)]


def _name(check: Mapping[str, Any]) -> str:
    name = str(check["name"])
    return WORDS.get(name, name.replace("_", " "))


def _figures(check: Mapping[str, Any]) -> tuple[str, str]:
    """(value, limit) in words."""
    show, limit_words = UNITS.get(check["name"], (_number, "at most {}"))
    value, limit = (None if check.get(key) is None else show(float(check[key])) for key in ("value", "limit"))
    return value or "-", "" if limit is None else "none allowed" if limit == "0" else limit_words.format(limit)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def _seconds(value: float) -> str:
    return f"{value:.3g} s"


UNITS: dict[str, tuple[Callable[[float], str], str]] = {
    "images": (_number, "at least {}"),
    "sets": (_number, "at least {}"),
    "overall": (fraction, "at least {}"),
    "per_class": (fraction, "at least {}"),
    "top1": (fraction, "at least {}"),
    "crops": (fraction, "at least {}"),
    "exact": (fraction, "at least {}"),
    "unknown": (fraction, "at least {}"),
    "calibration": (fraction, "up to {}"),
    "chance": (fraction, "above {}"),
    "mean_error": (_number, "up to {}"),
    "per_item": (_number, "up to {}"),
    "constant": (_number, "below {}"),
    "regression": (fraction, "drop up to {}"),
    "crops_no_worse": (fraction, "rise up to {}"),
    "error_no_worse": (_number, "rise up to {}"),
    "speed": (_seconds, "of {}"),
    "memory": (data_size, "of {}"),
}
