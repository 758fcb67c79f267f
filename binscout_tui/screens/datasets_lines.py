"""The words and bars of Data sets. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from textual.content import Content

from binscout_tui.learning.splits import SPLITS
from binscout_tui.operations.dataset_diff import Difference, words
from binscout_tui.operations.dataset_health import Finding, Health, Level
from binscout_tui.operations.dataset_material import left_out_words
from binscout_tui.operations.dataset_plan import Plan
from binscout_tui.screens.gallery_lines import HEALTH, moment
from binscout_tui.screens.words import counted, data_size
from binscout_tui.store.dataset_pages import FrozenRow, Version, Wanted
from binscout_tui.store.datasets import Dataset
from binscout_tui.widgets.row_list import Row

SIGNS: Mapping[Level, tuple[str, str]] = {
    "problem": ("✗", "$error"),
    "warning": ("!", "$warning"),
    "note": ("·", "$text-muted"),
}
FILLS = {"train": ("▓", "$accent"), "val": ("▒", "$success"), "test": ("░", "$warning")}
NAME, NUMBERS = 20, 21
SIDES = (128, 256, 512, 1024, 2048, 4096)
"""Where the histogram of sizes is cut, in pixels of the longer side."""
Counts = Mapping[str, Mapping[str, int]]
Part = tuple[str, str]


def version_rows(versions: Sequence[Version], marked: Collection[str]) -> list[Row]:
    """The list of versions; `✓` stands before marked ones."""
    columns = [_columns(one) for one in versions]
    widths = [max(len(cell) for cell in column) for column in zip(*columns, strict=True)]
    cells = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in columns]
    return [
        Row(one.dataset.id, partial(_version_line, one, "  ".join(row), one.dataset.id in marked))
        for one, row in zip(versions, cells, strict=True)
    ]


def _columns(one: Version) -> list[str]:
    kinds = {"classify": f"{one.classes} cl", "select": f"{one.sets:,} sets"}.get(one.dataset.task, "count")
    shape = [f"{one.images:,}", kinds, splits_text(one.splits)]
    return [*shape, moment(one.built_at)[5:], one.by[:8]]


def _version_line(one: Version, cells: str, marked: bool, width: int) -> Content:
    task = f"{one.dataset.task}  " if width >= 96 else ""
    room = max(8, width - len(cells) - len(task) - 14)
    name = Content(one.dataset.name).truncate(room, ellipsis=True, pad=True)
    sign = ("✓ " if marked else "  ", "bold $accent")
    return Content.assemble(sign, name, (f" {one.dataset.id[:8]}  ", "$text-muted"), task, cells)


def splits_text(splits: Mapping[str, int]) -> str:
    """`960/120/120`."""
    return "/".join(f"{splits[split]}" for split in SPLITS)


def card(one: Version, width: int) -> Content:
    """What is frozen in a version, for `width` cells."""
    head = [
        Content.assemble((one.dataset.name, "bold"), f"  {one.dataset.id}  {task_words(one.dataset)}"),
        Content.styled(f"{_size(one)} · built {moment(one.built_at)} by {one.by}", "$text-muted"),
        Content(""),
    ]
    return Content("\n").join([*head, *class_bars(one.dataset.counts, width, one.dataset.task)])


def task_words(one: Dataset | Plan) -> str:
    """The task of a version, and what is counted."""
    return f"{one.task} {one.item}" if one.item else one.task


def _size(one: Version) -> str:
    images = counted(one.images, "image", "")
    return f"{counted(one.sets, 'decided set', '')} of {images}" if one.sets else images


KINDS = {"classify": ("class", "classes"), "select": ("kind", "kinds"), "count": ("range", "ranges")}
"""What the lines of a version are sorted by."""


def class_bars(counts: Counts, width: int, task: str = "classify") -> list[Content]:
    """A line for each class: its images in train, val and test as one bar, and in numbers."""
    one, many = KINDS[task]
    most = max((sum(splits.values()) for splits in counts.values()), default=1)
    room = max(6, width - NAME - NUMBERS - 2)
    totals = {split: sum(splits.get(split, 0) for splits in counts.values()) for split in SPLITS}
    legend: list[Part] = [(f"{len(counts):,} {one if len(counts) == 1 else many}".ljust(NAME), "$text-muted")]
    for split in SPLITS:
        legend += [(f" {FILLS[split][0]} ", FILLS[split][1]), (f"{split} {totals[split]:,}", "$text-muted")]
    return [
        Content.assemble(*legend),
        *(_class_line(name, counts[name], most, room) for name in sorted(counts, key=_in_order)),
    ]


def _in_order(name: str) -> tuple[bool, str]:
    """Names by letters; ranges of numbers by size, those without an end last."""
    return name.startswith("over "), name


def _class_line(name: str, splits: Mapping[str, int], most: int, room: int) -> Content:
    cells = _cells([splits.get(split, 0) for split in SPLITS], most, room)
    bars: list[Part] = [(FILLS[split][0] * n, FILLS[split][1]) for split, n in zip(SPLITS, cells, strict=True)]
    numbers = "".join(f"{splits.get(split, 0):>7,}" for split in SPLITS)
    return Content.assemble(
        Content(name).truncate(NAME, ellipsis=True, pad=True), " ", *bars, " " * (room - sum(cells)), numbers
    )


def _cells(numbers: Sequence[int], most: int, room: int) -> list[int]:
    """How many of `room` cells each number gets; what is there at all gets one."""
    cells = [max(1, round(number * room / most)) if number else 0 for number in numbers]
    while sum(cells) > room:
        cells[cells.index(max(cells))] -= 1
    return cells


def balance(name: str, counts: Counts, sides: Mapping[int, int], width: int, task: str = "classify") -> Content:
    """Classes and splits as bars, and how large the pictures are."""
    lines = [*class_bars(counts, width, task), Content(""), Content.styled("longer side in pixels", "bold $accent")]
    return Content("\n").join([Content.styled(name, "bold"), Content(""), *lines, *side_bars(sides, width)])


def side_bars(sides: Mapping[int, int], width: int) -> list[Content]:
    """How many pictures there are of each size."""
    numbers = [0] * (len(SIDES) + 1)
    for side, number in sides.items():
        numbers[sum(side >= edge for edge in SIDES)] += number
    most, room = max([*numbers, 1]), max(6, width - NAME - 12)
    names = [f"below {SIDES[0]}", *(f"{edge} and more" for edge in SIDES)]
    shown = [index for index, number in enumerate(numbers) if number]
    return [
        Content.assemble(
            f"{names[index]:<{NAME}} ",
            ("▓" * _cells([numbers[index]], most, room)[0], "$accent"),
            f" {numbers[index]:,}",
        )
        for index in range(min(shown, default=0), max(shown, default=-1) + 1)
    ]


def plan_text(plan: Plan, width: int) -> Content:
    """What would be frozen, for `width` cells; what keeps it from being frozen comes first."""
    lines = [
        Content.assemble((plan.name, "bold"), f"  {plan.id}  {task_words(plan)}"),
        Content(
            f"{counted(plan.images, 'image', '')} in {counted(plan.groups, 'group', '')}: {splits_text(plan.splits)}"
        ),
    ]
    if plan.task == "select":
        sets = counted(sum(plan.samples.values()), "decided set", "")
        lines.append(Content(f"{sets}: {splits_text(plan.samples)}"))
    if plan.leaks:
        lines.append(
            Content.styled(f"✗ {counted(len(plan.leaks), 'leak', '')}: freezing asks for a reason.", "bold $error")
        )
    if plan.left_out:
        text = f"! {counted(plan.left_out, 'labelled image', '')} left out: lost files, or not decoded yet."
        lines.append(Content.styled(text, "$warning"))
    reasons = left_out_words(plan.task, plan.reasons)
    lines += [Content.styled(f"! left out: {words}", "$warning") for words in reasons]
    grave = [finding for finding in plan.findings if finding.level != "note"]
    notes = [finding for finding in plan.findings if finding.level == "note"]
    lines += [line for finding in grave for line in _finding_lines(finding)]
    if not grave:
        lines.append(Content.styled("✓ no problems and no warnings", "$success"))
    lines += [Content(""), *class_bars(plan.counts, width, plan.task), Content("")]
    return Content("\n").join([*lines, *(line for finding in notes for line in _finding_lines(finding))])


def _finding_lines(finding: Finding) -> list[Content]:
    sign, style = SIGNS[finding.level]
    return [
        Content.assemble((f"{sign} ", style), finding.title),
        Content.styled(f"  {finding.advice}", "$text-muted"),
    ]


def health_head(health: Health) -> Content:
    """What the lines below are about."""
    bad = health.problems
    state = (f"{counted(bad, 'problem', '')}", "bold $error") if bad else ("no problems", "bold $success")
    rest = f" · {health.images:,} images, as stored"
    return Content.assemble((f"{health.name}  {health.id[:8]}  ", "bold"), state, (rest, "$text-muted"))


def finding_rows(health: Health) -> list[Row]:
    """One row for each finding, or one that says that there are none."""
    if not health.findings:
        return [Row("none", lambda width: Content.styled("✓ nothing is wrong with it", "$success"))]
    return [Row(str(index), partial(_finding_row, finding)) for index, finding in enumerate(health.findings)]


def _finding_row(finding: Finding, width: int) -> Content:
    sign, style = SIGNS[finding.level]
    return Content.assemble((f"{sign} ", style), finding.title).truncate(width, ellipsis=True)


def difference_head(found: Difference) -> Content:
    """Which versions, and how many changed in which way."""
    totals = " · ".join(f"{number:,} {kind}" for kind, number in found.counts.items())
    if found.sets:
        changed = ", ".join(f"{number:,} {way}" for way, number in found.sets.items() if number)
        totals += f" · sets: {changed or 'the same'}"
    names = f"{found.before.name} {found.before.id[:8]} → {found.after.name} {found.after.id[:8]}"
    return Content.assemble((names, "bold"), (f"  {totals}", "$text-muted"))


def difference_rows(found: Difference) -> list[Row]:
    """One row for each way in which images changed."""
    if not found.sorts:
        return [Row("none", lambda width: Content.styled("Only the groups differ.", "$text-muted"))]
    lines = [f"{sort.images:>8,}  {words(sort)}" for sort in found.sorts]
    return [Row(str(index), partial(_plain, line)) for index, line in enumerate(lines)]


def _plain(line: str, width: int) -> Content:
    return Content(line).truncate(width, ellipsis=True)


def images_line(
    dataset: Dataset, title: str, wanted: Wanted, number: int, *, whole: bool, at: int | None, size: str, width: int
) -> Content:
    """Which images are shown, how many, and where one is among them."""
    kind = KINDS[dataset.task][0]
    chosen = [wanted.split or "", f"{kind} {wanted.label}" if wanted.label else "", wanted.text]
    parts: list[Part] = [(f"{dataset.name} ", "bold"), (dataset.id[:8], "$text-muted")]
    parts += [(f" · {text}", "$accent") for text in (title, *chosen) if text]
    count = f" · {number:,}{'' if whole else '+'} {'image' if number == 1 else 'images'}"
    left = Content.assemble(*parts)
    right = f"{count}{f' · at {at + 1:,}' if at is not None else ''} · size {size}"
    room = width - len(right)
    return Content.assemble(left.truncate(max(8, room), ellipsis=True), (right, "$text-muted"))


def badge(row: FrozenRow) -> str:
    """The class of a tile as it was frozen, or how many things."""
    return (row.frozen or "not in it") if row.count is None else f"{row.count:,}"


def sign(row: FrozenRow) -> str:
    """`≠` where people say something else today, `!` where the file is not what it was."""
    return ("≠" if row.differs else "") + ("!" if row.image.health != "ok" else "")


def image_line(row: FrozenRow | None, width: int) -> Content:
    """Which image is under the cursor; what matters least stands last and is cut."""
    if row is None:
        return Content("")
    image = row.image
    parts: list[Part] = [(f"#{image.id}", "bold"), (f" · {badge(row)}", "$success"), (f" ({row.split or '-'})", "")]
    parts += [(f" · {text}", "$warning") for text in _warnings(row)]
    parts += [(f" · {image.name}", ""), (f" · {image.width}x{image.height} · {day_of(row)}", "$text-muted")]
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def details(row: FrozenRow | None) -> Content:
    """The same, a line each, for wide terminals."""
    if row is None:
        return Content("")
    image = row.image
    lines: list[Part] = [
        (f"#{image.id}", "bold"),
        (image.name, ""),
        ("", ""),
        (f"{badge(row)}  (frozen)", "$success"),
        (f"split {row.split or '-'}", ""),
        (f"{image.width}x{image.height}  {data_size(image.bytes)}", ""),
        (f"from {image.source}", "$text-muted"),
        *((f"! {text}", "$warning") for text in _warnings(row)),
    ]
    if row.boxes:
        frozen = "of today and not frozen" if row.task == "classify" else "frozen"
        lines.append((f"boxes: {len(row.boxes)}, {frozen}", "$text-muted"))
    return Content("\n").join([Content.styled(text, style) for text, style in lines])


def caption(row: FrozenRow, position: int | None, total: int, zoom: str, width: int) -> Content:
    """The line below a picture in full."""
    place = f"{position + 1:,} of {total:,}" if position is not None else ""
    right = " · ".join(part for part in (zoom, place) if part)
    left = image_line(row, max(0, width - len(right) - 2))
    gap = " " * max(2, width - left.cell_length - len(right))
    return Content.assemble(left, gap, (right, "$text-muted"))


def day_of(row: FrozenRow) -> str:
    """The day the picture was taken, else the one it came in."""
    return moment(row.image.taken_at or row.image.added_at)[:10]


def _warnings(row: FrozenRow) -> list[str]:
    health = HEALTH.get(row.image.health)
    today = row.now.name if row.now is not None and row.now.name else "nothing"
    trashed = ["in the trash"] if row.image.trashed_at is not None else []
    return [*([f"≠ {today} today"] if row.differs else []), *([health] if health else []), *trashed]
