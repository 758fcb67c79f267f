"""The header row: which workspace, where one is, who, and what runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

PATH_WIDTH = 24
# Marker, its colours, and whether it must shout; any other word is shown plainly.
ENVIRONMENTS = {"PROD": "bold $background on $error", "STAGING": "bold $background on $warning", "DEV": "$success"}

SAFE = (" SAFE ", "bold $background on $success")


@dataclass(frozen=True, slots=True)
class HeaderState:
    """What the header shows. `environment` is empty where nothing is to be said; `is_safe` while safe mode is on.

    `backup` is the age of the last good backup, empty where there is no target; `is_late` makes it an alarm.
    """

    workspace: str = ""
    environment: str = ""
    is_safe: bool = False
    jobs: int = 0
    backup: str = ""
    is_late: bool = False
    user: str = ""
    clock: str = ""


def short_path(path: Path, home: Path | None, width: int = PATH_WIDTH) -> str:
    """`path` with `~` for the home folder, cut on the left to `width` characters."""
    text = str(path)
    if home is not None and path.is_relative_to(home):
        below = path.relative_to(home).as_posix()
        text = "~" if below == "." else f"~/{below}"
    return text if len(text) <= width else "…" + text[-(width - 1) :]


def header_line(state: HeaderState, area: str, width: int) -> Content:
    """The row for `width` cells: the right side folds away from its left, then the path; never marks and alarm."""
    marker = state.environment
    fixed = [(" BinScout", "bold"), *([("  ", ""), (f" {marker} ", ENVIRONMENTS.get(marker, ""))] if marker else [])]
    fixed += [("  ", ""), SAFE] if state.is_safe else []
    place = [("  ", ""), (state.workspace, "$text-muted")] if state.workspace else []
    area_parts = [("  ", ""), (area, "bold $accent")]
    alarm = _backup(state)
    right = [part for part in (_jobs(state.jobs), alarm, (state.user, "$text-muted"), (state.clock, "")) if part[0]]
    while _cells([*fixed, *place, *area_parts]) + _right_cells(right) > width:
        folds = next((part for part in right if not (state.is_late and part is alarm)), None)
        if folds is None:
            break
        right.remove(folds)
    if _cells([*fixed, *place, *area_parts]) + (_right_cells(right) if right else 0) > width:
        place = []
    if right and _cells([*fixed, *area_parts]) + _right_cells(right) > width:
        area_parts = []
    left = [*fixed, *place, *area_parts]
    gap = max(0, width - _cells(left) - _right_cells(right) + 2)
    tail = [part for entry in right for part in (("  ", ""), entry)][1:]
    return Content.assemble(*left, *([(" " * gap, ""), *tail, (" ", "")] if tail else []))


def _jobs(count: int) -> tuple[str, str]:
    return (f"⟳ {count} job{'s' if count > 1 else ''}", "$accent") if count else ("", "")


def _backup(state: HeaderState) -> tuple[str, str]:
    style = "bold $background on $error" if state.is_late else "$text-muted"
    return (f"⛁ {state.backup}", style) if state.backup else ("", "")


def _cells(parts: list[tuple[str, str]]) -> int:
    return sum(Content(text).cell_length for text, _ in parts)


def _right_cells(parts: list[tuple[str, str]]) -> int:
    return sum(2 + Content(text).cell_length for text, _ in parts) + 1


class HeaderBar(Widget):
    """One row at the top of every screen."""

    state: reactive[HeaderState] = reactive(HeaderState())

    def __init__(self, area: str) -> None:
        super().__init__()
        self.area = area

    def render(self) -> Content:
        """The row."""
        return header_line(self.state, self.area, self.size.width)
