"""`label queue|note|review`: what comes next in an order, and remarks on images."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from binscout_tui.cli.label_commands import label_app
from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.labelling.orders import ORDERS
from binscout_tui.wording import counted

review_app = typer.Typer(help="Images that somebody is to look at again.", no_args_is_help=True)
Images = Annotated[list[int], typer.Argument(metavar="IMAGE...")]
Limit = Annotated[int, typer.Option(min=1, max=100_000)]


def register(app: typer.Typer) -> None:
    """Add the commands to those of labels."""
    label_app.add_typer(review_app, name="review")


@label_app.command("queue")
def queue(
    context: typer.Context,
    order: Annotated[str, typer.Option(help=f"One of {', '.join(ORDERS)}.")] = "unlabelled",
    filter_: Annotated[str | None, typer.Option("--filter", metavar="EXPR", help="For the order filter.")] = None,
    limit: Limit = 50,
) -> None:
    """List the images that come first in an order of the label screen."""
    from binscout_tui.filtering.errors import FilterError
    from binscout_tui.labelling.queue import TASK
    from binscout_tui.store import label_queue, models
    from binscout_tui.store.label_queue import Order, Wanted

    found = next((one for one in get_args(Order) if one == order), None)
    if found is None:
        raise UsageError(f"There is no order {order!r}.", hint=f"The orders are {', '.join(ORDERS)}.", code="no_order")
    if (found == "filter") != (filter_ is not None):
        raise UsageError("The order filter and --filter go together.")
    ours = session(context)
    with ours.workspace() as workspace:
        model = workspace.db.read(models.active, TASK)
        wanted = Wanted(order=found, uid=workspace.user.uid, model_id=model.id if model else None, filter=filter_ or "")
        try:
            ids = workspace.db.read(label_queue.page, wanted, limit=limit)
        except FilterError as error:
            if ours.as_json:
                raise
            raise error.marked(filter_ or "") from error
    data = {"order": found, "model": wanted.model_id, "images": ids}
    ours.answer(data, [str(image_id) for image_id in ids] or "No image is in this order.")


@label_app.command("arrange")
def arrange(context: typer.Context) -> None:
    """Work out the order diverse: each image as unlike those before it as can be."""
    from binscout_tui.labelling import arranging
    from binscout_tui.workspace import LiveWorkspace

    async def work(live: LiveWorkspace) -> int:
        live.user.must_be("operator", "Arranging images")
        return await arranging.arrange(live)

    ours = session(context)
    count = ours.run(work)
    ours.answer(
        {"images": count},
        f"{counted(count, 'image is', 'images are')} in order; `binscout label queue --order diverse` lists them.",
    )


@label_app.command("note")
def note(
    context: typer.Context,
    image_id: Annotated[int, typer.Argument(metavar="IMAGE")],
    text: Annotated[str, typer.Argument(help="The note; an empty one removes it.")],
) -> None:
    """Write a note on an image; `binscout images list --filter note` finds those that have one."""
    from binscout_tui.store import reviews

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Writing notes")
        done = workspace.db.write(reviews.set_note, workspace.user.uid, image_id, text)
        kept = workspace.db.read(reviews.get, image_id).note
    said = f"The note on image {image_id}: {kept}" if kept else f"Image {image_id} has no note."
    ours.answer({"image": image_id, "note": kept, "changed": done is not None}, said)


@review_app.command("add")
def add(context: typer.Context, image_ids: Images) -> None:
    """Say that images need review."""
    _flag(context, image_ids, on=True)


@review_app.command("remove")
def remove(context: typer.Context, image_ids: Images) -> None:
    """Say that images were reviewed."""
    _flag(context, image_ids, on=False)


def _flag(context: typer.Context, image_ids: list[int], *, on: bool) -> None:
    from binscout_tui.store import reviews

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Flagging for review")
        done = workspace.db.write(reviews.flag, workspace.user.uid, image_ids, on=on)
    need = ("needs review" if done == 1 else "need review") + ("" if on else " no more")
    ours.answer({"changed": done}, f"{done} {'image' if done == 1 else 'images'} {need}.")


@review_app.command("list")
def list_reviews(
    context: typer.Context,
    after: Annotated[int, typer.Option(min=0, help="Only images above this number.")] = 0,
    limit: Limit = 1000,
) -> None:
    """List the images that need review, with their notes."""
    from binscout_tui.store import images, reviews

    ours = session(context)
    with ours.workspace() as workspace:
        found = [
            {
                "image": image_id,
                "name": workspace.db.read(images.get, image_id).name,
                "note": workspace.db.read(reviews.get, image_id).note,
            }
            for image_id in workspace.db.read(reviews.page, after=after, limit=limit)
        ]
    lines = [f"{one['image']:>7}  {one['name']}  {one['note']}".rstrip() for one in found]
    ours.answer(found, lines or "No image needs review.")
