"""`backup`: verbs of this part."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add these commands to those of backups."""
