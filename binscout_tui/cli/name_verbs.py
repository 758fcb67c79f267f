"""What commands about names share, whichever kind of name it is: changing one, and putting images under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from binscout_tui.cli.session import Session
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.named import Name, Named
    from binscout_tui.workspace import Workspace

PART = 500
"""Images that are decided on in one transaction: an app that is open waits for no more of them."""


def answer_change(
    ours: Session, kind: Named, name: str, change: Callable[[Workspace, Name], int | None], told: str
) -> None:
    """Change a name, hidden ones too, and answer how it is then (null where safe mode hides it)."""
    from binscout_tui.store import named

    with ours.workspace() as workspace:
        workspace.user.must_be("operator", f"Changing {kind.word}s")
        one = workspace.db.read(named.find, kind, name, concealed=True)
        changed = change(workspace, one) is not None
        left = workspace.db.read(named.listed, kind, concealed=True)
    after = next((other for other in left if other.id == one.id), None)
    text = f"{one.name} {told}." if changed else f"{one.name} stays as it was."
    ours.answer({kind.word: after, "changed": changed}, text)


def decide(ours: Session, workspace: Workspace, kind: Named, name: str, images: Sequence[int], *, there: bool) -> int:
    """Put images under a name, which is made when there is none, or take them from under it; how many changed.

    One decision, in parts. Raises NotFoundError for a name to take from that is not there, UsageError for what is no
    name or for an image in the trash.
    """
    from binscout_tui.store import images as stored
    from binscout_tui.store import named

    uid, changed, batch = workspace.user.uid, 0, 0
    name = named.checked_name(kind, name)
    turn, name_id = named.put if there else named.take, None
    if not there:
        name_id = workspace.db.read(named.find, kind, name).id
    # Before anything is done: a part that is refused would leave the parts before it, and a new name.
    workspace.db.read(stored.must_count, images)
    with ours.progress(kind.word) as on_progress:
        for start in range(0, len(images), PART):
            part = images[start : start + PART]
            if name_id is None:
                name_id, change = workspace.db.write(named.put_under, uid, kind, name, part)
            else:
                change = workspace.db.write(turn, uid, kind, name_id, part, batch=batch)
            changed, batch = changed + change.changed, change.batch
            on_progress(start + len(part), len(images))
    return changed


def name_line(one: Name) -> str:
    """A name with how many images it has, in one line."""
    more = [one.colour, "hidden" if one.hidden else None, "sensitive" if one.sensitive else None]
    return "  ".join([f"{one.images:>7}  {one.name}", *(word for word in more if word)])


def kept(one: Name) -> str:
    """What is said of the images of a name that is deleted."""
    if one.hidden:
        return f"{one.name} is deleted; it hides {counted(one.images, 'image')} no more."
    return f"{one.name} is deleted; {counted(one.images, 'image')} stay{'s' if one.images == 1 else ''} in the library."
