"""The words around compared pictures."""

from __future__ import annotations

import pytest

from binscout_tui.operations.comparing import Facts
from binscout_tui.screens.compare_lines import ALIKE, head, table, without_beginning
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (["/photos/june/a.jpg", "/photos/june/b.jpg"], ["…/a.jpg", "…/b.jpg"]),
        (["/photos/june/a.jpg", ""], ["/photos/june/a.jpg", ""]),
        (["short a", "short b"], ["short a", "short b"]),
    ],
)
def test_a_long_beginning_that_is_shared_is_left_out(values: list[str], shown: list[str]) -> None:
    assert without_beginning(values) == shown


def test_the_table_has_a_column_for_each_and_marks_what_is_unlike_the_reference(
    workspace: Workspace, add_images: AddImages
) -> None:
    found = [workspace.db.read(images.get, image_id) for image_id in add_images(3)]
    known = [
        Facts(image=image, fields={"label": label, "bytes are": label * 3}, prompt=prompt)
        for image, label, prompt in zip(found, ["nut", "nut", "pin"], ["a gear", "a gear", "two gears"], strict=True)
    ]
    lines = [line(80).plain.rstrip() for line in table(known, 2)]
    assert lines[0].split() == ["1", "#1", "2", "#2", "3", "#3"]
    assert lines[1].split() == ["label", "nut", "nut", "pin"]
    assert lines[3].split("prompt ")[1].split() == ["+", "a,", "gear", "-", "two,", "gears"]
    assert all(len(line(20).plain) <= 30 for line in table(known, 0))
    marked = table(known, 2)[1](80)
    assert [marked.plain[span.start : span.end].strip() for span in marked.spans if span.style == "$warning"] == [
        "nut",
        "nut",
    ]
    same = [Facts(image=image, fields={"added": str(image.id)}) for image in found]
    assert table(same, 0)[0](80).plain.startswith(ALIKE[:40])


def test_the_line_says_what_was_found_and_how_close() -> None:
    assert head(3, 1, 0, 60, zoom="2.0x").plain.rstrip().endswith("2.0x")
    assert head(3, 1, 0, 60, said="2 and 1: alike", early=1).plain.startswith("1 early key not taken · 2 and 1: alike")
    assert len(head(3, 1, 0, 40, said="long " * 40, zoom="1:1").plain) == 40
