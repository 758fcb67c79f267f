"""Dialogs in which nothing begins before a word is typed, and in which Cancel has the focus at first."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widgets import Input, Static

from binscout_tui.dialogs.base import Dialog, T
from binscout_tui.widgets.press import Press

CLOSES = "close"
NOTHING_YET = "nothing yet"


class Worded(Dialog[T], inherit_bindings=False):
    """What is typed while a button has the focus goes to a field; the line of keys says what Enter does now."""

    _enter = CLOSES

    @property
    def is_ready(self) -> bool:
        """Whether Enter may begin."""
        raise NotImplementedError

    @property
    def typed_into(self) -> Input | None:
        """The field for letters that are typed while a button has the focus; None while there is nothing to type."""
        raise NotImplementedError

    @property
    def enter_words(self) -> str:
        """What Enter does where the focus is."""
        if isinstance(self.focused, Press) and (self.focused.id or "").endswith("-cancel"):
            return CLOSES
        return self.SCOPE["dialog.submit"].title if self.is_ready else NOTHING_YET

    def on_mount(self) -> None:
        """What Enter does changes with the focus."""
        self.watch(self, "focused", self.say_keys, init=False)

    def on_key(self, event: events.Key) -> None:
        """A letter on a button belongs to the word."""
        field = self.typed_into
        if field is None or not isinstance(self.focused, Press) or not event.is_printable or event.character is None:
            return
        event.stop()
        event.prevent_default()
        field.focus()
        field.insert_text_at_cursor(event.character)

    def say_keys(self) -> None:
        """Bring the line of keys up to date."""
        if self.enter_words != self._enter:
            self._enter = self.enter_words
            self.query_one("#dialog-keys", Static).update(self._keys())

    def _keys(self) -> Content:
        parts: list[tuple[str, str]] = []
        for command in self.SCOPE:
            if command.footer:
                title = self._enter if command.id == "dialog.submit" else command.title
                parts += [(command.label, "bold $accent"), (f" {title}  ", "$text-muted")]
        return Content.assemble(*parts)
