"""Commands of Capture."""

from __future__ import annotations

from typing import Protocol

from binscout_tui.commands.command import Command, Scope, Verdict


class CaptureContext(Protocol):
    """What the checks look at."""

    @property
    def state(self) -> str | None:
        """The state of the capture on the desk, None when there is none."""

    @property
    def source_kind(self) -> str | None:
        """The kind of the source that is in use, None when there is no source."""

    @property
    def counts(self) -> dict[str, int]:
        """How many captures are in each state."""

    @property
    def has_item(self) -> bool:
        """Whether an item is chosen."""

    @property
    def compartment_chosen(self) -> bool:
        """Whether a compartment is chosen."""

    @property
    def is_damaged(self) -> bool:
        """Whether the picture on the desk cannot be shown."""


NOTHING = "Nothing is on the desk; a picture comes from a source, {capture.filter} shows others."
NO_SOURCE = "There is no source yet; {capture.make_inbox} makes an inbox, a folder into which pictures are put."


def can_shoot(context: CaptureContext) -> Verdict:
    """A source that takes pictures on demand."""
    if context.source_kind is None:
        return NO_SOURCE
    if context.source_kind == "inbox":
        return "An inbox needs no key: pictures put into its folder come by themselves."
    return True


def can_accept(context: CaptureContext) -> Verdict:
    """Only what a person can see and what waits, or was rejected, is accepted."""
    if context.state is None:
        return NOTHING
    if context.state == "failed":
        return "There is no picture to accept; {capture.details} says why, {capture.retry} tries again."
    if context.state == "accepted":
        return "It is accepted already; {capture.retake} retakes it, {capture.reject} rejects it."
    if context.is_damaged:
        return "This picture cannot be shown; {capture.reject} rejects it, {capture.retake} retakes it."
    return True


def can_retake(context: CaptureContext) -> Verdict:
    """What waits or was accepted may be taken again, from a source."""
    if context.state is None:
        return NOTHING
    if context.state not in ("staged", "accepted"):
        return f"Only a staged or accepted picture is retaken; this one is {context.state}."
    return NO_SOURCE if context.source_kind is None else True


def can_reject(context: CaptureContext) -> Verdict:
    """What waits, was accepted or has failed may be put aside."""
    if context.state is None:
        return NOTHING
    return f"This picture is {context.state}." if context.state in ("rejected", "superseded") else True


def can_retry(context: CaptureContext) -> Verdict:
    """Only a failure is tried again."""
    if context.state is None:
        return NOTHING
    return True if context.state == "failed" else f"This picture is {context.state}; there is nothing to try again."


def can_retry_all(context: CaptureContext) -> Verdict:
    """There must be failures."""
    return True if context.counts.get("failed") else "No capture has failed."


def can_accept_all(context: CaptureContext) -> Verdict:
    """Something must wait."""
    return True if context.counts.get("staged") else "Nothing is staged."


def can_place(context: CaptureContext) -> Verdict:
    """Both ends of a placement must be chosen."""
    if not context.compartment_chosen:
        return "Choose a compartment first, with {capture.compartment}."
    return True if context.has_item else "Choose an item first, with {capture.item}."


def has_picture(context: CaptureContext) -> Verdict:
    """There must be a picture."""
    if context.state is None:
        return NOTHING
    return "There is no picture; {capture.details} says why." if context.state == "failed" else True


def may_make_inbox(context: CaptureContext) -> Verdict:
    """Offered while there is no source."""
    return (
        True if context.source_kind is None else "There is a source already; `binscout capture source add` adds more."
    )


