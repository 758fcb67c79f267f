"""What is shown while the workspace is let go of: a program of its own, which knows nothing of the old one."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.driver import Driver
from textual.widgets import Static

from binscout_tui.commands import app
from binscout_tui.theme import BINSCOUT
from binscout_tui.workers import restoring

LOOK_S = 0.1


class StandingBy(App[bool], inherit_bindings=False):
    """Waits until nobody wants the workspace any more, and ends with True; with False when the person leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [*app.SCOPE["app.close"].bindings()]
    CSS_PATH = "../tcss/standing_by.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "BinScout"

    def __init__(self, root: Path, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._root = root
        self.animation_level = "none"
        self.register_theme(BINSCOUT)
        self.theme = BINSCOUT.name

    def compose(self) -> ComposeResult:
        """A few words in the middle."""
        with Vertical(id="standing-by"):
            yield Static("Another workspace is being put in place…", id="standing-by-title")
            yield Static(Content(restoring.wanted_for(self._root)), id="standing-by-what")
            yield Static("BinScout opens it by itself; q leaves.", id="standing-by-keys")

    def on_mount(self) -> None:
        """Look again and again."""
        self.set_interval(LOOK_S, self._look)

    def _look(self) -> None:
        if restoring.is_over(self._root):
            self.exit(True)

    def action_command(self, command_id: str) -> None:
        """The one key there is."""
        self.exit(False)
