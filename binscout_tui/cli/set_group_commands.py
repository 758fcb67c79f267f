"""`set group`: making sets of images that are in none."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from binscout_tui.cli.session import session
from binscout_tui.cli.set_commands import set_app
from binscout_tui.errors import UsageError

SHOWN = 20
HIGHEST_ID = (1 << 63) - 1
MOST_IDS = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the command to the sets' own."""
    set_app.command()(group)


def group(
    context: typer.Context,
    by: Annotated[
        Literal["folder", "burst", "stage", "similar"], typer.Option(help="What belongs together.")
    ] = "folder",
    gap: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Longest time to the next picture (bursts: 2; stages: any).")
    ] = None,
    least: Annotated[int, typer.Option("--min", help="Smallest set.")] = 2,
    most: Annotated[int, typer.Option("--max", help="Largest set; what is larger is left out and told.")] = 9,
    distance: Annotated[int | None, typer.Option(help="Look-alikes: bits in which hashes may differ (12).")] = None,
    across: Annotated[bool, typer.Option("--across", help="A burst may cross folders and cameras.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--filter", metavar="IDS", help="Only these images, as in 3,7,20-40.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and make nothing.")] = False,
    suggestions: Annotated[bool, typer.Option(help="Look which image of each set is the sharpest.")] = True,
) -> None:
    """Make sets of images that are in no set yet. What joins none is told with its reason; --json lists all."""
    from binscout_tui.operations.grouping import Rule, group
    from binscout_tui.operations.suggesting import for_sets

    rule = Rule(by=by, gap_s=gap, smallest=least, largest=most, across=across, distance=distance)
    ids = None if only is None else parse_ids(only)
    ours = session(context)
    with ours.workspace() as workspace:
        with ours.progress("group") as on_progress:
            report = group(workspace, rule, ids, dry_run=dry_run, on_progress=on_progress)
        made = [one.id for one in report.sets if one.id is not None]
        if suggestions and made:
            with ours.progress("suggest") as on_progress:
                for_sets(workspace, made, on_progress)
    lines = [_summary(report.made, dry_run=dry_run)]
    lines.append(f"in a set before {report.in_sets}, in none {len(report.left_out)}")
    if report.clocks:
        used = ", ".join(f"{count} by {clock}" for clock, count in sorted(report.clocks.items()))
        lines.append(f"times: {used}")
    lines += [f"  {one.path or f'image {one.image}'}: {one.reason} [{one.code}]" for one in report.left_out[:SHOWN]]
    if len(report.left_out) > SHOWN:
        lines.append(f"  and {len(report.left_out) - SHOWN} more; --json lists all")
    ours.answer(report, lines)


def parse_ids(texts: list[str]) -> set[int]:
    """`3,7,20-40` as numbers. Raises UsageError."""
    ids: set[int] = set()
    for part in ",".join(texts).split(","):
        first, dash, last = part.strip().partition("-")
        if not (_is_id(first) and (not dash or _is_id(last))):
            raise UsageError(f"{part!r} is not a number or a range of images.", hint="For example 3,7,20-40.")
        numbers = range(int(first), int(last or first) + 1)
        if not numbers or len(ids) + len(numbers) > MOST_IDS:
            raise UsageError(f"{part!r} is an empty or a too large range of images.", hint="For example 20-40.")
        ids.update(numbers)
    return ids


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= HIGHEST_ID


def _summary(made: int, *, dry_run: bool) -> str:
    if dry_run:
        return f"{made} sets would be made; nothing was written"
    return f"{made} sets made" if made else "no new set; there was nothing to group"
