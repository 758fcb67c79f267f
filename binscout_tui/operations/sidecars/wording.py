"""Findings in words. Pure; names come as they are, whoever shows them escapes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from binscout_tui.operations.sidecars.auditing import Finding, Fix, Kind
from binscout_tui.wording import counted

TITLES: Mapping[Kind, str] = {
    "case_mismatch": "Names that differ in case only",
    "near_name": "Sidecars whose name is near that of a picture without one",
    "orphan_sidecar": "Sidecars without a picture",
    "orphan_image": "Pictures without a sidecar, where others have one",
    "duplicate_caption": "The same caption on several pictures",
    "near_caption": "Nearly the same caption on several pictures",
    "empty_caption": "Empty captions",
    "unreadable": "Files that cannot be read",
    "long_caption": "Very long captions",
}
DOES: Mapping[Fix, str] = {
    "": "Only a person can mend this.",
    "rename": "Give the sidecar the name of its picture.",
    "pair": "Give the sidecar the name of that picture, if it belongs to it.",
    "hold": "Move the sidecar to a new folder beside this one.",
}


def told(one: Finding, root: Path) -> str:
    """A finding in one line."""
    name = below(one.path, root)
    if one.target is not None:
        return f"{name} → {one.target.name}"
    if one.others:
        return f"{name} and {counted(len(one.others), 'other')}: {one.says}"
    return f"{name}: {one.says}" if one.says else name


def below(path: Path, root: Path) -> str:
    """A path as it is seen from the folder that was looked at."""
    return os.path.relpath(path, root)
