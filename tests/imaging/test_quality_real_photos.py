"""The default thresholds on photos that were damaged on purpose, and on their undamaged originals."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from binscout_tui.imaging.outcomes import Decoded
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.quality import Earlier, checks
from binscout_tui.settings import QualitySettings

WHOLLY_CAUGHT = {"defocus blur": "blur", "low resolution": "blur", "over-exposed": "bright", "noise": "noise"}


def test_damage_is_caught_and_good_photos_are_not_accused(real_photos: Path) -> None:
    folder = real_photos / "sets"
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["kind"] == "derived"]
    with DecodePool(None, workers=2, measuring=True) as pool:
        outcomes = list(pool.run(folder / row["path"] for row in rows))
    measured = [outcome.measures for outcome in outcomes if isinstance(outcome, Decoded) and outcome.measures]
    assert len(measured) == len(rows)
    best = {row["set_id"]: one.focus for row, one in zip(rows, measured, strict=True) if row["is_best"] == "1"}
    alone, beside = defaultdict(list), defaultdict(list)
    for row, one in zip(rows, measured, strict=True):
        damage = "" if row["is_best"] == "1" else row["how"].removeprefix("derived: ")
        twin = Earlier(focus=[best[row["set_id"]]])
        alone[damage].append({finding.check for finding in checks(one, QualitySettings()).warnings})
        beside[damage].append({finding.check for finding in checks(one, QualitySettings(), twin).warnings})
    assert not any(alone[""]), "no good photo is accused"
    for damage, check in WHOLLY_CAUGHT.items():
        assert all(check in found for found in alone[damage]), damage
    assert all("blur" in found for found in beside["motion blur"]), "seen beside a sharp one of the same compartment"
    assert sum("dark" in found for found in alone["under-exposed"]) >= 11
