"""Making sets from the app: what the rules mean, what a rule would make, and making it beside the event loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from binscout_tui.operations.grouping import By, GroupReport, Rule, group
from binscout_tui.operations.suggesting import for_sets
from binscout_tui.workspace import LiveWorkspace, Workspace

MEANINGS: dict[By, str] = {
    "folder": "one set of each folder with 2 to 9 pictures",
    "burst": "pictures taken within 2 seconds of each other",
    "stage": "names that tell a stage: x_stage1_, x_stage1.5_, x_stage2_",
    "similar": "pictures that look alike",
}
SHOWN_REASONS = 4


async def would_make(workspace: LiveWorkspace, by: By) -> GroupReport:
    """What the rule makes of all images that are in no set; nothing is written."""
    workspace.user.must_be("operator", "Making sets")
    return await asyncio.to_thread(_group, workspace.paths.root, by, dry_run=True)


async def make(workspace: LiveWorkspace, by: By) -> GroupReport:
    """Make these sets, and look which image of each is the sharpest. What is in the meantime in a set is left out."""
    workspace.user.must_be("operator", "Making sets")
    return await asyncio.to_thread(_group, workspace.paths.root, by, dry_run=False)


def _group(root: Path, by: By, *, dry_run: bool) -> GroupReport:
    with Workspace(root) as workspace:
        report = group(workspace, Rule(by=by), dry_run=dry_run)
        made = [one.id for one in report.sets if one.id is not None and one.new]
        if made:
            for_sets(workspace, made)
        return report


def question(report: GroupReport) -> str:
    """What would be made, and how many images stay in no set for which reason."""
    images = sum(len(one.images) for one in report.sets if one.new)
    lines = [f"{_many(report.made, 'set')} of {_many(images, 'image')} would be made by {report.by}."]
    if report.in_sets:
        lines.append(f"{_many(report.in_sets, 'image')} in a set before.")
    if report.left_out:
        lines.append(f"{_many(len(report.left_out), 'image')} would be in none:")
        reasons = Counter(one.reason for one in report.left_out).most_common(SHOWN_REASONS)
        lines += [f"  {count:,}  {reason}" for reason, count in reasons]
    return "\n".join(lines)


def told(report: GroupReport) -> str:
    """What was made."""
    return f"{_many(report.made, 'set')} made by {report.by}; {_many(len(report.left_out), 'image')} in none."


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
