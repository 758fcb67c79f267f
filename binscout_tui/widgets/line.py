"""Text that is written to the terminal only when it is other text."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Line(Static):
    """A Static whose size is given by its style; saying the same again costs nothing."""

    def __init__(self, content: str | Content = "", *, id: str | None = None) -> None:
        super().__init__(content, markup=False, id=id)
        self._said: Content | None = None

    def say(self, content: Content) -> None:
        """Show `content`."""
        if self._said is None or not self._said.is_same(content):
            self._said = content
            self.update(content, layout=False)
