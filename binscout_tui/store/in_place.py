"""Where images lie that stayed where they were."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from binscout_tui.store.images import LIVE


def folders(db: sqlite3.Connection) -> list[Path]:
    """The folders that hold files of images that count, in order, without links."""
    rows = db.execute(f"SELECT path FROM image WHERE storage = 'in_place' AND {LIVE}")
    found = {os.path.dirname(os.fsdecode(path)) for (path,) in rows}  # noqa: PTH120 - a Path for each costs
    return sorted({Path(os.path.realpath(one)) for one in found})
