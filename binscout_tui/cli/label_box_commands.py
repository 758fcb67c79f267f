"""`label boxes …` and `label count`: what is in a picture, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.label_commands import label_app
from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError

if TYPE_CHECKING:
    from binscout_tui.store.boxes import Box

boxes_app = typer.Typer(help="Boxes that people draw, with classes.", no_args_is_help=True)
ImageArgument = Annotated[int, typer.Argument(metavar="IMAGE")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of labels."""
    label_app.add_typer(boxes_app, name="boxes")
    label_app.command("count")(count)


@boxes_app.command("list")
def list_boxes(context: typer.Context, image_id: ImageArgument) -> None:
    """List the boxes and counts of an image; the state `none` means that nobody looked yet."""
    from binscout_tui.store import box_labels, classes

    ours = session(context)
    with ours.workspace() as workspace:
        found = workspace.db.read(box_labels.get, image_id)
        counts = workspace.db.read(box_labels.counts, image_id)
        names = {one.id: one.name for one in workspace.db.read(classes.all_classes, archived=True)}
    rows = [{"box": one.box, "class": names.get(one.class_id or 0)} for one in found.boxes]
    counted = [{"class": names.get(one.class_id or 0), "count": one.count} for one in counts]
    lines = [f"image {image_id}: {found.state or 'nobody looked yet'}"]
    lines += [
        f"  {','.join(f'{value:g}' for value in one.box)}  {names.get(one.class_id or 0, '')}" for one in found.boxes
    ]
    lines += [f"  {one['count']:>7}  {one['class'] or 'of everything'}" for one in counted]
    ours.answer({"image": image_id, "state": found.state, "boxes": rows, "counts": counted}, lines)


@boxes_app.command("set")
def set_boxes(
    context: typer.Context,
    image_id: ImageArgument,
    boxes: Annotated[list[str] | None, typer.Argument(metavar="x1,y1,x2,y2[=CLASS]")] = None,
) -> None:
    """Make these all boxes of an image, 0 to 1 of the upright picture; none at all says that nothing is in it."""
    from binscout_tui.store import box_labels, labels
    from binscout_tui.store.box_labels import LabelBox

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        drawn = []
        for word in boxes or []:
            numbers, _, name = word.partition("=")
            class_id = workspace.db.read(labels.find_class, name).id if name else None
            drawn.append(LabelBox(box=_box(numbers), class_id=class_id))
        changed = workspace.db.write(box_labels.set_boxes, workspace.user.uid, image_id, drawn)
    text = f"Image {image_id} has {len(drawn)} boxes." if drawn else f"Nothing is in image {image_id}."
    state = "boxes" if drawn else "empty"
    ours.answer({"image": image_id, "state": state, "boxes": len(drawn), "changed": changed is not None}, text)


@boxes_app.command("skip")
def skip(context: typer.Context, image_id: ImageArgument) -> None:
    """Pass by an image without drawing boxes; boxes that it had are gone until `undo --area boxes`."""
    from binscout_tui.store import box_labels

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        changed = workspace.db.write(box_labels.skip, workspace.user.uid, image_id)
    ours.answer(
        {"image": image_id, "state": "skipped", "changed": changed is not None}, f"Image {image_id} is skipped."
    )


@boxes_app.command("clear")
def clear(context: typer.Context, image_id: ImageArgument) -> None:
    """Make an image one that nobody drew boxes on."""
    from binscout_tui.store import box_labels

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        changed = workspace.db.write(box_labels.clear, workspace.user.uid, image_id)
    ours.answer({"image": image_id, "state": None, "changed": changed is not None}, f"Image {image_id} has no boxes.")


def count(
    context: typer.Context,
    image_id: ImageArgument,
    number: Annotated[int | None, typer.Argument(metavar="COUNT", min=0)] = None,
    class_name: Annotated[str | None, typer.Option("--class", help="Of this class; without it of everything.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the number away.")] = False,
) -> None:
    """Enter how many a person counted in an image; what a model counts is kept apart."""
    from binscout_tui.store import box_labels, labels

    if (number is None) != clear:
        raise UsageError("Either a count or --clear is needed.")
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Counting")
        class_id = workspace.db.read(labels.find_class, class_name).id if class_name is not None else None
        changed = workspace.db.write(box_labels.set_count, workspace.user.uid, image_id, number, class_id=class_id)
    answer = {"image": image_id, "class": class_name, "count": number, "changed": changed is not None}
    ours.answer(answer, f"Image {image_id}: {'no count' if number is None else number} {class_name or ''}".rstrip())


def _box(text: str) -> Box:
    try:
        x1, y1, x2, y2 = (float(word) for word in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} is no box.", hint="Write x1,y1,x2,y2 from 0 to 1.", code="bad_box") from error
    return x1, y1, x2, y2
