"""Planning: all pictures of one stage below a folder into one folder."""

from __future__ import annotations

from pathlib import Path

from binscout_tui.imaging.grouping.by_stage import read_stage
from binscout_tui.operations.files import listing
from binscout_tui.operations.files.moving import families, odd_ones
from binscout_tui.operations.files.plan import Plan, Refused, plan
from binscout_tui.operations.files.sidecars import is_image
from binscout_tui.operations.files.stages import parse_stage


def collect(source: Path, destination: Path, stage: str) -> Plan:
    """Every picture below `source` whose name tells `stage` straight into `destination`, with its sidecars.

    Two pictures of one name from different folders are both refused. Raises UsageError, RefusedError.
    """
    wanted = parse_stage(stage)
    start, end = listing.ends(source, destination)
    found = listing.look(start)
    groups, refused = [], list(found.refused)
    for folder in found.folders:
        refused += [one for one in odd_ones(folder) if _is_of(wanted, one)]
        problems: list[Refused] = []
        for family in families(folder, problems):
            if (told := read_stage(family.images[0])) is not None and told.stage == wanted:
                groups.append(listing.group(folder, [family], lambda path: end / path.name, f"stage {wanted:g}"))
        refused += [one for one in problems if _is_of(wanted, one)]
    return plan("collect", end, groups, listing.there(end, groups), refused)


def _is_of(wanted: float, one: Refused) -> bool:
    told = read_stage(one.path.name)
    return is_image(one.path.name) and told is not None and told.stage == wanted
