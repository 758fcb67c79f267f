"""Bars and rows of Data sets fit into any width and hide nothing that is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.learning.splits import SPLITS
from binscout_tui.screens import datasets_lines as lines
from binscout_tui.store.dataset_pages import Version
from binscout_tui.store.datasets import Dataset

NUMBERS = st.integers(0, 99_999)
COUNTS = st.dictionaries(
    st.text("abc", min_size=1, max_size=30),
    st.fixed_dictionaries(dict.fromkeys(SPLITS, NUMBERS)),
    min_size=1,
    max_size=8,
)


@given(counts=COUNTS, width=st.integers(60, 200))
def test_a_split_that_has_images_has_a_cell_and_no_bar_is_too_long(
    counts: dict[str, dict[str, int]], width: int
) -> None:
    _, *bars = lines.class_bars(counts, width)
    for name, bar in zip(sorted(counts), bars, strict=True):
        assert bar.cell_length <= width
        for split in SPLITS:
            assert (lines.FILLS[split][0] in bar.plain[lines.NAME :]) >= (counts[name][split] > 0)


@given(sides=st.dictionaries(st.integers(1, 9000), st.integers(1, 99_999), max_size=9), width=st.integers(60, 200))
def test_sizes_have_a_bar_each_and_every_picture_is_counted(sides: dict[int, int], width: int) -> None:
    bars = lines.side_bars(sides, width)
    shown = sum(int(bar.plain.rpartition(" ")[2].replace(",", "")) for bar in bars)
    assert shown == sum(sides.values())
    assert all(bar.cell_length <= width for bar in bars)


def version(name: str, images: int) -> Version:
    """A version in the list."""
    counts = {"nut": {"train": images, "val": 0, "test": 0}}
    dataset = Dataset(
        id=f"{images:016x}", name=name, task="classify", manifest="m", counts=counts, created_at="2026-11-21T10:00:00Z"
    )
    return Version(
        dataset=dataset,
        by="somebody-with-a-long-name",
        built_at="2026-11-21T10:00:00.000Z",
        images=images,
        classes=1,
        splits={"train": images, "val": 0, "test": 0},
    )


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5, unique=True), st.integers(76, 200))
def test_columns_of_the_list_stand_below_each_other(numbers: list[int], width: int) -> None:
    versions = [version("x" * 40, number) for number in numbers]
    rows = [row.render(width) for row in lines.version_rows(versions, {versions[0].dataset.id})]
    assert len({row.cell_length for row in rows}) == 1
    assert rows[0].cell_length <= width
    assert rows[0].plain.startswith("✓ ")
