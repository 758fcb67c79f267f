"""The classes beside the picture fit whatever room there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.widgets.class_panel import ClassEntry, class_lines

entries = st.lists(
    st.builds(
        ClassEntry,
        st.sampled_from(["", "1", "x"]),
        st.text(min_size=1, max_size=40).filter(str.isprintable),
        st.integers(0, 10**6),
    ),
    max_size=60,
)


@given(entries, st.integers(0, 60), st.integers(0, 40))
def test_no_line_is_too_wide_and_none_too_many(found: list[ClassEntry], width: int, rows: int) -> None:
    lines = class_lines(found, width, rows)
    assert len(lines) <= rows
    assert all(line.cell_length <= width for line in lines)


def test_classes_that_do_not_fit_are_counted() -> None:
    found = [ClassEntry(str(number), f"c{number}") for number in range(1, 31)]
    text = "\n".join(line.plain for line in class_lines(found, 24, 5))
    assert "c9" in text
    assert "/ 21 more" in text


def test_label_and_suggestion_have_signs() -> None:
    found = [ClassEntry("1", "nut", 12), ClassEntry("2", "pin"), ClassEntry("3", "clip")]
    lines = [line.plain for line in class_lines(found, 24, 5, suggested="pin", given="nut")]
    assert lines[0].startswith("✓1 nut")
    assert "12" in lines[0]
    assert lines[1].startswith("●2 pin")
    assert lines[2].startswith(" 3 clip")
