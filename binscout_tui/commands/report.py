"""Commands of Report and Two runs: the text, its worst cases, one picture in full."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.crop import FourWays


class ReportContext(Protocol):
    """What the checks of the report look at."""

    @property
    def run_id(self) -> str | None:
        """The run whose report is shown."""

    @property
    def others(self) -> int:
        """How many runs of the task it can be compared with."""

    @property
    def has_cases(self) -> bool:
        """Whether single cases can be looked at."""


class VersusContext(Protocol):
    """What the checks of a comparison look at."""

    @property
    def is_compared(self) -> bool:
        """Whether two runs are compared."""

    @property
    def count(self) -> int:
        """How many cases the line under the cursor has."""


class CaseContext(Protocol):
    """What the checks of a case look at."""

    @property
    def has_image(self) -> bool:
        """Whether there is a picture under the cursor."""

    @property
    def no_label(self) -> str:
        """Why the image cannot be labelled, or ""."""


class FullContext(Protocol):
    """What the checks of a picture in full look at."""

    @property
    def can_zoom(self) -> bool:
        """Whether its picture can be looked at more closely."""

    @property
    def has_boxes(self) -> bool:
        """Whether there is anything drawn on it."""


NO_REPORT = "No report is shown; choose a finished run in Training, or press {report.pick}."


def has_report(context: ReportContext) -> Verdict:
    """A report must be shown."""
    return True if context.run_id else NO_REPORT


def has_cases(context: ReportContext) -> Verdict:
    """There must be something that went wrong and can be looked at."""
    if context.run_id is None:
        return NO_REPORT
    return True if context.has_cases else "No case went wrong, or the run kept none."


def can_compare(context: ReportContext) -> Verdict:
    """There must be another finished run of the task."""
    if context.run_id is None:
        return NO_REPORT
    return True if context.others else "There is no other finished run of this task to compare it with."


def is_compared(context: VersusContext) -> Verdict:
    """Two runs must be compared."""
    return True if context.is_compared else "No runs are compared; v on a report chooses the other one."


def has_pairs(context: VersusContext) -> Verdict:
    """The line must have cases."""
    if not context.is_compared:
        return is_compared(context)
    return True if context.count else "There is no case of this kind."


def has_image(context: CaseContext) -> Verdict:
    """There must be a picture of an image of the workspace."""
    return True if context.has_image else "This image is not in the workspace any more."


def can_label(context: CaseContext) -> Verdict:
    """The image must be in the workspace, and of a task whose images have classes."""
    return has_image(context) if not context.no_label else context.no_label


def can_zoom(context: FullContext) -> Verdict:
    """There must be a picture to look at more closely."""
    return True if context.can_zoom else "There is no picture here to look at more closely."


def has_boxes(context: FullContext) -> Verdict:
    """Something must be drawn on the picture."""
    return True if context.has_boxes else "Nothing is drawn on this picture."


def _scroll(scope: str) -> tuple[Command, ...]:
    """Moving in a long text."""
    return (
        Command(f"{scope}.down", ("j", "down"), "down", "Scroll a line down.", footer=False, palette=False),
        Command(f"{scope}.up", ("k", "up"), "up", "Scroll a line up.", footer=False, palette=False),
        Command(
            f"{scope}.page_down",
            ("pagedown", "ctrl+d", "space"),
            "page",
            "Scroll a page down.",
            footer=False,
            palette=False,
        ),
        Command(f"{scope}.page_up", ("pageup", "ctrl+u"), "page up", "Scroll a page up.", footer=False, palette=False),
        Command(f"{scope}.first", ("home", "g"), "top", "Go to the beginning.", footer=False, palette=False),
        Command(f"{scope}.last", ("end", "G"), "end", "Go to the end.", footer=False, palette=False),
    )


SCOPE = Scope(
    "report",
    "Report",
    (
        Command("report.cases", ("enter", "w"), "the worst", "Look at the worst cases.", allowed=has_cases),
        Command("report.next", ("n", "right_square_bracket"), "section", "Go to the next section.", allowed=has_report),
        Command(
            "report.previous",
            ("N", "left_square_bracket"),
            "section before",
            "Go to the section before.",
            allowed=has_report,
            footer=False,
        ),
        Command("report.versus", ("v",), "versus", "Compare with another run.", allowed=can_compare),
        Command("report.pick", ("r",), "other run", "Show the report of another run.", anywhere=True),
        Command("report.training", ("t",), "training", "Go to Training, to this run."),
        *_scroll("report"),
    ),
)

VERSUS = Scope(
    "versus",
    "Two runs",
    (
        Command("versus.cases", ("enter",), "look", "Look at the cases of this kind.", allowed=has_pairs),
        Command("versus.swap", ("s",), "swap", "Make the second run the first.", allowed=is_compared),
        Command("versus.pick", ("v",), "other run", "Compare the first with another run.", allowed=is_compared),
        Command("versus.report", ("r",), "report", "Show the report of the second run.", allowed=is_compared),
        Command("versus.training", ("t",), "training", "Go to Training."),
        Command("versus.down", ("j", "down"), "down", "Go to the kind of cases below.", footer=False, palette=False),
        Command("versus.up", ("k", "up"), "up", "Go to the kind of cases above.", footer=False, palette=False),
        Command("versus.page_down", ("pagedown", "ctrl+d"), "page", "Scroll down.", footer=False, palette=False),
        Command("versus.page_up", ("pageup", "ctrl+u"), "page up", "Scroll up.", footer=False, palette=False),
    ),
)

CASE = Scope(
    "case",
    "Cases of a report",
    (
        Command("case.next", ("n", "j", "down", "space"), "next", "Go to the next case."),
        Command("case.previous", ("N", "k", "up"), "before", "Go to the case before."),
        Command("case.open", ("enter",), "full", "Show the picture as large as there is room.", allowed=has_image),
        Command("case.label", ("l",), "label", "Go to Label, to this image.", allowed=can_label),
        Command("case.right", ("right", "tab"), "picture", "Go to the next picture of the case."),
        Command("case.left", ("left", "h"), "left", "Go to the picture before.", footer=False, palette=False),
        Command("case.boxes", ("b",), "boxes", "Show boxes and points, or not."),
        Command("case.first", ("home", "g"), "first", "Go to the first case.", footer=False, palette=False),
        Command("case.last", ("end", "G"), "last", "Go to the last case.", footer=False, palette=False),
        Command("case.leave", ("backspace",), "report", "Go back to the report; Esc and q do the same."),
    ),
)

CASE_FULL = Scope(
    "case_full",
    "Cases of a report: one picture in full",
    (
        Command("case_full.next", ("n",), "next", "Show the next picture of the case."),
        Command("case_full.previous", ("N",), "back", "Show the picture before."),
        Command("case_full.closer", ("plus", "equals_sign"), "closer", "Look more closely.", allowed=can_zoom),
        Command("case_full.farther", ("minus",), "farther", "Show more of the picture.", allowed=can_zoom),
        Command("case_full.whole", ("0",), "whole", "Show the whole picture.", allowed=can_zoom),
        Command(
            "case_full.pixels",
            ("1", "p"),
            "1:1",
            "Show a pixel of the picture as one of the screen, or the whole again.",
            allowed=can_zoom,
        ),
        Command("case_full.boxes", ("b",), "boxes", "Show boxes and points, or not.", allowed=has_boxes),
        Command("case_full.leave", ("enter", "backspace"), "case", "Go back to the case; Esc and q do the same."),
        FourWays(
            "case_full.pan",
            ("H", "J", "K", "L", "shift+left", "shift+down", "shift+up", "shift+right"),
            "pan",
            "See more of the left (H), the bottom (J), the top (K) or the right (L).",
            allowed=can_zoom,
            takes_key=True,
            palette=False,
        ),
        FourWays(
            "case_full.arrows",
            ("left", "down", "up", "right"),
            "go",
            "Go to the picture before or after; while looking closely, see more of that side.",
            footer=False,
            takes_key=True,
            palette=False,
        ),
        Command("case_full.first", ("home",), "first", "Show the first picture.", footer=False, palette=False),
        Command("case_full.last", ("end",), "last", "Show the last picture.", footer=False, palette=False),
    ),
)
