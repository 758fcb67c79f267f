"""What the pictures show: parts that differ, counts that are true, one good photo in each set."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from binscout_tui.errors import UsageError
from binscout_tui.synthetic.camera import DAMAGES
from binscout_tui.synthetic.looks import FLOORS, make_look, shot_look
from binscout_tui.synthetic.relief import make_grid
from binscout_tui.synthetic.scene import render_count, render_part, render_set
from binscout_tui.synthetic.seeds import stream
from binscout_tui.synthetic.shapes import CLASSES, make_part

from .conftest import Library


def grey(path: Path) -> NDArray[np.float64]:
    with Image.open(path) as image:
        return np.asarray(image.convert("L").reduce(2), dtype=np.float64)


def sharpness(picture: NDArray[np.float64]) -> float:
    inner = picture[1:-1, 1:-1]
    edges = picture[:-2, 1:-1] + picture[2:, 1:-1] + picture[1:-1, :-2] + picture[1:-1, 2:] - 4 * inner
    return float(edges.var())


def silhouette(class_name: str, seed: int) -> NDArray[np.float32]:
    """The part's cover in a frame of 16 mm, not turned: (160, 160)."""
    part = make_part(class_name, np.random.default_rng(seed))
    return part.draw(make_grid(80, 0.1, 0.0)).cover


@pytest.mark.parametrize("first", CLASSES)
def test_a_class_is_drawn_unlike_every_other(first: str) -> None:
    for second in CLASSES:
        if second != first:
            apart = np.abs(silhouette(first, 1) - silhouette(second, 2)).sum()
            assert apart > 0.12 * max(silhouette(first, 1).sum(), silhouette(second, 2).sum()), second


def test_the_two_nuts_differ_in_scale_only() -> None:
    small, large = silhouette("nut_m3", 5), silhouette("nut_m5", 5)
    assert large.sum() / small.sum() == pytest.approx((8.0 / 5.5) ** 2, rel=0.02)


@pytest.mark.parametrize("class_name", CLASSES)
def test_a_part_stays_inside_its_own_measures(class_name: str) -> None:
    part = make_part(class_name, np.random.default_rng(4))
    relief = part.draw(make_grid(200, 0.05, 0.7))
    x, y = np.meshgrid(np.arange(-200, 200) * 0.05 + 0.025, np.arange(-200, 200) * 0.05 + 0.025)
    far = np.hypot(x, y)[relief.cover > 0.5]
    assert far.max() <= part.radius + 0.1
    half_width, half_height = part.extent(0.7)
    assert np.abs(x[relief.cover > 0.5]).max() <= half_width + 0.1
    assert np.abs(y[relief.cover > 0.5]).max() <= half_height + 0.1
    assert np.isfinite(relief.height[relief.cover > 0]).all()


@pytest.mark.parametrize("floor", FLOORS)
def test_a_part_stands_out_from_every_floor(floor: str) -> None:
    rng = stream(11, floor)
    look = replace(shot_look(make_look(rng, "tray1", floor), rng), noise=0.0)
    image = render_part("nut_m5", rng, look)
    assert image.size == (320, 240)
    assert image.mode == "RGB"
    pixels = np.asarray(image.convert("L"), dtype=np.float64)
    middle, rim = pixels[60:180, 90:230], np.concatenate([pixels[:20, 60:260], pixels[-20:, 60:260]])
    assert middle.std() > 1.3 * rim.std() or abs(middle.mean() - rim.mean()) > 12
    assert 40 < pixels.mean() < 215


def test_a_picture_takes_the_size_asked_for_and_is_repeatable() -> None:
    look = make_look(stream(1, "look"), "tray1")
    first, again = (render_part("spring", stream(1, "part"), look, (160, 120)) for _ in range(2))
    assert first.size == (160, 120)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != render_part("spring", stream(2, "part"), look, (160, 120)).tobytes()


def test_an_unknown_class_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="gizmo") as caught:
        render_part("gizmo", stream(1, "part"), make_look(stream(1, "look"), "tray1"))
    assert "washer" in caught.value.hint


