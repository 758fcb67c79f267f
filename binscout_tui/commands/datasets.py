"""Commands of Data sets: the list of versions, what was found in one, its images, one of them in full, and a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.crop import FourWays

if TYPE_CHECKING:
    from binscout_tui.store.dataset_pages import Version


class DataContext(Protocol):
    """What the checks of the list look at."""

    @property
    def version(self) -> Version | None:
        """The version under the cursor."""

    @property
    def pair(self) -> tuple[Version, Version] | None:
        """Two versions to compare, the older first."""

    @property
    def busy(self) -> str | None:
        """What is being done at this moment, or None."""

    @property
    def viewer(self) -> str | None:
        """Why this person may not build a version, or None."""


class ImagesContext(Protocol):
    """What the checks of the images look at."""

    @property
    def has_image(self) -> bool:
        """Whether there is an image under the cursor."""

    @property
    def is_part(self) -> str:
        """What the images are a part of a version by, other than a filter, or ""."""

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter, a split or a class is chosen."""


class FullContext(Protocol):
    """What the checks of the full view look at."""

    @property
    def has_boxes(self) -> bool:
        """Whether the image has boxes to show."""

    @property
    def can_zoom(self) -> bool:
        """Whether its picture can be looked at more closely."""


NO_VERSION = "There is no data set yet; {data.new} makes one of the labelled images."


def has_version(context: DataContext) -> Verdict:
    """A version must be under the cursor."""
    return True if context.version is not None else NO_VERSION


def can_build(context: DataContext) -> Verdict:
    """An operator, and one thing at a time."""
    return context.busy or context.viewer or True


def can_check(context: DataContext) -> Verdict:
    """A version, and one thing at a time."""
    return context.busy or has_version(context)


def can_compare(context: DataContext) -> Verdict:
    """There must be two versions."""
    if context.pair is None:
        return "Mark two versions with {data.mark}, or mark one and go to the other."
    return context.busy or True


def has_image(context: ImagesContext) -> Verdict:
    """An image must be under the cursor."""
    return True if context.has_image else "There is no image here."


def can_narrow(context: ImagesContext) -> Verdict:
    """Only a whole version is filtered."""
    return f"These are only {context.is_part}; go up to the version to filter it." if context.is_part else True


def is_narrowed(context: ImagesContext) -> Verdict:
    """There must be something to take away."""
    return True if context.is_narrowed else "All images of the version are shown already."


def has_boxes(context: FullContext) -> Verdict:
    """The image must have boxes."""
    return True if context.has_boxes else "This image has no boxes."


def can_zoom(context: FullContext) -> Verdict:
    """There must be a picture to look at more closely."""
    return True if context.can_zoom else "There is no picture here to look at more closely."


def _move(scope: str, name: str, keys: tuple[str, ...], text: str) -> Command:
    return Command(f"{scope}.{name}", keys, name.replace("_", " "), text, footer=False, palette=False)


