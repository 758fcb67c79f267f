"""What the commands of the whole program do."""

from __future__ import annotations

from textual.actions import SkipAction

from binscout_tui.commands import app
from binscout_tui.commands.areas import AREAS
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.keymap import resolve
from binscout_tui.screens.base import BaseScreen
from binscout_tui.screens.live_keys import commanded, keymap_of
from binscout_tui.settings import KeySettings

DEFAULTS_HOLD = "The default keys hold until settings.toml is mended; `binscout keys check` lists all."


class AppCommands(Commanded):
    """The app's own commands: areas, help, palette, messages, one level up, leaving."""

    SCOPE = app.SCOPE

    def take_keys(self, wanted: KeySettings) -> None:
        """Work with the person's own keys; when anything is wrong with them, with the default ones, and say so."""
        found = resolve(wanted)
        self.frame.key_changes = found.changes
        self.frame.set_keymap(found.keymap)
        if found.problems:
            self.frame.toast(f"{found.problems[0]} {DEFAULTS_HOLD}", "error")

    def action_areas(self) -> None:
        """Ask where to go."""
        from binscout_tui.dialogs.area_menu import AreaMenu

        def go(area_id: str | None) -> None:
            if area_id is not None:
                self.frame.go_to(area_id)

        self.frame.push_screen(AreaMenu(AREAS.values(), self.frame.current_mode), go)

    def action_area(self, key: str) -> None:
        """Go to the area with this function key."""
        self.frame.go_to(next(area.id for area in AREAS.values() if area.function_key == key))

    def action_help(self) -> None:
        """Show the keys that work here."""
        from binscout_tui.screens.help import HelpScreen

        screen = self.frame.screen
        self.frame.push_screen(HelpScreen(list(commanded(screen)), keymap_of(screen), self.frame.key_changes))

    def action_palette(self) -> None:
        """Find a command by name."""
        from textual.command import CommandPalette

        from binscout_tui.screens.palette import CommandsProvider

        self.frame.push_screen(CommandPalette([CommandsProvider]))

    def action_messages(self) -> None:
        """Show what was told, with details."""
        from binscout_tui.dialogs.reader import Reader

        self.frame.push_screen(Reader("Messages", self.frame.messages.text()))

    def action_up(self) -> None:
        """Go up one level, never out of the program."""
        if not self._went_up():
            self.frame.toast("q leaves the program.")

    def action_close(self) -> None:
        """Go up one level, from Home out of the program."""
        if not self._went_up():
            self.frame.exit(0)

    def _went_up(self) -> bool:
        if isinstance(self.frame.screen, BaseScreen) and self.frame.screen.go_up():
            self.frame.clear_toasts()
            return True
        if self.frame.current_mode != self.frame.DEFAULT_MODE:
            self.frame.go_to(self.frame.DEFAULT_MODE)
            return True
        return False

    def action_redraw(self) -> None:
        """Paint everything again, the pictures' pixels too."""
        self.frame.repaint_pictures()

    def action_suspend(self) -> None:
        """Stop the program and show the shell; everything is painted again when it goes on."""
        self.frame.action_suspend_process()

    def action_interrupt(self) -> None:
        """Copy what is marked with the mouse, else say how one leaves."""
        try:
            self.frame.screen.action_copy_text()
        except SkipAction:
            self.frame.toast("Press q to leave; work that runs goes on without the app.")
