"""The menu of orders: a letter, or Enter on the marked line, chooses in which order images are gone over."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from binscout_tui.commands import dialog
from binscout_tui.dialogs.base import Dialog
from binscout_tui.labelling.orders import OrderWords
from binscout_tui.store.label_queue import Order


class OrderMenu(Dialog[Order]):
    """Shows every order with its letter; answers the chosen one. The one that is gone over now is marked at first."""

    SCOPE = dialog.CHOICES
    BINDINGS = SCOPE.bindings()
    DEFAULT_CSS = """
    OrderMenu #dialog { width: 76; max-width: 98%; }
    OrderMenu #order-rows { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, orders: Iterable[OrderWords], here: Order) -> None:
        super().__init__("Go over the images")
        self._orders = list(orders)
        self._here = here
        self._row = next((row for row, order in enumerate(self._orders) if order.id == here), 0)

    def body(self) -> ComposeResult:
        """One line an order."""
        yield Static(self._lines(), id="order-rows")

    def _lines(self) -> Content:
        lines = [
            Content.assemble(
                ("▸" if row == self._row else " ", "bold $accent"),
                (f" {order.letter} ", "bold $accent"),
                (f" {order.title:<17}", "bold" if order.id == self._here else ""),
                (order.help, "$text-muted"),
                ("  here" if order.id == self._here else "", "$success"),
            )
            for row, order in enumerate(self._orders)
        ]
        return Content("\n").join(lines)

    def action_down(self) -> None:
        """Mark the next one."""
        self._mark(self._row + 1)

    def action_up(self) -> None:
        """Mark the one before."""
        self._mark(self._row - 1)

    def _mark(self, row: int) -> None:
        self._row = max(0, min(len(self._orders) - 1, row))
        self.query_one("#order-rows", Static).update(self._lines())

    def action_submit(self) -> None:
        """Take the marked one."""
        self.dismiss(self._orders[self._row].id)

    def on_key(self, event: events.Key) -> None:
        """The order with this letter."""
        for order in self._orders:
            if event.key == order.letter:
                event.stop()
                self.dismiss(order.id)

    def on_click(self, event: events.Click) -> None:
        """The clicked order."""
        if event.widget is self.query_one("#order-rows", Static) and 0 <= event.y < len(self._orders):
            self.dismiss(self._orders[event.y].id)
