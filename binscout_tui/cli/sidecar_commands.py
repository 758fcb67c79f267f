"""`sidecars …`: what is wrong with the files beside pictures, and mending it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from binscout_tui.cli.arguments import given_path
from binscout_tui.cli.file_commands import LogPath, log_place, show_outcome, show_plan
from binscout_tui.cli.session import Session, session
from binscout_tui.errors import EXIT_DONE, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.operations.sidecars.auditing import Finding
    from binscout_tui.operations.sidecars.looking import Audit

sidecars_app = typer.Typer(help="Look at the files beside pictures, and mend what is wrong.", no_args_is_help=True)
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(sidecars_app, name="sidecars")


@sidecars_app.callback()
def sidecars() -> None:
    """Look at the files beside pictures, and mend what is wrong."""


@sidecars_app.command("audit")
def audit(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", parser=given_path, help="Else the folders of images that stayed in place."),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Mend findings of this kind: case_mismatch, near_name, orphan_sidecar."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only said what would be done.")] = False,
    longest: Annotated[int, typer.Option(min=1, help="Characters of a caption above which it is told of.")] = 1000,
    log: LogPath = None,
) -> int:
    """Find pictures and sidecars without each other, and captions that are the same, empty, unreadable or too long.

    With --fix sidecars are renamed, or moved to a new folder DIR.held beside DIR; `files undo` takes that back.
    """
    from binscout_tui.operations.sidecars import mending

    ours = session(context)
    wanted = _kinds(fix or [])
    if yes and not wanted:
        raise UsageError("--yes mends nothing without --fix KIND.", code="nothing_chosen")
    if yes:
        return _mend(ours, folder, longest, wanted, log)
    found = _look(ours, folder, longest)
    if not wanted:
        ours.answer(_data(found), _texts(found))
        return EXIT_DONE
    return show_plan(ours, mending.mend(found.roots, [one for one in found.findings if one.kind in wanted]))


def _mend(ours: Session, folder: Path | None, longest: int, wanted: Collection[str], log: Path | None) -> int:
    from binscout_tui.operations.sidecars import running

    with log_place(ours, log) as (workspace, path):
        if workspace is not None:
            workspace.user.must_be("operator", "Moving files")
        found = _look(ours, folder, longest)
        chosen = [one for one in found.findings if one.kind in wanted]
        with ours.progress("move") as on_progress:
            done = running.mend(workspace, path, found.roots, chosen, on_progress)
    return show_outcome(ours, done)


def _kinds(fix: Sequence[str]) -> frozenset[str]:
    from binscout_tui.operations.sidecars.auditing import FIXES

    for kind in fix:
        if kind not in FIXES:
            known = ", ".join(FIXES)
            raise UsageError(f"Nothing mends {kind!r}.", hint=f"What can be mended: {known}.", code="bad_kind")
    return frozenset(fix)


def _look(ours: Session, folder: Path | None, longest: int) -> Audit:
    from binscout_tui.operations.sidecars import looking, running

    with ours.progress("captions") as on_progress:
        watch = _watching(on_progress)
        if folder is not None:
            return looking.audit(folder, longest, watch)
        with ours.workspace() as workspace:
            return running.audit_in_place(workspace, longest, watch)


def _watching(on_progress: Callable[[int, int], None]) -> Callable[[int, int], bool]:
    def watch(done: int, total: int) -> bool:
        on_progress(done, total)
        return True

    return watch


def _data(found: Audit) -> dict[str, Any]:
    return {
        "folder": display_name(found.root),
        "images": found.images,
        "sidecars": found.sidecars,
        "findings": [_row(one) for one in found.findings],
        "refused": [
            {"path": display_name(one.path), "code": one.code, "reason": display_name(one.reason)}
            for one in found.refused
        ],
    }


def _row(one: Finding) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "path": display_name(one.path),
        "others": [display_name(other) for other in one.others],
        "fix": one.fix,
        "target": display_name(one.target) if one.target else None,
        "says": display_name(one.says),
    }


def _texts(found: Audit) -> list[str]:
    from binscout_tui.operations.sidecars.auditing import KINDS
    from binscout_tui.operations.sidecars.wording import TITLES, told

    lines = []
    for kind in KINDS:
        ours = [one for one in found.findings if one.kind == kind]
        if ours:
            lines.append(f"{TITLES[kind]}: {len(ours):,}{f'  (--fix {kind})' if ours[0].fix else ''}")
            lines += [f"  {display_name(told(one, found.root))}" for one in ours[:SHOWN]]
            lines += [f"  and {len(ours) - SHOWN:,} more; --json lists all"] if len(ours) > SHOWN else []
    lines += [f"{display_name(one.path)}: {display_name(one.reason)} [{one.code}]" for one in found.refused]
    looked = f"{counted(found.images, 'picture')} and {counted(found.sidecars, 'sidecar')} were looked at"
    return [*lines, f"{looked}; {counted(len(found.findings), 'finding')}."]
