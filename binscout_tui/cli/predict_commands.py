"""`predict` and `count`: what the active models say of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import RefusedError
from binscout_tui.wording import counted
from binscout_tui.workspace import LiveWorkspace


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(predict)
    app.command()(count)


def predict(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(parser=given_path, metavar="PATH", help="Files and folders; none: the unlabelled images."),
    ] = None,
) -> int:
    """Ask the active model. Without paths its words on all unlabelled images are kept as suggestions."""
    from binscout_tui.operations.predicting import predict_paths

    ours = session(context)
    if not paths:
        return _keep_suggestions(ours)
    given: Sequence[Path] = paths
    found = ours.run(lambda workspace: predict_paths(workspace, given))
    ours.answer(found, [_said(one) for one in found])
    return 0 if any(one["error"] is None for one in found) else 1


def _keep_suggestions(ours: Session) -> int:
    from binscout_tui.jobs import shadow
    from binscout_tui.operations.predicting import Predicted, predict_unlabelled

    with ours.progress("predict") as on_progress:

        async def work(workspace: LiveWorkspace) -> Predicted:
            done = await predict_unlabelled(workspace, on_progress)
            await shadow.start(workspace)
            return done

        done = ours.run(work)
    ours.answer(
        done, f"{counted(done.predicted, 'more unlabelled image has', 'more unlabelled images have')} a suggestion now."
    )
    if done.failed:
        failed = counted(done.failed, "image")
        ours.say(f"{failed} could not be looked at; the next `binscout predict` tries again.")
    return 1 if done.failed and not done.predicted else 0


def _said(one: dict[str, Any]) -> str:
    if one["error"]:
        return f"{one['path']}: {one['error']}"
    return f"{one['path']}: {one['label']} {one['score']:.2f}{'  unknown?' if one['unknown'] else ''}"


def _counted(one: dict[str, Any]) -> str:
    if one["error"]:
        return f"{one['path']}: {one['error']}"
    doubt = f"  in doubt: by the covered area about {one['by_area']:.0f}" if one["doubt"] else ""
    return f"{one['path']}: {one['count']}{doubt}"


def count(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(parser=given_path, metavar="PATH...", help="Files and folders.")],
    item: Annotated[str, typer.Option(help="What is to be counted: the class that the active model learned.")] = "",
    exemplar: Annotated[
        list[str] | None, typer.Option(metavar="x1,y1,x2,y2", help="Not there: counting learns from boxes instead.")
    ] = None,
) -> int:
    """Count the things in pictures with the active count model. A failure is an error, never a zero.

    Exit code 1 when nothing could be counted.
    """
    from binscout_tui.operations.counting import count_paths

    if exemplar:
        raise RefusedError(
            "Counting by examples is not there: the active model counts what it learned from boxes or points.",
            hint="Draw boxes on some images, build a data set with --task count and train on it.",
            code="no_exemplars",
        )
    ours = session(context)
    found = ours.run(lambda workspace: count_paths(workspace, paths, item))
    lines = [_counted(one) for one in found]
    ours.answer(found, lines)
    return 0 if any(one["error"] is None for one in found) else 1
