"""Commands of the gallery: views, collections, saved filters and safe mode."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict
from binscout_tui.commands.gallery_checks import NO_IMAGE, GalleryContext, in_grid

GROUPS = frozenset({"collection", "tag"})


class ShelfContext(GalleryContext, Protocol):
    """What these checks look at besides."""

    @property
    def collection(self) -> str | None:
        """The collection that one looks into."""


class SidebarContext(Protocol):
    """What the checks of the sidebar look at."""

    @property
    def kind(self) -> str:
        """What the cursor stands on: `view`, `collection`, `filter`, `tag`; "" for nothing."""


def can_collect(context: GalleryContext) -> Verdict:
    """There must be images that count."""
    if context.is_in_trash:
        return "What is in the trash goes into no collection; {gallery.restore} brings it back first."
    return True if context.has_image or context.marked else NO_IMAGE


def is_in_collection(context: ShelfContext) -> Verdict:
    """One must look into one collection."""
    if context.collection is None:
        return "You are not in a collection; {gallery.sidebar} lists them, {gallery.collect} takes out of any."
    return can_collect(context)


def can_keep(context: GalleryContext) -> Verdict:
    """There must be a filter."""
    return True if context.is_filtered else "All images are shown; {gallery.filter} filters them first."


def on_entry(context: SidebarContext) -> Verdict:
    """Something must be under the cursor."""
    return True if context.kind else "Nothing is listed."


def can_change(context: SidebarContext) -> Verdict:
    """It must be something that a person made."""
    return True if context.kind in GROUPS | {"filter"} else "A view is always there, and as it is."


def can_hide(context: SidebarContext) -> Verdict:
    """It must be something that hides images."""
    return True if context.kind in GROUPS else "Only collections and tags can be hidden."


COMMANDS: tuple[Command, ...] = (
    Command(
        "gallery.sidebar",
        ("s",),
        "sidebar",
        "Show views, collections, saved filters and tags, and choose among them.",
        allowed=in_grid,
    ),
    Command(
        "gallery.pin", ("S",), "pin", "Keep the sidebar beside the pictures, or not.", allowed=in_grid, footer=False
    ),
    Command(
        "gallery.collect",
        ("m",),
        "collection",
        "Put the marked images, without marks or in full this one, into a collection or take them out.",
        allowed=can_collect,
    ),
    Command(
        "gallery.remove",
        ("M",),
        "remove",
        "Take the marked images, without marks this one, out of the collection that is shown.",
        allowed=is_in_collection,
        footer=False,
    ),
    Command("gallery.keep", ("F",), "keep filter", "Keep this filter under a name.", allowed=can_keep, footer=False),
    Command(
        "gallery.safe_mode",
        ("exclamation_mark",),
        "safe mode",
        "Hide everything that is sensitive, everywhere, or show it again.",
        footer=False,
        anywhere=True,
    ),
)
"""Of the grid."""
FULL_COMMANDS: tuple[Command, ...] = ()
"""Of the full view, where those of the grid hold too."""
DECISIONS: frozenset[str] = frozenset({"gallery.collect", "gallery.remove"})
"""What a key may only do once the image that it is meant for is on the screen."""


def _way(name: str, keys: tuple[str, ...], title: str, text: str) -> Command:
    return Command(f"sidebar.{name}", keys, title, text, footer=False, palette=False)


SIDEBAR = Scope(
    "sidebar",
    "Sidebar of the gallery",
    (
        Command("sidebar.choose", ("enter",), "show", "Show the images of what is marked.", allowed=on_entry),
        Command("sidebar.narrow", ("slash",), "find", "Type a few letters of a name."),
        Command("sidebar.new", ("n",), "new", "Make a collection.", palette=False),
        Command("sidebar.rename", ("r",), "rename", "Give it another name.", allowed=can_change, palette=False),
        Command(
            "sidebar.delete",
            ("d",),
            "delete",
            "Delete the collection or tag, its images stay and undo brings it back; forget the saved filter.",
            allowed=can_change,
            palette=False,
        ),
        Command(
            "sidebar.hide",
            ("h",),
            "hide",
            "Hide it and all its images everywhere, or show them again.",
            allowed=can_hide,
            palette=False,
        ),
        Command(
            "sidebar.sensitive",
            ("x",),
            "sensitive",
            "Say that safe mode hides it and all its images, or that it does no more.",
            allowed=can_hide,
            palette=False,
        ),
        Command(
            "sidebar.hidden",
            ("H",),
            "hidden ones",
            "List hidden collections and tags too, or no more.",
            footer=False,
            palette=False,
        ),
        Command("sidebar.leave", ("s",), "close", "Go back to the pictures; Esc does the same.", palette=False),
        _way("down", ("down", "j"), "down", "Mark the next."),
        _way("up", ("up", "k"), "up", "Mark the one before."),
        _way("page_down", ("pagedown",), "page", "Go on by a page."),
        _way("page_up", ("pageup",), "page back", "Go back by a page."),
        _way("first", ("home",), "first", "Mark the first."),
        _way("last", ("end",), "last", "Mark the last."),
        _way("narrower", ("less_than_sign",), "narrower", "Give the pinned sidebar fewer columns."),
        _way("wider", ("greater_than_sign",), "wider", "Give the pinned sidebar more columns."),
    ),
)
