"""The lines around the pictures of Select. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content

from binscout_tui.commands.table import KeyOf, default_key
from binscout_tui.selecting.rows import MOST
from binscout_tui.store.sets import ImageSet, SetState, Suggested

STATES = {"pending": "", "done": "kept", "skipped": "skipped", "rejected": "all rejected"}
FILTERS: dict[SetState | None, str] = {
    None: "all sets",
    "pending": "undecided sets",
    "done": "sets of which one is kept",
    "skipped": "skipped sets",
    "rejected": "rejected sets",
}
"""What is gone through, in words."""
_ONLY: dict[SetState, str] = {"pending": "undecided", "done": "kept", "skipped": "skipped", "rejected": "rejected"}
HEURISTIC = "sharpest"
"""What the rule calls itself that looks at sharpness alone; all others are models."""


def status_line(
    found: ImageSet,
    position: int,
    total: int,
    counts: Mapping[str, int],
    early: int,
    width: int,
    *,
    only: SetState | None = None,
    zoom: str = "",
    key: KeyOf = default_key,
) -> Content:
    """Which set it is and what became of it at the left, the counts at the right of `width` cells."""
    left: list[tuple[str, str]] = [(where_words(position, total, only), "bold")]
    if found.state != "pending":
        left.append((f" · {state_words(found)}", "$success" if found.state == "done" else "$warning"))
    if zoom:
        left.append((f" · {zoom}", "$accent"))
    if early:
        left.append((f" · {early} early {'key' if early == 1 else 'keys'} not taken", "$warning"))
    if len(found.images) > MOST:
        left.append((f" · the first {MOST} of {len(found.images)}", "$warning"))
    if found.note:
        left.append((f" · ✎ {found.note}", "$accent"))
    left.append((f" · {len(found.images)} images", "$text-muted"))
    # A long name is what may be cut, so it stands last.
    left.append((f" · {found.name}", ""))
    line = Content.assemble(*left)
    rights = count_words(counts, key)
    right = next((words for words in rights if line.cell_length + 2 + cell_len(words) <= width), rights[-1])
    room = width - cell_len(right) - 2
    if line.cell_length > room:
        line = line.truncate(max(0, room), ellipsis=True)
    return Content.assemble(line, " " * max(2, width - line.cell_length - cell_len(right)), (right, "$text-muted"))


def where_words(position: int, total: int, only: SetState | None) -> str:
    """Which of the sets that are gone through it is."""
    what = f"{_ONLY[only]} " if only else ""
    return f"{what}set {position} of {total}" if position else f"not one of {total} {_ONLY[only] if only else ''} sets"


def count_words(counts: Mapping[str, int], key: KeyOf = default_key) -> list[str]:
    """The counts in words, from the longest to the shortest way to say them."""
    rest = f"{counts['pending']} left" if counts["pending"] else "all decided"
    kept, skipped = f"kept {counts['done']}", f"skipped {counts['skipped']}"
    if not counts["pending"] and counts["skipped"]:
        rest += f" · {key('select.skipped')}: {skipped}"
        return [f"{kept} · {rest}", rest]
    rejected = [f"rejected {counts['rejected']}"] if counts["rejected"] else []
    return [" · ".join([kept, skipped, *rejected, rest]), f"{kept} · {rest}", rest]


def state_words(found: ImageSet) -> str:
    """What became of the set, for people."""
    if found.state != "done":
        return STATES[found.state]
    number = next((i for i, image in enumerate(found.images, 1) if image.id == found.chosen_image_id), 0)
    return f"kept {number}" + (", cropped" if found.crop else "")


def by_words(said: Suggested) -> str:
    """Who suggests, and how surely."""
    return f"{said.by if said.by == HEURISTIC else f'model {said.by}'} {said.score:.0%}".replace("%", " %")


def suggestion_line(found: ImageSet, said: Suggested | None, key: KeyOf = default_key) -> Content:
    """The line below the pictures while suggestions are shown."""
    number = next((i for i, image in enumerate(found.images, 1) if said and image.id == said.image), 0)
    if said is None or not number:
        hides = f"{key('select.suggestions')} hides this line"
        return Content.styled(f"nothing is suggested for this set · {hides}", "$text-muted")
    who = HEURISTIC if said.by == HEURISTIC else f"model {said.by}"
    crop = ", crop shown dashed" if said.crop else ""
    take = f"{key('select.take')} takes {'both' if said.crop else 'it'}"
    return Content.assemble(
        (f"{who}: {number}", "$secondary"),
        (f" ({said.score:.0%})".replace("%", " %") + crop, "$secondary"),
        (f" · {take} · {key('select.suggestions')} hides", "$text-muted"),
    )
