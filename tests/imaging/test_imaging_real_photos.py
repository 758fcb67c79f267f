"""Hostile and unusual real files, each with the outcome that its manifest asks for."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui.imaging.groups import source_group
from binscout_tui.imaging.outcomes import SENTENCES, Code, Decoded, Limits, Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.previews import has_previews
from binscout_tui.imaging.scan import Found, scan


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "MANIFEST.csv").open() as table:
        return list(csv.DictReader(table))


@pytest.fixture(scope="module")
def outcomes(real_photos: Path, pool: DecodePool) -> dict[str, Outcome]:
    odd = real_photos / "odd"
    paths = [result.path for result in scan([odd / "files"]) if isinstance(result, Found)]
    return {str(one.path.relative_to(odd)): one for one in pool.run(paths)}


def problems(row: dict[str, str], outcome: Outcome) -> Iterator[str]:
    """What is wrong with the outcome of a file of which the manifest says `expected`."""
    expected = row["expected"]
    if isinstance(outcome, Rejected):
        if outcome.reason != SENTENCES[outcome.code] or not outcome.detail.isprintable():
            yield "no sentence"
        if expected == "readable" or expected.startswith("first frame"):
            yield f"rejected: {outcome}"
        if (expected == "needs plugin") != (outcome.code is Code.NEEDS_PLUGIN):
            yield f"plugin: {outcome}"
        if expected == "refuse quickly" and outcome.code is not Code.TOO_MANY_PIXELS:
            yield f"not for its size: {outcome}"
        return
    if expected in {"reject", "refuse quickly", "needs plugin"}:
        yield f"taken: {outcome}"
    if row["upright_size"] and f"{outcome.width}x{outcome.height}" != row["upright_size"]:
        yield f"size {outcome.width}x{outcome.height}"
    if outcome.sha256 != row["sha256"] or outcome.bytes != int(row["bytes"]):
        yield "other bytes"
    if row["frames"] and outcome.frames != int(row["frames"]):
        yield f"{outcome.frames} frames"


def test_every_odd_file_has_the_outcome_that_is_asked_for(
    real_photos: Path, outcomes: dict[str, Outcome], previews_root: Path
) -> None:
    wrong = {
        row["path"]: found for row in rows(real_photos / "odd") if (found := [*problems(row, outcomes[row["path"]])])
    }
    assert wrong == {}
    assert all(has_previews(previews_root, one.sha256) for one in outcomes.values() if isinstance(one, Decoded))


def test_painted_rotations_hash_alike(outcomes: dict[str, Outcome]) -> None:
    hashes = [one.phash for name, one in outcomes.items() if "Landscape_" in name and isinstance(one, Decoded)]
    assert len(hashes) == 8
    assert max((a ^ b).bit_count() for a in hashes for b in hashes) <= 4


@pytest.mark.parametrize("name", ["bomb_30000x30000.png", "large_14000x12000.png", "png_header_only_60000.png"])
def test_large_pictures_are_refused_at_once(real_photos: Path, name: str) -> None:
    with DecodePool(None, Limits(seconds=2), workers=1) as pool:
        one = pool.decode_one(real_photos / "odd" / "files" / name)
        status = Path(f"/proc/{pool.pids[0]}/status").read_text()
    assert getattr(one, "code", one) is Code.TOO_MANY_PIXELS
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < 150 * 1024


def test_crops_of_one_source_photo_share_a_group(real_photos: Path) -> None:
    parts = real_photos / "parts"
    table = rows(parts)
    keys = {(row["family"], row["source_photo"]): source_group(parts / row["path"]) for row in table}
    assert all(source_group(parts / row["path"]) == keys[row["family"], row["source_photo"]] for row in table)
    assert len(set(keys.values())) == len(keys)


def test_a_folder_of_photos_goes_through(real_photos: Path, tmp_path: Path) -> None:
    paths = [result.path for result in scan([real_photos / "parts" / "nuts"]) if isinstance(result, Found)]
    with DecodePool(tmp_path) as pool:
        assert [one.path for one in pool.run(paths) if isinstance(one, Decoded)] == paths
