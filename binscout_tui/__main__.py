"""`binscout`: the app without a noun, one command with one."""

from __future__ import annotations

import sys


def main() -> int:
    """Entry point; returns the exit code."""
    from binscout_tui.cli.arguments import split_arguments

    arguments = split_arguments(sys.argv[1:])
    # The app starts without the command line's library.
    if not arguments.rest and not arguments.as_json:
        from binscout_tui.cli.open_app import open_app

        return open_app(arguments.workspace)
    if arguments.rest[:1] == ("open",) and not arguments.as_json and "--help" not in arguments.rest:
        from binscout_tui.cli.open_app import open_at

        return open_at(arguments.workspace, arguments.rest[1:])
    if arguments.rest[:2] == ("job", "run") and len(arguments.rest) == 3 and arguments.rest[2].isdecimal():
        from binscout_tui.cli.job_process import run_job

        return run_job(arguments.workspace, int(arguments.rest[2]))
    from binscout_tui.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
