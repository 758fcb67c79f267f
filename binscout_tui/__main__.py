"""`binscout`: the app without a noun, one command with one."""

from __future__ import annotations

import sys


def main() -> int:
    """Entry point; returns the exit code."""
    from binscout_tui.cli.arguments import split_arguments

    arguments = split_arguments(sys.argv[1:])
    if not arguments.rest and not arguments.as_json:
        # The app starts without the command line's library.
        from binscout_tui.cli.open_app import open_app

        return open_app(arguments.workspace)
    from binscout_tui.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
