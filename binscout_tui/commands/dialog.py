"""Commands of dialogs."""

from __future__ import annotations

from binscout_tui.commands.command import Command, Scope

_CANCEL = Command("dialog.cancel", ("escape",), "close", "Close without doing anything.", palette=False)
_CLOSE = Command("dialog.cancel", ("escape", "q"), "close", "Close this.", palette=False)

CONFIRM = Scope(
    "confirm",
    "Question",
    (
        Command("dialog.yes", ("y",), "yes", "Do it.", palette=False),
        Command("dialog.cancel", ("n", "escape", "q"), "no", "Close without doing anything.", palette=False),
        Command("dialog.choose", ("enter",), "choose", "Take the marked answer.", palette=False),
        Command("dialog.turn", ("left", "right", "h", "l", "tab", "shift+tab"), "other", "Mark the other answer."),
    ),
    dialog=True,
)
TYPED = Scope(
    "typed",
    "Typed answer",
    (Command("dialog.submit", ("enter",), "go on", "Take what was typed.", palette=False), _CANCEL),
    dialog=True,
)
FORM = Scope(
    "form",
    "Form",
    (
        Command("dialog.submit", ("enter",), "start", "Take what is filled in.", palette=False),
        _CANCEL,
        Command("dialog.previous", ("left",), "other", "Choose the option before.", footer=False, palette=False),
        Command("dialog.next", ("right", "space"), "other", "Choose the next option.", palette=False),
        Command("dialog.down", ("tab", "down"), "next field", "Go to the next field.", palette=False),
        Command("dialog.up", ("shift+tab", "up"), "field before", "Go to the field before.", footer=False),
    ),
    dialog=True,
)
MENU = Scope("menu", "Menu", (_CLOSE,), dialog=True)
CHOICES = Scope(
    "choices",
    "Menu with a marked line",
    (
        Command("dialog.submit", ("enter",), "take", "Take what is marked.", palette=False),
        Command("dialog.down", ("down",), "down", "Mark the next one.", palette=False),
        Command("dialog.up", ("up",), "up", "Mark the one before.", palette=False),
        _CLOSE,
    ),
    dialog=True,
)
READER = Scope(
    "reader",
    "Text",
    (
        _CLOSE,
        Command("dialog.copy", ("y",), "copy", "Copy this text to the terminal's clipboard.", palette=False),
        Command("dialog.down", ("down", "j"), "down", "Scroll down.", footer=False, palette=False),
        Command("dialog.up", ("up", "k"), "up", "Scroll up.", footer=False, palette=False),
        Command("dialog.page_down", ("pagedown", "space", "ctrl+d"), "page down", "Scroll a page down.", palette=False),
        Command("dialog.page_up", ("pageup", "ctrl+u"), "page up", "Scroll a page up.", footer=False, palette=False),
        Command("dialog.first", ("home", "g"), "top", "Scroll to the top.", footer=False, palette=False),
        Command("dialog.last", ("end", "G"), "end", "Scroll to the end.", footer=False, palette=False),
    ),
    dialog=True,
)
PICK = Scope(
    "pick",
    "Choosing from a list",
    (
        Command("dialog.submit", ("enter",), "take", "Take what was typed or marked.", palette=False),
        Command("dialog.down", ("down",), "down", "Mark the next one.", palette=False),
        Command("dialog.up", ("up",), "up", "Mark the one before.", palette=False),
        Command("dialog.cancel", ("escape",), "close", "Close without choosing.", palette=False),
    ),
    dialog=True,
)
