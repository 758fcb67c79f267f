"""What Similar says: status, groups, cells. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from textual.content import Content

from binscout_tui.browsing.similar import Group, Page
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.similar.plane import Cells
from binscout_tui.operations.similar.catalogue import By, Status
from binscout_tui.store.gallery import Row
from binscout_tui.widgets.cell_map import NOTHING, Cell
from binscout_tui.widgets.image_grid import TileSize
from binscout_tui.wording import counted

WAYS = {"model": "by classifier", "hash": "by hash"}
DENSITY = "·░▒▓█"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLOURS = 8
PURE = 0.6
"""Share of a cell's labelled images from which it has the letter of their class."""
EMPTY = """Nothing is compared yet.

{near} on an image of the gallery shows what looks like it.
{groups} puts all images into groups, {map} shows them on a map."""


def vectors_words(status: Status) -> str:
    """How far the vectors are."""
    if status.model is None:
        return "no classifier is active"
    return f"{status.vectors:,} of {status.images:,} have vectors"


def page_line(page: Page, marked: int, size: TileSize, status: Status, early: int) -> Content:
    """What images are shown, and by what they were found."""
    shown = len(page.ids)
    if page.kind == "near":
        what = f"like #{page.source}: {shown - (page.source in page.ids):,} nearest"
    elif page.kind == "group":
        what = f"group {page.number + 1}: {counted(page.whole, 'image')}"
    else:
        what = f"of the map: {counted(page.whole, 'image')}"
    cut = f", {shown:,} shown" if page.kind != "near" and shown < page.whole else ""
    return Content.assemble(
        (what + cut, "bold"),
        (f" · {WAYS[page.by]}", "$text-muted"),
        (f" · {marked:,} marked" if marked else "", "$success"),
        (f" · {vectors_words(status)}" if page.by == "hash" or status.vectors < status.images else "", "$text-muted"),
        (f" · {early} too early" if early else "", "$warning"),
        (f" · size {size}", "$text-muted"),
    )


def image_line(row: Row | None, page: Page | None, *, marked: bool) -> Content:
    """The image under the cursor, and how much it looks like the source."""
    if row is None or page is None:
        return Content("")
    image = row.image
    score = page.scores.get(image.id)
    how = "the image itself" if image.id == page.source else f"{score:.3f}" if score is not None else ""
    label = display_name(row.label.name) if row.label is not None and row.label.name else "no label"
    return Content.assemble(
        ("✓ " if marked else "", "$success"),
        (f"#{image.id}", "bold"),
        ("  ★" if image.starred else "", "$warning"),
        (f"  {how}" if how else "", "$accent"),
        (f"  {label} · {display_name(image.name)} · {image.width}x{image.height}", "$text-muted"),
    )


def tile_words(page: Page | None, image_id: int) -> str:
    """What stands at the right below a picture."""
    if page is None or image_id == page.source:
        return "source" if page is not None else ""
    score = page.scores.get(image_id)
    return f"{score:.2f}" if score is not None and page.kind == "near" else ""


def group_line(group: Group, most: int, width: int) -> Content:
    """A row of the list of groups."""
    bar = "▆" * max(1, round(group.images / max(most, 1) * 8))
    label = f"{display_name(group.label)} {group.labelled:,}" if group.label else "no labels"
    return Content.assemble((f"{group.images:>7,} ", "bold"), (f"{bar:<8} ", "$accent"), label)


def groups_words(groups: Sequence[Group], by: By | None, status: Status) -> Content:
    """The status over the groups."""
    images = sum(group.images for group in groups)
    return Content.assemble(
        (f"{counted(len(groups), 'group')} of {counted(images, 'image')}", "bold"),
        (f" · {WAYS[by]}" if by else "", "$text-muted"),
        (f" · {vectors_words(status)}", "$text-muted"),
    )


def map_words(mapped: int, share: float, by: By | None, status: Status) -> Content:
    """The status over the map."""
    return Content.assemble(
        (f"map of {counted(mapped, 'image')}", "bold"),
        (f" · {WAYS[by]}" if by else "", "$text-muted"),
        (f" · two principal components, {share:.0%} of what differs", "$text-muted"),
        (f" · {vectors_words(status)}", "$text-muted"),
    )


def letters_of(classes: NDArray[np.int64]) -> dict[int, str]:
    """Letters for the commonest classes on the map (0 is none), the commonest first."""
    kinds, counts = np.unique(classes[classes > 0], return_counts=True)
    order = np.lexsort((kinds, -counts))
    return {int(kinds[at]): letter for at, letter in zip(order, LETTERS, strict=False)}


def map_cells(cells: Cells, classes: NDArray[np.int64], letters: Mapping[int, str], *, by_class: bool) -> list[Cell]:
    """What is drawn: how many images there are in five steps, or the letter of the class that most of them have.

    A letter is large where a cell has as many images as a usual one or more; `+` is several classes, `·` no label.
    """
    counts = cells.counts
    levels = _levels(counts)
    if not by_class:
        return [
            Cell(DENSITY[level], "cell-map--mixed") if count else NOTHING
            for count, level in zip(counts.tolist(), levels.tolist(), strict=True)
        ]
    there = classes > 0
    kinds = np.where(there, classes, 0)
    labelled = Cells(cells.width, cells.height, np.where(there, cells.cell, -1))
    leader, share = labelled.leaders(kinds)
    order = {kind: place for place, kind in enumerate(letters)}
    return [
        _cell(count, level, kind, part, letters, order)
        for count, level, kind, part in zip(
            counts.tolist(), levels.tolist(), leader.tolist(), share.tolist(), strict=True
        )
    ]


def _cell(
    count: int, level: int, kind: int, share: float, letters: Mapping[int, str], order: Mapping[int, int]
) -> Cell:
    if not count:
        return NOTHING
    if kind < 0:
        return Cell("·" if level < 2 else "░", "cell-map--none")
    if share < PURE or kind not in letters:
        return Cell("+", "cell-map--mixed")
    letter = letters[kind]
    return Cell(letter.upper() if level >= 2 else letter, f"cell-map--kind-{order[kind] % COLOURS}")


def _levels(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 to 4 of each cell that has images, by the logarithm of their number."""
    top = np.log2(max(int(counts.max(initial=0)), 2))
    return np.asarray(np.clip(np.log2(np.maximum(counts, 1)) / top * 5, 0, 4), np.int64)


def legend(letters: Mapping[int, str], names: Mapping[int, str], *, by_class: bool, width: int) -> Content:
    """What the signs of the map mean."""
    if not by_class:
        return Content(f"{DENSITY} few to many images")[:width]
    parts = [f"{letter} {display_name(names.get(kind, '?'))}  " for kind, letter in letters.items()]
    return Content.assemble(*parts, ("+ several  · ░ no label  LARGE many", "$text-muted"))[:width]


def cell_line(count: int, label: str, labelled: int) -> Content:
    """The cell under the cursor."""
    if not count:
        return Content.styled("no image here", "$text-muted")
    what = f" · {display_name(label)} {labelled:,}" if label else " · no labels"
    return Content.assemble((counted(count, "image"), "bold"), (what, "$text-muted"))
