"""`crop add|list|queue`: free boxes on images, and the images that wait for some."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from binscout_tui.cli.session import session
from binscout_tui.cli.set_commands import parse_box

crop_app = typer.Typer(help="Boxes on images, and the queue of images to crop.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(crop_app, name="crop")


@crop_app.command()
def add(
    context: typer.Context,
    image_id: Annotated[int, typer.Argument(metavar="IMAGE")],
    boxes: Annotated[list[str], typer.Argument(metavar="x1,y1,x2,y2", help="Between 0 and 1 of the picture.")],
    item: Annotated[str | None, typer.Option(help="The item in these boxes, by its name.")] = None,
    done: Annotated[bool, typer.Option("--done", help="The image waits for no more boxes.")] = False,
) -> None:
    """Add boxes to an image, as one decision; those that it has stay."""
    from binscout_tui.store import crops, items
    from binscout_tui.store.crops import Drawn

    wanted = [parse_box(box) for box in boxes]
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Cropping")
        item_id = None if item is None else workspace.db.read(items.named, item).id
        before = workspace.db.read(crops.get, image_id).boxes
        drawn = [*before, *(Drawn(box=box, item_id=item_id) for box in wanted)]
        workspace.db.write(crops.keep, workspace.user.uid, image_id, drawn, task="done" if done else None)
        found = workspace.db.read(crops.get, image_id)
    ours.answer(_row(found.image.id, found.task, found.boxes), f"Image {image_id} has {len(found.boxes)} boxes.")


@crop_app.command("list")
def list_boxes(
    context: typer.Context,
    image_ids: Annotated[list[int] | None, typer.Argument(metavar="IMAGE")] = None,
) -> None:
    """List the boxes of images, or of all that have some."""
    from binscout_tui.store import crops, items

    ours = session(context)
    with ours.workspace() as workspace:
        wanted = image_ids or workspace.db.read(crops.boxed)
        found = [workspace.db.read(crops.get, image_id) for image_id in wanted]
        named = [*workspace.db.read(items.items), *workspace.db.read(items.items, archived=True)]
        names: dict[int | None, str] = {one.id: one.name for one in named}
    lines = [
        f"{one.image.id:>6}  {','.join(f'{value:.6g}' for value in drawn.box):<36}  {names.get(drawn.item_id, '-')}"
        for one in found
        for drawn in one.boxes
    ]
    ours.answer([_row(one.image.id, one.task, one.boxes) for one in found], lines)


@crop_app.command()
def queue(
    context: typer.Context,
    image_ids: Annotated[list[int] | None, typer.Argument(metavar="IMAGE", help="Without one: list the queue.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take them out of the queue; their boxes stay.")] = False,
    state: Annotated[
        Literal["waiting", "done", "skipped"] | None, typer.Option(help="List the images in this state only.")
    ] = None,
) -> None:
    """Put images into the queue of those that wait for boxes, or list it."""
    from binscout_tui.store import crops

    ours = session(context)
    with ours.workspace() as workspace:
        if image_ids:
            workspace.user.must_be("operator", "Queueing images to crop")
            step = crops.dequeue if remove else crops.enqueue
            moved = workspace.db.write(step, workspace.user.uid, image_ids)
            counts = workspace.db.read(crops.counts)
            done = f"{moved} taken out" if remove else f"{moved} added"
            ours.answer({"moved": moved, "counts": counts}, f"{done}; {counts['waiting']} wait.")
            return
        found = workspace.db.read(crops.tasks, *((state,) if state else ()))
    ours.answer(
        [{"image": image.id, "name": image.name, "state": where, "boxes": boxes} for image, where, boxes in found],
        [f"{image.id:>6}  {where:<8}  {boxes} boxes  {image.name}" for image, where, boxes in found],
    )


def _row(image_id: int, task: str | None, boxes: object) -> dict[str, object]:
    import msgspec

    return {"image": image_id, "task": task, "boxes": msgspec.to_builtins(boxes)}
