"""`suggest`: which picture of a set to choose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from binscout_tui.operations.advising import Advice


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(suggest)


def suggest(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(parser=given_path, metavar="PATH", help="The pictures of one set, or their folder."),
    ] = None,
    set_id: Annotated[int | None, typer.Option("--set", metavar="SET", help="A set of the workspace instead.")] = None,
) -> int:
    """Say which picture of one set to choose, how surely, and by whom. Nothing is chosen and nothing written.

    The active model for sets is asked. Where there is none the rule `sharpest` compares how sharp the pictures are; it
    proposes no crop. Exit code 1 when fewer than two pictures could be looked at.
    """
    from binscout_tui.operations.advising import advise_files, advise_set, model_on_files, model_on_set

    if bool(paths) == (set_id is not None):
        raise UsageError("Name the pictures of one set, or a set with --set.", hint="`binscout suggest FOLDER`")
    ours = session(context)
    given: Sequence[Path] = paths or []
    advice = ours.run(lambda live: model_on_files(live, given) if given else model_on_set(live, set_id or 0))
    if advice is None:
        with ours.workspace() as workspace:
            advice = advise_files(workspace, given) if given else advise_set(workspace, set_id or 0)
    lines = [
        f"{'▸' if key == str(advice.chosen) else ' '} {'?' if score is None else f'{score:.0%}':>5}  {key}"
        for key, score in advice.scores.items()
    ]
    lines += [f"  {one.path}: {one.reason} [{one.code}]" for one in advice.rejected]
    lines.append(_by(advice))
    ours.answer(advice, lines)
    return 0 if advice.chosen is not None else EXIT_FAILED


def _by(advice: Advice) -> str:
    if advice.chosen is None:
        return "nothing to compare"
    if advice.sure is None:
        return f"by the rule {advice.by}"
    crop = "" if advice.crop is None else f", cut to {','.join(f'{edge:.3f}' for edge in advice.crop)}"
    return f"by the model {advice.by}{crop}{'' if advice.sure else '; it is not sure'}"
