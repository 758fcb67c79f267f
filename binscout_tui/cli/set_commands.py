"""`set …`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from binscout_tui.cli.session import session
from binscout_tui.errors import UsageError
from binscout_tui.store.sets import ImageSet

set_app = typer.Typer(help="Sets of candidate images.", no_args_is_help=True)
MOST_NUMBERS = 12
"""A line shows the numbers of so many images; --json has all."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(set_app, name="set")


@set_app.command()
def choose(
    context: typer.Context,
    set_id: Annotated[int, typer.Argument(metavar="SET")],
    image_id: Annotated[int, typer.Argument(metavar="IMAGE")],
    crop: Annotated[str | None, typer.Option(metavar="x1,y1,x2,y2", help="Between 0 and 1 of the picture.")] = None,
) -> None:
    """Choose the one image of a set, with a crop if wanted."""
    from binscout_tui.store import sets

    box = parse_box(crop) if crop is not None else None
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Choosing")
        chosen = workspace.db.write(sets.choose, workspace.user.uid, set_id, image_id, crop=box)
    ours.answer(_row(chosen), f"Set {set_id}: image {chosen.chosen_image_id} is chosen.")


@set_app.command()
def reject(context: typer.Context, set_id: Annotated[int, typer.Argument(metavar="SET")]) -> None:
    """Reject every image of a set."""
    _leave(context, set_id, "rejected")


@set_app.command()
def skip(context: typer.Context, set_id: Annotated[int, typer.Argument(metavar="SET")]) -> None:
    """Pass a set by; nothing of it is chosen."""
    _leave(context, set_id, "skipped")


@set_app.command("list")
def list_sets(
    context: typer.Context,
    state: Annotated[Literal["pending", "done", "skipped", "rejected"] | None, typer.Option()] = None,
) -> None:
    """List sets with the numbers of their images."""
    from binscout_tui.store import sets

    ours = session(context)
    with ours.workspace() as workspace:
        found = [workspace.db.read(sets.get, set_id) for set_id in workspace.db.read(sets.ids, state)]
    ours.answer(
        [_row(one) for one in found],
        [f"{one.id:>6}  {one.state:<8}  {_images(one)}  {one.name}" for one in found],
    )


def _images(one: ImageSet) -> str:
    """How many images, and the numbers by which they are chosen."""
    numbers = ", ".join(str(image.id) for image in one.images[:MOST_NUMBERS])
    return f"{len(one.images)} images: {numbers}{', …' if len(one.images) > MOST_NUMBERS else ''}"


def _leave(context: typer.Context, set_id: int, state: Literal["skipped", "rejected"]) -> None:
    from binscout_tui.store import sets

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Deciding on sets")
        workspace.db.write(sets.choose, workspace.user.uid, set_id, None, state=state)
    ours.answer({"set": set_id, "state": state}, f"Set {set_id} is {state}.")


def parse_box(text: str) -> tuple[float, float, float, float]:
    """`x1,y1,x2,y2` as a checked box. Raises UsageError."""
    from binscout_tui.store.sets import checked_box

    try:
        return checked_box([float(part) for part in text.split(",")])
    except ValueError as error:
        raise UsageError(f"{text!r} is not a crop such as 0.1,0.1,0.9,0.9.", code="bad_box") from error


def _row(one: ImageSet) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "state": one.state,
        "chosen": one.chosen_image_id,
        "crop": one.crop,
        "images": [image.id for image in one.images],
    }
