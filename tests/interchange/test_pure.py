"""Names and coordinates: pure rules."""

from __future__ import annotations

import math
import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.interchange import geometry
from binscout_tui.interchange.model import ClassInfo, Four, no_class_name
from binscout_tui.interchange.naming import file_names, folder_names
from binscout_tui.interchange.reading import checked_name
from binscout_tui.interchange.refusals import Problem

text = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200)
names = st.one_of(
    text, st.sampled_from(["a.jpg", "A.JPG", "a.png", "a", ".jpg", "..", "CON", "x" * 250 + ".jpg", "-rf"])
)
side = st.integers(1, 1_000_000)
kept = st.integers(0, 10**geometry.NORMALISED_DECIMALS).map(lambda n: n / 10**geometry.NORMALISED_DECIMALS)


@given(st.lists(st.tuples(names, st.sampled_from(["JPEG", "PNG", "ODD"])), max_size=12), st.randoms())
def test_file_names_are_safe_unique_and_do_not_depend_on_the_order(
    found: list[tuple[str, str]], random: object
) -> None:
    pictures = [(name, f"{number:064x}", kind) for number, (name, kind) in enumerate(found)]
    made = file_names(pictures)
    assert len({PurePosixPath(name).stem.casefold() for name in made}) == len(made)
    for name in made:
        assert name not in (".", "..")
        assert not name.startswith((".", "-"))
        assert "/" not in name
        assert "\\" not in name
        assert "\0" not in name
        assert len(name.encode()) < 255
    shuffled = list(pictures)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dict(zip(pictures, made, strict=True)) == dict(zip(shuffled, file_names(shuffled), strict=True))


def test_only_what_clashes_gets_another_name() -> None:
    pictures = [
        ("a.jpg", "1" * 64, "JPEG"),
        ("A.png", "2" * 64, "PNG"),
        ("b.jpg", "3" * 64, "JPEG"),
        ("b", "4" * 64, "PNG"),
    ]
    assert file_names(pictures) == [f"a-{'1' * 16}.jpg", f"A-{'2' * 16}.png", f"b-{'3' * 16}.jpg", f"b-{'4' * 16}.png"]
    assert file_names(pictures[::2]) == ["a.jpg", "b.jpg"]


@given(st.lists(text, max_size=8, unique=True))
def test_folder_names_are_safe_and_unique(classes: list[str]) -> None:
    made = folder_names(classes)
    assert len({folder.casefold() for folder in made.values()}) == len(classes)
    for folder in made.values():
        assert folder not in (".", "..")
        assert not folder.startswith((".", " ", "~"))
        assert not folder.endswith((".", " "))
        assert not set(folder) & set('/\\:*?"<>|\0\n')
        assert len(folder.encode()) < 255


def test_names_that_some_file_systems_take_for_one_are_told_apart() -> None:
    spellings = [unicodedata.normalize(form, "Größe.jpg") for form in ("NFC", "NFD")]
    made = file_names([(name, f"{number}" * 64, "JPEG") for number, name in enumerate(spellings)])
    assert [PurePosixPath(name).stem[-17:] for name in made] == ["-" + "0" * 16, "-" + "1" * 16]
    assert file_names([("Classes.JPG", "2" * 64, "JPEG")]) == [f"Classes-{'2' * 16}.JPG"]


def test_a_plain_name_is_a_folder_as_it_is() -> None:
    assert folder_names(["hex bolt m3", "Schraube Größe 2", "🔩", "a/b", ".x", "..", "50%"]) == {
        "hex bolt m3": "hex bolt m3",
        "Schraube Größe 2": "Schraube Größe 2",
        "🔩": "🔩",
        "a/b": "a%2Fb",
        ".x": "%2Ex",
        "..": "%2E%2E",
        "50%": "50%25",
    }


@given(st.tuples(kept, kept, kept, kept), side, side)
def test_pixels_and_centres_written_again_are_the_same(numbers: Four, width: int, height: int) -> None:
    x1, x2 = sorted((numbers[0], numbers[2]))
    y1, y2 = sorted((numbers[1], numbers[3]))
    box, size = (x1, y1, x2, y2), (width, height)
    if x1 == x2 or y1 == y2:
        return
    words = [geometry.number(value) for value in geometry.to_centre(box)]
    assert geometry.placed(geometry.from_centre(*map(float, words)), "normalised", size) == (box, False)
    pixels = geometry.to_coco(box, size)
    if min(pixels[2:]) == 0:
        return
    back, clipped = geometry.placed(geometry.from_corner(*pixels), "pixels", size)
    assert not clipped
    assert geometry.to_coco(back, size) == pixels
    assert all(abs(a - b) * size[i % 2] < 0.01 for i, (a, b) in enumerate(zip(back, box, strict=True)))


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((-0.5, 0, 10, 10), True),
        ((0, 0, 640.5, 480.5), True),
        ((0, 0, 640, 480), False),
        ((-0.51, 0, 10, 10), "outside"),
        ((0, 0, 640.51, 10), "outside"),
        ((0, 0, math.inf, 10), "not_a_number"),
        ((0, math.nan, 10, 10), "not_a_number"),
        ((10, 0, 10, 10), "no_area"),
        ((10, 10, 0, 0), "no_area"),
    ],
)
def test_a_box_is_cut_at_the_edge_within_half_a_pixel_and_else_refused(box: Four, said: bool | str) -> None:
    if isinstance(said, str):
        with pytest.raises(Problem) as problem:
            geometry.placed(box, "pixels", (640, 480))
        assert problem.value.code == said
        return
    found, clipped = geometry.placed(box, "pixels", (640, 480))
    assert clipped == said
    assert min(found) >= 0
    assert max(found) <= 1


@given(st.floats(0, 1))
def test_numbers_have_no_exponent(value: float) -> None:
    assert set(geometry.number(value)) <= set("0123456789.")
    assert abs(float(geometry.number(value)) - value) < 1e-9


@pytest.mark.parametrize(
    ("name", "good"),
    [("a.jpg", 1), ("x/a.jpg", 1), ("../a.jpg", 0), ("x/../../a", 0), ("..\\a", 0), ("", 0), ("/", 0), ("a\0b", 0)],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str, good: int) -> None:
    if good:
        assert checked_name(name) == name
        return
    with pytest.raises(Problem) as refused:
        checked_name(name)
    assert refused.value.code in ("leads_outside", "no_name")


def test_boxes_without_a_class_never_share_a_class_of_that_name() -> None:
    assert no_class_name([]) == "object"
    assert no_class_name([ClassInfo(name="object"), ClassInfo(name="object_")]) == "object__"


def test_unicode_is_kept_composed() -> None:
    assert unicodedata.is_normalized("NFC", folder_names(["Größe"])["Größe"])