SCOPE = Scope(
    "capture",
    "Item Capture",
    (
        Command("capture.shoot", ("space",), "shoot", "Take a picture with the source in use.", allowed=can_shoot),
        Command(
            "capture.accept", ("enter",), "accept", "Accept the picture and go on to the next.", allowed=can_accept
        ),
        Command("capture.retake", ("r",), "retake", "Take it again; the new one takes its place.", allowed=can_retake),
        Command("capture.compartment", ("c",), "compartment", "Choose or scan the compartment.", anywhere=True),
        Command("capture.item", ("i",), "item", "Choose the item that is in the picture."),
        Command("capture.reject", ("x",), "reject", "Keep the picture out of use.", allowed=can_reject),
        Command(
            "capture.background",
            ("b",),
            "background",
            "Show the picture without its background beside it, or hide that again.",
            allowed=has_picture,
        ),
        Command("capture.undo", ("z", "u"), "undo", "Take back the last decision, and show its picture."),
        Command("capture.coverage", ("w",), "coverage", "Show what still needs pictures, and go there."),
        Command("capture.filter", ("f",), "filter", "Show the captures of the next state."),
        Command("capture.source", ("s",), "source", "Show the sources and choose the one in use."),
        Command(
            "capture.accept_all",
            ("A",),
            "accept all",
            "Accept every staged picture that no check warns of; one undo takes all of it back.",
            allowed=can_accept_all,
        ),
        Command(
            "capture.make_inbox",
            ("m",),
            "make inbox",
            "Make the folder inbox in the workspace, and watch it.",
            allowed=may_make_inbox,
            footer=False,
        ),
        Command(
            "capture.retake_why",
            ("R",),
            "retake, why",
            "Retake, and note the reason.",
            allowed=can_retake,
            footer=False,
        ),
        Command(
            "capture.place",
            ("p",),
            "place",
            "Note that the chosen item lives in the chosen compartment.",
            allowed=can_place,
            footer=False,
        ),
        Command(
            "capture.stay",
            ("t",),
            "stay",
            "Stay at the compartment after accepting, or go on to the next that needs pictures again.",
            footer=False,
        ),
        Command("capture.redo", ("Z",), "redo", "Do again what was undone last.", footer=False),
        Command("capture.next", ("n", "l", "right"), "next", "Show the next capture.", footer=False),
        Command("capture.previous", ("N", "h", "left"), "back", "Show the capture before.", footer=False),
        Command("capture.newest", ("G", "end"), "newest", "Show the newest capture.", footer=False),
        Command("capture.oldest", ("g", "home"), "oldest", "Show the oldest capture.", footer=False),
        Command("capture.filter_back", ("F",), "filter", "Show the captures of the state before.", footer=False),
        Command("capture.details", ("e",), "details", "Show all that is known of a capture, or what was told."),
        Command("capture.retry", ("y",), "try again", "Try again what has failed.", allowed=can_retry, footer=False),
        Command(
            "capture.retry_all",
            ("Y",),
            "try all again",
            "Try everything again that has failed.",
            allowed=can_retry_all,
            footer=False,
        ),
    ),
)
DECISIONS = frozenset(
    {
        "capture.accept",
        "capture.retake",
        "capture.reject",
        "capture.undo",
        "capture.redo",
        "capture.retry",
    }
)
"""What a key may only do once the capture that it is meant for is on the screen; a held key must not outrun the eye."""
COVERAGE = Scope(
    "coverage",
    "Coverage",
    (
        Command("dialog.submit", ("enter",), "go there", "Capture for the marked item.", palette=False),
        Command("dialog.down", ("down", "j"), "down", "Mark the next one.", palette=False),
        Command("dialog.up", ("up", "k"), "up", "Mark the one before.", palette=False),
        Command("dialog.page_down", ("pagedown", "ctrl+d"), "page down", "A page down.", footer=False, palette=False),
        Command("dialog.page_up", ("pageup", "ctrl+u"), "page up", "A page up.", footer=False, palette=False),
        Command("dialog.first", ("home", "g"), "top", "To the first one.", footer=False, palette=False),
        Command("dialog.last", ("end", "G"), "end", "To the last one.", footer=False, palette=False),
        Command("dialog.cancel", ("escape", "q", "w"), "close", "Close without going anywhere.", palette=False),
    ),
    dialog=True,
)
