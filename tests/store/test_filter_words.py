"""Words that are looked for: in title, prompt, note and the names of tags, with beginnings, accents and signs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui.store import filter_words, filters, images, named, reviews, texts, users
from binscout_tui.store.database import Database
from binscout_tui.store.named import TAG

WORDS = {
    1: ("Brass gear", "photo of a brass gear"),
    2: ("", "brasswork and copper"),
    3: ("Große Schräube", ""),
    4: ("m3-screws x20", 'one "quoted" thing'),
    5: ("старая шестерня", ""),
    6: ("gears of brasses", ""),
}
FOUND = {
    "text:brass": {1, 2, 6, 7},
    "text:BRASS": {1, 2, 6, 7},
    "text:bra": {1, 2, 6, 7},
    "text:brasse": {6},
    'text:"brass gear"': {1, 6},
    "text:brassgear": set(),
    "text:schraub": {3},
    "text:Schräub": {3},
    "text:m3-screw": {4},
    "text:m3-scr": {4},
    "text:screw-m3": set(),
    'text:"\\"quoted\\""': {4},
    "text:шестер": {5},
    "text:copper text:brass": {2},
    "text:brass -text:copper": {1, 6, 7},
    "title:brass": {1, 6},
    'title:"gears brasse"': {6},
    "prompt:brass": {1, 2},
    'prompt:"brassw copp"': {2},
    "text:brass tag:shelf": {1, 7},
    "text:brass (tag:shelf OR title:gears)": {1, 6, 7},
    "text:wobbly": {8},
    "in:trash text:brass": {9},
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    db = Database(tmp_path_factory.mktemp("words") / "binscout.db")
    uid = db.write(users.sign_in, 1000, "ann").uid
    for number in range(1, 10):
        new = images.NewImage(
            sha256=f"{number:064x}", storage="copy", path=Path(f"originals/{number}"), name=f"{number}.png", source="",
            bytes=1, mtime_ns=1, width=4, height=3, format="PNG", mode="RGB", source_group="",
        )  # fmt: skip
        assert db.write(images.add, uid, new) == (number, True)
    for image_id, (title, prompt) in WORDS.items():
        db.write(texts.set_title, uid, image_id, title)
        db.write(texts.set_prompt, image_id, prompt)
    db.write(texts.set_title, uid, 9, "brass in the trash")
    db.write(images.trash, uid, [9])
    db.write(reviews.set_note, uid, 8, "wobbly")
    for name, ids in (("Brass plate", [7]), ("shelf", [1, 3, 7])):
        db.write(named.put, uid, TAG, db.write(named.ensure, uid, TAG, name), ids)
    yield db
    db.close()


def found(db: Database, text: str, **more: object) -> set[int]:
    return set(db.read(filters.page, filters.parse(text), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("most", [64, 0])
@pytest.mark.parametrize("text", FOUND)
def test_what_words_find(library: Database, monkeypatch: pytest.MonkeyPatch, text: str, most: int) -> None:
    monkeypatch.setattr(filter_words, "MOST", most)
    assert found(library, text) == FOUND[text]


def test_pages_of_words_and_tags_go_on_where_they_ended(library: Database) -> None:
    for order, ids in (("newest", [7, 6, 2, 1]), ("oldest", [1, 2, 6, 7])):
        pages, beyond = [], None
        while page := library.read(
            filters.page,
            filters.parse("text:brass"),
            limit=1,
            order=order,
            beyond=beyond,  # type: ignore[arg-type]
        ):
            beyond = page[-1]
            pages += page
        assert pages == ids


def test_a_beginning_is_the_words_that_begin_so(library: Database) -> None:
    words = sorted({f"tok{random.Random(n).randrange(10**6)}" for n in range(90)})

    def fill(db) -> None:  # type: ignore[no-untyped-def]
        db.execute("INSERT INTO image_words (rowid, title, prompt, note) VALUES (1000, '', ?, '')", (" ".join(words),))

    library.write(fill)
    try:
        assert library.read(filter_words.beginning, words[0]) == [words[0]]
        assert library.read(filter_words.beginning, "tok") == words[: filter_words.MOST + 1]
        assert library.read(filter_words.beginning, "zzz") == []
        assert library.read(filter_words.matching, "toke") == '"toke"*'
        assert library.read(filter_words.matching, "gears") == '("gears")'
    finally:
        library.write(lambda db: db.execute("DELETE FROM image_words WHERE rowid = 1000").rowcount)


def test_images_named_one_by_one_are_looked_up_not_searched_for(library: Database) -> None:
    many = "id:" + "|".join(str(number) for number in (*range(2, 40), 2.5, 8, 8))
    assert found(library, many) == {2, 3, 4, 5, 6, 7, 8}
    assert found(library, f"{many} text:brass") == {2, 6, 7}
    assert found(library, f"-{many}") == {1}
    assert found(library, "id:1|3..5") == {1, 3, 4, 5}
    assert library.read(filters.page, filters.parse(many), limit=2, beyond=6) == [5, 4]
    plans = library.read(filters.plan, filters.parse("id:" + "|".join(map(str, range(1, 40)))))
    assert [query.start for query in plans] == ["names"]