SCOPE = Scope(
    "data",
    "Data sets",
    (
        Command("data.inspect", ("enter",), "inspect", "Look at the images of the version.", allowed=has_version),
        Command(
            "data.new",
            ("n",),
            "build",
            "Build a version of classes, decided sets, or counts; first it is shown what would be frozen.",
            allowed=can_build,
            anywhere=True,
        ),
        Command("data.check", ("c",), "check", "Look for lost files, leaks and conflicts.", allowed=can_check),
        Command("data.mark", ("space",), "mark", "Mark the version to compare it, or not.", allowed=has_version),
        Command("data.versus", ("v",), "versus", "Show what differs between the marked versions.", allowed=can_compare),
        Command("data.balance", ("b",), "balance", "Show classes, splits and sizes as bars.", allowed=has_version),
        Command(
            "data.export",
            ("E",),
            "export",
            "Write the version with its pictures to a folder, for training elsewhere.",
            allowed=can_check,
        ),
        Command(
            "data.train", ("t",), "train", "Go to Training, to start a run on it.", allowed=has_version, footer=False
        ),
        _move("data", "up", ("up", "k"), "Move to the version above."),
        _move("data", "down", ("down", "j"), "Move to the version below."),
        _move("data", "card_up", ("pageup", "ctrl+u"), "Scroll the classes up."),
        _move("data", "card_down", ("pagedown", "ctrl+d"), "Scroll the classes down."),
    ),
)
FINDINGS = Scope(
    "data_found",
    "Data sets: what was found",
    (
        Command("data_found.open", ("enter",), "images", "Look at the images of this line."),
        Command("data_found.leave", ("backspace",), "versions", "Go back to the versions; Esc and q do the same."),
        _move("data_found", "up", ("up", "k"), "Move to the line above."),
        _move("data_found", "down", ("down", "j"), "Move to the line below."),
    ),
)
IMAGES = Scope(
    "data_images",
    "Data sets: images of a version",
    (
        Command("data_images.open", ("enter",), "open", "Show the image in full.", allowed=has_image),
        Command(
            "data_images.filter", ("slash",), "filter", "Show only what a filter lets through.", allowed=can_narrow
        ),
        Command("data_images.split", ("s",), "split", "Show only train, val, test, or all.", allowed=can_narrow),
        Command("data_images.pick", ("c",), "class", "Show only a class, as it was frozen.", allowed=can_narrow),
        Command("data_images.everything", ("asterisk",), "all", "Show all images again.", allowed=is_narrowed),
        Command("data_images.page_next", ("n", "pagedown"), "page", "Go on by a page."),
        Command("data_images.page_previous", ("N", "pageup"), "page back", "Go back by a page.", footer=False),
        Command("data_images.larger", ("plus", "equals_sign"), "larger", "Show fewer and larger tiles."),
        Command("data_images.smaller", ("minus",), "smaller", "Show more and smaller tiles."),
        Command("data_images.balance", ("b",), "balance", "Show classes, splits and sizes as bars.", footer=False),
        Command("data_images.leave", ("backspace",), "up", "Go up; Esc and q do the same.", footer=False),
        _move("data_images", "left", ("left", "h"), "Move to the image to the left."),
        _move("data_images", "right", ("right", "l"), "Move to the image to the right."),
        _move("data_images", "up", ("up", "k"), "Move to the image above."),
        _move("data_images", "down", ("down", "j"), "Move to the image below."),
        _move("data_images", "first", ("home", "g"), "Move to the first image."),
        _move("data_images", "last", ("end", "G"), "Move to the last image."),
    ),
)
FULL = Scope(
    "data_full",
    "Data sets: one image in full",
    (
        Command("data_full.next", ("n", "l"), "next", "Show the next image."),
        Command("data_full.previous", ("N", "h"), "back", "Show the image before."),
        Command("data_full.closer", ("plus", "equals_sign"), "closer", "Look more closely.", allowed=can_zoom),
        Command("data_full.farther", ("minus",), "farther", "Show more of the picture.", allowed=can_zoom),
        Command("data_full.whole", ("0",), "whole", "Show the whole picture.", allowed=can_zoom),
        Command(
            "data_full.pixels",
            ("1", "p"),
            "1:1",
            "Show a pixel of the picture as one of the screen, or the whole again.",
            allowed=can_zoom,
        ),
        Command("data_full.boxes", ("b",), "boxes", "Show the boxes of today, or not.", allowed=has_boxes),
        Command("data_full.leave", ("enter", "backspace"), "grid", "Go back to the grid; Esc and q do the same."),
        FourWays(
            "data_full.pan",
            ("H", "J", "K", "L", "shift+left", "shift+down", "shift+up", "shift+right"),
            "pan",
            "See more of the left (H), the bottom (J), the top (K) or the right (L).",
            allowed=can_zoom,
            takes_key=True,
            palette=False,
        ),
        FourWays(
            "data_full.arrows",
            ("left", "down", "up", "right"),
            "go",
            "Go to the image before or after; while looking closely, see more of that side.",
            footer=False,
            takes_key=True,
            palette=False,
        ),
        _move("data_full", "first", ("home",), "Show the first image."),
        _move("data_full", "last", ("end",), "Show the last image."),
    ),
)
PLAN = Scope(
    "data_plan",
    "Plan of a data set",
    (
        Command("dialog.freeze", ("f",), "freeze", "Freeze what is shown.", palette=False),
        Command("dialog.cancel", ("escape", "q"), "leave", "Leave without freezing anything.", palette=False),
        _move("dialog", "down", ("down", "j"), "Scroll down."),
        _move("dialog", "up", ("up", "k"), "Scroll up."),
        _move("dialog", "page_down", ("pagedown", "space", "ctrl+d"), "Scroll a page down."),
        _move("dialog", "page_up", ("pageup", "ctrl+u"), "Scroll a page up."),
    ),
    dialog=True,
)
WAITING = Scope(
    "data_waiting",
    "Waiting for an export",
    (Command("dialog.cancel", ("escape", "q"), "end it", "End it; nothing of it stays.", palette=False),),
    dialog=True,
)
