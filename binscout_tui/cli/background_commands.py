"""`background …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.session import session
from binscout_tui.errors import EXIT_FAILED


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(background)


def background(
    context: typer.Context,
    sources: Annotated[
        list[Path],
        typer.Argument(parser=given_path, metavar="IMAGE|PATH", help="Images by their ids, files, and folders."),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", parser=given_path, metavar="DIR", help="Put copies there, by name.")
    ] = None,
) -> int:
    """Cut the subject out of its background with your own ONNX model. Originals stay as they are.

    The settings are under [background] in settings.toml. Exit code 1 when any picture could not be cut out.
    """
    from binscout_tui.operations.backgrounds import cut_out_all

    ours = session(context)
    wanted = [int(str(one)) if str(one).isdecimal() and not one.exists() else one for one in sources]
    found = ours.run(lambda workspace: cut_out_all(workspace, wanted, to))
    lines = [f"{one.path}" if one.path else f"{one.source}: {one.error} [{one.code}]" for one in found]
    ours.answer(found, lines or "There was no picture.")
    return EXIT_FAILED if not found or any(one.error for one in found) else 0
