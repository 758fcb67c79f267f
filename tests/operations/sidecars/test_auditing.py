"""What names and captions tell of sidecars: pure tables, and rules that hold for any folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.operations.sidecars.auditing import (
    Finding,
    Names,
    in_order,
    of_names,
)
from binscout_tui.operations.sidecars.captions import Caption, normalised, of_captions, of_text, without_boxes
from binscout_tui.operations.sidecars.near_names import distance

HERE = Path("/pile")


def of(*names: str) -> list[tuple[str, str, str]]:
    """(kind, name, the name that would mend it) of a folder's findings."""
    found = in_order(of_names(Names(HERE, names)))
    return [(one.kind, one.path.name, one.target.name if one.target else "") for one in found]


FOLDERS: dict[str, tuple[tuple[str, ...], list[tuple[str, str, str]]]] = {
    "all is well": (("a.jpg", "a.txt", "b.jpg", "b.jpg.xmp"), []),
    "no sidecars at all": (("a.jpg", "b.jpg"), []),
    "a picture without one": (("a.jpg", "a.txt", "b.jpg"), [("orphan_image", "b.jpg", "")]),
    "a sidecar without a picture": (("a.jpg", "a.txt", "zz9.txt"), [("orphan_sidecar", "zz9.txt", "")]),
    "case": (("IMG_1.JPG", "img_1.txt"), [("case_mismatch", "img_1.txt", "IMG_1.txt")]),
    "case of a whole name": (("IMG_1.JPG", "img_1.jpg.xmp"), [("case_mismatch", "img_1.jpg.xmp", "IMG_1.JPG.xmp")]),
    "composition": (
        ("Zahnr\u00e4der.jpg", "Zahnra\u0308der.txt"),
        [("case_mismatch", "Zahnra\u0308der.txt", "Zahnr\u00e4der.txt")],
    ),
    "case, and the name is taken": (
        ("IMG_1.jpg", "IMG_1.txt", "img_1.txt"),
        [("orphan_sidecar", "img_1.txt", "")],
    ),
    "separators and zeros": (
        ("m3-washer_012.jpg", "m3_washer_12.txt"),
        [("near_name", "m3_washer_12.txt", "m3-washer_012.txt")],
    ),
    "a copy": (("gear_7.jpg", "gear_7 (1).txt"), [("near_name", "gear_7 (1).txt", "gear_7.txt")]),
    "a letter": (("hexbolt_7.jpg", "hexblot_7.txt"), [("near_name", "hexblot_7.txt", "hexbolt_7.txt")]),
    "another number is another thing": (
        ("washer_13.jpg", "washer_12.txt"),
        [("orphan_sidecar", "washer_12.txt", "")],
    ),
    "two pictures come into question": (
        ("gear-7.jpg", "gear 7.jpg", "gear_7.txt"),
        [("orphan_sidecar", "gear_7.txt", "")],
    ),
    "only texts: their pictures are elsewhere": (("a.txt", "b.txt", "c.jpg.xmp", "data.yaml", "README.md"), []),
    "files about all pictures": (
        ("a.jpg", "a.json", "a.txt", "annotations.json", "classes.txt", "data.yaml", "README.md", "pyproject.toml"),
        [],
    ),
    "a suffix that others have, and one that none has": (
        ("a.jpg", "a.yaml", "zz8.yaml", "zz9.json"),
        [("orphan_sidecar", "zz8.yaml", "")],
    ),
    "a whole name of a picture": (("a.jpg", "zz9.png.json"), [("orphan_sidecar", "zz9.png.json", "")]),
    "one of each suffix": (
        ("gear-7.jpg", "gear_7.txt", "gear_7.yaml"),
        [("near_name", "gear_7.txt", "gear-7.txt"), ("near_name", "gear_7.yaml", "gear-7.yaml")],
    ),
}


@pytest.mark.parametrize(("names", "expected"), FOLDERS.values(), ids=[f"folder {n}" for n in range(len(FOLDERS))])
def test_names(names: tuple[str, ...], expected: list[tuple[str, str, str]]) -> None:
    assert of(*names) == expected
    assert of(*reversed(names)) == expected, "the order in which names come is no matter"


LETTERS = st.text(st.sampled_from("aAbB1 _-2"), min_size=1, max_size=5)
ANY = st.builds(str.__add__, LETTERS, st.sampled_from([".jpg", ".JPG", ".txt", ".jpg.txt", ".yaml", ".bin"]))


@given(st.sets(ANY, max_size=12))
def test_a_new_name_is_never_one_that_is_there_and_each_file_is_told_of_once(names: set[str]) -> None:
    found = of_names(Names(HERE, tuple(names)))
    assert len({one.path for one in found}) == len(found)
    for one in found:
        assert one.path.name in names
        if one.target is not None:
            assert one.target.name not in names
            assert one.others[0].name in names
            assert one.target.suffix == one.path.suffix


def said(*texts: str, longest: int = 100) -> list[tuple[str, list[str]]]:
    """(kind, names) of what captions tell, which are called 0.txt, 1.txt and so on."""
    captions = [of_text(HERE / f"{number}.txt", text) for number, text in enumerate(texts)]
    return [
        (one.kind, [path.name for path in (one.path, *one.others)]) for one in in_order(of_captions(captions, longest))
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("a nut", "a washer"), []),
        (("a nut", " a  nut\n"), [("duplicate_caption", ["0.txt", "1.txt"])]),
        (
            ("A nut!", "a nut", "a nut"),
            [("duplicate_caption", ["1.txt", "2.txt"]), ("near_caption", ["0.txt", "1.txt", "2.txt"])],
        ),
        (("", " \n", "a nut"), [("empty_caption", ["0.txt"]), ("empty_caption", ["1.txt"])]),
        (("x" * 101,), [("long_caption", ["0.txt"])]),
        (("0 0.5 0.5 0.1 0.1\n1 0.2 0.2 0.1 0.1", "0 0.5 0.5 0.1 0.1\n1 0.2 0.2 0.1 0.1", ""), []),
        (("!!", "??"), []),
    ],
    ids=[str(number) for number in range(7)],
)
def test_captions(texts: tuple[str, ...], expected: list[tuple[str, list[str]]]) -> None:
    assert said(*texts) == expected


def test_boxes_without_a_picture_and_what_nobody_read_are_no_finding() -> None:
    texts = {"boxes/a.txt": "0 0.5 0.5 0.1 0.1", "boxes/b.txt": "", "c.txt": "", "d.txt": "a nut", "unread.txt": None}
    found = [Finding(kind="orphan_sidecar", path=HERE / name) for name in (*texts, "e.xmp")]
    read = [of_text(HERE / name, text) for name, text in texts.items() if text is not None]
    asked = {HERE / name for name in texts}
    assert [one.path.name for one in without_boxes(found, asked, read)] == ["c.txt", "d.txt", "e.xmp"]


def test_what_cannot_be_read_is_told_with_its_reason_and_is_never_empty() -> None:
    found = of_captions([Caption(path=HERE / "a.txt", problem="It is no text in UTF-8.")])
    assert found == [Finding(kind="unreadable", path=HERE / "a.txt", says="It is no text in UTF-8.")]


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_a_distance_is_the_same_both_ways_and_nothing_only_for_the_same(one: str, other: str) -> None:
    assert distance(one, other, 9) == distance(other, one, 9)
    assert (distance(one, other, 9) == 0) is (one == other)
    assert distance(one, other, 1) == min(distance(one, other, 9), 2)
