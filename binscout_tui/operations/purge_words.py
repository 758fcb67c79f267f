"""What a purge does, in words: on the command line and in the dialog of the app. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from binscout_tui.operations.purging import Report
from binscout_tui.store.purging import Affected
from binscout_tui.wording import counted

SHOWN = 3
BRINGS_BACK = "Nothing but a backup brings them back."


def consequences(affected: Affected) -> list[str]:
    """What would go and what would stay, a line each."""
    if not affected.images:
        return ["No image would be deleted.", *kept_lines(affected.kept)]
    copies = affected.images - affected.in_place
    lines = [f"{counted(affected.images, 'image')} would be deleted for ever. {BRINGS_BACK}"]
    if copies:
        lines.append(f"{counted(copies, 'file')} with {size(affected.bytes)} would be freed.")
    if affected.in_place:
        lines.append(f"{counted(affected.in_place, 'file')} in place would stay on the disk, and only be forgotten.")
    said = [text for text in (_counted(affected, *words) for words in _WORDS) if text]
    if said:
        lines.append(f"With them: {', '.join(said)}.")
    lines += _sets(affected)
    if affected.datasets:
        names = ", ".join(affected.datasets[:SHOWN]) + (" and more" if len(affected.datasets) > SHOWN else "")
        lines.append(f"Pictures are missing then from {counted(len(affected.datasets), 'data set')}: {names}.")
    return [*lines, *kept_lines(affected.kept)]


def kept_lines(kept: Mapping[int, str]) -> list[str]:
    """The images that stay, with why."""
    lines = [f"Image {image} stays. {reason}" for image, reason in list(kept.items())[:SHOWN]]
    if len(kept) > SHOWN:
        lines.append(f"{len(kept) - SHOWN:,} more stay for such reasons.")
    return lines


def done(report: Report) -> list[str]:
    """What came of it."""
    lines = [f"{counted(report.purged, 'image')} deleted for ever, {size(report.freed)} freed."]
    if report.in_place:
        lines.append(f"{counted(report.in_place, 'file')} in place stayed on the disk.")
    if report.left:
        lines.append(
            f"{counted(len(report.left), 'file')} could not be removed, first {report.left[0]}; the next purge tries."
        )
    return [*lines, *kept_lines(report.kept)]


def size(number: float) -> str:
    """Bytes in the unit that suits, for example `68.9 KB`."""
    if number < 1024:
        return f"{number:.0f} B"
    for unit in ("KB", "MB"):
        number /= 1024
        if number < 1024:
            return f"{number:.1f} {unit}"
    return f"{number / 1024:,.1f} GB"


_WORDS = (
    ("labels", "label", ""),
    ("boxes", "labelled box", "labelled boxes"),
    ("counts", "count", ""),
    ("crops", "crop", ""),
    ("notes", "note", ""),
    ("tagged", "tag on them", "tags on them"),
    ("collected", "place in collections", "places in collections"),
    ("gold", "gold answer", ""),
    ("captures", "picture of a capture", "pictures of captures"),
)


def _counted(affected: Affected, field: str, noun: str, plural: str) -> str:
    number: int = getattr(affected, field)
    return counted(number, noun, plural) if number else ""


def _sets(affected: Affected) -> list[str]:
    parts = []
    if affected.sets_smaller:
        parts.append(f"{counted(affected.sets_smaller, 'set')} would have fewer candidates")
    if affected.sets_dissolved:
        sets = counted(affected.sets_dissolved, "set")
        parts.append(f"{sets} would go, with too few candidates or those of another set")
    if affected.choices:
        parts.append(f"{counted(affected.choices, 'choice')} of sets would be lost")
    return [f"{', '.join(parts)}."] if parts else []
