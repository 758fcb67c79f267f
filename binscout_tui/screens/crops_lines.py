"""The lines around the picture of the crop queue. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content

from binscout_tui.commands.table import KeyOf, default_key
from binscout_tui.selecting.boxes import BoxesEdit
from binscout_tui.store.crops import Boxed
from binscout_tui.store.items import Item

STATES = {None: "", "waiting": "", "done": "done", "skipped": "skipped"}


def status_line(
    found: Boxed, position: int, total: int, counts: Mapping[str, int], boxes: int, early: int, width: int
) -> Content:
    """Which image it is and what became of it at the left, the counts at the right of `width` cells."""
    left: list[tuple[str, str]] = [(f"image {position} of {total}", "bold")]
    if STATES[found.task]:
        left.append((f" · {STATES[found.task]}", "$success" if found.task == "done" else "$warning"))
    if early:
        left.append((f" · {early} early {'key' if early == 1 else 'keys'} not taken", "$warning"))
    left.append((f" · {boxes} {'box' if boxes == 1 else 'boxes'}", "$text-muted"))
    left.append((f" · {found.image.name}", ""))
    line = Content.assemble(*left)
    rest = f"{counts['waiting']} left" if counts["waiting"] else "all done"
    full = f"done {counts['done']} · skipped {counts['skipped']} · {rest}"
    right = full if line.cell_length + 2 + cell_len(full) <= width else rest
    room = width - cell_len(right) - 2
    if line.cell_length > room:
        line = line.truncate(max(0, room), ellipsis=True)
    return Content.assemble(line, " " * max(2, width - line.cell_length - cell_len(right)), (right, "$text-muted"))


def boxes_line(edit: BoxesEdit, name_of: Callable[[int | None], str], key: KeyOf = default_key) -> Content:
    """Every box with its item, the active one marked."""
    if not edit.boxes:
        words = f"no box yet · {key('crops.new')} draws one · {key('crops.done')} says that there is nothing"
        return Content.styled(words, "$text-muted")
    parts: list[tuple[str, str]] = []
    for place, drawn in enumerate(edit.boxes):
        here = place == edit.active
        parts.append((f"{'▸' if here else ' '}{name_of(drawn.item_id) or 'no item'} ", "bold $accent" if here else ""))
    return Content.assemble(*parts)


def items_line(items: Sequence[Item], key: KeyOf = default_key) -> Content:
    """The digits of the items."""
    if not items:
        return Content.styled(f"no items yet · {key('crops.item')} makes one", "$text-muted")
    parts: list[tuple[str, str]] = []
    for number, item in enumerate(items, 1):
        parts += [(f"{number} ", "bold $accent"), (f"{item.name}  ", "$text-muted")]
    return Content.assemble(*parts, (f"{key('crops.item')} ", "bold $accent"), ("more", "$text-muted"))


def lead(edit: BoxesEdit, name_of: Callable[[int | None], str], key: KeyOf = default_key) -> str:
    """What begins the line of the box that is edited."""
    if edit.here is None or edit.active is None:
        return f"{key('crops.new')} draws a box"
    name = name_of(edit.here.item_id)
    return f"box {edit.active + 1} of {len(edit.boxes)}{f', {name}' if name else ''}: "
