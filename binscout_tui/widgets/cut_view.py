"""A picture that is still being made, or the words why it cannot be."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from binscout_tui.widgets.picture import Picture


class CutView(Vertical):
    """Shows words until there is a picture."""

    DEFAULT_CSS = """
    CutView { width: 1fr; height: 1fr; }
    CutView Static { width: 1fr; height: 1fr; padding: 0 1; content-align: center middle; text-align: center; }
    CutView Picture { display: none; }
    CutView.-shown Static { display: none; }
    CutView.-shown Picture { display: block; }
    """

    def compose(self) -> ComposeResult:
        """The words and the picture, of which one is seen."""
        yield Static(markup=False)
        yield Picture(empty="")

    def say(self, words: str | Content) -> None:
        """Show words in the place of the picture."""
        self.remove_class("-shown")
        self.query_one(Picture).show(None)
        self.query_one(Static).update(words)

    def show(self, path: Path) -> None:
        """Show the picture at `path`."""
        self.add_class("-shown")
        self.query_one(Picture).show(path)
