"""The sections of a report, or of a comparison, in colour."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from binscout_tui.reporting.lines import Role, Section

STYLES: dict[Role, str] = {
    "": "",
    "muted": "$text-muted",
    "bold": "bold",
    "own": "$accent",
    "good": "$success",
    "bad": "$error",
    "warning": "$warning",
    "diagonal": "on $success 35%",
    "heat1": "on $error 15%",
    "heat2": "on $error 35%",
    "heat3": "on $error 55%",
    "heat4": "bold on $error 80%",
}


def section_text(sections: Sequence[Section]) -> tuple[Content, list[int]]:
    """All sections as one text, and the line on which each begins."""
    lines: list[Content] = []
    starts = []
    for section in sections:
        if lines:
            lines.append(Content(""))
        starts.append(len(lines))
        lines.append(Content.styled(section.title, "bold $accent"))
        lines += [Content.assemble(*((text, STYLES[role]) for text, role in line)) for line in section.lines]
    return Content("\n").join(lines), starts