@pytest.mark.parametrize(("class_name", "count"), [("washer", 1), ("pin", 12), ("nut_m3", 30)])
def test_each_point_of_a_count_lies_on_a_part_of_its_own(class_name: str, count: int) -> None:
    rng = stream(21, class_name)
    look = shot_look(make_look(rng, "tray1", "mat"), rng)
    picture = render_count(class_name, count, 2, rng, look)
    assert len(picture.points) == count
    assert len(picture.distractors) == 2
    assert class_name not in {name for name, _, _ in picture.distractors}
    everything = picture.points + [(x, y) for _, x, y in picture.distractors]
    assert all(0 < x < 480 and 0 < y < 360 for x, y in everything)
    assert all(np.hypot(a - c, b - d) > 6 for (a, b), (c, d) in itertools.combinations(everything, 2))


def test_the_drawn_parts_are_as_many_as_the_truth_says() -> None:
    """Steel nuts on a black floor, counted by their bright area, since two may touch."""
    from scipy.ndimage import label  # type: ignore[import-untyped]

    rng = stream(5, "blobs")
    look = replace(make_look(rng, "tray1", "foam"), floor_colour=(0.03, 0.03, 0.03), wall_colour=(0.03, 0.03, 0.03))
    steel = replace(shot_look(look, rng), noise=0.0)
    assert steel.finish is not None
    steel = replace(steel, finish=replace(steel.finish, tint=(0.8, 0.8, 0.8)))
    picture = render_count("nut_m5", 7, 0, rng, steel)
    bright = np.asarray(picture.image.convert("L")) > 90
    labels, _ = label(bright)
    sizes = np.bincount(labels.ravel())[1:]
    sizes = sizes[sizes > 250]
    assert np.rint(sizes / np.median(sizes)).sum() == 7 == len(picture.points)


def test_truth_of_counts_is_one_point_a_part(library: Library) -> None:
    counts = [entry["count"] for entry in library.truth["counts"]]
    assert counts == [len(entry["points"]) for entry in library.truth["counts"]]
    assert all(1 <= count <= 30 for count in counts)
    assert len(set(counts)) == len(counts)


def test_each_set_has_exactly_one_good_photo(library: Library) -> None:
    for entry in library.truth["sets"]:
        good = [shot["path"] for shot in entry["shots"] if shot["damage"] is None]
        assert good == [entry["best"]]
        assert 3 <= len(entry["shots"]) <= 4
        damages = [shot["damage"] for shot in entry["shots"] if shot["damage"]]
        assert set(damages) <= set(DAMAGES)
        assert len(set(damages)) == len(damages)
    assert len({Path(entry["best"]).name for entry in library.truth["sets"]}) > 1


def test_the_good_photo_measures_better_where_the_damage_can_be_measured(library: Library) -> None:
    seen = set()
    for entry in library.truth["sets"]:
        best = grey(library.folder / entry["best"])
        for shot in entry["shots"]:
            picture = grey(library.folder / shot["path"])
            seen.add(shot["damage"])
            if shot["damage"] in ("motion", "defocus"):
                assert sharpness(picture) < 0.7 * sharpness(best), shot
            if shot["damage"] == "dark":
                assert picture.mean() < 0.75 * best.mean(), shot
            if shot["damage"] == "bright":
                assert picture.mean() > 1.2 * best.mean(), shot
                assert (picture > 200).mean() > (best > 200).mean() + 0.1, shot
    assert {"motion", "defocus", "dark", "bright"} <= seen


def test_the_cut_photo_loses_part_of_its_subject_and_the_good_one_does_not() -> None:
    cut = good = 0
    for number in range(4):
        rng = stream(31, f"cut/{number}")
        look = make_look(rng, "tray1")
        for shot in render_set("screw", len(DAMAGES) + 1, rng, look, (240, 180)):
            x1, y1, x2, y2 = shot.box
            touches = min(x1, y1) == 0 or max(x2, y2) == 1
            if shot.damage is None:
                good += 1
                assert not touches
            elif shot.damage.kind == "cut":
                cut += 1
                assert touches
    assert (cut, good) == (4, 4)
