"""Tables of a report, and figures as text."""

from __future__ import annotations

from dataclasses import dataclass

from binscout_tui.reporting.report import Figure


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its name, the cells, and a share 0..1 to draw as a bar."""

    name: str
    cells: tuple[str, ...]
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names; the first column is that of the names."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def shown(value: float | None, *, share: bool) -> str:
    """A figure as text: `0.87`, `3.40`, `1,200`, `-` where there is none."""
    if value is None:
        return "-"
    return f"{value:.2f}" if share or abs(value) < 100 else f"{value:,.0f}"


def interval(figure: Figure, *, share: bool) -> str:
    """`0.70 to 0.95`, "" where there is none."""
    if figure.ci95 is None:
        return ""
    return " to ".join(shown(end, share=share) for end in figure.ci95)
