"""Commands of the gallery: the details of an image."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class PanelContext(Protocol):
    """What the checks look at."""

    @property
    def has_image(self) -> bool:
        """Whether there is an image here."""

    @property
    def shows_details(self) -> bool:
        """Whether its details stand beside it."""


def has_image(context: PanelContext) -> Verdict:
    """There must be an image, in the grid or in full."""
    return True if context.has_image else "There is no image here yet."


def has_details(context: PanelContext) -> Verdict:
    """The details must be there to be read."""
    return True if context.shows_details else "No details are shown; {gallery.panel} shows them."


def _commands(scope: str) -> tuple[Command, ...]:
    return (
        Command(
            f"{scope}.panel",
            ("i",),
            "details",
            "Show details beside the pictures: small, medium, large, none.",
        ),
        Command(
            f"{scope}.read_panel",
            ("I",),
            "read",
            "Scroll through the details; Esc leads back to the pictures.",
            allowed=has_details,
            footer=False,
        ),
        Command(
            f"{scope}.title",
            ("r",),
            "title",
            "Give the image a title, or another one.",
            allowed=has_image,
            footer=False,
        ),
    )


COMMANDS = _commands("gallery")
"""Of the grid."""
FULL_COMMANDS = _commands("full")
"""Of the full view."""
DECISIONS = frozenset({"gallery.title", "full.title"})
"""What a key may only do once the image that it is meant for is on the screen."""


def _move(name: str, keys: tuple[str, ...], title: str, text: str, *, footer: bool = False) -> Command:
    return Command(f"details.{name}", keys, title, text, footer=footer, palette=False)


PANEL = Scope(
    "details",
    "Details",
    (
        _move("down", ("down", "j"), "down", "Scroll down a line.", footer=True),
        _move("up", ("up", "k"), "up", "Scroll up a line.", footer=True),
        _move("page_down", ("pagedown", "n"), "page", "Scroll down a page.", footer=True),
        _move("page_up", ("pageup", "N"), "page back", "Scroll up a page."),
        _move("first", ("home",), "top", "Scroll to the top."),
        _move("last", ("end",), "end", "Scroll to the end."),
        _move("leave", ("I", "backspace"), "back", "Go back to the pictures; Esc does the same.", footer=True),
    ),
)
"""Of the details while they have the keys."""
