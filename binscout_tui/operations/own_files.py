"""What a workspace keeps for itself, so that no import takes it for somebody's pictures."""

from __future__ import annotations

from pathlib import Path

from binscout_tui.workspace import DATABASE, Paths


def is_own(path: Path) -> bool:
    """Whether the absolute `path` is a workspace's folder, or lies in one of those where it keeps its own files."""
    for folder in (path, *path.parents):
        if _is_workspace(folder):
            return path == folder or folder / path.relative_to(folder).parts[0] in _kept(Paths(folder))
    return False


def _kept(paths: Paths) -> set[Path]:
    pictures = {paths.originals, paths.previews, paths.incoming, paths.derived}
    return pictures | {paths.datasets, paths.runs, paths.models, paths.logs}


def _is_workspace(folder: Path) -> bool:
    try:
        return (folder / DATABASE).is_file()
    except OSError:  # A folder that may not be searched is reported by whoever reads it.
        return False
