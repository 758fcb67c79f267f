"""What this machine and this terminal can do."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from binscout_tui import __version__
from binscout_tui.errors import BinScoutError
from binscout_tui.store.connection import file_system
from binscout_tui.terminal import doctor as terminal_doctor
from binscout_tui.terminal.detect import detect_for_shell
from binscout_tui.terminal.doctor import Finding
from binscout_tui.workspace import Workspace

LITTLE_SPACE = 2 << 30


def examine(root: Path) -> list[Finding]:
    """Findings about the program, the workspace in `root`, and the terminal, each with advice where there is some."""
    return [
        Finding("binscout", f"{__version__}, Python {platform.python_version()}", ""),
        _workspace(root),
        *_disk(root),
        *_backups(root),
        *terminal_doctor.report(detect_for_shell()),
    ]


def _workspace(root: Path) -> Finding:
    try:
        with Workspace(root) as workspace:
            return Finding("workspace", f"{root} ({workspace.user.name}, {workspace.user.role})", "")
    except BinScoutError as error:
        return Finding("workspace", error.sentence, error.hint)


def _backups(root: Path) -> list[Finding]:
    return [_rclone(), _targets(root)]


def _rclone() -> Finding:
    from binscout_tui.backup.transport.rclone_process import find_program, must_be_new_enough

    try:
        program = find_program()
        found = must_be_new_enough(program)
    except BinScoutError as error:
        return Finding("rclone", error.sentence, error.hint)
    return Finding("rclone", f"{'.'.join(map(str, found))}, {program}", "")


def _targets(root: Path) -> Finding:
    from binscout_tui.backup.target import known as targets

    try:
        found = targets.read(root / "backup")
    except BinScoutError as error:
        return Finding("backups", error.sentence, error.hint)
    if not found:
        return Finding("backups", "no target", "`binscout backup target add NAME FOLDER-OR-ADDRESS` adds one.")
    return Finding("backups", ", ".join(f"{target.name} ({target.shown})" for target in found), "")


def _disk(root: Path) -> list[Finding]:
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    advice = "Free some space before long work." if free < LITTLE_SPACE else ""
    return [
        Finding("disk", f"{free / (1 << 30):.1f} GiB free", advice),
        Finding("file system", file_system(there) or "unknown", ""),
    ]
