"""The details of an image, in words. Pure; everything that comes from outside is plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from textual.content import Content

from binscout_tui.browsing.panel import Size
from binscout_tui.screens.gallery_lines import HEALTH, label_words, moment
from binscout_tui.screens.words import counted, data_size, fraction
from binscout_tui.store.details import Counted, Cut, Details, Predicted, Taken
from binscout_tui.store.gallery import Row
from binscout_tui.store.images import Image
from binscout_tui.store.named import Name
from binscout_tui.widgets.markdown_lines import markdown

MUTED, GOOD, WARNED = "$text-muted", "$success", "$warning"
MOST_PROMPT = 8_000
"""Characters of a prompt that are drawn; the rest is counted."""
MOST_TOLD = 600
MOST_ROWS = 12
PROMPTS = {"caption": "caption", "sidecar": "prompt of a file beside it"}
SIMPLE = (("camera", "camera"), ("lens", "lens"), ("software", "software"), ("artist", "by"), ("copyright", "©"))
EXPOSURE = ("exposure", "aperture", "iso", "focal")
STATES = {"empty": "nothing there", "skipped": "skipped", "boxes": "boxes"}


def brief(row: Row | None, *, marked: bool = False) -> list[Content]:
    """What is known of an image before its details are read."""
    if row is None:
        return []
    label = row.label
    said = (label_words(label), GOOD if label is not None and label.state == "class" else MUTED)
    return [_head(row.image, marked=marked), Content(row.image.name), Content.assemble(said)]


def lines(found: Details, size: Size, *, marked: bool = False) -> list[Content]:
    """The details as lines, as many as `size` is for."""
    made = list(_small(found, marked=marked))
    if size in ("M", "L"):
        made += [*_said(found), *_things(found), *_where(found), *_file(found)]
    if size == "L":
        made += [*_prompt(found), *_made_with(found), *_told(found), *_used(found)]
    return made


def _head(image: Image, *, marked: bool = False) -> Content:
    star, mark = (" ★", "bold $warning") if image.starred else ("", ""), (" ✓", "bold $accent") if marked else ("", "")
    return Content.assemble((f"#{image.id}", "bold"), star, mark)


def _small(found: Details, *, marked: bool) -> Iterator[Content]:
    yield _head(found.image, marked=marked)
    if found.title:
        yield Content.styled(found.title, "bold")
    yield Content(found.image.name)
    label = found.label
    if label is None:
        yield Content.styled("not labelled", MUTED)
    else:
        yield Content.styled(label.name or STATES[label.state], GOOD if label.name else MUTED)
    yield from _names("tags", found.tags, ", ")
    yield from _names("in", found.collections, ", ")
    if found.image.trashed_at is not None:
        yield Content.styled("in the trash", WARNED)
    if found.review:
        yield Content.styled("needs review", WARNED)


def _names(word: str, names: Sequence[Name], between: str) -> Iterator[Content]:
    if names:
        shown = [Content.styled(one.name, one.colour or "") for one in names[:MOST_ROWS]]
        more = [Content.styled(f"{len(names) - MOST_ROWS} more", MUTED)] if len(names) > MOST_ROWS else []
        yield Content.styled(f"{word} ", MUTED) + Content(between).join([*shown, *more])


def _said(found: Details) -> Iterator[Content]:
    if found.note:
        yield from _section("note")
        yield Content(found.note)
    if found.label is not None:
        yield Content.styled(f"said by {found.label.by}, {moment(found.label.at)}", MUTED)
    if found.predictions:
        yield from _section("models say")
        yield from _rows([_prediction(one) for one in found.predictions])


def _prediction(one: Predicted) -> Content:
    told = one.error or ("unknown" if one.unknown else one.label or "")
    score = f" {fraction(one.score)}" if one.score is not None else ""
    style = WARNED if one.error or one.unknown else ""
    active = (" ●", GOOD) if one.active else ("", "")
    return Content.assemble((told, style), score, active, (f" {one.model}", MUTED))


def _things(found: Details) -> Iterator[Content]:
    if found.box_state is not None:
        total = sum(one.count for one in found.boxes)
        told = f"{total:,} {'box' if total == 1 else 'boxes'}:" if found.boxes else STATES[found.box_state]
        yield from _section("things")
        yield Content(f"{told}{_by_class(found.boxes)}")
    if found.counts:
        yield from () if found.box_state is not None else _section("things")
        yield Content(f"counted:{_by_class(found.counts)}")
    if found.crops:
        yield from _section("crops")
        yield from _rows([_crop(found.image, one) for one in found.crops])


def _by_class(counts: Sequence[Counted]) -> str:
    told = [f"{one.count:,} {one.name or 'of any kind'}" for one in counts]
    return f" {', '.join(told)}" if told else ""


def _crop(image: Image, cut: Cut) -> Content:
    x1, y1, x2, y2 = cut.box
    pixels = f"{round((x2 - x1) * image.width)}x{round((y2 - y1) * image.height)}"
    at = f"at {round(x1 * image.width)},{round(y1 * image.height)}"
    of = f" of set {cut.set_id}" if cut.set_id is not None else f" {cut.item}" if cut.item else ""
    return Content.assemble(pixels, (f" {at}{of}", MUTED))


def _where(found: Details) -> Iterator[Content]:
    if found.sets:
        yield from _section("sets")
        yield from _rows(
            [
                Content.assemble(
                    one.name,
                    (" chosen", GOOD) if one.chosen else ("", ""),
                    (f" {one.state}, {counted(one.images, 'image', '')}", MUTED),
                )
                for one in found.sets
            ]
        )
    if found.captures:
        yield from _section("captured")
        yield from _rows([_capture(one) for one in found.captures])


def _capture(one: Taken) -> Content:
    place = " · ".join(part for part in (one.compartment, one.item) if part)
    told = " ".join(filter(None, [one.state, f"by {one.source}" if one.source else "", moment(one.at)]))
    more = [f"attempt {one.attempt}"] if one.attempt > 1 else []
    more += [one.reason] if one.reason else []
    return Content.assemble(place, f"{' ' if place else ''}", (", ".join([told, *more, *one.codes]), MUTED))


def _file(found: Details) -> Iterator[Content]:
    image = found.image
    yield from _section("file")
    yield Content(f"{image.width}x{image.height}  {data_size(image.bytes)}")
    yield Content.styled(f"{image.format} {image.mode}, {image.origin}", MUTED)
    yield Content.styled(f"taken {moment(image.taken_at)}" if image.taken_at else "taken: not known", MUTED)
    yield Content.styled(f"added {moment(image.added_at)} by {found.added_by}", MUTED)
    yield Content.styled(f"from {image.source}", MUTED)
    for words in [*([HEALTH[image.health]] if image.health in HEALTH else []), *image.warnings]:
        yield Content.styled(f"! {words}", WARNED)


def _prompt(found: Details) -> Iterator[Content]:
    if not found.prompt:
        return
    yield from _section(PROMPTS.get((found.meta or {}).get("prompt_from", ""), "prompt"))
    yield from markdown(found.prompt[:MOST_PROMPT])
    if len(found.prompt) > MOST_PROMPT:
        yield Content.styled(f"… and {len(found.prompt) - MOST_PROMPT:,} more characters", MUTED)


def _made_with(found: Details) -> Iterator[Content]:
    meta = found.meta or {}
    if not any(key in meta for key in ("generator", "negative", "parameters")):
        return
    yield from _section("made with")
    if told := _text(meta, "generator"):
        yield Content(told)
    parameters = meta.get("parameters")
    for name, value in list(parameters.items())[:40] if isinstance(parameters, dict) else ():
        yield Content.assemble((f"{name} ", MUTED), f"{value}")
    if told := _text(meta, "negative"):
        yield Content.assemble(("not wanted ", MUTED), told)


def _told(found: Details) -> Iterator[Content]:
    """What the file says of itself; keywords are only what it suggests."""
    if found.meta is None:
        yield from _section("metadata")
        yield Content.styled("was not read yet: binscout images metadata", MUTED)
        return
    told = list(_facts(found.meta))
    if told:
        yield from _section("the file says")
        yield from told


def _facts(meta: dict[str, Any]) -> Iterator[Content]:
    for key, word in SIMPLE:
        if told := _text(meta, key):
            yield Content.assemble((f"{word} ", MUTED), told)
    exposure = [f"ISO {told}" if key == "iso" else told for key in EXPOSURE if (told := _text(meta, key))]
    if exposure:
        yield Content("  ".join(exposure))
    place = meta.get("gps")
    if isinstance(place, dict) and {"latitude", "longitude"} <= place.keys():
        yield Content.assemble(("place ", MUTED), f"{place['latitude']}, {place['longitude']}")
    for key in ("title", "description", "caption"):
        if (told := _text(meta, key)) and meta.get("prompt_from") != key:
            yield Content.assemble((f"{key} ", MUTED), told)
    for key in ("keywords", "people"):
        if isinstance(meta.get(key), list):
            yield Content.assemble((f"{key} ", MUTED), ", ".join(map(str, meta[key][:40])))
    texts = meta.get("texts")
    for name, value in list(texts.items())[:20] if isinstance(texts, dict) else ():
        yield Content.assemble((f"{name} ", MUTED), f"{value}"[:MOST_TOLD])
    for problem in meta.get("problems", ())[:5]:
        yield Content.styled(f"! {problem}", WARNED)


def _text(meta: dict[str, Any], key: str) -> str:
    value = meta.get(key)
    return value[:MOST_TOLD] if isinstance(value, str) else ""


def _used(found: Details) -> Iterator[Content]:
    if found.versions:
        yield from _section("in data sets")
        yield from _rows(
            [
                Content.assemble(
                    one.name, (f" {one.split}{f' as {one.label}' if one.label else ''} {one.id[:8]}", MUTED)
                )
                for one in found.versions
            ]
        )
    if found.known_good:
        yield from _section("known good")
        yield from _rows([Content(f"{one.task}{', must pass' if one.must_pass else ''}") for one in found.known_good])


def _section(title: str) -> Iterator[Content]:
    yield Content("")
    yield Content.styled(title, f"bold {MUTED}")


def _rows(rows: Sequence[Content]) -> Iterator[Content]:
    yield from rows[:MOST_ROWS]
    if len(rows) > MOST_ROWS:
        yield Content.styled(f"and {len(rows) - MOST_ROWS} more", MUTED)
