"""What Models says of a model: pure rows and the card."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from textwrap import wrap

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.screens.gate_text import AT_GATE, gate_lines, verdict_line
from binscout_tui.screens.words import BASELINE_NAMES, accuracy_of, ago, bar, baselines_of, fraction
from binscout_tui.store.models import Activation
from binscout_tui.store.shelf import Shelved
from binscout_tui.widgets.row_list import Row

NAME = 14
BAR = 14
VALUE = 5


def model_rows(shelved: Sequence[Shelved], at_gate: Collection[str] = ()) -> list[Row]:
    """The list: id, `●` for the active one, accuracy, the gate's sign, `⟳` for those in `at_gate`."""
    return [Row(one.model.id, partial(_model_line, one, one.model.id in at_gate)) for one in shelved]


def _model_line(one: Shelved, at_gate: bool, width: int) -> Content:
    words, style = AT_GATE if at_gate else verdict_line(one.gate)
    name = Content(one.model.id).truncate(max(1, width - VALUE - 4), ellipsis=True, pad=True)
    active = ("●", "$accent") if one.model.active else (" ", "")
    return Content.assemble(active, " ", name, f"{fraction(accuracy_of(one.summary)):>{VALUE}} ", (words[0], style))


def card_text(
    one: Shelved, history: Sequence[tuple[Activation, str]], now: datetime, width: int, *, at_gate: bool = False
) -> Content:
    """Everything worth knowing before one activates a model, for `width` cells."""
    parts = [
        _head(one),
        Content(""),
        *_figures(one, width),
        Content(""),
        *_gate(one, width, at_gate),
        Content(""),
        *_facts(one, now),
        Content(""),
        *_history(history, one.model.task),
    ]
    return Content("\n").join(parts)


def _head(one: Shelved) -> Content:
    state = ("● active", "bold $accent") if one.model.active else ("not active", "$text-muted")
    return Content.assemble((one.model.id, "bold"), f"  {one.model.task}  ", state)


def _figures(one: Shelved, width: int) -> list[Content]:
    lines = [Content.styled("Accuracy on the test images", "bold $accent")]
    accuracy = accuracy_of(one.summary)
    if accuracy is None:
        return [*lines, Content.styled("  not known", "$warning")]
    baselines = baselines_of(one.summary)
    cells = max(0, min(BAR, width - NAME - VALUE - 4))
    for name, value in {"this model": accuracy, **baselines}.items():
        style = "bold" if name == "this model" else "$text-muted"
        words = f"  {BASELINE_NAMES.get(name, name):<{NAME}}"
        lines.append(
            Content.assemble(
                (words, style),
                (bar(value, cells), "$accent" if style == "bold" else style),
                (f"  {fraction(value)}", style),
            )
        )
    interval = (one.summary.get("metrics") or {}).get("ci95")
    if interval:
        lines.append(Content.styled(f"  95 % interval {interval[0]:.2f} to {interval[1]:.2f}", "$text-muted"))
    if not baselines:
        lines.append(Content.styled("  ! no baseline to compare with", "$warning"))
    return lines


def _gate(one: Shelved, width: int, at_gate: bool) -> list[Content]:
    words, style = AT_GATE if at_gate else verdict_line(one.gate)
    lines = [Content.assemble(("Gate  ", "bold $accent"), (words, style))]
    if at_gate:
        return lines
    if one.gate is not None:
        lines += gate_lines(one.gate, width)
    if one.refusal and not one.model.active:
        text = wrap(f"cannot be activated: {one.refusal}", max(NAME, width - 2))
        lines += [Content.styled(f"  {words}", "$warning") for words in text]
    return lines


def _facts(one: Shelved, now: datetime) -> list[Content]:
    card = one.model.card
    names = [str(name) for name in card.get("classes", [])]
    facts = {
        "classes": f"{len(names)}: {', '.join(names)}",
        "network": " · ".join(str(card[key]) for key in ("preset", "arch") if card.get(key)),
        "made": f"{ago(from_text(one.model.created_at), now)} by {one.made_by or 'unknown'}",
        "size": f"{one.model.bytes / 1e6:.1f} MB, SHA-256 {one.model.sha256[:12]}…",
    }
    lines = [Content.styled("Card", "bold $accent")]
    return lines + [
        Content.assemble((f"  {name:<{NAME}}", "$text-muted"), text) for name, text in facts.items() if text
    ]


def _history(history: Sequence[tuple[Activation, str]], task: str) -> list[Content]:
    lines = [Content.styled(f"What was active for {task}", "bold $accent")]
    for move, who in history:
        if move.task == task:
            at = from_text(move.at).astimezone()
            reason = f"  {move.reason}" if move.reason else ""
            verb = "rolled back to" if move.action == "rollback" else "activated"
            lines.append(
                Content.assemble(
                    (f"  {at:%d %b %H:%M}  ", "$text-muted"),
                    f"{verb} {move.model_id}",
                    (f"  {who}{reason}", "$text-muted"),
                )
            )
    return lines if len(lines) > 1 else [*lines, Content.styled("  nothing yet", "$text-muted")]
