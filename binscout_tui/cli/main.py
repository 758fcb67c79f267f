"""The command line: `binscout [--workspace DIR] [--json] NOUN VERB …`."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable
from typing import Any

import typer

from binscout_tui import __version__
from binscout_tui.cli import (
    data_commands,
    engine_commands,
    image_commands,
    job_commands,
    label_commands,
    model_commands,
    set_commands,
    train_commands,
    workspace_commands,
)
from binscout_tui.cli.arguments import Arguments
from binscout_tui.cli.session import Session
from binscout_tui.errors import EXIT_FAILED, EXIT_USAGE, BinScoutError, StorageError

EXIT_INTERRUPTED = 130
HELP = """Photograph small parts, teach a machine to recognise them, and count them.

Without a command the app opens. --workspace DIR chooses the folder that holds everything (else
$BINSCOUT_WORKSPACE, else the platform's data folder); --json answers with one JSON document on standard
output. Exit codes: 0 done, 1 failed, 2 usage, 3 refused for safety."""

# The library keeps its copy of click to itself; a public subclass leads to the class that all its complaints share.
ClickUsageError: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "UsageError")

app = typer.Typer(help=HELP, add_completion=False, no_args_is_help=True, rich_markup_mode=None)
for module in (
    workspace_commands,
    image_commands,
    set_commands,
    label_commands,
    data_commands,
    train_commands,
    model_commands,
    engine_commands,
    job_commands,
):
    module.register(app)


@app.command("version")
def version() -> None:
    """Print the version."""
    print(__version__)


def run(arguments: Arguments) -> int:
    """Run one command and return the exit code; every failure becomes one clear sentence."""
    session = Session(arguments.workspace, as_json=arguments.as_json)
    command = typer.main.get_command(app)
    return _guarded(
        lambda: command.main(args=list(arguments.rest), prog_name="binscout", standalone_mode=False, obj=session),
        as_json=arguments.as_json,
    )


def _guarded(command: Callable[[], Any], *, as_json: bool) -> int:
    try:
        code = command()
    except BinScoutError as error:
        return _fail(error.as_json(), error.exit_code, as_json)
    except ClickUsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            return EXIT_USAGE
        hint = f"`{error.ctx.command_path} --help` explains it." if error.ctx else ""
        return _fail({"code": "usage", "message": error.format_message(), "hint": hint}, EXIT_USAGE, as_json)
    except (typer.Abort, KeyboardInterrupt):
        return _fail({"code": "interrupted", "message": "Interrupted.", "hint": ""}, EXIT_INTERRUPTED, as_json)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        full = StorageError(f"The disk cannot be written: {error.strerror}.", hint="Free some space.", code="disk_full")
        return _fail(full.as_json(), EXIT_FAILED, as_json)
    return code if isinstance(code, int) else 0


def _fail(error: dict[str, str], code: int, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error}, ensure_ascii=False))
    print(f"binscout: {error['message']} {error['hint']}".rstrip(), file=sys.stderr)
    return code
