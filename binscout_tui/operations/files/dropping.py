"""Planning: sets that were dealt with already out of the way, into a folder beside; nothing is deleted.

A set is a rising run of stages. It was dealt with when the folder of finished work holds a picture with the moment, the
subject and the stage of one of its members, whatever follows them in the name. Names without a moment prove nothing,
since the same ones stand in many folders.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path

from binscout_tui.errors import RefusedError
from binscout_tui.imaging.grouping.by_stage import Staged, read_stage
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.files import listing
from binscout_tui.operations.files.moving import families
from binscout_tui.operations.files.plan import Plan, Refused, plan
from binscout_tui.operations.files.sidecars import is_image
from binscout_tui.operations.files.stages import runs


def drop(source: Path, done: Path, trash: Path | None = None) -> Plan:
    """Every set below `source` that has a member in `done` to `trash`, with all sidecars and the folders between.

    `trash` is beside the source when it is not given. A set one of whose pictures cannot be moved stays whole.
    Raises UsageError and RefusedError, the latter also where the finished work cannot be read in full.
    """
    start, end = listing.ends(source, trash if trash is not None else _beside(source))
    finished = _finished(done, start, end)
    found = listing.look(start)
    groups, refused = [], list(found.refused)
    for folder in found.folders:
        problems: list[Refused] = []
        known = {image: family for family in families(folder, problems) for image in family.images}
        barred = {name: f"it is {kind}." for name, kind in folder.odd.items()}
        barred |= {one.path.name: one.reason for one in problems}
        for run in runs(name for name in (*known, *barred) if is_image(name)):
            proof = next((told for name in run if (told := read_stage(name)) in finished), None)
            if proof is None:
                continue
            if bad := [name for name in run if name in barred]:
                reason = f"Its set was dealt with, but {bad[0]} cannot be moved: {barred[bad[0]]}"
                refused += [Refused(folder.path / name, "odd_sidecar", reason) for name in run]
                continue
            together = dict.fromkeys(known[name] for name in run)
            target = partial(_below, end, start)
            groups.append(listing.group(folder, together, target, f"finished as {finished[proof]}"))
    return plan("drop", end, groups, listing.there(end, groups), refused)


def _below(end: Path, start: Path, path: Path) -> Path:
    return end / path.relative_to(start)


def _beside(source: Path) -> Path:
    """A folder beside the source that is not there yet, so that sets that came twice can go twice."""
    real = source.resolve()
    names = (f"{real.name}.dropped{f'-{number}' if number > 1 else ''}" for number in count(1))
    return next(path for name in names if not (path := real.with_name(name)).exists())


def _finished(done: Path, start: Path, trash: Path) -> dict[Staged, str]:
    """{stamp and stage: a path that has them} of all pictures in the folder of finished work."""
    listing.ends(done, trash)
    real = done.resolve()
    if real == start or start in real.parents or real in start.parents:
        raise RefusedError(
            "The folder of finished work and the source lie in each other.",
            hint="Every set would count as dealt with because of itself.",
            code="inside_source",
        )
    found = listing.look(real)
    if found.refused:
        first = found.refused[0]
        raise RefusedError(
            f"{display_name(first.path)} cannot be looked at: {first.reason}",
            hint="Sets that are in there would be taken for new ones.",
            code="unreadable",
        )
    return {
        told: display_name(folder.path / name)
        for folder in found.folders
        for name in sorted(folder.files)
        if is_image(name) and (told := read_stage(name)) is not None and told.moment_ms is not None
    }
