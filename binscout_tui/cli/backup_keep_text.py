"""What the commands that keep backups good say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from binscout_tui.backup.progress import size_words, time_words
from binscout_tui.clock import from_text
from binscout_tui.imaging.names import display_name, one_line
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.backup.keeping.pruning import PrunePlan

NAMED = 10
TO_RESTORE = "`binscout backup repair` makes again what is here still; other runs may have the rest."


def verified_lines(found: dict[str, Any]) -> list[str]:
    """What a verify or a scrub found."""
    what = f"Run {found['run']}" if found["run"] else f"Scrub of {found['target']}"
    how = f"read back, {size_words(found['bytes'])}" if found["level"] == "read back" else "compared by size alone"
    of = "" if found["run"] else f" of {found['all_files']:,}"
    head = f"{what}: {counted(found['looked'], 'stored file')}{of} {how}, in {time_words(found['seconds'])}"
    if not found["bad"]:
        return [f"{head}; all good."]
    return [f"{head}; {len(found['bad']):,} bad:", *bad_lines(found["bad"]), TO_RESTORE]


def bad_lines(bad: Sequence[dict[str, Any]]) -> Iterable[str]:
    """Bad stored files, with the files of the workspace that they concern."""
    for one in bad[:NAMED]:
        concerns = f" ({counted(one['files'], 'file')} of the workspace)" if one["files"] else ""
        yield f"  {display_name(one['name'])}: {one_line(one['reason'])}{concerns}"
        yield from (f"    {display_name(path)}" for path in one["paths"][:NAMED])
        if one["files"] > len(one["paths"][:NAMED]):
            yield f"    and {one['files'] - len(one['paths'][:NAMED]):,} more"
    if len(bad) > NAMED:
        yield f"  and {len(bad) - NAMED:,} more; --json names all"


def repaired_lines(found: dict[str, Any]) -> list[str]:
    """What a repair made again, and what it could not."""
    if not found["repaired"] and not found["lost"]:
        return ["Nothing is known to be bad. `binscout backup verify` or `scrub` look closer."]
    lines = [f"Made again: {counted(len(found['repaired']), 'stored file')}, {size_words(found['bytes'])}."]
    if found["lost"]:
        lines += [f"Could not be made again: {counted(len(found['lost']), 'stored file')}.", *bad_lines(found["lost"])]
        lines.append("What of it is here still goes into the next run: `binscout backup run`.")
    return lines


def plan_lines(plan: PrunePlan) -> list[str]:
    """What stays and why, and what would go."""
    lines = [f"Kept are {plan.rules}."]
    lines += [f"  keep    {one.run}  {one_line(one.rule)}" for one in plan.keep]
    lines += [f"  delete  {run}" for run in plan.drop]
    lines += [f"  delete  {run}  was never finished" for run in plan.abandoned]
    if plan.refused:
        return [*lines, f"Nothing may be deleted. {plan.refused}"]
    if plan.blobs or plan.partial:
        half = f", {counted(plan.partial, 'half upload')}" if plan.partial else ""
        lines.append(
            f"  delete  {counted(plan.blobs, 'stored file')} that no run needs, {size_words(plan.bytes)}{half}"
        )
    if plan.checks:
        lines.append(f"  delete  {counted(plan.checks, 'record')} of looks that later ones have overtaken")
    if plan.waiting:
        young = f"{counted(plan.waiting, 'stored file')}, {size_words(plan.waiting_bytes)}"
        lines.append(f"  wait    {young}: no run needs them, but they are too young")
    last = "Nothing to delete." if plan.is_empty else f"Nothing was deleted. --yes --plan {plan.hash} deletes this."
    return [*lines, last]


def pruned_lines(done: dict[str, Any]) -> list[str]:
    """What was deleted."""
    lines = [
        f"Deleted: {counted(len(done['dropped']), 'run')}, {counted(done['blobs'], 'stored file')},"
        f" {size_words(done['bytes'])}."
    ]
    if done["failed"]:
        lines.append(f"Could not be deleted: {len(done['failed']):,}.")
        lines += [f"  {display_name(name)}" for name in done["failed"][:NAMED]]
    return lines


def status_lines(words: str, next_at: str | None) -> list[str]:
    """How backups are scheduled."""
    return [words, *([f"Next: {from_text(next_at).astimezone():%a %d %b %H:%M}."] if next_at else [])]


def installed_lines(installed: str, changed: Sequence[str], to_do: Sequence[str]) -> list[str]:
    """What was installed or removed, and what is left to do."""
    if not installed:
        return [f"Removed: {', '.join(changed)}."] if changed else ["Nothing was installed."]
    return [f"Installed for {installed}:", *(f"  {path}" for path in changed), *to_do]


def text_lines(systemd: dict[str, str], cron: Sequence[str]) -> list[str]:
    """What would be installed."""
    lines: list[str] = []
    for path, text in systemd.items():
        lines += [f"# {path}", *text.splitlines(), ""]
    return [
        *lines,
        "# or, in a crontab:",
        *cron,
        "",
        "Nothing was installed; --install systemd or --install cron does.",
    ]
