"""Which code works here: the version of the package, and the commit where it runs from a checkout."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import binscout_tui

LONGEST_S = 2.0


@cache
def code_version() -> str:
    """For example `0.1.0`, or `0.1.0 (32f41b2-dirty)`; it may ask git, so not within a transaction."""
    described = _described(Path(binscout_tui.__file__).resolve().parent.parent)
    return f"{binscout_tui.__version__} ({described})" if described else binscout_tui.__version__


def _described(root: Path) -> str:
    """What git calls the commit at `root`; empty where that is no checkout of its own, or git cannot say."""
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--tags"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
