"""What two models said of the same images, as a text."""

from __future__ import annotations

from textual.content import Content

from binscout_tui.operations.shadowing import Disagreement, ShadowReport
from binscout_tui.screens.words import fraction
from binscout_tui.wording import counted

MOST = 200


def shadow_line(found: ShadowReport) -> str:
    """The report in one line."""
    if not found.n:
        return "nothing to compare yet"
    words = f"the same word of {found.agree} of {counted(found.n, 'image')}"
    if not found.labelled:
        return f"{words}; none is labelled yet"
    right = f"right {found.shadow_right}, the active one {found.active_right}"
    return f"{words}; of {found.labelled} labelled since: {right}"


def shadow_text(found: ShadowReport, width: int) -> Content:
    """The whole report, for `width` cells."""
    lines = [Content(shadow_line(found))]
    if found.failed:
        lines.append(Content.styled(f"nothing could be said of {counted(found.failed, 'image')}", "$warning"))
    if found.p is not None:
        lines.append(
            Content.styled(
                f"p = {found.p:.3f}: the chance of that difference between equally good models", "$text-muted"
            )
        )
    lines.append(Content(""))
    lines.append(Content.styled("Where they differ: active | shadow", "bold $accent"))
    lines += [_disagreement(one, width) for one in found.disagreements[:MOST]]
    if len(found.disagreements) > MOST:
        lines.append(Content.styled(f"and {len(found.disagreements) - MOST} more", "$text-muted"))
    if not found.disagreements:
        lines.append(Content.styled("  nowhere", "$text-muted"))
    return Content("\n").join(lines)


def _disagreement(one: Disagreement, width: int) -> Content:
    said = f"{_word(one.active, one.active_score)} | {_word(one.shadow, one.shadow_score)}"
    right = "" if one.right is None else f"  {one.right} right" if one.right != "neither" else "  both wrong"
    style = {"shadow": "$success", "active": "$error"}.get(one.right or "", "$text-muted")
    head = f"  {one.image_id:>6}  "
    room = max(8, width - len(head) - len(said) - len(right) - 2)
    name = Content(one.name).truncate(room, ellipsis=True, pad=True)
    return Content.assemble((head, "$text-muted"), name, "  ", said, (right, style))


def _word(label: str | None, score: float) -> str:
    return f"{label or 'unknown'} {fraction(score)}"
