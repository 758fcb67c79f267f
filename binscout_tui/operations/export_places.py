"""Where an export goes: nothing that is there is overwritten, and what is written is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from binscout_tui import atomic
from binscout_tui.errors import RefusedError
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.own_files import is_own


def must_be_free(path: Path, *, replace: bool = False) -> None:
    """Raise RefusedError when something is at `path`, but for an empty folder, and with `replace` for a file.

    A folder of a workspace is refused too.
    """
    if is_own(path.resolve()):
        raise RefusedError(
            f"{display_name(path)} belongs to a workspace.", hint="Choose another place.", code="private"
        )
    if path.is_dir() and not any(path.iterdir()):
        return
    if (path.exists() or path.is_symlink()) and not (replace and path.is_file()):
        hint = "--replace puts the new file in its place." if path.is_file() else "Choose a folder that is not there."
        raise RefusedError(f"{display_name(path)} is there already.", hint=hint, code="exists")


@contextmanager
def folder_that_becomes(path: Path) -> Iterator[Path]:
    """A temporary folder that is renamed to `path` when the block ends, and gone when it raises.

    All that was written in it is on the disk before it has its name: once for all files, since once for each takes
    many times as long.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".tmp-", dir=path.parent))
    folder.chmod(0o755)
    try:
        yield folder
        os.sync()
        folder.rename(path)
        atomic.sync_folder(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
