"""What the terminal under an app can show, for widgets that draw pictures."""

from __future__ import annotations

from typing import Any

from textual.app import App

from binscout_tui.terminal.graphics import HALF_BLOCKS, TerminalGraphics


def graphics_of(app: App[Any]) -> TerminalGraphics:
    """What can be shown now, with the size of a cell; half blocks for an app that does not say.

    It changes while the app runs: another font size, another terminal around tmux, a late answer. Ask each time.
    """
    found = getattr(app, "graphics", None)
    return found if isinstance(found, TerminalGraphics) else HALF_BLOCKS


def tell_sent(app: App[Any]) -> None:
    """Tell an app that wants to know that all pixels of what is looked at were written."""
    tell = getattr(app, "pictures_sent", None)
    if callable(tell):
        tell()
