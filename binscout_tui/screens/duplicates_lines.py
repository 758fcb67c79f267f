"""The words of the screen of duplicates. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.content import Content

from binscout_tui.commands.table import KeyOf, default_key
from binscout_tui.store.duplicates import NOT_AREA, Facts, Group
from binscout_tui.store.jobs import Job
from binscout_tui.store.journal import Entry
from binscout_tui.widgets.row_list import Row
from binscout_tui.wording import counted

KINDS = {"exact": "bytes", "pixels": "pixels"}
RELATIONS = {
    "resized": "other size",
    "recompressed": "re-encoded",
    "pixels": "same pixels",
    "exact": "same bytes",
    "light": "other light",
    "changed": "a part differs",
    "alike": "another shot",
    "unproved": "not proved",
}


def rows(groups: Sequence[Group]) -> list[Row]:
    """One row a group."""
    return [Row(str(group.id), partial(_row, group)) for group in groups]


def _row(group: Group, width: int) -> Content:
    return Content(f"{len(group.images)} {kind_word(group)}").truncate(width, ellipsis=True)


def kind_word(group: Group) -> str:
    """What the images of a group are of each other, in a word or two."""
    if group.kind in KINDS:
        return f"same {KINDS[group.kind]}"
    others = [relation for relation in group.relations[1:] if relation != "first"]
    words = dict.fromkeys(relation_word(relation) for relation in others if relation)
    return " · ".join(filter(None, ["same" if group.same else "near", ", ".join(words)]))


def relation_word(relation: str) -> str:
    """What an image is of the first one."""
    return RELATIONS.get(relation, relation)


def status(
    groups: Sequence[Group],
    place: int,
    job: Job | None,
    *,
    early: int = 0,
    more: int = 0,
    taken: tuple[int, int] | None = None,
    key: KeyOf = default_key,
) -> Content:
    """The line above: which group of how many, how far a look or a long decision is, and what was not done."""
    parts = []
    if taken is not None:
        parts.append(f"taking the sure ones: {taken[0]:,} of {taken[1]:,} groups, Esc stops")
    if groups:
        parts.append(f"group {place + 1} of {len(groups):,} · {kind_word(groups[place])}")
        sure = sum(group.kind in KINDS for group in groups)
        if sure:
            parts.append(f"{sure:,} sure, {key('duplicates.take_sure')} takes them")
    if more:
        parts.append(f"{more} more are not shown and stay")
    if job is not None:
        share = f" {100 * job.done // job.total} %" if job.total else ""
        parts.append(f"looking{share}: {job.message or 'begins'}")
    if early:
        parts.append(f"{counted(early, 'key')} came before the pictures")
    return Content(" · ".join(parts))


def facts(found: Sequence[Facts], group: Group, chosen: int | None, key: KeyOf = default_key) -> Content:
    """One line an image with what differs, and how to go on."""
    shared = _shared(found)
    lines: list[tuple[str, str]] = []
    for place, one in enumerate(found):
        stays = chosen == place
        sign = "✓" if stays else " "
        style = "bold $success" if stays else "$text-muted" if chosen is not None else ""
        lines.append((f"{sign}{place + 1} {_fact_line(one, group.relations[place], shared, place == 0)}\n", style))
    last = f"{key('duplicates.choose.1')}-{len(found)} says which stays"
    if chosen is not None:
        gone = counted(len(found) - 1, "other")
        last = f"{key('duplicates.keep')} keeps {chosen + 1}, {gone} to the trash"
    lines.append((f"  {last} · {key('duplicates.apart')} not the same · {key('duplicates.skip')} skip", "$text-muted"))
    return Content.assemble(*lines)


def _shared(found: Sequence[Facts]) -> frozenset[str]:
    """What is said of none because it is the same for all."""
    same = set()
    for name, values in (
        ("size", {(one.image.width, one.image.height) for one in found}),
        ("format", {one.image.format for one in found}),
        ("folder", {one.image.source_group for one in found}),
        ("date", {_date(one) for one in found}),
    ):
        if len(values) == 1:
            same.add(name)
    return frozenset(same)


def _fact_line(one: Facts, relation: str, shared: frozenset[str], suggested: bool) -> str:
    image = one.image
    said = "suggested" if suggested else relation_word(relation)
    parts = [f"#{image.id}", *([said] if said else [])]
    if "size" not in shared:
        parts.append(f"{image.width}x{image.height}")
    if "format" not in shared:
        parts.append(image.format)
    parts.append(_bytes(image.bytes))
    if one.label:
        parts.append(one.label)
    parts += ["★"] if image.starred else []
    parts += [f"tags {', '.join(one.tags)}"] if one.tags else []
    parts += [f"in {', '.join(one.collections)}"] if one.collections else []
    parts += ["note"] if one.note else []
    if "date" not in shared:
        parts.append(_date(one))
    parts.append(image.name)
    if "folder" not in shared:
        parts.append(image.source_group)
    return " · ".join(parts)


def _date(one: Facts) -> str:
    return (one.image.taken_at or one.image.added_at)[:10]


def _bytes(number: int) -> str:
    return f"{number / 1_000_000:.1f} MB" if number >= 1_000_000 else f"{max(1, number // 1000)} kB"


def turned_words(entry: Entry, *, undone: bool) -> str:
    """What undo or redo did with a decision, which may have been made in another area and shows in no group then."""
    if entry.area == NOT_AREA:
        return "These may be duplicates again." if undone else "Remembered again that these are no duplicates."
    is_back = undone is (entry.action == "trash")
    said = f"Image #{entry.target} is {'back from the trash' if is_back else 'in the trash again'}"
    rest = f", and what was decided with it is {'undone' if undone else 'done again'}"
    return f"{said}{rest if len(set(entry.turned)) > 1 else ''}."


def empty_words(*, looked: bool, job: Job | None, key: KeyOf = default_key) -> Content:
    """What stands in place of the groups."""
    if job is not None:
        return Content("The library is being looked at; you may go elsewhere meanwhile.")
    begin = f"{key('duplicates.find')} looks for duplicates in the library"
    if not looked:
        return Content(f"Nobody has looked for duplicates yet.\n\n{begin}\nbinscout duplicates PATH   looks at folders")
    more = f"{key('duplicates.find_wide')} finds other shots of the same scene too"
    return Content(f"No duplicates are left to decide on.\n\n{begin} again\n{more}")
