"""`label …`, `undo`, `redo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from binscout_tui.cli.session import session
from binscout_tui.errors import NotFoundError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.journal import Entry
    from binscout_tui.workspace import Workspace

label_app = typer.Typer(help="Classes and labels.", no_args_is_help=True)
Area = Literal[
    "label",
    "verify",
    "set",
    "trash",
    "capture",
    "boxes",
    "counts",
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
    # Whoever keeps an area says how its states are read, as soon as it is imported.
    from binscout_tui.store import comparisons, named, stars, texts, undoing  # noqa: F401

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Undoing")
        areas = get_args(Area) if area is None else (area,)
        entry = workspace.db.write(undoing.redo if forward else undoing.undo, workspace.user.uid, areas)
        thing = _thing(workspace, entry)
    others = len(frozenset(entry.turned) if entry.area == "compare" else entry.turned) - 1
    moved = entry.action == "merge" and others > 0
    more = f" and {others:,} more" if others > 0 and not moved else ""
    text = f"{entry.action} of {thing}{more} {'redone' if forward else 'undone'}"
    text += f", with {counted(others, 'thing')} that it moved." if moved else "."
    if entry.stale:
        text = f"{thing} was changed since; it stays as it is."
    done = {"area": entry.area, "action": entry.action, "target": entry.target, "done": not entry.stale}
    ours.answer(done, text)


OF_THEIR_OWN = {
    "capture": "capture",
    "answer": "answer",
    "set": "set",
    "set_note": "set",
    "tag_name": "tag",
    "collection_name": "collection",
}
"""What an area's decisions are about where it is not an image."""


def _thing(workspace: Workspace, entry: Entry) -> str:
    """What a decision was about, for example `image 7` or `class m3`."""
    from binscout_tui.store import classes

    if entry.area == "class":
        return f"class {workspace.db.read(classes.get, entry.target).name}"
    if entry.area not in OF_THEIR_OWN and _is_hidden(workspace, entry.target):
        return "an image"
    return f"{OF_THEIR_OWN.get(entry.area, 'image')} {entry.target}"


def _is_hidden(workspace: Workspace, image_id: int) -> bool:
    from binscout_tui.store import images

    try:
        workspace.db.read(images.get, image_id)
    except NotFoundError:
        return True
    return False
