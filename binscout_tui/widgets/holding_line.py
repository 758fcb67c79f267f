"""An input whose Enter is a command of what is around it."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.binding import Binding
from textual.widgets import Input

from binscout_tui.widgets.text_line import TextLine


class HoldingLine(TextLine, inherit_bindings=False):
    """Leaves Enter to what is around it, and holds back what is typed behind it until that has had its effect."""

    BINDINGS = [binding for binding in Input.BINDINGS if isinstance(binding, Binding) and binding.key != "enter"]

    def __init__(self, placeholder: str = "", *, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False, id=id)
        self._behind: list[events.Key] | None = None
        self._is_done = False

    def hold(self) -> None:
        """Whoever types now means this line, but not before `let_go`."""
        self._behind, self._is_done = [], False

    def on_key(self, event: events.Key) -> None:
        """What is typed behind Enter belongs to whatever Enter leads to."""
        if self._is_done or self._behind is not None:
            event.stop()
            event.prevent_default()
            if self._is_done:
                self._pass_on(event)
            elif self._behind is not None:
                self._behind.append(event)
        elif self.leads_out(event.key):
            self._behind = []

    def leads_out(self, key: str) -> bool:
        """Whether a key is a command of what is around it, which says with `let_go` when it was carried out."""
        return key == "enter"

    def let_go(self, *, done: bool, before: Iterable[events.Key] = ()) -> None:
        """The command was carried out, and with `done` nothing more is meant for this line: the keys go their way.

        Those of `before` were pressed before all of them.
        """
        behind, self._behind, self._is_done = self._behind or [], None, done
        for pressed in (*before, *behind):
            self._pass_on(pressed)

    def _pass_on(self, pressed: events.Key) -> None:
        """As if it came now, but judged by the moment at which it was pressed."""
        again = events.Key(pressed.key, pressed.character)
        again.time = pressed.time
        again.set_sender(self.app)  # as all keys are: from anybody else it would not get as far as the app's bindings
        self.app.post_message(again)
