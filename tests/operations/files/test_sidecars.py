"""Which files belong together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.operations.files.sidecars import Family, is_image, sort_names


@pytest.mark.parametrize(
    ("names", "families", "orphans", "others"),
    [
        (["a.jpg", "a.yaml", "a.caption"], [Family(("a.jpg",), ("a.caption", "a.yaml"))], [], []),
        (["a.jpg", "a.jpg.xmp"], [Family(("a.jpg",), ("a.jpg.xmp",))], [], []),
        (["a.JPG", "a.TXT"], [Family(("a.JPG",), ("a.TXT",))], [], []),
        (["a.jpg", "b.txt"], [Family(("a.jpg",))], ["b.txt"], []),
        (["a.jpg", "a.pdf", "a"], [Family(("a.jpg",))], [], ["a", "a.pdf"]),
        (["a.jpg", "A.txt"], [Family(("a.jpg",))], ["A.txt"], []),
        (["x_stage1.5.png", "x_stage1.5.yaml", "x_stage1.txt"], None, ["x_stage1.txt"], []),
    ],
)
def test_what_goes_with_what(
    names: list[str], families: list[Family] | None, orphans: list[str], others: list[str]
) -> None:
    found = sort_names(names)
    assert families is None or list(found.families) == families
    assert (list(found.orphans), list(found.others)) == (orphans, others)


def test_w16_a_picture_is_never_the_sidecar_of_another() -> None:
    assert sort_names(["x.jpg", "x.png"]).families == (Family(("x.jpg",)), Family(("x.png",)))


def test_w16_pictures_that_share_a_sidecar_are_not_parted_from_it() -> None:
    [family] = sort_names(["x.jpg", "x.png", "x.yaml"]).families
    assert family == Family(("x.jpg", "x.png"), ("x.yaml",))
    assert (family.owner("x.yaml"), family.owner("x.png")) == ("x.jpg", None)


NAMES = st.builds(
    lambda stem, suffix: stem + suffix,
    st.sampled_from(["a", "b", "a.jpg", "a.png", "A", "ü"]),
    st.sampled_from([".jpg", ".png", ".yaml", ".txt", ".xmp", ".pdf", "", ".JPG"]),
)


@given(st.lists(NAMES, unique=True))
def test_every_name_comes_out_once_whatever_the_order(names: list[str]) -> None:
    found = sort_names(names)
    out = [name for family in found.families for name in family.names]
    assert sorted([*out, *found.orphans, *found.others]) == sorted(names)
    assert sort_names(reversed(names)) == found
    assert all(is_image(image) for family in found.families for image in family.images)
    assert not any(is_image(sidecar) for family in found.families for sidecar in family.sidecars)
