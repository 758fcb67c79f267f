"""The inbox that is made where there is no source yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from binscout_tui.errors import StorageError

NAME = "inbox"


def new_inbox(root: Path) -> dict[str, Any]:
    """Make the folder in the workspace, and say how a source that watches it is configured. Raises StorageError."""
    from binscout_tui.capture.kinds import check

    folder = root / NAME
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror or error}.", code="cannot_create") from error
    return check("inbox", {"path": str(folder)}, root)
