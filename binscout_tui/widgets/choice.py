"""One of several: shown in one row, changed with left and right."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """A field with a name and options as (value, words, explanation)."""

    index: reactive[int] = reactive(0, layout=True)

    def __init__(self, name: str, options: Sequence[tuple[str, str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label = name
        self._options = options

    @property
    def value(self) -> str:
        """The value that is chosen."""
        return self._options[self.index][0]

    def offer(self, options: Sequence[tuple[str, str, str]]) -> None:
        """Have other options; the first is chosen, unless the one that was chosen is still there."""
        if options == self._options:
            return
        before = self.value
        self._options = options
        self.index = next((place for place, option in enumerate(options) if option[0] == before), 0)
        self.refresh(layout=True)

    def turn(self, steps: int) -> None:
        """Choose another option, round and round."""
        self.index = (self.index + steps) % len(self._options)

    def on_focus(self) -> None:
        """Show that the keys go here."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that they go elsewhere."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click chooses the next option."""
        self.turn(1)

    def render(self) -> Content:
        """Name, then the chosen words between arrows when there is a choice, then the explanation."""
        _, words, about = self._options[self.index]
        many = len(self._options) > 1
        arrows = ("◂ ", " ▸") if many else ("  ", "  ")
        style = "bold reverse" if self.has_focus else "bold"
        place = f"  {self.index + 1}/{len(self._options)}" if many else ""
        return Content.assemble(
            (f"{self._label}\n", "$text-muted"),
            (arrows[0], "$accent"),
            (words, style),
            (arrows[1], "$accent"),
            (place, "$text-muted"),
            (f"\n  {about}", "$text-muted"),
        )
