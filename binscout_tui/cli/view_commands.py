"""`view`: resized pictures as files, for scripts and agents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.choosing_images import CollectionName, FilterText, chosen
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from binscout_tui.imaging.outcomes import Limits
    from binscout_tui.operations.viewing import Source, View

SIZE, SHEET_SIZE = 1024, 256
MOST = 10_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("view")(view)


def view(
    context: typer.Context,
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID|PATH...]", help="Images by their ids, or files.", show_default=False),
    ] = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
    size: Annotated[
        int | None,
        typer.Option(min=16, max=16_384, help=f"Pixels of the longer side at most: {SIZE}, on a sheet {SHEET_SIZE}."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", parser=given_path, metavar="DIR", help="Where to; else a fresh folder.")
    ] = None,
    crop: Annotated[bool, typer.Option("--crop", help="The kept crops of an image, where it has some.")] = False,
    format_: Annotated[Literal["jpeg", "png", "webp"], typer.Option("--format")] = "jpeg",
    columns: Annotated[
        int | None, typer.Option("--sheet", min=1, max=100, metavar="COLUMNS", help="All on one sheet, ids below.")
    ] = None,
) -> int:
    """Write pictures upright and not larger than asked for, and print where they are.

    Nothing is overwritten. Exit code 1 when one of them could not be made; the others are there all the same.
    """
    from binscout_tui.operations import viewing

    ours = session(context)
    sources, limits = _sources(ours, which or [], filter_, collection, crop=crop)
    if len(sources) > MOST:
        raise UsageError(f"{len(sources):,} images are too many at once; {MOST:,} are the most.", code="too_many")
    if not sources:
        ours.answer([], "No image is like that.")
        return 0
    options = viewing.Options(size=size or (SHEET_SIZE if columns else SIZE), crop=crop, format=format_)
    with ours.progress("view") as on_progress:
        if columns:
            found = viewing.sheet(sources, out, options, columns, limits, on_progress=on_progress)
        else:
            found = viewing.view(sources, out, options, limits, on_progress=on_progress)
    ours.answer(found, [_said(one) for one in found])
    return EXIT_FAILED if any(one.error for one in found) else 0


def _sources(
    ours: Session, which: list[str], filter_: str | None, collection: str | None, *, crop: bool
) -> tuple[list[Source], Limits]:
    """What is to be shown, in its order, and the decoder's limits; without ids no workspace is needed."""
    from binscout_tui.imaging.outcomes import Limits
    from binscout_tui.operations import viewing
    from binscout_tui.operations.importing import decode_limits

    by_id = [one.isascii() and one.isdigit() for one in which]
    if any(by_id) and not all(by_id):
        raise UsageError("Ids and paths cannot be mixed.", hint="A file whose name is a number is ./12.", code="mixed")
    if which and not any(by_id):
        if filter_ is not None or collection is not None:
            raise UsageError("Paths cannot be combined with --filter and --collection.", code="mixed")
        return [viewing.of_file(given_path(one)) for one in which], Limits()
    with ours.workspace() as workspace:
        ids = list(dict.fromkeys(map(int, which)))
        found = chosen(ours, workspace, ids, filter_, collection)
        limits = decode_limits(workspace.settings.importing)
        return list(viewing.sources_of(workspace, ids or found[: MOST + 1], boxes=crop)), limits


def _said(one: View) -> str:
    if one.error is not None or one.path is None:
        problem = f"{one.error.reason} [{one.error.code}]" if one.error is not None else ""
        return f"{f'#{one.id} ' if one.id is not None else ''}{one.source}: {problem}"
    return f"{one.path}  {one.width}x{one.height}"
