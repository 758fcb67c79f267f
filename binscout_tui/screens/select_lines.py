"""The line above the pictures of Select. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content

from binscout_tui.selecting.rows import MOST
from binscout_tui.store.sets import ImageSet

STATES = {"pending": "", "done": "kept", "skipped": "skipped", "rejected": "all rejected"}


def status_line(
    found: ImageSet, position: int, total: int, counts: Mapping[str, int], early: int, width: int
) -> Content:
    """Which set it is and what became of it at the left, the counts at the right of `width` cells."""
    left: list[tuple[str, str]] = [(f"set {position} of {total}", "bold")]
    if found.state != "pending":
        left.append((f" · {state_words(found)}", "$success" if found.state == "done" else "$warning"))
    if early:
        left.append((f" · {early} early {'key' if early == 1 else 'keys'} not taken", "$warning"))
    if len(found.images) > MOST:
        left.append((f" · the first {MOST} of {len(found.images)}", "$warning"))
    left.append((f" · {len(found.images)} images", "$text-muted"))
    # A long name is what may be cut, so it stands last.
    left.append((f" · {found.name}", ""))
    line = Content.assemble(*left)
    rights = count_words(counts)
    right = next((words for words in rights if line.cell_length + 2 + cell_len(words) <= width), rights[-1])
    room = width - cell_len(right) - 2
    if line.cell_length > room:
        line = line.truncate(max(0, room), ellipsis=True)
    return Content.assemble(line, " " * max(2, width - line.cell_length - cell_len(right)), (right, "$text-muted"))


def count_words(counts: Mapping[str, int]) -> list[str]:
    """The counts in words, from the longest to the shortest way to say them."""
    rest = f"{counts['pending']} left" if counts["pending"] else "all decided"
    kept, skipped = f"kept {counts['done']}", f"skipped {counts['skipped']}"
    if not counts["pending"] and counts["skipped"]:
        rest += f" · s: {skipped}"
        return [f"{kept} · {rest}", rest]
    rejected = [f"rejected {counts['rejected']}"] if counts["rejected"] else []
    return [" · ".join([kept, skipped, *rejected, rest]), f"{kept} · {rest}", rest]


def state_words(found: ImageSet) -> str:
    """What became of the set, for people."""
    if found.state != "done":
        return STATES[found.state]
    number = next((i for i, image in enumerate(found.images, 1) if image.id == found.chosen_image_id), 0)
    return f"kept {number}" + (", cropped" if found.crop else "")
