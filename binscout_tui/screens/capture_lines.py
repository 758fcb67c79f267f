"""What Capture says in words: where one captures, what was found, the queue, and what to do first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.content import Content

from binscout_tui.capturing.findings import Remark, remarks, summed_up
from binscout_tui.capturing.queue import Spot, View, Which
from binscout_tui.screens.words import counted
from binscout_tui.store.capture_queue import Need
from binscout_tui.store.capture_sources import Source
from binscout_tui.store.captures import Capture

Part = tuple[str, str]
KeyOf = Callable[[str], str]
"""The key that leads to a command now."""
SIGNS: dict[str, Part] = {
    "staged": ("○", "$warning"),
    "accepted": ("✓", "$success"),
    "superseded": ("↻", "$text-muted"),
    "rejected": ("✗", "$text-muted"),
    "failed": ("!", "$error"),
}
LIGHTS: dict[str, Part] = {
    "off": ("○", "$text-muted"),
    "ready": ("●", "$success"),
    "working": ("◐", "$accent"),
    "failing": ("✗", "$error"),
}
HOW = {"placement": "(placement)", "chosen": "(chosen)", "code": "(by its code)"}


def top_line(spot: Spot, need: Need | None, key: KeyOf, *, stays: bool, width: int) -> Content:
    """Which compartment and item at the left, how many pictures there are at the right."""
    left: list[Part] = []
    if spot.compartment:
        where = " · ".join(part for part in (spot.organiser, spot.compartment) if part)
        left += [(where, "bold"), ("  →  ", "$text-muted")]
    if spot.item:
        left += [(spot.item, "bold $accent"), (f"  {HOW.get(spot.how, '')}", "$text-muted")]
    else:
        scan = f"{key('capture.compartment')} scans or chooses a compartment"
        left.append((f"no item, {key('capture.item')} chooses one" if spot.compartment else scan, "$text-muted"))
    if stays:
        left.append(("  stays here", "$warning"))
    right = "" if need is None else f"have {need.have} of {need.target}"
    return spread(Content.assemble(*left), Content.styled(right, "$text-muted"), width)


def spread(left: Content, right: Content, width: int) -> Content:
    """Two texts at the ends of a line; the left one is cut where both have no room."""
    room = max(0, width - right.cell_length - 2)
    if left.cell_length > room:
        left = left.truncate(room, ellipsis=True)
    return Content.assemble(left, " " * max(2, width - left.cell_length - right.cell_length), right)


def facts(view: View, which: Which, total: int) -> Content:
    """What is known of the capture on the desk, a line each; what the checks say with it."""
    capture = view.capture
    if capture is None:
        return Content("")
    sign, style = SIGNS[capture.state]
    lines = [Content.assemble((f"#{capture.id} ", "bold"), (f"{sign} {capture.state}", style))]
    if capture.attempt > 1 or capture.replaces is not None:
        told = f"attempt {capture.attempt}" + (f", replaces #{capture.replaces}" if capture.replaces else "")
        lines.append(Content.styled(told, "$text-muted"))
    if view.heir is not None:
        lines.append(Content.styled(f"replaced by #{view.heir}", "$text-muted"))
    if which in ("all", capture.state):
        lines.append(
            Content.styled(f"{view.position:,} of {total:,}" + (f" {which}" if which != "all" else ""), "$text-muted")
        )
    if capture.reason:
        lines.append(Content.styled(f'why: "{one_line(capture.reason)}"', "$text-muted"))
    lines.append(Content(""))
    lines += [_remark(remark) for remark in summed_up(remarks(capture.checks))]
    if capture.codes:
        lines.append(Content.assemble(("code     ", "$text-muted"), one_line(" · ".join(capture.codes))))
    name = capture.name.rpartition("/")[2] or capture.name
    # What a camera makes has the camera's name with the time already.
    said = "" if capture.source and name.startswith(capture.source) else capture.source
    source = " · ".join(one_line(part) for part in (said or "", name) if part)
    lines += [Content(""), Content.styled(source, "$text-muted")]
    return Content("\n").join(lines)


def _remark(remark: Remark) -> Content:
    if not remark.warns:
        detail = (
            f" {one_line(remark.sentence).removesuffix('.').removesuffix(' pixels')}" if remark.check == "size" else ""
        )
        return Content.assemble((f"{remark.word:<9}", "$text-muted"), ("✓", "$success"), (detail, "$text-muted"))
    return Content.assemble(
        (f"{remark.word:<9}", "$text-muted"), ("! ", "bold $warning"), (one_line(remark.sentence), "$warning")
    )


def note_line(note: Content, source: Content, early: int, width: int) -> Content:
    """What has just happened at the left, the source in what room is left at the right."""
    if early:
        note = Content.styled(f"{early} early {'key' if early == 1 else 'keys'} not taken", "$warning")
    room = max(0, width - note.cell_length - 2)
    return spread(note, source.truncate(room, ellipsis=True) if source.cell_length > room else source, width)


def queue_line(counts: Mapping[str, int], which: Which) -> Content:
    """The counts of all states, with the one that is shown marked."""
    parts: list[Part] = []
    for state in SIGNS:
        shown = "bold reverse" if state == which else _count_style(state, counts)
        parts += [(" · " if parts else "", "$text-muted"), (f"{state} {counts.get(state, 0):,}", shown)]
    if which == "all":
        parts += [(" · ", "$text-muted"), ("all", "bold reverse")]
    return Content.assemble(*parts)


def _count_style(state: str, counts: Mapping[str, int]) -> str:
    return "$error" if state == "failed" and counts.get("failed") else "$text-muted"


def source_words(source: Source | None, waiting: int) -> Content:
    """The light of the source in use, and why it fails."""
    if source is None:
        return Content.styled("no source", "$warning")
    sign, style = LIGHTS[source.state]
    words = f" {one_line(source.name)}"
    if source.state == "failing":
        words += f": {one_line(source.message) or 'it gives no reason'}"
    elif waiting:
        words += ": waits for a picture"
    elif source.state == "off":
        words += ": not watched yet"
    return Content.assemble((sign, style), (words, "$error" if source.state == "failing" else "$text-muted"))


def newest_lines(captures: Sequence[Capture], here: int | None, rows: int, width: int) -> Content:
    """The newest captures of the filter, a line each."""
    lines = [Content.styled("newest", "$text-muted")]
    for capture in captures[: max(0, rows - 1)]:
        sign, style = SIGNS[capture.state]
        warns = any(remark.warns for remark in remarks(capture.checks))
        what = " · ".join(one_line(part) for part in (capture.compartment or "", capture.item or "") if part)
        line = Content.assemble(
            ("▸" if capture.id == here else " ", "bold $accent"),
            (sign, style),
            (f" #{capture.id} ", "bold" if capture.id == here else ""),
            ("! " if warns else "", "$warning"),
            (what or one_line(capture.name), "$text-muted"),
        )
        lines.append(line.truncate(width, ellipsis=True))
    return Content("\n").join(lines) if captures else Content("")


def failure_words(capture: Capture, key: KeyOf) -> Content:
    """In the place of a picture: why there is none."""
    return Content.assemble(
        ("✗ ", "bold $error"),
        (one_line(capture.error or "No reason was given."), "bold"),
        (f"\n\n{one_line(capture.name)}\n\n", ""),
        (f"{key('capture.retry')} tries again · {key('capture.retry_all')} tries all again\n", "$text-muted"),
        (f"{key('capture.details')} details · {key('capture.reject')} puts it aside", "$text-muted"),
    )


def empty_words(which: Which, source: Source | None, *, waiting: int, inbox: str, spot: Spot, key: KeyOf) -> Content:
    """Nothing is on the desk: what comes next, or what to do first."""
    if which not in ("staged", "all"):
        return Content(f"No capture is {which}.\n\n{key('capture.filter')} shows those of another state.")
    if source is None:
        return Content.assemble(
            ("There is no source of pictures yet.\n\n", "bold"),
            (key("capture.make_inbox"), "bold $accent"),
            (f"   makes the folder {inbox} and watches it\n\n", ""),
            ("binscout capture source add   adds a camera or another folder", "$text-muted"),
        )
    if source.state == "failing":
        return Content.assemble(
            (f"{one_line(source.name)} gives no pictures\n\n", "bold $error"),
            (f"{one_line(source.message) or 'It gives no reason.'}\n\n", ""),
            (f"It is tried again by itself. {key('capture.source')} shows the other sources.", "$text-muted"),
        )
    return Content.assemble(*_ready(source, waiting, inbox, spot, key))


def _ready(source: Source, waiting: int, inbox: str, spot: Spot, key: KeyOf) -> list[Part]:
    if source.kind == "inbox":
        return [
            ("Ready for pictures\n\n", "bold"),
            (f"Those that are put into\n{inbox}\nare shown here as they come.", ""),
        ]
    if waiting:
        return [("The picture is being taken…", "bold")]
    what = f" of {spot.item}" if spot.item else ""
    return [
        (f"Ready for a picture{what}\n\n", "bold"),
        (key("capture.shoot"), "bold $accent"),
        (f"   shoots with {one_line(source.name)}", ""),
    ]


def accept_question(fine: int, warned: int, key: KeyOf) -> str:
    """What is asked before all are accepted: how many, how many not, and how to take it back."""
    what = f"Accept {counted(fine, 'picture', 'that no check warns of')}?"
    verb = "with a warning stays staged." if warned == 1 else "with warnings stay staged."
    left = f"\n{counted(warned, 'picture', verb)}" if warned else ""
    return f"{what}{left}\n\n{key('capture.undo')} takes all of it back."


def details_text(capture: Capture, chain: Sequence[Capture]) -> Content:
    """All that is known of a capture, to read or copy."""
    sign, style = SIGNS[capture.state]
    rows: list[tuple[str, str]] = [
        ("came from", capture.origin),
        ("file", str(capture.path).encode(errors="backslashreplace").decode() if capture.path else ""),
        ("source", capture.source or ""),
        ("compartment", capture.compartment or ""),
        ("item", capture.item or ""),
        ("codes", " · ".join(capture.codes)),
        ("reason", capture.reason),
        ("added", capture.added_at),
        ("decided", capture.decided_at or ""),
        ("error", f"{capture.error} ({capture.error_code})" if capture.error else ""),
        ("hash", capture.sha256 or ""),
    ]
    lines = [Content.assemble((f"#{capture.id} ", "bold"), (f"{sign} {capture.state}", style)), Content("")]
    lines += [Content.assemble((f"{word:<13}", "$text-muted"), one_line(told)) for word, told in rows if told]
    lines += [Content(""), *(_check(remark) for remark in remarks(capture.checks))]
    if len(chain) > 1:
        lines += [Content(""), Content.styled("attempts", "$text-muted")]
        lines += [_attempt(one) for one in chain]
    return Content("\n").join(lines)


def _check(remark: Remark) -> Content:
    sign, style = ("!", "$warning") if remark.warns else ("✓", "$success")
    return Content.assemble((f"{remark.word:<13}", "$text-muted"), (f"{sign} ", style), one_line(remark.sentence))


def _attempt(capture: Capture) -> Content:
    sign, style = SIGNS[capture.state]
    why = f'  "{one_line(capture.reason)}"' if capture.reason else ""
    return Content.assemble(f"{capture.attempt:>3}  #{capture.id:<8}", (f"{sign} {capture.state}", style), why)


def one_line(text: str) -> str:
    """Text from outside on one line, without what would move the cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
