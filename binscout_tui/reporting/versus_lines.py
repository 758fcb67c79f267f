"""Two runs side by side as lines of text, each piece with its role. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from binscout_tui.imaging.names import display_name
from binscout_tui.reporting.lines import (
    NAME,
    Line,
    Role,
    Section,
    better,
    cell_of,
    clipped,
    cut,
    fit,
    wrapped,
)
from binscout_tui.reporting.rows import shown
from binscout_tui.reporting.versus import SORTS, Difference, Pair, Sort, Versus
from binscout_tui.reporting.words import answer, name_of, place, sure
from binscout_tui.wording import counted

VALUE = 8
LEAST_AXIS, MOST_AXIS = 9, 31
MOST_LISTED = 15


def sections(found: Versus, width: int, *, counts: bool = True) -> list[Section]:
    """The comparison for `width` cells; the lists of cases are left to `listed`, their `counts` to who shows them."""
    shared = counted(len(found.pairs), f"test {found.task.sample}")
    title = f"{found.before} → {found.after} on the {shared} that both were asked"
    found_sections = [
        Section(title, [*figures(found, width), *_means(found, width)]),
        Section("What became of them", [*(_counts(found) if counts else []), *_chance(found, width)]),
        *([Section("What differs in how they were made", _settings(found, width))] if found.settings else []),
    ]
    return [clipped(section, width) for section in found_sections]


def figures(found: Versus, width: int) -> list[Line]:
    """A figure a line: of both, the difference, its interval as a bar around 0."""
    axis = width - NAME - 3 * VALUE - 22
    axis = min(MOST_AXIS, axis if axis % 2 else axis - 1)
    axis = axis if axis >= LEAST_AXIS else 0
    heads = "".join(f"{cut(name, VALUE - 1):>{VALUE}}" for name in ("before", "after", "change"))
    return [[(f"  {'':<{NAME}}{heads}", "muted")], *(_figure(one, axis) for one in found.figures)]


def _figure(one: Difference, axis: int) -> Line:
    share = one.about.share
    change = "-" if one.difference is None else f"{one.difference:+.3f}" if share else f"{one.difference:+.2f}"
    role: Role = "" if not one.is_clear or one.is_better is None else "good" if one.is_better else "bad"
    spread = "" if one.ci95 is None else f"{one.ci95[0]:+.2f} to {one.ci95[1]:+.2f}"
    values = f"{shown(one.before, share=share):>{VALUE}}{shown(one.after, share=share):>{VALUE}}"
    return [
        (f"  {fit(one.about.words, NAME)}{values}", ""),
        (f"{change:>{VALUE}}  ", role or "bold"),
        (f"{_around_zero(one, axis)}  " if axis else "", role or "own"),
        (spread or better(one.about), "muted"),
    ]


def _around_zero(one: Difference, axis: int) -> str:
    """The interval of a difference around `┼`, which is no difference."""
    if one.difference is None or one.ci95 is None:
        return " " * axis
    most = max(abs(one.ci95[0]), abs(one.ci95[1]), 1e-9)
    drawn = ["·"] * axis
    first, here, last = (cell_of(value, (-most, most), axis) for value in (one.ci95[0], one.difference, one.ci95[1]))
    drawn[first : last + 1] = ["─"] * (last + 1 - first)
    drawn[axis // 2] = "┼"
    drawn[here] = "●"
    return "".join(drawn)


def _means(found: Versus, width: int) -> list[Line]:
    """What the figures stand on, and what was left out."""
    by = f"{counted(found.sources, 'source')}" if found.sources else "single cases: no sources are known"
    said = [f"Changes with paired 95 % intervals, by bootstrap over {by}."]
    left = [
        (found.only_before, f"only {found.before} was asked"),
        (found.only_after, f"only {found.after} was asked"),
        (found.changed, "whose truth has changed meanwhile"),
    ]
    out = [f"{number:,} {words}" for number, words in left if number]
    if out:
        said.append(f"Not compared: {', '.join(out)}.")
    return [[], *(line for one in said for line in wrapped("", one, width))]


def _counts(found: Versus) -> list[Line]:
    roles: dict[Sort, Role] = {"fixed": "good", "broken": "bad", "wrong": "", "right": "muted"}
    return [[(f"  {len(found.of(sort)):>6,}  ", "bold"), (words, roles[sort])] for sort, words in SORTS.items()]


def _chance(found: Versus, width: int) -> list[Line]:
    fixed, broken = len(found.of("fixed")), len(found.of("broken"))
    if not fixed + broken:
        return wrapped("", "Nothing was fixed and nothing broke.", width)
    chance = f"p {found.mcnemar_p:.3f}" if found.mcnemar_p >= 0.001 else "p below 0.001"
    means = "more than chance would do" if found.mcnemar_p < 0.05 else "no more than chance might do"
    return wrapped("", f"{fixed} fixed against {broken} broken: {means} ({chance}, two-sided McNemar).", width)


def _settings(found: Versus, width: int) -> list[Line]:
    room = max(8, (width - NAME - 6) // 2)
    return [
        [
            (f"  {fit(display_name(name), NAME)}", "muted"),
            (f"{fit(display_name(before), room)}  ", ""),
            (cut(display_name(after), room), "bold"),
        ]
        for name, before, after in found.settings
    ]


def listed(found: Versus, sort: Sort, width: int, most: int = MOST_LISTED) -> list[Line]:
    """The cases of one sort in words."""
    pairs = found.of(sort)
    lines: list[Line] = [
        [
            (f"  {fit(name_of(pair.after), min(24, max(NAME, width // 4)))}  ", ""),
            (cut(turn(pair, found.task.name), width - 30), ""),
        ]
        for pair in pairs[:most]
    ]
    if len(pairs) > most:
        lines.append([(f"  and {len(pairs) - most:,} more", "muted")])
    return lines


def turn(pair: Pair, task: str) -> str:
    """What is true, what the first said, what the second says, and how sure they were; a count has no such score."""
    say = place if task == "select" else answer
    before, after = (f"{say(one.said)}{'' if task == 'count' else sure(one)}" for one in (pair.before, pair.after))
    return f"is {say(pair.after.truth)}: {before} → {after}"


def plain(found: Versus, width: int, kinds: Sequence[Sort] = ("fixed", "broken")) -> list[str]:
    """All of it as plain lines, with the cases of `kinds`."""
    everything = sections(found, width)
    everything += [Section(SORTS[sort], lines) for sort in kinds if (lines := listed(found, sort, width))]
    text: list[str] = []
    for section in everything:
        text += [section.title, *("".join(piece for piece, _ in line).rstrip() for line in section.lines), ""]
    return text[:-1]
