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
    left.append((f" · {found.name}", ""))
    left.append((f" · {len(found.images)} images", "$text-muted"))
    right = f"kept {counts['done']} · skipped {counts['skipped']}"
    if counts["rejected"]:
        right += f" · rejected {counts['rejected']}"
    right += f" · {counts['pending']} left" if counts["pending"] else " · all decided"
    line = Content.assemble(*left)
    room = width - cell_len(right) - 2
    if line.cell_length > room:
        line = line.truncate(max(0, room), ellipsis=True)
    return Content.assemble(line, " " * max(2, width - line.cell_length - cell_len(right)), (right, "$text-muted"))


def state_words(found: ImageSet) -> str:
    """What became of the set, for people."""
    if found.state != "done":
        return STATES[found.state]
    number = next((i for i, image in enumerate(found.images, 1) if image.id == found.chosen_image_id), 0)
    return f"kept {number}" + (", cropped" if found.crop else "")
