"""The fields of filters: one row each, with how it is written and what it becomes in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from binscout_tui.filtering.fields import Field
from binscout_tui.filtering.tree import Condition, Is, Span, Test
from binscout_tui.store import filter_groups, name_parts, predicted
from binscout_tui.store.filter_groups import ANY_WORDS
from binscout_tui.store.filter_names import Names
from binscout_tui.store.filter_sql import (
    COUNTED,
    Part,
    Sql,
    Start,
    column,
    compared,
    joined,
    linked,
    negation,
    scaled,
    zone,
)
from binscout_tui.store.images import HIDDEN_SETS, LIVE

Build: TypeAlias = Callable[[Names, Condition, Test | None], Part]
_LABEL_WORDS = ("none", "any", "empty", "skipped")
_SEEN_SET = f"set_member.set_id NOT IN ({HIDDEN_SETS})"
_NOTED = (
    "(SELECT image_id AS id, text FROM image_note UNION ALL SELECT set_member.image_id, image_set.note FROM image_set"
    " INDEXED BY image_set_noted CROSS JOIN set_member ON set_member.set_id = image_set.id WHERE image_set.note <> ''"
    f" AND {_SEEN_SET})"
)
_NOTED_HERE = (
    "(SELECT text FROM image_note WHERE image_note.image_id = image.id UNION ALL SELECT image_set.note FROM set_member"
    " CROSS JOIN image_set ON image_set.id = set_member.set_id"
    f" WHERE set_member.image_id = image.id AND image_set.note <> '' AND {_SEEN_SET})"
)
"""Notes with the images that they are about, and those about one image."""
MEGAPIXEL = 1e6


class Row(msgspec.Struct, frozen=True):
    """A field and the part of a query that one of its tests becomes; None for what is no condition on an image."""

    field: Field
    build: Build | None


def _label(names: Names, _: Condition, test: Test | None) -> Part:
    said = _is(test)
    if said.word and said.text == "none":
        return linked("unlabelled", Sql("1"))
    if said.word:
        state = "class" if said.text == "any" else said.text
        return linked("label", Sql("label.state = ?", (state,)), index="label_state")
    class_id, images = names.label_class(said)
    # A class keeps the number of its images that count, and the index has those in the trash too.
    kept = images if images >= COUNTED and not names.trashed else None
    return linked("label", Sql("label.class_id = ?", (class_id,)), index="label_class", images=kept)


def opposite(one: Condition) -> Condition | None:
    """The words for what `one` leaves out, where there are some: they have an index and a minus has none."""
    words = {test.text for test in one.tests if isinstance(test, Is) and test.word}
    known = {"label": _LABEL_WORDS, "tag": ANY_WORDS, "collection": ANY_WORDS}.get(one.field, ())
    if len(words) != len(one.tests):
        return None
    others = tuple(Is(word, word=True) for word in known if word not in words)
    return Condition(one.field, others, one.place) if others else None


def _by(names: Names, _: Condition, test: Test | None) -> Part:
    people = names.people(_is(test))
    marks = ", ".join("?" * len(people))
    where = Sql(f"label.uid IN ({marks})", tuple(people))
    return linked("label", where, index="label_by", ordered=len(people) == 1)


def _pred(names: Names, condition: Condition, test: Test | None) -> Part:
    model_id, said = names.model_meant(condition.place), _is(test)
    if said.word:
        known = linked("prediction", Sql("prediction.model_id = ?", (model_id,)))
        return Part(check=negation(known.check), zone=None if names.trashed else predicted.zone_with_gaps(model_id))
    label = names.prediction(model_id, said)
    where = Sql("prediction.model_id = ? AND prediction.label = ?", (model_id, label))
    return linked("prediction", where, index="prediction_label")


def _conf(names: Names, condition: Condition, test: Test | None) -> Part:
    model = Sql("prediction.model_id = ?", (names.model_meant(condition.place),))
    where = joined("AND", (model, compared("prediction.score", _span(test))))
    return linked("prediction", where, index="prediction_model", ordered=False)


def _unknown(names: Names, condition: Condition, _: Test | None) -> Part:
    where = Sql("prediction.model_id = ? AND prediction.unknown = 1", (names.model_meant(condition.place),))
    return linked("prediction", where, index="prediction_unknown")


def _disagree(names: Names, condition: Condition, _: Test | None) -> Part:
    where = Sql("disagreement.model_id = ?", (names.model_meant(condition.place),))
    return linked("disagreement", where, index="disagreement_model")


def _model(names: Names, _: Condition, test: Test | None) -> Part:
    where = Sql("prediction.model_id = ?", (names.model(_is(test)),))
    return linked("prediction", where, index="prediction_model", ordered=False)


def _split(names: Names, condition: Condition, test: Test | None) -> Part:
    values = (names.dataset_meant(condition.place), _is(test).text)
    where = Sql("dataset_image.dataset_id = ? AND dataset_image.split = ?", values)
    return linked("dataset_image", where, index="dataset_image_split")


def _dataset(names: Names, _: Condition, test: Test | None) -> Part:
    return linked("dataset_image", Sql("dataset_image.dataset_id = ?", (names.dataset(_is(test)),)))


def _set(_: Names, __: Condition, test: Test | None) -> Part:
    said = _is(test).text
    if said in ("any", "none"):
        in_one = Sql(f"EXISTS (SELECT 1 FROM set_member WHERE set_member.image_id = image.id AND {_SEEN_SET})")
        return Part(check=in_one if said == "any" else negation(in_one))
    return _in_a_set(Sql("image_set.state = ?", (said,)))


def _note(_: Names, __: Condition, test: Test | None) -> Part:
    """Notes on images and on the sets that they are in."""
    where = Sql("1") if test is None else Sql("instr(lower(noted.text), lower(?)) > 0", (_is(test).text,))
    start = Start(source=f"{_NOTED} AS noted", key="noted.id", where=where, ordered=False, repeats=True)
    check = Sql(f"EXISTS (SELECT 1 FROM {_NOTED_HERE} AS noted WHERE {where.text})", where.values)
    return Part(check=check, starts=(start,))


def _review(_: Names, __: Condition, ___: Test | None) -> Part:
    return linked("image_review", Sql("1"))


def _in_a_set(where: Sql, index: str = "image_set_state") -> Part:
    return linked(
        "set_member",
        joined("AND", (where, Sql(_SEEN_SET))),
        check_from="set_member CROSS JOIN image_set ON image_set.id = set_member.set_id",
        start_from=f"image_set INDEXED BY {index} CROSS JOIN set_member ON set_member.set_id = image_set.id",
        ordered=False,
        repeats=True,
    )


def _item(names: Names, _: Condition, test: Test | None) -> Part:
    where = Sql("capture.state = 'accepted' AND capture.item_id = ?", (names.item(_is(test)),))
    return linked("capture", where, index="capture_item", repeats=True)


def _compartment(names: Names, _: Condition, test: Test | None) -> Part:
    where = Sql("capture.state = 'accepted' AND capture.compartment_id = ?", (names.compartment(_is(test)),))
    return linked("capture", where, index="capture_place", repeats=True)


def _origin(_: Names, __: Condition, test: Test | None) -> Part:
    return column("image.origin", _is(test), index="image_origin")


def _health(_: Names, __: Condition, test: Test | None) -> Part:
    said = _is(test)
    if said.text == "ok":
        return column("image.health", said)
    return column("image.health", said, index="image_health", also="image.health <> 'ok'")


def _format(_: Names, __: Condition, test: Test | None) -> Part:
    return column("image.format", Is(_is(test).text.upper()), index="image_format")


def _group(_: Names, __: Condition, test: Test | None) -> Part:
    check = compared("image.source_group", _is(test))
    start = Start(source="image INDEXED BY image_source_group", key="image.id", where=check)
    return Part(check=check, starts=(start,), reads_row=True)


def _name(names: Names, _: Condition, test: Test | None) -> Part:
    text = _is(test).text
    check = Sql("instr(lower(image.name), lower(?)) > 0", (text,))
    start = name_parts.start(text) if len(text) >= name_parts.GRAM else name_parts.start_of_two(names, text)
    return Part(check=check, starts=(start,) if start else (), reads_row=True)


def _warn(_: Names, __: Condition, test: Test | None) -> Part:
    warned = Sql("image.warnings <> '[]'")
    where = joined("AND", (warned, Sql(LIVE)))
    start = Start(source="image INDEXED BY image_warned", key="image.id", where=where)
    if test is None:
        return Part(check=warned, starts=(start,), reads_row=True)
    text = "EXISTS (SELECT 1 FROM json_each(image.warnings) WHERE instr(lower(value), lower(?)) > 0)"
    return Part(check=Sql(text, (_is(test).text,)), starts=(start,), reads_row=True)


def _dup(names: Names, _: Condition, __: Test | None) -> Part:
    if not names.trashed:
        return linked("twin", Sql("1"))
    other_lives = LIVE.replace("image.", "other.")
    check = f"EXISTS (SELECT 1 FROM image AS other WHERE other.phash = image.phash AND {other_lives})"
    return Part(check=Sql(check), reads_row=True)


def _id(_: Names, __: Condition, test: Test | None) -> Part:
    wanted = _span(test)
    low = None if wanted.low is None else int(wanted.low)
    high = None if wanted.high is None else int(wanted.high) + 1
    return Part(check=compared("image.id", wanted), low=low, high=high)


def _measured(expression: str, zones: str, scale: float = 1) -> Build:
    """A number or moment of an image; `zones` is what zones keep of it, as `low` or `high` with `{}` between."""

    def build(_: Names, __: Condition, test: Test | None) -> Part:
        wanted = scaled(_span(test), scale)
        return Part(check=compared(expression, wanted), zone=zone(zones, wanted), reads_row=True)

    return build


def _is(test: Test | None) -> Is:
    if not isinstance(test, Is):
        raise TypeError(f"the field takes a name, not {test!r}")
    return test


def _span(test: Test | None) -> Span:
    if not isinstance(test, Span):
        raise TypeError(f"the field takes a range, not {test!r}")
    return test


_ADDED, _TAKEN = _measured("image.added_at", "added_{}"), _measured("image.taken_at", "taken_{}")
_LONG = _measured("max(image.width, image.height)", "max(width_{}, height_{})")
_AREA = _measured("image.width * image.height", "width_{} * height_{}", MEGAPIXEL)
_FORMATS = ("jpeg", "png", "webp", "tiff", "bmp", "gif", "heif")

ROWS = (
    Row(
        Field(
            name="label",
            kind="name",
            words=_LABEL_WORDS,
            vocabulary="class",
            help="the class that people gave, or none for unlabelled, any, empty, skipped",
        ),
        _label,
    ),
    Row(Field(name="by", kind="name", vocabulary="person", help="who said the last word on its label"), _by),
    Row(
        Field(name="pred", kind="name", words=("none",), vocabulary="class", help="the class that the model says"),
        _pred,
    ),
    Row(Field(name="conf", kind="number", most=1, help="how sure the model is, 0 to 1"), _conf),
    Row(Field(name="unknown", help="the model calls it unknown"), _unknown),
    Row(Field(name="disagree", help="the model says another class than people did"), _disagree),
    Row(
        Field(name="model", kind="name", vocabulary="model", help="the model that is meant, else the active one"),
        _model,
    ),
    Row(
        Field(name="split", kind="name", closed=True, words=("train", "val", "test"), help="its part of the dataset"),
        _split,
    ),
    Row(
        Field(name="dataset", kind="name", vocabulary="dataset", help="in this dataset, as it was built last"), _dataset
    ),
    Row(
        Field(
            name="set",
            kind="name",
            closed=True,
            words=("pending", "done", "skipped", "rejected", "any", "none"),
            help="in a set in this state",
        ),
        _set,
    ),
    Row(Field(name="item", kind="name", vocabulary="item", help="captured for this item"), _item),
    Row(
        Field(
            name="compartment", kind="name", vocabulary="compartment", help="captured for the compartment of this code"
        ),
        _compartment,
    ),
    Row(Field(name="star", help="it has a star"), filter_groups.star),
    Row(
        Field(name="tag", kind="name", words=ANY_WORDS, vocabulary="tag", help="it has this tag, or none, or any"),
        filter_groups.tag,
    ),
    Row(
        Field(
            name="collection",
            kind="name",
            words=ANY_WORDS,
            vocabulary="collection",
            help="in this collection, or in none, or in any",
        ),
        filter_groups.collection,
    ),
    Row(
        Field(name="text", kind="text", help="words of its title, prompt, note or tags; each may go on"),
        filter_groups.text,
    ),
    Row(
        Field(name="title", kind="text", bare=True, help="it has a title; with a text, these words in it"),
        filter_groups.title,
    ),
    Row(
        Field(name="prompt", kind="text", bare=True, help="it has a prompt; with a text, these words in it"),
        filter_groups.prompt,
    ),
    Row(
        Field(
            name="origin",
            kind="name",
            closed=True,
            words=("captured", "imported", "generated"),
            help="where it is from",
        ),
        _origin,
    ),
    Row(Field(name="in", kind="name", closed=True, words=("library", "trash"), help="trash looks there alone"), None),
    Row(
        Field(
            name="health", kind="name", closed=True, words=("ok", "changed", "missing"), help="its file, when last seen"
        ),
        _health,
    ),
    Row(Field(name="format", kind="name", words=_FORMATS, help="the format of its file"), _format),
    Row(Field(name="size", kind="number", help="its longer side in pixels"), _LONG),
    Row(
        Field(name="width", kind="number", help="pixels from left to right, upright"),
        _measured("image.width", "width_{}"),
    ),
    Row(
        Field(name="height", kind="number", help="pixels from top to bottom, upright"),
        _measured("image.height", "height_{}"),
    ),
    Row(Field(name="megapixels", kind="number", help="millions of pixels"), _AREA),
    Row(Field(name="bytes", kind="number", help="the size of its file"), _measured("image.bytes", "bytes_{}")),
    Row(
        Field(name="sharp", kind="number", help="its sharpness as measured; larger is sharper"),
        _measured("image.sharpness", "sharpness_{}"),
    ),
    Row(Field(name="added", kind="day", help="when it came here (UTC)"), _ADDED),
    Row(Field(name="after", kind="day", means=("added", ">="), help="came here on this day or later"), _ADDED),
    Row(Field(name="before", kind="day", means=("added", "<"), help="came here before this day"), _ADDED),
    Row(Field(name="taken", kind="day", help="when it was taken, as its file says"), _TAKEN),
    Row(Field(name="warn", kind="text", bare=True, help="something was odd about its file; with a text, this"), _warn),
    Row(Field(name="dup", help="it looks the same as another image"), _dup),
    Row(Field(name="id", kind="number", help="its number, as in id:5..90"), _id),
    Row(Field(name="name", kind="text", help="a part of its name"), _name),
    Row(Field(name="group", kind="text", help="the group that stays in one split, exactly"), _group),
    Row(Field(name="review", help="somebody is to look at it again"), _review),
    Row(
        Field(name="note", kind="text", bare=True, help="it or its set has a note; with a text, with this in it"), _note
    ),
)
FIELDS = {row.field.name: row.field for row in ROWS}
BUILDS = {row.field.name: row.build for row in ROWS}
