"""Opening the app: everything that must be right before the screen is taken."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from binscout_tui.errors import EXIT_USAGE, BinScoutError, NotFoundError

if TYPE_CHECKING:
    from binscout_tui.commands.areas import Opening
    from binscout_tui.terminal.graphics import TerminalGraphics
    from binscout_tui.workspace import Workspace


def open_at(option: Path | None, words: Sequence[str]) -> int:
    """`open_app` where the `words` after `binscout open` say; returns the exit code."""
    from binscout_tui.cli.opening import read_opening

    try:
        opening = read_opening(words)
    except BinScoutError as error:
        print(f"binscout: {error.sentence} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    return open_app(option, opening)


def open_app(option: Path | None, opening: Opening | None = None) -> int:
    """Open the app on the workspace meant by `option`, on Home or at `opening`; returns the exit code."""
    from binscout_tui import workspace

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("binscout: the app needs a terminal; `binscout --help` lists the commands.", file=sys.stderr)
        return EXIT_USAGE
    if os.environ.get("TERM", "dumb") == "dumb":
        print("binscout: this terminal cannot draw (TERM is dumb).", file=sys.stderr)
        return EXIT_USAGE
    root = workspace.locate(option)
    try:
        if option is None and workspace.ENVIRONMENT not in os.environ:
            workspace.create(root)
        _check(root, opening)
    except BinScoutError as error:
        print(f"binscout: {error.sentence} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    run_app, graphics = _loaded()
    return run_app(root, graphics, opening)


def _check(root: Path, opening: Opening | None) -> None:
    """Raise, in one sentence, what would keep the app from opening there."""
    from binscout_tui import workspace

    if opening is None or (opening.image is None and not opening.filter):
        workspace.check(root)
        return
    with workspace.Workspace(root) as opened:
        if opening.filter:
            _check_filter(opened, opening.filter)
        if opening.image is not None:
            _check_image(opened, opening.image)


def _check_filter(opened: Workspace, text: str) -> None:
    from binscout_tui.filtering.errors import FilterError
    from binscout_tui.store import filters, saved_filters

    text = opened.db.read(saved_filters.resolved, text)
    try:
        opened.db.read(filters.checked, filters.parse(text))
    except FilterError as error:
        raise error.marked(text) from error


def _check_image(opened: Workspace, image_id: int) -> None:
    from binscout_tui.store import images

    image = opened.db.read(images.get, image_id)
    if image.trashed_at is not None:
        raise NotFoundError(
            f"Image {image.id} is in the trash.", hint=f"`binscout images restore {image.id}` brings it back."
        )
    images.must_be_accepted(image)


def _loaded() -> tuple[Callable[[Path, TerminalGraphics, Opening | None], int], TerminalGraphics]:
    """The app, loaded while the terminal is asked what it can show: a slow answer does not add to the start."""
    from binscout_tui.terminal.detect import detect

    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # a hook may send it before the app listens
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(detect)
        from binscout_tui.app import run_app

        return run_app, asked.result()
