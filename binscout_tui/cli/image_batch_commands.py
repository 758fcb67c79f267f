"""`images star|unstar|label|unlabel|trash|restore|purge`: one decision on many images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.choosing_images import CollectionName, FilterText, Ids, chosen
from binscout_tui.cli.image_commands import images_app
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_REFUSED, UsageError
from binscout_tui.wording import counted

if TYPE_CHECKING:
    import sqlite3

    from binscout_tui.operations.purging import Report
    from binscout_tui.store.journal import Change
    from binscout_tui.store.purging import Affected
    from binscout_tui.workspace import Workspace

    Decide = Callable[[sqlite3.Connection, int, list[int], int], Change]

PART = 500
"""Images in one transaction, so that others can write in between."""


def register(app: typer.Typer) -> None:
    """These are verbs of `images`, which has them by being imported."""


@images_app.command("star")
def star_images(
    context: typer.Context, ids: Ids = None, filter_: FilterText = None, collection: CollectionName = None
) -> None:
    """Give images a star, as one decision; `undo --area star` takes it back."""
    _star(session(context), ids, filter_, collection, on=True)


@images_app.command("unstar")
def unstar_images(
    context: typer.Context, ids: Ids = None, filter_: FilterText = None, collection: CollectionName = None
) -> None:
    """Take the star from images."""
    _star(session(context), ids, filter_, collection, on=False)


def _star(ours: Session, ids: list[int] | None, filter_: str | None, collection: str | None, *, on: bool) -> None:
    from binscout_tui.store import stars

    def decide(db: sqlite3.Connection, uid: int, part: list[int], batch: int) -> Change:
        return stars.star(db, uid, part, on=on, batch=batch)

    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Giving stars")
        found = chosen(ours, workspace, ids, filter_, collection)
        changed = decided(ours, workspace, found, decide, "stars")
    said = f"{counted(changed, 'image')} {'starred' if on else 'without a star now'}."
    ours.answer({"starred" if on else "unstarred": changed}, said)


@images_app.command("label")
def label_images(
    context: typer.Context,
    class_name: Annotated[str, typer.Argument(metavar="CLASS")],
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
) -> None:
    """Label images with a class that there is, as one decision."""
    from binscout_tui.store import batch_labels, labels

    def decide(db: sqlite3.Connection, uid: int, part: list[int], batch: int) -> Change:
        return batch_labels.label(db, uid, part, class_name, batch=batch)

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Labelling")
        name = workspace.db.read(labels.find_class, class_name).name
        found = chosen(ours, workspace, ids, filter_, collection)
        changed = decided(ours, workspace, found, decide, "labels")
    ours.answer({"labelled": changed, "class": name}, f"{counted(changed, 'image')} labelled {name}.")


@images_app.command("trash")
def trash_images(
    context: typer.Context, ids: Ids = None, filter_: FilterText = None, collection: CollectionName = None
) -> None:
    """Move images to the trash; `images restore` brings them back."""
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Trashing images")
        found = chosen(ours, workspace, ids, filter_, collection)
        moved = decided(ours, workspace, found, _trash, "trash")
    ours.answer({"trashed": moved}, f"{counted(moved, 'image')} moved to the trash.")


@images_app.command("restore")
def restore_images(
    context: typer.Context,
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
    trash: Annotated[bool, typer.Option("--trash", help="All that is in the trash.")] = False,
) -> None:
    """Bring images back from the trash; a filter looks there with in:trash."""
    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Restoring images")
        found = _of_trash(ours, workspace, ids, filter_, collection, trash=trash)
        moved = decided(ours, workspace, found, _restore, "trash")
    ours.answer({"restored": moved}, f"{counted(moved, 'image')} brought back.")


@images_app.command("purge")
def purge_images(
    context: typer.Context,
    ids: Ids = None,
    filter_: FilterText = None,
    collection: CollectionName = None,
    trash: Annotated[bool, typer.Option("--trash", help="All that is in the trash.")] = False,
    confirm: Annotated[str | None, typer.Option(metavar="WORD", help="Delete; the word is `purge`.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, as without --confirm.")] = False,
) -> int:
    """Delete images of the trash for ever, with their files; nothing brings them back but a backup.

    Without --confirm purge it only says what would go. Exit code 3 when something keeps an image, 1 when a file could
    not be removed.
    """
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.operations import purging

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("admin", "Deleting images for ever")
        if confirm is not None and confirm != purging.WORD:
            raise UsageError(f"{confirm!r} deletes nothing.", hint=f"The word is `{purging.WORD}`.", code="confirm")
        found = _of_trash(ours, workspace, ids, filter_, collection, trash=trash)
        # A job whose process died must not keep its images for good.
        workspace.db.write(reconcile, workspace.paths.root)
        affected = purging.affected(workspace, found)
        if confirm is None or dry_run:
            ours.answer({"dry_run": True, "affected": affected}, _would(affected))
            return EXIT_REFUSED if affected.kept else EXIT_DONE
        with ours.progress("purge") as on_progress:
            report = purging.purge(workspace, found, on_progress=on_progress)
    ours.answer({"dry_run": False, "affected": affected, **_as_json(report)}, _done(report))
    if report.kept:
        return EXIT_REFUSED
    return EXIT_FAILED if report.left else EXIT_DONE


def _as_json(report: Report) -> dict[str, object]:
    import msgspec

    return msgspec.to_builtins(report)  # type: ignore[no-any-return]


def _would(affected: Affected) -> list[str]:
    from binscout_tui.operations.purge_words import consequences

    more = ["Nothing was deleted. `--confirm purge` deletes it for ever."] if affected.images else []
    return [*consequences(affected), *more]


def _done(report: Report) -> list[str]:
    from binscout_tui.operations.purge_words import done

    return done(report)


def _of_trash(
    ours: Session,
    workspace: Workspace,
    ids: list[int] | None,
    filter_: str | None,
    collection: str | None,
    *,
    trash: bool,
) -> list[int]:
    from binscout_tui.store import purging

    if not trash:
        return chosen(ours, workspace, ids, filter_, collection)
    if ids or filter_ is not None or collection is not None:
        raise UsageError("--trash means all of it.", hint="Leave ids, --filter and --collection away.")
    return workspace.db.read(purging.in_trash)


def _trash(db: sqlite3.Connection, uid: int, part: list[int], batch: int) -> Change:
    from binscout_tui.store import images

    return images.decide_trash(db, uid, part, trashed=True, batch=batch)


def _restore(db: sqlite3.Connection, uid: int, part: list[int], batch: int) -> Change:
    from binscout_tui.store import images

    return images.decide_trash(db, uid, part, trashed=False, batch=batch)


def decided(ours: Session, workspace: Workspace, ids: Sequence[int], decide: Decide, what: str) -> int:
    """Decide on images as one decision, in parts; of how many something changed. Raises what `decide` raises."""
    changed, batch = 0, 0
    with ours.progress(what) as on_progress:
        for begin in range(0, len(ids), PART):
            part = list(ids[begin : begin + PART])
            change = workspace.db.write(decide, workspace.user.uid, part, batch)
            changed, batch = changed + change.changed, change.batch
            on_progress(begin + len(part), len(ids))
    return changed
