"""What a build would freeze, looked at before anything is written."""

from __future__ import annotations

import asyncio
import sqlite3

import msgspec

from binscout_tui.operations import in_place
from binscout_tui.operations.dataset_arranging import largest_group, split_sizes
from binscout_tui.operations.dataset_health import Finding, findings
from binscout_tui.operations.datasets import (
    WHAT,
    Arrangement,
    BuildReport,
    Leak,
    Material,
    Tell,
    Wanted,
    arrange,
    checked,
    freeze,
    gather,
    write_manifest,
)
from binscout_tui.store import dataset_pages
from binscout_tui.store.dataset_pages import Fact
from binscout_tui.workspace import LiveWorkspace, Workspace


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is not frozen yet; `left_out` are images with a class that it cannot have. See `BuildReport`.

    `reasons` counts by code what of sets and counts was not taken, as `left_out` of a report does.
    """

    id: str
    name: str
    task: str
    images: int
    groups: int
    largest: int
    splits: dict[str, int]
    counts: dict[str, dict[str, int]]
    samples: dict[str, int]
    leaks: list[Leak]
    findings: list[Finding]
    left_out: int
    item: str = ""
    reasons: dict[str, int] = {}


def plan(workspace: Workspace, wanted: Wanted) -> Plan:
    """What `build` would freeze now. Needs an operator. Raises what `build` raises, but not for leaks."""
    workspace.user.must_be("operator", WHAT)
    wanted = checked(wanted)
    in_place.check(workspace)
    material, left_out = workspace.db.read(_gathered, wanted)
    return _plan(arrange(material, _lenient(wanted)), wanted, left_out)


async def plan_live(workspace: LiveWorkspace, wanted: Wanted, tell: Tell) -> tuple[Plan, Arrangement]:
    """`plan` for the app, with what `freeze_live` needs; arranged in a thread, in which `tell` is called."""
    workspace.user.must_be("operator", WHAT)
    wanted = checked(wanted)
    tell("looking at files in place")
    await in_place.check_live(workspace)
    tell("reading labels")
    material, left_out = await workspace.db.read(_gathered, wanted)

    def work() -> tuple[Plan, Arrangement]:
        arrangement = arrange(material, _lenient(wanted), tell)
        tell("looking at its health")
        return _plan(arrangement, wanted, left_out), arrangement

    return await asyncio.to_thread(work)


async def freeze_live(workspace: LiveWorkspace, wanted: Wanted, arrangement: Arrangement) -> BuildReport:
    """Freeze what was planned, and nothing else. Raises ConflictError when it would be another list by now."""
    workspace.user.must_be("operator", WHAT)
    wanted = msgspec.structs.replace(checked(wanted), expected=arrangement.version)
    await asyncio.to_thread(write_manifest, workspace.paths, arrangement)
    return await workspace.db.write(freeze, workspace.paths, workspace.user.uid, wanted, arrangement)


def _lenient(wanted: Wanted) -> Wanted:
    return msgspec.structs.replace(wanted, allow_leaks=True)


def _gathered(db: sqlite3.Connection, wanted: Wanted) -> tuple[Material, int]:
    left_out = dataset_pages.left_out(db) if wanted.task == "classify" else 0
    return gather(db, wanted.task, wanted.item), left_out


def _plan(arrangement: Arrangement, wanted: Wanted, left_out: int) -> Plan:
    items, material = arrangement.items, arrangement.material
    return Plan(
        id=arrangement.version,
        name=wanted.name,
        task=wanted.task,
        images=len(items),
        groups=len({item.source_group for item in items}),
        largest=largest_group(items),
        splits=split_sizes(arrangement.counts),
        counts=arrangement.counts,
        samples=arrangement.samples,
        leaks=arrangement.leaks,
        findings=findings(_facts(arrangement), material.set_members, wanted.task),
        left_out=left_out,
        item=material.item,
        reasons=arrangement.left_out,
    )


def _facts(arrangement: Arrangement) -> list[Fact]:
    return [
        Fact(
            sha256=item.sha256,
            label=item.label,
            split=item.split,
            group=item.source_group,
            image_id=image.id,
            phash=image.phash,
            state="ok",
            now=item.label,
        )
        for image, item in zip(arrangement.images, arrangement.items, strict=True)
    ]
