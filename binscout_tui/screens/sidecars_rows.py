"""Findings about sidecars as rows, and the words around them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from textual.content import Content

from binscout_tui.imaging.names import display_name
from binscout_tui.operations.files.running import Done
from binscout_tui.operations.sidecars.auditing import KINDS, Finding
from binscout_tui.operations.sidecars.looking import Audit
from binscout_tui.operations.sidecars.wording import DOES, TITLES, below, told
from binscout_tui.widgets.row_list import Row
from binscout_tui.wording import counted

OTHERS = 3
REASONS = 4
FOLDER = 24
"""Cells of a folder's name in the line above the list."""
EMPTY = """No folder was looked at yet.

{}   looks at a folder
{}   looks at the folders of images that stayed in place"""
LAST = "\n{}   looks again at the last one:\n{}"
CLEAN = "Nothing is wrong here: {} were looked at."
STOPPED = "The look was stopped before all captions were read; until then nothing was wrong with {}."
REFUSED = "{} could not be looked at; nothing is wrong with {} in the others."


def rows(found: Audit, chosen: Collection[str]) -> list[Row]:
    """A row for each finding, under the kind that it is of; a row looks into `chosen` whenever it is drawn."""
    made: list[Row] = []
    root = found.root
    for kind in KINDS:
        ours = [one for one in found.findings if one.kind == kind]
        if ours:
            made.append(Row(f"kind {kind}", partial(_title, TITLES[kind], len(ours)), selectable=False))
            made += [Row(one.key, partial(_line, one, root, chosen)) for one in ours]
    return made


def _title(title: str, number: int, width: int) -> Content:
    return Content.assemble((title, "bold $accent"), (f"  {number:,}", "$text-muted"))


def _line(one: Finding, root: Path, chosen: Collection[str], width: int) -> Content:
    is_chosen = one.key in chosen
    sign, style = ("■ ", "$success") if is_chosen else ("□ ", "$text-muted") if one.fix else ("  ", "")
    return Content.assemble((sign, style), display_name(told(one, root)))


def status(found: Audit | None, folder: str, chosen: int, *, done: int, total: int, looking: bool) -> Content:
    """What was looked at and found, or how far the look is."""
    name = _end(display_name(folder))
    if looking:
        far = f" · {done:,} of {counted(total, 'caption')}" if total else ""
        return Content.assemble(("⟳ looking at ", "$accent"), (name, "bold"), (far, "$text-muted"))
    if found is None:
        return Content.styled("Sidecars", "$text-muted")
    parts = [(name, "bold"), (f" · {counted(found.images, 'picture')}", "$text-muted")]
    parts += [(f" · {counted(found.sidecars, 'sidecar')}", "$text-muted"), (f" · {_findings(found)}", "bold")]
    if found.stopped:
        parts.append((" · stopped: not all captions were read", "$warning"))
    if found.refused:
        parts.append((f" · {counted(len(found.refused), 'folder')} not looked at", "$warning"))
    if chosen:
        parts.append((f" · {chosen:,} chosen", "$success"))
    return Content.assemble(*parts)


def _end(name: str) -> str:
    """The end of a path tells more than its beginning, which all of them share."""
    return name if len(name) <= FOLDER else f"…{name[1 - FOLDER :]}"


def _findings(found: Audit) -> str:
    return counted(len(found.findings), "finding")


def details(one: Finding | None, found: Audit | None) -> Content:
    """What is known of a finding, and what can be done about it."""
    if found is None:
        return Content("")
    if one is None:
        return Content("\n").join(Content.styled(reason, "$warning") for reason in _reasons(found))
    lines = [Content.styled(display_name(below(one.path, found.root)), "bold")]
    others = [display_name(below(other, found.root)) for other in one.others]
    if others:
        more = f" and {len(others) - OTHERS:,} more" if len(others) > OTHERS else ""
        lines.append(Content.assemble(("with ", "$text-muted"), ", ".join(others[:OTHERS]) + more))
    if one.target is not None:
        lines.append(Content.assemble(("would be ", "$text-muted"), display_name(one.target.name)))
    if one.says:
        lines.append(Content.styled(display_name(one.says), "italic"))
    lines.append(Content.styled(DOES[one.fix], "$accent" if one.fix else "$text-muted"))
    return Content("\n").join(lines)


def _reasons(found: Audit) -> list[str]:
    """Why folders were not looked at."""
    root = found.root
    reasons = [
        f"{_end(display_name(one.path if one.path == root else below(one.path, root)))}: {display_name(one.reason)}"
        for one in found.refused[:REASONS]
    ]
    more = len(found.refused) - REASONS
    return [*reasons, f"and {more:,} more"] if more > 0 else reasons


def empty_words(found: Audit | None, folder: str, key: Callable[[str], str]) -> str:
    """Why there is no row, and what to press."""
    if found is not None:
        looked = f"{counted(found.images, 'picture')} and {counted(found.sidecars, 'sidecar')}"
        if found.stopped:
            return STOPPED.format(looked)
        return REFUSED.format(counted(len(found.refused), "folder"), looked) if found.refused else CLEAN.format(looked)
    words = EMPTY.format(key("sidecars.open"), key("sidecars.in_place"))
    return words + (LAST.format(key("sidecars.again"), display_name(folder)) if folder else "")


def done_words(done: Done, *, back: bool = False) -> tuple[str, bool]:
    """What was done in one line, and whether all went well."""
    outcome, settled = done.outcome, done.settled
    what = "back where they were" if back else "mended"
    parts = [f"{counted(outcome.moved, 'sidecar')} {what}"]
    parts += [f"{len(outcome.refused):,} stay: {outcome.refused[0].reason}"] if outcome.refused else []
    parts += [f"{len(outcome.failed):,} failed: {outcome.failed[0].reason}"] if outcome.failed else []
    parts += [f"{len(settled.lost):,} of an interrupted operation need a look"] if settled.lost else []
    return display_name("; ".join(parts)), len(parts) == 1


def kind_starts(findings: Sequence[Finding]) -> list[str]:
    """The key of the first finding of each kind, in order."""
    first: dict[str, str] = {}
    for one in findings:
        first.setdefault(one.kind, one.key)
    return list(first.values())
