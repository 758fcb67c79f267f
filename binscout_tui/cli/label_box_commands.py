"""`label boxes …` and `label count`: what is in a picture, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from binscout_tui.cli.label_commands import label_app
from binscout_tui.cli.paging import cut, say_more
from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.store.boxes import Box
    from binscout_tui.workspace import Workspace

boxes_app = typer.Typer(help="Boxes that people draw, with classes.", no_args_is_help=True)
State = Literal["all", "unlabelled", "boxes", "empty", "skipped"]
ImageArgument = Annotated[int, typer.Argument(metavar="IMAGE")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of labels."""
    label_app.add_typer(boxes_app, name="boxes")
    label_app.command("count")(count)


@boxes_app.command("list")
def list_boxes(
    context: typer.Context,
    image_id: Annotated[int | None, typer.Argument(metavar="[IMAGE]", help="Without it: list images.")] = None,
    state: Annotated[State, typer.Option(help="List the images in this state of their boxes.")] = "all",
    filter_: Annotated[str, typer.Option("--filter", metavar="EXPR", help="Only what it lets through.")] = "",
    after: Annotated[int, typer.Option(min=0, help="List the images that came after this one.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
) -> None:
    """List the boxes and counts of an image, or images with the state of their boxes."""
    ours = session(context)
    if image_id is not None:
        with ours.workspace() as workspace:
            told = _told(workspace, image_id)
        ours.answer(told, _lines(told))
        return
    from binscout_tui.filtering.errors import FilterError
    from binscout_tui.labelling import boxing_queue
    from binscout_tui.store import box_labels

    with ours.workspace() as workspace:
        try:
            found = workspace.db.read(boxing_queue.ids, state, filter_, after=after, limit=limit + 1)
        except FilterError as error:
            raise error if ours.as_json else error.marked(filter_) from error
        found, is_more = cut(found, limit)
        states = workspace.db.read(box_labels.states, found)
        rows = [_row(workspace, one, states.get(one)) for one in found]
    lines = [f"{row['image']:>7}  {row['state'] or 'unlabelled':<10}  {row['name']}" for row in rows]
    ours.answer(rows, lines or "No image is like that.")
    if is_more:
        say_more(ours, len(found), found[-1])


@boxes_app.command("show")
def show(context: typer.Context, image_id: ImageArgument) -> None:
    """Show all that is known of the things in an image: boxes, counts, what the model counted, your draft."""
    from binscout_tui.labelling import boxing_queue
    from binscout_tui.store import box_drafts

    ours = session(context)
    with ours.workspace() as workspace:
        told = _told(workspace, image_id)
        model_id = workspace.db.read(boxing_queue.words).model_id
        count = workspace.db.read(boxing_queue.model_count, image_id, model_id)
        draft = workspace.db.read(box_drafts.get, workspace.user.uid, image_id)
    told |= {"model": model_id, "model_count": count, "draft": None if draft is None else len(draft.boxes)}
    counted = "none that counts is active" if model_id is None else "said no count" if count is None else f"{count:,}"
    lines = [*_lines(told), f"  model: {counted}"]
    ours.answer(told, lines if draft is None else [*lines, f"  draft: {_boxes(len(draft.boxes))}, not kept yet"])


def _told(workspace: Workspace, image_id: int) -> dict[str, Any]:
    from binscout_tui.store import box_labels, classes

    found = workspace.db.read(box_labels.get, image_id)
    counts = workspace.db.read(box_labels.counts, image_id)
    names = {one.id: one.name for one in workspace.db.read(classes.all_classes, archived=True)}
    return {
        "image": image_id,
        "state": found.state,
        "boxes": [{"box": one.box, "class": names.get(one.class_id or 0)} for one in found.boxes],
        "counts": [{"class": names.get(one.class_id or 0), "count": one.count} for one in counts],
    }


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [f"image {told['image']}: {told['state'] or 'nobody looked yet'}"]
    lines += [f"  {','.join(f'{value:g}' for value in one['box'])}  {one['class'] or ''}" for one in told["boxes"]]
    return lines + [f"  {one['count']:>7}  {one['class'] or 'of everything'}" for one in told["counts"]]


def _row(workspace: Workspace, image_id: int, state: str | None) -> dict[str, Any]:
    from binscout_tui.store import images

    return {"image": image_id, "name": workspace.db.read(images.get, image_id).name, "state": state}


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
    text = f"Image {image_id} has {_boxes(len(drawn))}." if drawn else f"Nothing is in image {image_id}."
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


def _boxes(number: int) -> str:
    return counted(number, "box", "boxes")


def _box(text: str) -> Box:
    try:
        x1, y1, x2, y2 = (float(word) for word in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} is no box.", hint="Write x1,y1,x2,y2 from 0 to 1.", code="bad_box") from error
    return x1, y1, x2, y2
