"""The lines around the picture of Boxes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content

from binscout_tui.commands.table import KeyOf, default_key
from binscout_tui.imaging.several import Several
from binscout_tui.labelling.boxing import ClassLook, LabelEdit
from binscout_tui.labelling.boxing_queue import Candidate, Going
from binscout_tui.store.box_labels import LabelBox, LabelCount
from binscout_tui.store.labels import LabelClass

STATES = {
    None: ("not looked at yet", "$text-muted"),
    "boxes": ("boxes kept", "$success"),
    "empty": ("nothing there", "$success"),
    "skipped": ("skipped", "$warning"),
}
ORDERS = {"unlabelled": "not looked at", "skipped": "skipped", "all": "all images"}
Parts = list[tuple[str, str]]


def status_line(
    found: Candidate,
    boxes: int,
    *,
    draft: str,
    going: Going,
    counts: Mapping[str, int],
    early: int,
    width: int,
) -> Content:
    """What is known of the image at the left, which images are gone over at the right of `width` cells."""
    left: Parts = [STATES[found.kept.state]]
    if draft:
        left.append((f" · {draft}", "bold $warning"))
    if early:
        left.append((f" · {early} early {'key' if early == 1 else 'keys'} not taken", "$warning"))
    left.append((f" · {boxes} {'box' if boxes == 1 else 'boxes'}", "bold"))
    left.append((f" · {found.image.name}", ""))
    line = Content.assemble(*left)
    order = ORDERS[going.which] + (f" · {going.filter}" if going.filter else "")
    most = max(10, width // 2)
    order = order if cell_len(order) <= most else Content(order).truncate(most, ellipsis=True).plain
    left_over = counts.get(going.which, 0)
    numbers = f"{left_over:,} left" if going.which in counts and not going.filter else ""
    right = " · ".join(part for part in (order, numbers) if part)
    room = width - cell_len(right) - 2
    if line.cell_length > room:
        line = line.truncate(max(0, room), ellipsis=True)
    return Content.assemble(line, " " * max(2, width - line.cell_length - cell_len(right)), (right, "$text-muted"))


def draft_word(found: Candidate, edit: LabelEdit, *, is_saved: bool) -> str:
    """Whether what is on the screen is not kept yet, and whether it is on the disk all the same."""
    if edit.says(found.kept.boxes):
        return ""
    stale = ", kept ones changed since" if found.is_stale else ""
    return f"draft{stale}" if is_saved else "draft…"


def lead(several: Several[LabelBox], look: ClassLook, key: KeyOf = default_key) -> str:
    """What begins the line of the box that is edited."""
    if not several.boxes:
        return f"{key('boxes.new')} draws a box · {key('boxes.empty')} says that nothing is there"
    if several.here is None or several.active is None:
        return f"{key('boxes.turn')} chooses a box · {key('boxes.new')} draws one"
    return f"{several.active + 1} of {len(several.boxes)}, {look.name(several.here.class_id) or 'no class'}: "


def counts_line(
    counts: Sequence[LabelCount],
    look: ClassLook,
    *,
    model: str | None,
    model_count: int | None,
    key: KeyOf = default_key,
) -> Content:
    """What people counted beside what the model counted."""
    parts: Parts = [("counted ", "$text-muted")]
    said = [f"{one.count:,}{f' {look.name(one.class_id)}' if one.class_id else ''}" for one in counts]
    parts.append((", ".join(said), "bold") if said else (f"not yet ({key('boxes.count')})", "$text-muted"))
    parts.append((" · model ", "$text-muted"))
    if model_count is not None:
        parts.append((f"{model_count:,}", "$accent"))
    else:
        parts.append(("said no count" if model else "none that counts is active", "$text-muted"))
    return Content.assemble(*parts)


def classes_line(
    keys: Mapping[str, LabelClass], number: int, active: int | None, key: KeyOf = default_key, width: int = 78
) -> Content:
    """The keys of the classes, as many as there is room for; that of the active box is marked."""
    if not number:
        return Content.styled(f"no classes yet · {key('boxes.find')} makes one", "$text-muted")
    parts: Parts = []
    used, shown = 0, 0
    more = f"{key('boxes.find')} finds all {number}"
    for letter, item in keys.items():
        name = Content(item.name).truncate(16, ellipsis=True).plain
        cells = cell_len(name) + 4
        if used + cells > width - cell_len(more) - 1:
            break
        used, shown = used + cells, shown + 1
        here = item.id == active
        parts += [(f"{letter} ", "bold $accent"), (f"{name}{'✓' if here else ' '} ", "bold" if here else "$text-muted")]
    if shown < number:
        parts.append((more, "$text-muted"))
    return Content.assemble(*parts)


def empty_words(counts: Mapping[str, int], going: Going, key: KeyOf = default_key) -> str:
    """What a screen without an image says."""
    if going.filter:
        return (
            f"No image that is {ORDERS[going.which]} is let through by\n{going.filter}\n\n"
            f"{key('boxes.filter')} changes the filter, {key('boxes.order')} the images"
        )
    if not sum(counts.values()):
        return "There are no images yet.\n\nbinscout import FOLDER"
    if going.which == "skipped":
        return f"No image is skipped.\n\n{key('boxes.order')} goes over others"
    return (
        f"Somebody looked at all {sum(counts.values()):,} images:\n"
        f"{counts['boxes']:,} with boxes, {counts['empty']:,} with nothing, {counts['skipped']:,} skipped.\n\n"
        f"{key('boxes.order')} goes over the skipped ones or all, {key('boxes.previous')} back"
    )


def count_question(boxes: int, model: str | None, model_count: int | None, what: str) -> str:
    """What is asked for a count; nothing is taken that was not typed."""
    drawn = f"= takes the {boxes} {'box' if boxes == 1 else 'boxes'} drawn" if boxes else "no boxes are drawn"
    if model_count is not None:
        said = f"m takes the model's {model_count:,}"
    else:
        said = "the model said no count" if model else "no model that counts is active"
    return f"How many {what} are there? {drawn}, {said}, - takes the count away."
