"""`duplicates …`: pictures that are there several times, in files and in the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, EXIT_FAILED, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.duplicates.finding import Cluster, Duplicates

FIND = "find"
HELP = """Pictures that are there several times, in files and in the library.

`duplicates PATH…` looks at files, `duplicates` alone at the library. Nothing is moved or deleted by a look."""
NEAR_HELP = "Near duplicates: none, changed copies (strict), or other shots of the same scene too (wide)."
KINDS = {"exact": "same bytes", "pixels": "same pixels", "near": "near"}
SHOWN = 20


class _Found(TyperGroup):
    """`duplicates PATH` is `duplicates find PATH`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What is no command is a file, a folder or an option of the look."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [FIND, *args]
        return super().parse_args(ctx, args)


duplicates_app = typer.Typer(help=HELP, cls=_Found)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(duplicates_app, name="duplicates")


@duplicates_app.command(FIND)
def find(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", parser=given_path, help="Files and folders; else the library."),
    ] = None,
    near: Annotated[Literal["none", "strict", "wide"], typer.Option(help=NEAR_HELP)] = "strict",
    in_library: Annotated[
        bool, typer.Option("--in-library", help="Compare the files with the images of the library too.")
    ] = False,
    job: Annotated[
        bool, typer.Option("--job", help="Look at the library in a process of its own, and do not wait.")
    ] = False,
) -> int:
    """Find what is there several times: the same bytes, the same pixels, or nearly the same picture.

    A look at the library also renews what `duplicates list` and the screen of duplicates show.
    """
    ours = session(context)
    if job:
        return _in_the_background(ours, paths or [], near)
    found = _looked(ours, paths or [], near, in_library)
    data = {
        "clusters": found.clusters,
        "pictures": found.pictures,
        "rejected": found.rejected,
    }
    ours.answer(data, _texts(found))
    if paths and not found.pictures and found.rejected:
        return EXIT_FAILED
    return EXIT_DONE


def _looked(ours: Session, paths: list[Path], near: Literal["none", "strict", "wide"], in_library: bool) -> Duplicates:
    from binscout_tui.operations.duplicates import finding, library
    from binscout_tui.store.users import RANK

    with ours.workspace() as workspace, ours.progress("duplicates") as on_progress:

        def step(done: int, total: int, what: str) -> bool:
            on_progress(done, total)
            return False

        found = finding.find(workspace, paths, near=near, in_library=in_library, step=step)
        if not paths and RANK[workspace.user.role] >= RANK["operator"]:
            library.keep_groups(workspace, found)
    return found


def _in_the_background(ours: Session, paths: list[Path], near: Literal["none", "strict", "wide"]) -> int:
    from binscout_tui.jobs.control import reconcile
    from binscout_tui.jobs.launch import launch
    from binscout_tui.operations.duplicates.library import enqueue

    if paths:
        raise UsageError("--job looks at the library, not at files.", hint="Leave the paths out.")
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Looking for duplicates in the background")
        workspace.db.write(reconcile, workspace.paths.root)
        job_id = workspace.db.write(enqueue, workspace.user.uid, near)
        launch(workspace.paths.root, job_id)
    ours.answer({"job": job_id}, f"Job {job_id} looks for duplicates; `binscout duplicates list` shows what it found.")
    return EXIT_DONE


def _texts(found: Duplicates) -> list[str]:
    lines = []
    for cluster in found.clusters:
        lines.append(_head(cluster))
        for member in cluster.members:
            owner = f"#{member.id}" if member.id is not None else ""
            lines.append(f"  {member.relation:<12}  {owner:<8}  {display_name(member.path)}")
    said = f"{counted(len(found.clusters), 'cluster')} in {counted(found.pictures, 'different picture')}."
    lines.append(said if found.clusters else f"No duplicates in {counted(found.pictures, 'different picture')}.")
    for one in found.rejected[:SHOWN]:
        lines.append(f"Left out: {one.path}: {one.reason}")
    if len(found.rejected) > SHOWN:
        lines.append(f"… and {len(found.rejected) - SHOWN} more were left out.")
    return lines


def _head(cluster: Cluster) -> str:
    words = KINDS[cluster.kind]
    if cluster.kind == "near" and cluster.same:
        words = "the same picture, encoded or sized otherwise"
    return f"{words}, {counted(len(cluster.paths), 'file')}"


@duplicates_app.command("list")
def list_groups(
    context: typer.Context,
    kind: Annotated[Literal["exact", "pixels", "near"] | None, typer.Option(help="Only this kind.")] = None,
) -> None:
    """List the groups of the last look at the library about which nobody decided yet."""
    from binscout_tui.store import duplicates

    ours = session(context)
    with ours.workspace() as workspace:
        found = [one for one in workspace.db.read(duplicates.groups) if kind in (None, one.kind)]
    lines = [
        f"{KINDS[one.kind] + (' (the same)' if one.same and one.kind == 'near' else ''):<18}  "
        + "  ".join(f"#{image} {said}".rstrip() for image, said in zip(one.images, one.relations, strict=True))
        for one in found
    ]
    ours.answer(found, lines or "No groups of duplicates; `binscout duplicates` looks for some.")


@duplicates_app.command("keep")
def keep(
    context: typer.Context,
    kept: Annotated[int, typer.Argument(metavar="ID", help="The image to keep.")],
    trash: Annotated[list[int], typer.Option("--trash", metavar="ID", help="One that goes; may be given again.")],
    more: Annotated[
        list[int] | None, typer.Argument(metavar="[ID...]", help="More that go, behind --trash.", show_default=False)
    ] = None,
) -> None:
    """Keep one image and move others to the trash; it gets their tags, collections, star, label, title and notes.

    `images restore` brings them back, `undo --area trash` all of it.
    """
    from binscout_tui.store import duplicates

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Deciding on duplicates")
        done = workspace.db.write(duplicates.keep, workspace.user.uid, kept, [*trash, *(more or [])])
    lines = [f"Kept image {kept}; {counted(done.trashed, 'image')} moved to the trash."]
    if done.left:
        lines.append(f"Not taken over: {', '.join(done.left)}.")
    ours.answer({"kept": kept, "trashed": done.trashed, "not_taken_over": done.left}, lines)


@duplicates_app.command("not")
def not_duplicates(
    context: typer.Context,
    images: Annotated[list[int], typer.Argument(metavar="ID ID...", help="Images that are no duplicates.")],
) -> None:
    """Remember that these images are no duplicates of each other."""
    from binscout_tui.store import duplicates

    ours = session(context)
    with ours.workspace() as workspace:
        workspace.user.must_be("operator", "Deciding on duplicates")
        done = workspace.db.write(duplicates.set_apart, workspace.user.uid, images)
    ours.answer({"pairs": done.changed}, f"{counted(done.changed, 'pair')} will not be shown as duplicates again.")
