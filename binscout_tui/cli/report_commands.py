"""`report RUN`, `runs compare A B`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.session import Session, session
from binscout_tui.cli.train_commands import runs_app
from binscout_tui.errors import BinScoutError, RefusedError, UsageError
from binscout_tui.imaging.names import display_name

if TYPE_CHECKING:
    from binscout_tui.reporting.document import Document
    from binscout_tui.reporting.folder import ReadRun
    from binscout_tui.workspace import Workspace

STDOUT = "-"
MOST_WIDE = 110


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(report)
    runs_app.command("compare")(compare)


def report(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run; `binscout runs list` shows them.")],
    html: Annotated[str | None, typer.Option(help="Write a self-contained web page to this file; - is stdout.")] = None,
    notebook: Annotated[str | None, typer.Option(help="Write a Jupyter notebook to this file; - is stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Show how good a run's model became, beside its baselines; or write it as a web page or notebook."""
    ours = session(context)
    targets = [target for target in (html, notebook) if target is not None]
    _check(targets, force=force, as_json=ours.as_json)
    with ours.workspace() as workspace:
        found = _read(workspace, run)
        written = {}
        if html is not None:
            written["html"] = _put(_page(workspace, found), html)
        if notebook is not None:
            written["notebook"] = _put(_notebook(workspace, found, notebook), notebook)
        document = _named(workspace, found.document())
    if STDOUT in targets:
        return
    if written:
        names = [f"{what}: {display_name(path)}" for what, path in written.items()]
        ours.answer({"run": run} | written, names)
        return
    _show(ours, found, document)


def _check(targets: list[str], *, force: bool, as_json: bool) -> None:
    """Refuse before anything is written. Raises UsageError, BinScoutError, RefusedError."""
    if targets.count(STDOUT) > 1:
        raise UsageError("Only one of --html and --notebook can go to standard output.")
    if STDOUT in targets and as_json:
        raise UsageError("--json answers on standard output, where - would write too.", hint="Name a file.")
    files = [Path(target) for target in targets if target != STDOUT]
    if len({os.path.abspath(file) for file in files}) < len(files):  # noqa: PTH100  as it is named, links unfollowed
        raise UsageError("--html and --notebook name the same file.")
    for file in files:
        if not file.name or file.is_dir():
            raise UsageError(f"{display_name(file)} is a folder.", hint="Name a file in it.")
        if not file.parent.is_dir():
            raise BinScoutError(
                f"There is no folder {display_name(file.parent)}.", hint="Make it first.", code="no_folder"
            )
        if os.path.lexists(file) and not force:
            raise RefusedError(f"{display_name(file)} exists.", hint="--force writes over it.", code="file_exists")


def _read(workspace: Workspace, run_id: str) -> ReadRun:
    from binscout_tui.operations.training import must_have_report
    from binscout_tui.reporting.folder import read_run
    from binscout_tui.store import case_images, runs

    run = workspace.db.read(runs.get, run_id)
    must_have_report(workspace.paths, run)
    return read_run(workspace.paths.run(run.id)).without(workspace.db.read(case_images.hidden))


def _page(workspace: Workspace, found: ReadRun) -> str:
    from binscout_tui.imaging.previews import PREVIEW, preview_path
    from binscout_tui.reporting.folder import read_curves
    from binscout_tui.reporting.html import page
    from binscout_tui.reporting.pictures import PreviewPictures

    previews = workspace.paths.previews
    examples = {
        name: sha256
        for name, images in found.sources.examples.items()
        for sha256 in reversed(images)
        if preview_path(previews, sha256, PREVIEW).is_file()
    }
    document = _named(workspace, found.document(read_curves(workspace.paths.run(found.run))))
    return page(document, PreviewPictures(previews), examples)


def _notebook(workspace: Workspace, found: ReadRun, target: str) -> str:
    from binscout_tui.reporting.notebook import notebook

    folder = workspace.paths.run(found.run).resolve()
    beside = Path.cwd() if target == STDOUT else Path(target).parent.resolve()
    return notebook(found.document(), os.path.relpath(folder, beside))


def _put(text: str, target: str) -> str:
    """Write `text` to a file or to standard output; the path of the file."""
    from binscout_tui import atomic

    if target == STDOUT:
        sys.stdout.write(text)
        return target
    path = Path(target)
    atomic.write_text(path, text)
    return str(path)


def _named(workspace: Workspace, document: Document) -> Document:
    """The document with what people call the images, not where their files lie, and what is counted."""
    from binscout_tui.store import case_images, datasets, runs

    if document.task.name == "count":
        run = workspace.db.read(runs.get, document.run)
        document = document.counting(workspace.db.read(datasets.find, run.dataset_id).item)
    hashes = [image.sha256 for case in document.worst for image in case.images]
    return document.named(workspace.db.read(case_images.names, hashes))


def _show(ours: Session, found: ReadRun, document: Document) -> None:
    from binscout_tui.reporting.lines import plain

    ours.answer(_as_data(found, document), [f"Report of {found.run}", "", *plain(document, width())])


def _as_data(found: ReadRun, document: Document) -> dict[str, Any]:
    import msgspec

    return {
        "run": found.run,
        "task": found.report.task,
        "counts": dict(document.facts).get("counts"),
        "report": {name: value for name, value in msgspec.to_builtins(found.report).items() if name != "raw"},
        "doubts": list(document.doubts),
        "wrong": document.wrong,
        "worst": [msgspec.to_builtins(case) | {"images": _images(case)} for case in document.worst],
    }


def _images(case: Any) -> list[dict[str, Any]]:
    """The pictures of a case with paths that are text, whatever bytes the file's name has."""
    return [{"sha256": one.sha256, "path": display_name(one.path), "crop": one.crop} for one in case.images]


def compare(context: typer.Context, before: str, after: str) -> None:
    """Compare two runs of one task, case by case on the test images that both were asked."""
    from binscout_tui.operations.training import must_have_report
    from binscout_tui.reporting.folder import read_side
    from binscout_tui.reporting.versus import compare as compare_sides
    from binscout_tui.reporting.versus_data import as_data
    from binscout_tui.reporting.versus_lines import plain
    from binscout_tui.store import case_images, runs

    ours = session(context)
    with ours.workspace() as workspace:
        found = [workspace.db.read(runs.get, name) for name in (before, after)]
        for run in found:
            must_have_report(workspace.paths, run)
        hidden = workspace.db.read(case_images.hidden)
        sides = [read_side(workspace.paths.run(run.id), hidden) for run in found]
        versus = compare_sides(*sides)
        hashes = [image.sha256 for pair in versus.pairs for image in pair.after.images if pair.sort != "right"]
        versus = versus.named(workspace.db.read(case_images.names, hashes))

    ours.answer(as_data(versus), plain(versus, width()))


def width() -> int:
    """How many cells a line may have."""
    return min(MOST_WIDE, shutil.get_terminal_size((MOST_WIDE, 24)).columns)
