"""Duplicates in the library: queueing a look, the look itself, and the groups that it leaves in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

import msgspec

from binscout_tui.errors import ConflictError
from binscout_tui.operations.duplicates.finding import Cluster, Duplicates, Near, find
from binscout_tui.operations.duplicates.looking import Step
from binscout_tui.store import duplicates, jobs
from binscout_tui.workspace import Workspace

JOB = "duplicates"


class Look(msgspec.Struct, frozen=True):
    """What a look at the library found: how many `pictures` were compared, and the groups by kind."""

    pictures: int
    exact: int
    pixels: int
    same: int
    near: int
    rejected: int


def enqueue(db: sqlite3.Connection, uid: int, near: Near = "strict") -> int:
    """Queue a look and return its job's id (a store function). Raises ConflictError while another one is under way."""
    for job in jobs.open_jobs(db):
        if job.kind == JOB:
            raise ConflictError(
                f"Job {job.id} is looking for duplicates already.",
                hint=f"`binscout jobs show {job.id}`",
                code="looking",
            )
    return jobs.add(db, uid, JOB, {"near": near})


def look(workspace: Workspace, near: Near, step: Step) -> Look:
    """Look at all images that count and replace the groups. Raises what `find` raises; then the old groups stay."""
    found = find(workspace, [], near=near, in_library=True, step=step)
    keep_groups(workspace, found)
    clusters = found.clusters
    return Look(
        pictures=found.pictures,
        exact=_count(clusters, "exact"),
        pixels=_count(clusters, "pixels"),
        same=sum(one.kind == "near" and one.same for one in clusters),
        near=sum(one.kind == "near" and not one.same for one in clusters),
        rejected=len(found.rejected),
    )


def keep_groups(workspace: Workspace, found: Duplicates) -> int:
    """Put the groups of a look at the library into the store; how many."""
    rows = [
        (one.kind, one.same, [(member.id, member.relation) for member in one.members if member.id is not None])
        for one in found.clusters
    ]
    return workspace.db.insist(duplicates.replace, rows)


def _count(clusters: Sequence[Cluster], kind: Literal["exact", "pixels"]) -> int:
    return sum(one.kind == kind for one in clusters)
