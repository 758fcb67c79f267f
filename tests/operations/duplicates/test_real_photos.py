"""Looking for duplicates among real photos whose copies are known."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from binscout_tui.operations.duplicates.finding import Cluster, find
from binscout_tui.workspace import Workspace


@pytest.mark.slow
def test_a_messy_folder_of_real_photos(workspace: Workspace, real_photos: Path) -> None:
    with (real_photos / "dups" / "MANIFEST.csv").open() as table:
        rows = {str(real_photos / "dups" / row["path"]): row for row in csv.DictReader(table)}
    found = find(workspace, [real_photos / "dups"], near="strict", in_library=False)
    same_shot = {"base", "exact", "renamed_ext", "exif_only", "resized", "recompressed", "png"}

    def pairs(clusters: Sequence[Cluster]) -> set[tuple[str, str]]:
        return {pair for one in clusters for pair in itertools.combinations(sorted(one.paths), 2)}

    def is_same(one: str, other: str) -> bool:
        return (
            rows[one]["cluster"] == rows[other]["cluster"]
            and {
                rows[one]["relation"],
                rows[other]["relation"],
            }
            <= same_shot
        )

    base = {row["cluster"]: path for path, row in rows.items() if row["relation"] == "base"}
    near = [
        (min(path, base[row["cluster"]]), max(path, base[row["cluster"]]))
        for path, row in rows.items()
        if row["expect"] == "near"
    ]
    called_same, together = pairs([one for one in found.clusters if one.same]), pairs(found.clusters)
    assert [pair for pair in called_same if not is_same(*pair)] == []
    assert [pair for pair in together if len({rows[one]["cluster"] for one in pair}) > 1] == []
    assert [pair for pair in near if pair not in together] == []
    clustered = [set(pair) for pair in itertools.combinations(sorted(rows), 2)]
    every = [(min(pair), max(pair)) for pair in clustered if len({rows[one]["cluster"] for one in pair}) == 1]
    same = [pair for pair in every if is_same(*pair)]
    # What docs/duplicates.md says.
    assert (len(same), len([pair for pair in same if pair in called_same])) == (46, 46)
    assert len(near) == 54
    assert (len(every), len([pair for pair in every if pair in together])) == (113, 113)
