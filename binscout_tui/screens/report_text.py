"""An evaluation as a text: the model beside its baselines, recall of each class, what is taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content

from binscout_tui.screens.words import BASELINE_NAMES, bar

NAME = 18
BAR = 16
CELL = 5
# What stands around a bar: the margin, the figure, the interval.
SPREAD = 24


def report_text(report: Mapping[str, Any], width: int) -> Content:
    """The whole report for `width` cells; parts that it does not have are left out."""
    test = report["test"]
    lines = [
        _heading(f"Accuracy on {test['n']} test images, with 95 % interval"),
        _score("this model", test, "bold", width),
        *(_score(BASELINE_NAMES.get(name, name), found, "", width) for name, found in report["baselines"].items()),
    ]
    if test.get("unreadable"):
        lines.append(Content.styled(f"  {test['unreadable']} images could not be read and count as wrong", "$warning"))
    if beaten := _not_beaten(report):
        lines.append(Content.styled(f"  ! not clearly better than: {', '.join(beaten)}", "$warning"))
    lines += [Content(""), _heading("Recall of each class"), *_recalls(test.get("per_class", {}))]
    if "confusion" in test:
        lines += [Content(""), *_confusion(test["confusion"]["labels"], test["confusion"]["matrix"], width)]
    lines += [Content(""), *_rest(test)]
    return Content("\n").join(lines)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $accent")


def _score(name: str, found: Mapping[str, Any], style: str, width: int) -> Content:
    interval = found.get("ci95")
    spread = f"  {interval[0]:.2f} to {interval[1]:.2f}" if interval else ""
    share = found["accuracy"]
    cells = max(0, min(BAR, width - NAME - SPREAD))
    return Content.assemble(
        (f"  {name:<{NAME}}", style),
        (bar(share, cells), "$accent" if style else "$text-muted"),
        (f"  {share:.2f}", style),
        (spread, "$text-muted"),
    )


def _not_beaten(report: Mapping[str, Any]) -> list[str]:
    """Baselines whose accuracy lies inside the model's interval or above it."""
    interval = report["test"].get("ci95")
    low = interval[0] if interval else report["test"]["accuracy"]
    return [BASELINE_NAMES.get(n, n) for n, found in report["baselines"].items() if found["accuracy"] >= low]


def _recalls(per_class: Mapping[str, Mapping[str, Any]]) -> list[Content]:
    lines = []
    for name, found in sorted(per_class.items(), key=lambda entry: entry[1]["recall"]):
        label = Content(name).truncate(NAME, ellipsis=True, pad=True)
        share = found["recall"]
        lines.append(
            Content.assemble(
                "  ", label, (bar(share, BAR), "$accent"), f"  {share:.2f}", (f"  of {found['support']}", "$text-muted")
            )
        )
    return lines


def _confusion(labels: Sequence[str], matrix: Sequence[Sequence[int]], width: int) -> list[Content]:
    """The matrix where it fits, else its mistakes, the most frequent first."""
    if 2 + NAME + CELL * (len(labels) + 1) <= width:
        return [_heading("What is taken for what (rows: truth, columns: model)"), *_matrix(labels, matrix)]
    return [_heading("What is taken for what (the model says ← it is)"), *_mistakes(labels, matrix)]


def _mistakes(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> list[Content]:
    found = [
        (number, f"{said} ← {truth}")
        for truth, row in zip(labels, matrix, strict=True)
        for said, number in zip(labels, row, strict=True)
        if number and said != truth
    ]
    if not found:
        return [Content.styled("  nothing is mistaken", "$success")]
    longest = max(Content(words).cell_length for _, words in found)
    found.sort(key=lambda entry: -entry[0])
    return [
        Content.assemble(
            "  ", Content(words).pad_right(longest - Content(words).cell_length), (f"{number:>5}", "$error")
        )
        for number, words in found
    ]


def _matrix(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> list[Content]:
    head = "".join(f"{_number(place):>{CELL}}" for place in range(len(labels)))
    lines = [Content.styled(f"  {'':<{NAME + CELL}}{head}", "$text-muted")]
    for place, (name, row) in enumerate(zip(labels, matrix, strict=True)):
        label = Content(name).truncate(NAME, ellipsis=True, pad=True)
        cells = [
            (f"{value or '·':>{CELL}}", "$success" if column == place else "$error" if value else "$text-disabled")
            for column, value in enumerate(row)
        ]
        lines.append(Content.assemble("  ", label, (f"{_number(place):>{CELL}}", "$text-muted"), *cells))
    return lines


def _number(place: int) -> str:
    return f"#{place + 1}"


def _rest(test: Mapping[str, Any]) -> list[Content]:
    parts = []
    if isinstance(test.get("ece"), int | float):
        parts.append(f"calibration error {test['ece']:.3f}")
    if isinstance(test.get("nll"), int | float):
        parts.append(f"negative log-likelihood {test['nll']:.2f}")
    return [Content.styled(" · ".join(parts), "$text-muted")] if parts else []
