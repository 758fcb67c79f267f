"""The words about decisions on many images of the gallery. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from binscout_tui.store.jobs import Job
from binscout_tui.wording import counted

MENU_LATE = "What the menu was about has changed meanwhile; nothing was done."
TYPE = "type a few letters of the class"
NO_CLASS = "There are no classes yet; the area Label makes them."


def starred(on: bool, changed: int, asked: int) -> str:
    """What came of giving stars, or taking them."""
    if not changed:
        return "It has a star already." if on else "It has no star."
    return f"{counted(changed, 'image')} {'starred' if on else 'without a star now'}."


def labelled(name: str, changed: int, asked: int) -> str:
    """What came of labelling with a class."""
    if not changed:
        return f"It is {name} already." if asked == 1 else f"They are {name} already."
    others = f" {asked - changed:,} were so already." if changed < asked else ""
    return f"{counted(changed, 'image')} labelled {name}.{others}"


def of_images(images: int, what: str) -> str:
    """The title of a dialog about what is meant."""
    return f"{what} {'this image' if images == 1 else f'{images:,} images'}"


def menu_title(meant: Sequence[int], here: int) -> str:
    """What the context menu is about: a line of it that names the image is about the one that is `here`."""
    if list(meant) == [here]:
        return f"Image #{here}"
    return f"{counted(len(meant), 'marked image')}; the image here is #{here}"


def export_began(images: int, job: int) -> str:
    """What is told when an export has begun."""
    return f"The export of {counted(images, 'image')} goes on in its own process as job {job}, also when you leave."


def export_ended(job: Job) -> tuple[str, Literal["information", "warning"]]:
    """What came of an export, and how loudly it is told."""
    if job.state != "done" or job.result is None:
        return f"The export {job.id} is {job.state}. {job.error or ''}".rstrip(), "warning"
    done = job.result
    words = f"{counted(done['images'], 'image')} exported to {done['folder']}."
    lost = len(done["refused"]) + done["gone"]
    return (f"{words} {counted(lost, 'image')} could not be.", "warning") if lost else (words, "information")
