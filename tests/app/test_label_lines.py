"""What the lines around the picture of Label say."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from binscout_tui.labelling.orders import MIXED, ORDERS
from binscout_tui.labelling.queue import Candidate
from binscout_tui.screens.label_lines import empty_words, last_line, status_line, suspect_line
from binscout_tui.store.images import Image
from binscout_tui.store.label_queue import Order
from binscout_tui.store.labels import Label
from binscout_tui.store.reviews import Remarks
from binscout_tui.store.suspects import Suspect

IMAGE = Image(
    id=12,
    sha256="0" * 64,
    origin="imported",
    storage="copy",
    path=Path("x"),
    name="[red]a.jpg",
    source="",
    health="ok",
    bytes=1,
    mtime_ns=0,
    width=4,
    height=3,
    format="JPEG",
    mode="RGB",
    frames=1,
    orientation=1,
    taken_at=None,
    family="",
    source_group="",
    phash=None,
    sharpness=None,
    warnings=[],
    added_at="",
    added_by=0,
    trashed_at=None,
)
PLAIN = Candidate(image=IMAGE, label=None, prediction=None)


def test_what_is_remarked_and_taken_is_told() -> None:
    told = msgspec.structs.replace(
        PLAIN, label=Label(12, "class", "M3"), remarks=Remarks(review=True, note="dusty [b]")
    )
    line = status_line(told, 1212, 41, skipped=3, taken=[True] * 9 + [False]).plain
    assert line == (
        "1,212 left · 3 skipped (s) · 41/min · 90% taken · ⚑ review · #12 [red]a.jpg · labelled M3 · ✎ dusty [b]"
    )
    assert "taken" not in status_line(told, 1212, 41, taken=[True] * 9).plain


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_is_named_and_says_what_to_do_at_its_end(order: Order) -> None:
    line = status_line(PLAIN, 5, None, order=order, filter_text="label:x", skipped=2).plain
    assert line.startswith("5 left") == (order in MIXED)
    assert line.endswith("#12 [red]a.jpg")
    if order not in ("unlabelled", "skipped"):
        assert ("/ label:x" if order == "filter" else ORDERS[order].title) in line
    counts = {"unlabelled": 2, "class": 3, "empty": 0, "skipped": 1}
    words = empty_words(counts, order)
    assert "{" not in words
    assert "2 unlabelled" in words or order in ("unlabelled", "random")
    assert empty_words(dict.fromkeys(counts, 0), order).startswith("There are no images yet.")


def test_a_suspect_says_both_classes_and_their_keys() -> None:
    suspect = Suspect(
        image_id=12,
        name="a.jpg",
        label="M2",
        likely="M3",
        probability=0.04,
        likely_probability=0.91,
        margin=0.1,
        rank=1,
        features="rings-1",
        at="",
    )
    assert suspect_line(suspect).plain == "rather M3 .91 y\ngiven M2 .04 k"


def test_the_oldest_decisions_make_room() -> None:
    last = ["hex bolt", "washer", "nothing there", "spring", "clip"]
    assert last_line(last, 2, width=80).plain == (
        "2 keys too early: not taken  last: nothing there ✓  spring ✓  clip ✓  (z undoes)"
    )
    assert last_line(last, 0, width=78).plain == (
        "last: hex bolt ✓  washer ✓  nothing there ✓  spring ✓  clip ✓  (z undoes)"
    )
    assert last_line(["a class with a very long name"], 0, width=20).plain.startswith("last: a class with")
