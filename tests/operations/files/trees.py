"""Folders of files for tests of moving them: what they hold is their own path, so that nothing can be mixed up."""

from __future__ import annotations

import os
from pathlib import Path


def make(root: Path, *names: str | bytes) -> Path:
    """`root` with files of these names, each holding its name."""
    for name in names:
        path = root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content of " + os.fsencode(name))
    root.mkdir(parents=True, exist_ok=True)
    return root


def content(root: Path) -> dict[str, bytes]:
    """{relative path: bytes} of every regular file below `root`."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
