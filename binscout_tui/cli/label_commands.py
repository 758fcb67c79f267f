"""`label …`, `undo`, `redo`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.errors import NotFoundError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.journal import Entry
    from binscout_tui.workspace import Workspace

label_app = typer.Typer(help="Classes and labels.", no_args_is_help=True)
Area = Literal[
    "label",
    "label_batch",
    "verify",
    "set",
    "set_note",
    "trash",
    "not_duplicate",
    "capture",
    "boxes",
    "counts",
    "crops",
    "crop_queue",
    "class",
    "suspect",
    "review",
    "note",
    "answer",
    "gold",
    "star",
    "title",
    "tag",
    "tag_name",
    "collection",
    "collection_name",
    "compare",
]
"""Where decisions begin; what follows from one in other areas is taken back with it."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(label_app, name="label")
    app.command()(undo)
    app.command()(redo)


@label_app.command("set")
def set_label(
    context: typer.Context,
    image_id: Annotated[int, typer.Argument(metavar="IMAGE")],
    class_name: Annotated[str, typer.Argument(metavar="CLASS")],
) -> None:
    """Label an image with a class."""
    from binscout_tui.store import labels

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        workspace.db.write(labels.set_label, workspace.user.uid, image_id, class_name)
    ours.answer({"image": image_id, "label": class_name}, f"Image {image_id} is {class_name}.")


@label_app.command("empty")
def set_empty(context: typer.Context, image_id: Annotated[int, typer.Argument(metavar="IMAGE")]) -> None:
    """Say that an image shows nothing; that is not the same as unlabelled."""
    from binscout_tui.store import labels

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        workspace.db.write(labels.set_label, workspace.user.uid, image_id, None, state="empty")
    ours.answer({"image": image_id, "label": None, "state": "empty"}, f"Image {image_id} is labelled empty.")


@label_app.command("clear")
def clear_label(context: typer.Context, image_id: Annotated[int, typer.Argument(metavar="IMAGE")]) -> None:
    """Take the label off an image."""
    from binscout_tui.store import labels

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        workspace.db.write(labels.clear, workspace.user.uid, image_id)
    ours.answer({"image": image_id, "label": None}, f"Image {image_id} is unlabelled.")


@label_app.command("add-class")
def add_class(context: typer.Context, name: str) -> None:
    """Make a class."""
    from binscout_tui.store import labels

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Making classes")
        made = workspace.db.write(labels.add_class, name)
    ours.answer(made, f"The class {made.name} is there.")


def undo(context: typer.Context, area: Annotated[Area | None, typer.Option(help="Only in this area.")] = None) -> None:
    """Take back your last decision."""
    _turn(context, area, forward=False)


def redo(context: typer.Context, area: Annotated[Area | None, typer.Option(help="Only in this area.")] = None) -> None:
    """Do again what you undid last."""
    _turn(context, area, forward=True)


def _turn(context: typer.Context, area: Area | None, *, forward: bool) -> None:
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Undoing")
        entry = _turned(ours, workspace, get_args(Area) if area is None else (area,), forward=forward)
        thing, is_hidden = _thing(workspace, entry)
    # A decision about images may have several rows about one of them.
    things = entry.turned if entry.area in OF_THEIR_OWN else tuple(frozenset(entry.turned))
    others = len(things) - 1
    moved = entry.action == "merge" and others > 0
    more = f" and {others:,} more" if others > 0 and not moved else ""
    text = f"{entry.action} of {thing}{more} {'redone' if forward else 'undone'}"
    text += f", with {counted(others, 'thing')} that it moved." if moved else "."
    if entry.stale:
        text = f"{thing} was changed since; it stays as it is."
    target = None if is_hidden else entry.target
    ours.answer({"area": entry.area, "action": entry.action, "target": target, "done": not entry.stale}, text)


def _turned(ours: Session, workspace: Workspace, areas: Sequence[str], *, forward: bool) -> Entry:
    """Turn a decision, a large one in parts. Raises NotFoundError."""
    from binscout_tui.store import journal, undoing

    turn, uid = undoing.redo if forward else undoing.undo, workspace.user.uid
    parts = [workspace.db.write(turn, uid, areas, most=undoing.PART)]
    total = undoing.PART + parts[0].waiting
    with ours.progress("redo" if forward else "undo") as on_progress:
        while parts[-1].waiting:
            on_progress(total - parts[-1].waiting, total)
            parts.append(workspace.db.write(turn, uid, areas, most=undoing.PART, goes_on=parts[-1]))
    return journal.together(parts)


OF_THEIR_OWN = {
    "capture": "capture",
    "answer": "answer",
    "class": "class",
    "set": "set",
    "set_note": "set",
    "tag_name": "tag",
    "collection_name": "collection",
}
"""What an area's decisions are about where it is not an image."""


def _thing(workspace: Workspace, entry: Entry) -> tuple[str, bool]:
    """What a decision was about, for example `image 7` or `class m3`, and whether that is hidden or gone."""
    from binscout_tui.store import captures, classes, images, sets

    if entry.area == "class":
        return f"class {workspace.db.read(classes.get, entry.target).name}", False
    word = OF_THEIR_OWN.get(entry.area, "image")
    looks: dict[str, Callable[..., object]] = {"image": images.get, "set": sets.get, "capture": captures.get}
    try:
        if word in looks:
            workspace.db.read(looks[word], entry.target)
    except NotFoundError:
        return f"{'an' if word == 'image' else 'a'} {word}", True
    return f"{word} {entry.target}", False
