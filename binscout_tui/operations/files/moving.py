"""Planning: everything in a folder to another folder, with the folders between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from binscout_tui.operations.files import listing
from binscout_tui.operations.files.listing import PART_PREFIX, Folder
from binscout_tui.operations.files.plan import Plan, Refused, plan
from binscout_tui.operations.files.sidecars import Family, sort_names


def move(source: Path, destination: Path) -> Plan:
    """Every regular file below `source` to the same place below `destination`, pictures with their sidecars.

    Raises UsageError and RefusedError as `listing.ends` and `listing.there`.
    """
    start, end = listing.ends(source, destination)
    found = listing.look(start)
    groups, refused = [], list(found.refused)
    for folder in found.folders:
        refused += odd_ones(folder)
        for family in families(folder, refused, everything=True):
            groups.append(listing.group(folder, [family], lambda path: end / path.relative_to(start)))
    return plan("move", end, groups, listing.there(end, groups), refused)


def families(folder: Folder, refused: list[Refused], *, everything: bool = False) -> Iterator[Family]:
    """The families of a folder that can be moved; those that have a link for a sidecar go to `refused`.

    With `everything` also each of the other files as one of its own.
    """
    names = [name for name in folder.files if not name.startswith(PART_PREFIX)]
    found = sort_names([*names, *folder.odd])
    alone = [Family((name,)) for name in (*found.orphans, *found.others)] if everything else []
    for family in [*found.families, *alone]:
        odd = [name for name in family.names if name in folder.odd]
        if not odd:
            yield family
        elif len(family.names) > 1:
            reason = f"{odd[0]}, which goes with it, is {folder.odd[odd[0]]}."
            refused += [Refused(folder.path / n, "odd_sidecar", reason) for n in family.names if n in folder.files]


def odd_ones(folder: Folder) -> Iterator[Refused]:
    """The links, pipes and devices of a folder, which are never moved."""
    for name, kind in folder.odd.items():
        code = "link" if kind == "a link" else "not_a_file"
        yield Refused(folder.path / name, code, f"This is {kind}; it stays where it is.")
