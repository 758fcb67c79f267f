"""The command line: `binscout [--workspace DIR] [--json] NOUN VERB …`."""

from __future__ import annotations

import errno
import io
import json
import sys
from collections.abc import Callable
from typing import Any

import typer

from binscout_tui import __version__
from binscout_tui.cli import (
    background_commands,
    backup_commands,
    bench_commands,
    capture_commands,
    cluster_commands,
    collection_commands,
    compare_commands,
    compartment_commands,
    crop_commands,
    crop_queue_commands,
    data_commands,
    dataset_export_commands,
    duplicate_commands,
    engine_commands,
    export_commands,
    file_commands,
    filter_commands,
    gate_commands,
    image_batch_commands,
    image_commands,
    item_commands,
    job_commands,
    key_commands,
    label_box_commands,
    label_check_commands,
    label_class_commands,
    label_commands,
    label_queue_commands,
    labels_commands,
    mistake_commands,
    model_commands,
    name_group_commands,
    predict_commands,
    report_commands,
    run_log_commands,
    safe_mode_commands,
    set_commands,
    set_group_commands,
    set_log_commands,
    show_commands,
    sidecar_commands,
    similar_commands,
    suggest_commands,
    tag_commands,
    train_commands,
    verify_commands,
    view_commands,
    workspace_commands,
)
from binscout_tui.cli.arguments import Arguments
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_USAGE, BinScoutError, StorageError, UsageError
from binscout_tui.imaging.names import display_name

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
    image_batch_commands,
    show_commands,
    view_commands,
    export_commands,
    backup_commands,
    capture_commands,
    item_commands,
    compartment_commands,
    set_commands,
    crop_queue_commands,
    crop_commands,
    compare_commands,
    set_group_commands,
    set_log_commands,
    similar_commands,
    duplicate_commands,
    suggest_commands,
    label_commands,
    label_class_commands,
    label_box_commands,
    label_check_commands,
    label_queue_commands,
    verify_commands,
    labels_commands,
    mistake_commands,
    data_commands,
    dataset_export_commands,
    train_commands,
    run_log_commands,
    report_commands,
    model_commands,
    gate_commands,
    predict_commands,
    engine_commands,
    job_commands,
    bench_commands,
    background_commands,
    cluster_commands,
    tag_commands,
    name_group_commands,
    sidecar_commands,
    file_commands,
    key_commands,
    collection_commands,
    filter_commands,
    safe_mode_commands,
):
    module.register(app)


@app.command("version")
def version(context: typer.Context) -> None:
    """Print the version."""
    session(context).answer({"version": __version__}, __version__)


def run(arguments: Arguments) -> int:
    """Run one command and return the exit code; every failure becomes one clear sentence."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no umlauts gets them escaped instead of a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    ours = Session(arguments.workspace, as_json=arguments.as_json)
    command = typer.main.get_command(app)
    return _guarded(
        lambda: command.main(args=list(arguments.rest), prog_name="binscout", standalone_mode=False, obj=ours),
        as_json=arguments.as_json,
    )


def _guarded(command: Callable[[], Any], *, as_json: bool) -> int:
    try:
        code = command()
    except ClickUsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError" and not as_json:
            error.show()
            return EXIT_USAGE
        return _fail(_usage(error), as_json)
    except (typer.Abort, KeyboardInterrupt):
        interrupted = BinScoutError("Interrupted.", code="interrupted")
        interrupted.exit_code = EXIT_INTERRUPTED
        return _fail(interrupted, as_json)
    except Exception as error:  # the last place that can turn it into a sentence; what has none goes on as it is
        said = in_plain_words(error)
        if said is None:
            raise
        return _fail(said, as_json)
    return code if isinstance(code, int) else 0


def _usage(error: Any) -> UsageError:
    if type(error).__name__ == "NoArgsIsHelpError":
        return UsageError("A command is missing.", hint=f"`{error.ctx.command_path} --help` lists them.")
    hint = f"`{error.ctx.command_path} --help` explains it." if error.ctx else ""
    return UsageError(" ".join(error.format_message().split()), hint=hint)


def in_plain_words(error: Exception) -> BinScoutError | None:
    """`error` as a sentence for people, None for what only a programmer can mend."""
    if isinstance(error, BinScoutError):
        return error
    if isinstance(error, OverflowError):
        return UsageError("A number on the command line is too large.")
    if isinstance(error, UnicodeError):
        return UsageError("A word on the command line is not text in UTF-8.", hint="Only paths may be.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"The disk is full: {error.strerror}.", hint="Free some space.", code="disk_full")
    if isinstance(error, OSError) and error.strerror:
        where = f" ({display_name(error.filename)})" if error.filename else ""
        return StorageError(f"{error.strerror}{where}.", code="system")
    return None


def _fail(error: BinScoutError, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error.as_json()}, ensure_ascii=False))
    print(f"binscout: {error.sentence} {error.hint}".rstrip(), file=sys.stderr)
    return error.exit_code
