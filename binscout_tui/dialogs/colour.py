"""A question that is answered with a colour: one of a few by name, or any as hexadecimal digits."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.labelling.colours import offers
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.text_line import TextLine

ROWS = 8
SWATCH = "██"


class ColourPick(Dialog[str]):
    """Answers a colour such as `#ff8700`, empty for none."""

    SCOPE = dialog.PICK
    BINDINGS = SCOPE.bindings()
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = f"""
    ColourPick #dialog {{ width: 44; max-width: 96%; }}
    ColourPick Input {{ width: 1fr; margin-bottom: 1; }}
    ColourPick #colour-rows {{ width: 1fr; height: {ROWS}; }}
    """

    def __init__(self, title: str, colour: str | None) -> None:
        super().__init__(title)
        self._offers = offers("")
        self._row = next((row for row, (_, one) in enumerate(self._offers) if one == (colour or "")), 0)

    def body(self) -> ComposeResult:
        """The line to type on, and the colours below it."""
        yield TextLine(placeholder="a name, or #rrggbb", compact=True)
        yield Line(id="colour-rows")

    def on_mount(self) -> None:
        """Show the colours."""
        self._paint()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Those that match; the first of them is meant."""
        found = offers(event.value)
        if found != self._offers:
            self._offers, self._row = found, 0
            self._paint()

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_submit()

    def action_submit(self) -> None:
        """Take the marked colour."""
        found = offers(self.query_one(Input).value)
        if found:
            row = self._row if found == self._offers else 0
            self.dismiss(found[row][1])

    def action_down(self) -> None:
        """Mark the next one."""
        self._move(1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._move(-1)

    def _move(self, by: int) -> None:
        self._row = min(max(0, self._row + by), max(0, len(self._offers) - 1))
        self._paint()

    def _paint(self) -> None:
        self.query_one("#colour-rows", Line).say(rows(self._offers, self._row))


def rows(offered: list[tuple[str, str]], marked: int) -> Content:
    """The colours around the marked one."""
    first = max(0, marked - ROWS + 1)
    lines = [
        Content.assemble(
            ("▸ " if row == marked else "  ", "bold $accent"),
            (SWATCH, colour) if colour else ("  ", ""),
            (f" {name:<10}", "bold" if row == marked else ""),
            (colour if colour != name else "", "$text-muted"),
        )
        for row, (name, colour) in enumerate(offered[first : first + ROWS], first)
    ]
    return Content("\n").join(lines or [Content.styled("  no such colour", "$warning")])
