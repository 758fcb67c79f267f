"""What commands share of the command line: the options that may stand anywhere, and paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from binscout_tui.errors import UsageError


@dataclass(frozen=True)
class Arguments:
    """What was asked for everywhere, and the rest for the command."""

    workspace: Path | None
    as_json: bool
    rest: tuple[str, ...]


def split_arguments(argv: Sequence[str]) -> Arguments:
    """Take `--workspace` and `--json` out of `argv`; what follows `--` is left alone."""
    workspace: Path | None = None
    as_json = False
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += ["--", *words]
        elif word == "--json":
            as_json = True
        elif word == "--workspace":
            value = next(words, None)
            if value is None:
                rest.append(word)
            else:
                workspace = Path(value)
        elif word.startswith("--workspace="):
            workspace = Path(word.partition("=")[2])
        else:
            rest.append(word)
    return Arguments(workspace, as_json, tuple(rest))


def given_path(text: str) -> Path:
    """An argument as a path. Raises UsageError for an empty one, which would mean the current folder."""
    if not text:
        raise UsageError("A path is empty.", hint="Write . for the current folder.", code="empty_path")
    return Path(text)
