"""What Models says of a model: pure rows and the card."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from textwrap import wrap

from textual.content import Content

from binscout_tui.clock import from_text
from binscout_tui.operations.shadowing import ShadowReport
from binscout_tui.screens.gate_text import AT_GATE, gate_lines, verdict_line
from binscout_tui.screens.shadow_text import shadow_line
from binscout_tui.screens.words import (
    ago,
    bar,
    baseline_name,
    baselines_of,
    data_size,
    figure_of,
    figure_text,
    interval_of,
    primary_of,
)
from binscout_tui.store.models import Activation
from binscout_tui.store.shelf import Shelved
from binscout_tui.widgets.row_list import Row

NAME = 14
BAR = 14
VALUE = 5


def model_rows(shelved: Sequence[Shelved], at_gate: Collection[str] = ()) -> list[Row]:
    """The list: id, `●` active, `◐` asked beside it, the first figure, the gate's sign, `⟳` for those in `at_gate`."""
    return [Row(one.model.id, partial(_model_line, one, one.model.id in at_gate)) for one in shelved]


def _model_line(one: Shelved, at_gate: bool, width: int) -> Content:
    words, style = AT_GATE if at_gate else verdict_line(one.gate)
    name = Content(one.model.id).truncate(max(1, width - VALUE - 4), ellipsis=True, pad=True)
    active = ("●", "$accent") if one.model.active else ("◐", "$accent") if one.is_shadow else (" ", "")
    return Content.assemble(active, " ", name, f"{_first(one):>{VALUE}} ", (words[0], style))


def card_text(
    one: Shelved,
    history: Sequence[tuple[Activation, str]],
    now: datetime,
    width: int,
    *,
    at_gate: bool = False,
    beside: ShadowReport | None = None,
) -> Content:
    """Everything worth knowing before one activates a model, for `width` cells; `beside` is what its shadow said."""
    parts = [
        _head(one),
        *_note(one, width),
        *_shadow(one, beside, width),
        Content(""),
        *_figures(one, width),
        Content(""),
        *_gate(one, width, at_gate),
        Content(""),
        *_facts(one, now, width),
        Content(""),
        *_history(history, one.model.task),
    ]
    return Content("\n").join(parts)


def _head(one: Shelved) -> Content:
    shadow = ("◐ beside the active one", "$accent") if one.is_shadow else ("not active", "$text-muted")
    state = ("● active", "bold $accent") if one.model.active else shadow
    return Content.assemble((one.model.id, "bold"), f"  {one.model.task}  ", state)


def _note(one: Shelved, width: int) -> list[Content]:
    return [Content.styled(line, "italic") for line in wrap(one.model.note, max(NAME, width))]


def _shadow(one: Shelved, beside: ShadowReport | None, width: int) -> list[Content]:
    """What came of asking two models, on the cards of both."""
    if beside is None or one.model.id not in (beside.shadow, beside.active):
        return []
    words = f"◐ {beside.shadow} beside {beside.active}: {shadow_line(beside)}"
    return [Content.styled(line, "$accent") for line in wrap(words, max(NAME, width))]


def _first(one: Shelved) -> str:
    """The figure by which its task is judged first."""
    return figure_text(primary_of(one.summary), figure_of(one.summary))


def _figures(one: Shelved, width: int) -> list[Content]:
    figure, value = figure_of(one.summary), primary_of(one.summary)
    better = "" if figure.higher_is_better else ", less is better"
    lines = [Content.styled(f"{figure.words.capitalize()} on the test images{better}", "bold $accent")]
    if value is None:
        return [*lines, Content.styled("  not known", "$warning")]
    baselines = {baseline_name(name): found for name, found in baselines_of(one.summary).items()}
    longest = 1.0 if figure.share else max([value, *baselines.values()]) or 1.0
    cells = max(0, min(BAR, width - NAME - VALUE - 4))
    for name, found in {"this model": value, **baselines}.items():
        style = "bold" if name == "this model" else "$text-muted"
        lines.append(
            Content.assemble(
                (f"  {name:<{NAME}}", style),
                (bar(found / longest, cells), "$accent" if style == "bold" else style),
                (f"  {figure_text(found, figure)}", style),
            )
        )
    if interval := interval_of(one.summary):
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


def _facts(one: Shelved, now: datetime, width: int) -> list[Content]:
    card = one.model.card
    names = [str(name) for name in card.get("classes", [])]
    recipe = [str(card[key]) for key in ("preset", "arch") if card.get(key)]
    recipe += [f"{words} {card[key]}" for key, words in (("seed", "seed"), ("epochs", "epochs")) if key in card]
    facts = {
        "classes": f"{len(names)}: {', '.join(names)}" if names else "",
        "data": " ".join(part for part in (one.dataset_name, one.dataset) if part),
        "images": ", ".join(f"{number} {split}" for split, number in one.images.items()),
        "recipe": " · ".join(recipe),
        "code": str(card.get("code_version") or ""),
        "made": f"{ago(from_text(one.model.created_at), now)} by {one.made_by or 'unknown'}",
        "size": f"{data_size(one.model.bytes)}, SHA-256 {one.model.sha256[:12]}…",
    }
    lines = [Content.styled("Card", "bold $accent")]
    for name, text in facts.items():
        for place, words in enumerate(wrap(text, max(NAME, width - NAME - 2))):
            lines.append(Content.assemble((f"  {name if place == 0 else '':<{NAME}}", "$text-muted"), words))
    return lines


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
