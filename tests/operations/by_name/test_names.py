"""Names as people, programs and cameras write them."""

from __future__ import annotations

import random
from string import ascii_lowercase
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.operations.by_name import names
from binscout_tui.operations.by_name.grouping import Group, Grouping, _nearly_equal
from binscout_tui.operations.by_name.names import Items, Told
from binscout_tui.operations.sidecars.near_names import distance

PROMPTS = [
    ("character: Anna Berg, standing in a workshop", [("Anna Berg", "character")]),
    ("Characters: Anna & Otto and Ulla", [("Anna", "character"), ("Otto", "character"), ("Ulla", "character")]),
    ("photo, person = Otto_Hahn; blue", [("Otto Hahn", "person")]),
    ("masterpiece, elsa_(frozen), snow", [("elsa (frozen)", "series")]),
    (r"1girl, elsa_\(frozen\), snow", [("elsa (frozen)", "series")]),
    ("<lora:anna_v2:0.8> in a workshop", [("anna", "lora")]),
    ("<lora:Hex-Bolt-000010:1><lyco:brass gear>", [("Hex Bolt", "lora"), ("brass gear", "lora")]),
    ("<lora:foo.safetensors:0.7>", [("foo", "lora")]),
    ("a main character (in front), 1:2", []),
    ("(character:1.2)", []),
    ("character:\nnobody", [("nobody", "character")]),
    ("character: " + "x" * 101, []),
    ("aspect ratio 16:9, steps: 20", []),
]
FILES = [
    ("m3-washer_012.jpg", "m3 washer"),
    ("brass gear 7.png", "brass gear"),
    ("hex bolt (3).jpg", "hex bolt"),
    ("hex-bolt-m3_001 copy.jpg", "hex bolt m3"),
    ("nut12.jpg", "nut"),
    ("IMG-washer-03.jpg", "washer"),
    ("Zahnräder_4.jpg", "Zahnräder"),
    ("IMG_3014.jpg", ""),
    ("DSC00012.JPG", ""),
    ("PXL_20240101_120000123.jpg", ""),
    ("20240101_120000.jpg", ""),
    ("a1b2c3d4-0001.png", ""),
    ("train_9.jpg", ""),
    ("m3-12.jpg", ""),
    ("washer.jpg", ""),
    ("", ""),
]


@pytest.mark.parametrize(("prompt", "expected"), PROMPTS, ids=[str(n) for n in range(len(PROMPTS))])
def test_prompts(prompt: str, expected: list[tuple[str, str]]) -> None:
    assert sorted((one.name, one.source) for one in names.of_prompt(prompt)) == sorted(expected)


@pytest.mark.parametrize(("file", "expected"), FILES, ids=[str(n) for n in range(len(FILES))])
def test_files(file: str, expected: str) -> None:
    assert [one.name for one in names.of_file(file)] == ([expected] if expected else [])


def test_items_are_found_by_any_of_their_names_and_the_longer_one_is_meant() -> None:
    items = Items({"M3 washer": ["100-3"], "washer": ["ring"], "spring": ["ring"], "M": []})
    found, open_ = names.of_items(items, ["an m3-washer, beside a RING", "100_3.jpg"])
    assert [one.name for one in found] == ["M3 washer"]
    assert open_ == [frozenset({"washer", "spring"})]


@given(st.text(max_size=300))
def test_any_text_gives_names_that_can_be_kept(text: str) -> None:
    found = [*names.of_prompt(text), *names.of_file(text), *names.of_people([text])]
    for one in found:
        assert one.name == one.name.strip()
        assert one.name.isprintable()
        assert names.folded(one.name)


@given(st.sampled_from(["brass gear", "hex bolt", "Feder"]), st.sampled_from(["-", "_", " "]), st.integers(0, 9999))
def test_a_numbered_file_of_any_spelling_tells_the_same_name(name: str, between: str, number: int) -> None:
    file = f"{name.replace(' ', between)}{between}{number:03}.jpg"
    assert [names.folded(one.name) for one in names.of_file(file)] == [names.folded(name)]


def grouped(*told: Told, items: Items | None = None) -> list[Group]:
    grouping = Grouping(items or Items({}))
    for one in told:
        grouping.take(one)
    return grouping.groups()


def test_a_file_name_counts_where_it_is_one_of_a_row() -> None:
    found = grouped(
        Told(id=1, file="m3-washer_001.jpg"), Told(id=2, file="M3 Washer 2.jpg"), Told(id=3, file="spring_01.jpg")
    )
    assert [(one.key, one.images, dict(one.sources)) for one in found] == [("m3 washer", (1, 2), {"file": 2})]
    assert found[0].examples == ("m3-washer_001.jpg", "M3 Washer 2.jpg")


def test_the_spelling_of_most_images_is_the_name() -> None:
    found = grouped(*(Told(id=n, people=(name,)) for n, name in enumerate(["anna berg", "Anna Berg", "Anna Berg"])))
    assert [(one.name, len(one.images)) for one in found] == [("Anna Berg", 3)]


@given(st.lists(st.text("abc", min_size=3, max_size=6), max_size=12, unique=True))
def test_names_that_differ_by_a_letter_are_found_as_comparing_each_with_each_finds_them(keys: list[str]) -> None:
    near = {
        one
        for one in keys
        for other in keys
        if one != other and min(len(one), len(other)) >= 4 and distance(one, other, 1) == 1
    }
    found = _nearly_equal(keys)
    assert set(found) == near
    assert all(distance(one, other, 1) == 1 for one, other in found.items())


def test_thousands_of_names_take_a_moment() -> None:
    letters = random.Random(1)
    keys = ["".join(letters.choices(ascii_lowercase, k=12)) for _ in range(5000)]
    began = process_time()
    assert _nearly_equal([*keys, keys[7] + "s"]) == {keys[7]: keys[7] + "s", keys[7] + "s": keys[7]}
    assert process_time() - began < 2


def test_what_is_open_stands_apart_with_its_reason() -> None:
    items = Items({"washer": ["ring"], "spring": ["ring"], "nut": []})
    found = grouped(
        Told(id=1, prompt="a ring"),
        Told(id=2, prompt="a nut"),
        Told(id=3, people=("Anna Berg", "M3", "M4")),
        Told(id=4, people=("Ana Berg",)),
        items=items,
    )
    sure = {one.name for one in found if not one.doubt}
    assert sure == {"nut", "M3", "M4"}, "names with other numbers are names of other things"
    doubts = {one.name: one.doubt for one in found if one.doubt}
    assert doubts == {
        "spring or washer": "The same name stands for more than one item.",
        "Anna Berg": "It is nearly Ana Berg.",
        "Ana Berg": "It is nearly Anna Berg.",
    }
    assert [bool(one.doubt) for one in found] == sorted(bool(one.doubt) for one in found)
