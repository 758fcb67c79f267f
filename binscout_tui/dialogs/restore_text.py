"""What is said before something is restored: pure texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING

from textual.content import Content

from binscout_tui.backup.archive.layout import run_time
from binscout_tui.backup.progress import size_words
from binscout_tui.clock import from_text
from binscout_tui.imaging.names import display_name
from binscout_tui.wording import counted

if TYPE_CHECKING:
    from binscout_tui.backup.archive.manifest import Tally
    from binscout_tui.operations.backups.comparing import Change, Comparison

NAME = 11
SIGNS = {"add": ("+", "$success"), "replace": ("~", "$warning"), "remove": ("-", "$error")}
IN_PLACE = frozenset({"everything", "database"})
COPY = "backup/restore/"


def moment(text: str) -> str:
    """A UTC moment in the time of this machine, with its year."""
    return f"{from_text(text).astimezone():%d %b %Y %H:%M}"


def run_moment(run: str) -> str:
    """When a run began, in the time of this machine, by its name; the name where it tells no moment."""
    try:
        return f"{run_time(run).astimezone():%d %b %Y %H:%M}"
    except ValueError:
        return run


def refusal(sentence: str, width: int) -> Content:
    """Why it cannot be done."""
    return _wrapped("✗", sentence, "$error", width)


def left_out(width: int) -> Content:
    """What becomes of a run that is damaged when it is restored to a folder."""
    return _wrapped("!", "What is whole of it comes; the rest is left out, and named at the end.", "$warning", width)


def waiting(asks: str) -> Content:
    """While nobody has said what (`asks`), and while it is being compared."""
    if asks:
        return Content.styled(f"Say what, then Enter: {asks}.", "$text-muted")
    return Content.styled("⟳ comparing the run with what is here…", "$accent")


def comparison(found: Comparison, undo_key: str, now: datetime, width: int) -> Content:
    """What a restore would change: files, rows, decisions, room, and where what is here now goes."""
    lines = [refusal(found.refused, width)] if found.refused else []
    lines += [_wrapped("!", found.doubt, "$warning", width)] if found.doubt else []
    lines += [*_files(found), *_rows(found, width), *_lost(found, width)]
    lines += [_wrapped_line("safety", _safety(found, undo_key, now), "", width)]
    lines += [*_room(found, width), *_largest(found, width)]
    return Content("\n").join(lines)


def _files(found: Comparison) -> Iterator[Content]:
    if found.scope.kind == "database":
        yield _line("files", "stay as they are", "$text-muted")
        if found.absent.files:
            yield _line(
                "", f"{counted(found.absent.files, 'file')} of the run are not here as they were then", "$warning"
            )
        return
    named = {
        "added": (found.add, "$success"),
        "replaced": (found.replace, "$warning"),
        "removed": (found.remove, "$warning"),
    }
    for name, (tally, style) in named.items():
        yield _tally(name, tally, style if tally.files else "$text-muted")
    yield _tally("the same", found.same, "$text-muted")
    if found.outside.files:
        yield _tally("outside", found.outside, "$text-muted")
    if found.missing.files:
        yield _tally("missing", found.missing, "bold $error", " are not on the target any more")


def _rows(found: Comparison, width: int) -> Iterator[Content]:
    if found.scope.kind not in IN_PLACE:
        return
    changed = [f"{table} {now:,} → {then:,}" for table, (now, then) in found.rows.items() if now != then]
    yield _wrapped_line("rows", " · ".join(changed) or "as many as now in every table", "", width)


def _lost(found: Comparison, width: int) -> Iterator[Content]:
    if found.scope.kind not in IN_PLACE:
        return
    if not found.lost:
        yield _line("lost", "no decision was made since then", "$text-muted")
        return
    areas = ", ".join(f"{area} {number:,}" for area, number in found.lost.items())
    words = f"{counted(found.lost_total, 'decision')} made here since then: {areas}"
    yield _wrapped_line("lost", words, "bold $warning", width)


def _room(found: Comparison, width: int) -> Iterator[Content]:
    enough = found.needed_bytes <= found.free_bytes
    words = (
        f"{size_words(found.download_bytes)} from the target, {size_words(found.needed_bytes)} on the disk;"
        f" {size_words(found.free_bytes)} are free"
    )
    yield _wrapped_line("needs", words, "" if enough else "bold $error", width)


def _safety(found: Comparison, undo_key: str, now: datetime) -> str:
    if found.scope.kind == "folder":
        return "this workspace stays as it is"
    if found.scope.kind == "items":
        return "only what is missing or damaged here is put back"
    until = f"{now.astimezone() + timedelta(days=found.undo_days):%d %b %Y}"
    return f"what is here now is kept in {COPY} until {until}; {undo_key} puts it back"


def _largest(found: Comparison, width: int) -> Iterator[Content]:
    ways = {"add": found.add, "replace": found.replace, "remove": found.remove}
    named = [(one.size, way, one.path) for way, change in ways.items() for one in change.largest]
    if found.scope.kind == "database" or not named:
        return
    yield Content.styled("the largest of them", "$text-muted")
    for size, way, path in sorted(named, key=lambda one: -one[0])[:10]:
        sign, style = SIGNS[way]
        line = Content.assemble((f"  {sign}", style), f" {size_words(size):>9}  {display_name(path)}")
        yield line.truncate(width, ellipsis=True)


def _tally(name: str, tally: Tally | Change, style: str, more: str = "") -> Content:
    return _line(name, f"{counted(tally.files, 'file'):<16}{size_words(tally.bytes):>9}{more}", style)


def _line(name: str, words: str, style: str) -> Content:
    return Content.assemble((f"{name:<{NAME}}", "bold"), (words, style))


def _wrapped_line(name: str, words: str, style: str, width: int) -> Content:
    lines = wrap(words, max(20, width - NAME)) or [""]
    parts = [_line(name if not at else "", line, style) for at, line in enumerate(lines)]
    return Content("\n").join(parts)


def _wrapped(sign: str, sentence: str, style: str, width: int) -> Content:
    lines = wrap(sentence, max(20, width - 2)) or [""]
    return Content("\n").join([Content.styled(f"{' ' if at else sign} {line}", style) for at, line in enumerate(lines)])
