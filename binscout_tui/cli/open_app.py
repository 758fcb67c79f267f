"""Opening the app: everything that must be right before the screen is taken."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from binscout_tui.errors import EXIT_USAGE, BinScoutError


def open_app(option: Path | None) -> int:
    """Open the app on the workspace meant by `option`; returns the exit code."""
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
        workspace.check(root)
    except BinScoutError as error:
        print(f"binscout: {error.sentence} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    from binscout_tui.terminal.detect import detect

    graphics = detect()
    os.environ.update(graphics.environment())
    from binscout_tui.app import run_app

    return run_app(root, graphics)
