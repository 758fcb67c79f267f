"""Crops as files: the exact pixels, a list that says where they came from, nothing replaced, nothing changed."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from binscout_tui.errors import NotFoundError, RefusedError
from binscout_tui.operations import rendering
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.rendering import RenderReport, Wanted, render
from binscout_tui.store import crops, images, sets
from binscout_tui.store.crops import Drawn
from binscout_tui.workspace import Workspace
from tests.pictures import photo

BOX = (0.25, 0.5, 1.0, 1.0)
ORIENTATION = 0x0112


def add(workspace: Workspace, *paths: Path) -> list[int]:
    """The ids of freshly imported pictures."""
    import_paths(workspace, paths)
    known = {image.sha256: image.id for image in workspace.db.read(images.page)}
    return [known[hashlib.sha256(path.read_bytes()).hexdigest()] for path in paths]


def choose(workspace: Workspace, *members: int, crop: tuple[float, float, float, float] | None = BOX) -> int:
    """A set of these images whose first is chosen."""
    set_id, _ = workspace.db.write(sets.add, name="s", kind="hand", image_ids=members)
    workspace.db.write(sets.choose, workspace.user.uid, set_id, members[0], crop=crop)
    return set_id


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def figures(report: RenderReport) -> tuple[int, int, int]:
    return report.rendered, report.present, len(report.refused)


def test_the_pixels_are_those_of_the_original(workspace: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    noise = np.random.default_rng(1).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    Image.fromarray(noise).save(source)
    first, second = add(workspace, source, photo(tmp_path / "b.jpg", 2))
    set_id = choose(workspace, first, second)
    report = render(workspace, tmp_path / "out")
    assert figures(report) == (1, 0, 0)
    [line] = listed(tmp_path / "out")
    left, top, right, bottom = (int(line[side]) for side in ("left", "top", "right", "bottom"))
    assert (left, top, right, bottom) == (13, 19, 53, 37)
    with Image.open(tmp_path / "out" / line["file"]) as crop:
        assert np.array_equal(np.asarray(crop), noise[top:bottom, left:right])
    assert line["source_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert line["sha256"] == hashlib.sha256((tmp_path / "out" / line["file"]).read_bytes()).hexdigest()
    assert line["set_key"] == workspace.db.read(sets.get, set_id).key
    assert tuple(float(line[name]) for name in ("x1", "y1", "x2", "y2")) == BOX


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_crop_is_of_the_upright_picture(workspace: Workspace, tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    noise = np.random.default_rng(orientation).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png", exif=exif)
    first, second = add(workspace, tmp_path / "a.png", photo(tmp_path / "b.jpg", 2))
    choose(workspace, first, second, crop=(0.0, 0.0, 0.5, 0.5))
    render(workspace, tmp_path / "out")
    upright = np.rot90(noise, {1: 0, 3: 2, 6: 3, 8: 1}[orientation])
    with Image.open(tmp_path / "out" / listed(tmp_path / "out")[0]["file"]) as crop:
        assert np.array_equal(np.asarray(crop), upright[: upright.shape[0] // 2, : upright.shape[1] // 2])
        assert ORIENTATION not in crop.getexif()


def test_w10_originals_are_only_read_and_a_choice_without_a_crop_makes_no_file(
    workspace: Workspace, tmp_path: Path
) -> None:
    ids = add(workspace, *(photo(tmp_path / "in" / f"{n}.jpg", n) for n in range(4)))
    choose(workspace, *ids[:2])
    choose(workspace, *ids[2:], crop=None)
    originals = [workspace.paths.original(workspace.db.read(images.get, image_id)) for image_id in ids]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in originals]
    report = render(workspace, tmp_path / "out")
    assert (figures(report), report.without_crop) == ((1, 0, 0), 1)
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in originals] == before


def test_same_names_from_different_folders_and_several_boxes_never_meet(workspace: Workspace, tmp_path: Path) -> None:
    ids = add(workspace, *(photo(tmp_path / str(n) / "same (1).jpg", n) for n in range(4)))
    choose(workspace, *ids[:2])
    choose(workspace, *ids[2:])
    drawn = [Drawn(box=(0.0, 0.0, 0.5, 0.5)), Drawn(box=BOX)]
    workspace.db.write(crops.keep, workspace.user.uid, ids[0], drawn)
    report = render(workspace, tmp_path / "out")
    lines = listed(tmp_path / "out")
    assert figures(report) == (3, 1, 0), "the box that is the set's crop too is one file"
    assert [line["kind"] for line in lines].count("box") == 2
    assert len(lines) == 4
    assert len(list((tmp_path / "out").iterdir())) == 3 + 1
    assert all(Path(line["file"]).name.startswith("same_1_-") for line in lines)
    assert figures(render(workspace, tmp_path / "sets", Wanted(boxes=False))) == (2, 0, 0)


def test_going_on_makes_only_what_is_missing_and_the_list_is_the_same(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add(workspace, *(photo(tmp_path / f"{n}.jpg", n) for n in range(8)))
    for place in range(0, 8, 2):
        choose(workspace, *ids[place : place + 2])
    real, made = rendering._place, []

    def stop(target: Path, data: bytes) -> bool | None:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(target)
        return real(target, data)

    monkeypatch.setattr(rendering, "LISTED_EVERY", 1)
    monkeypatch.setattr(rendering, "_place", stop)
    with pytest.raises(KeyboardInterrupt):
        render(workspace, tmp_path / "out")
    monkeypatch.setattr(rendering, "_place", real)
    assert figures(render(workspace, tmp_path / "out")) == (2, 2, 0)
    assert figures(render(workspace, tmp_path / "whole")) == (4, 0, 0)
    contents = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("out", "whole")]
    assert contents[0] == contents[1]
    assert not list(workspace.paths.previews.glob(".render-*"))


def test_a_file_of_that_name_that_is_something_else_stays(workspace: Workspace, tmp_path: Path) -> None:
    choose(workspace, *add(workspace, photo(tmp_path / "a.jpg", 1), photo(tmp_path / "b.jpg", 2)))
    [name] = render(workspace, tmp_path / "out", dry_run=True).files
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    report = render(workspace, tmp_path / "out")
    assert [one.code for one in report.refused] == ["exists"]
    assert (tmp_path / "out" / name).read_text() == "mine"
    (tmp_path / "out" / "manifest.csv").write_text("a,b\n")
    with pytest.raises(RefusedError, match="no list of crops"):
        render(workspace, tmp_path / "out")


def test_nothing_is_written_through_what_lies_in_the_folder(workspace: Workspace, tmp_path: Path) -> None:
    choose(workspace, *add(workspace, photo(tmp_path / "a.jpg", 1), photo(tmp_path / "b.jpg", 2)))
    [name] = render(workspace, tmp_path / "out", dry_run=True).files
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f".tmp-{name}").symlink_to(tmp_path / "mine.txt")
    assert figures(render(workspace, tmp_path / "out")) == (1, 0, 0)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert not (tmp_path / "out" / name).is_symlink()


def test_the_list_forgets_files_that_somebody_removed(workspace: Workspace, tmp_path: Path) -> None:
    ids = add(workspace, photo(tmp_path / "a.jpg", 1), photo(tmp_path / "b.jpg", 2))
    set_id = choose(workspace, *ids)
    [name] = render(workspace, tmp_path / "out").files
    (tmp_path / "out" / name).unlink()
    workspace.db.write(sets.choose, workspace.user.uid, set_id, ids[1], crop=BOX)
    assert [line["file"] for line in listed(tmp_path / "out")] == [name]
    assert render(workspace, tmp_path / "out").files == [line["file"] for line in listed(tmp_path / "out")] != [name]


def test_a_crop_that_the_format_cannot_hold_is_told_and_stops_nothing(workspace: Workspace, tmp_path: Path) -> None:
    Image.new("RGB", (65600, 4)).save(tmp_path / "wide.png")
    ids = add(workspace, tmp_path / "wide.png", photo(tmp_path / "a.jpg", 1))
    choose(workspace, *ids, crop=(0.0, 0.0, 1.0, 0.5))
    workspace.db.write(crops.keep, workspace.user.uid, ids[1], [Drawn(box=BOX)])
    report = render(workspace, tmp_path / "out", Wanted(format="jpg"))
    assert (report.rendered, [one.code for one in report.refused]) == (1, ["format"])
    assert figures(render(workspace, tmp_path / "png")) == (2, 0, 0)


def test_colour_profiles_are_kept_where_they_fit_and_named_where_not(workspace: Workspace, tmp_path: Path) -> None:
    rgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = rgb[:16] + b"GRAY" + rgb[20:]
    photo(tmp_path / "plain.jpg", 1)
    with Image.open(photo(tmp_path / "x.jpg", 2)) as image:
        image.save(tmp_path / "rgb.png", icc_profile=rgb)
        image.convert("L").save(tmp_path / "grey.png", icc_profile=grey)
    ids = add(workspace, *(tmp_path / name for name in ("rgb.png", "grey.png", "plain.jpg")))
    for image_id in ids:
        workspace.db.write(crops.keep, workspace.user.uid, image_id, [Drawn(box=BOX)])
    render(workspace, tmp_path / "out", Wanted(format="keep"))
    lines = {Path(line["file"]).stem.split("-")[0]: line for line in listed(tmp_path / "out")}
    assert {name: line["colour"] for name, line in lines.items()} == {
        "rgb": "profile kept",
        "grey": "profile left out (GRAY)",
        "plain": "no profile",
    }
    assert {name: line["format"] for name, line in lines.items()} == {"rgb": "PNG", "grey": "PNG", "plain": "JPEG"}
    with Image.open(tmp_path / "out" / lines["rgb"]["file"]) as crop:
        assert crop.info["icc_profile"] == rgb


def test_what_cannot_be_made_is_told_and_stops_nothing(workspace: Workspace, tmp_path: Path) -> None:
    ids = add(workspace, *(photo(tmp_path / f"{n}.jpg", n) for n in range(6)))
    chosen = [choose(workspace, *ids[place : place + 2]) for place in (0, 2, 4)]
    original = workspace.paths.original(workspace.db.read(images.get, ids[0]))
    original.chmod(0o644)
    photo(original, 99)
    workspace.db.write(images.trash, workspace.user.uid, [ids[2]])
    dry = render(workspace, tmp_path / "out", dry_run=True)
    assert {one.image: one.code for one in dry.refused} == {ids[2]: "not_live"}
    report = render(workspace, tmp_path / "out")
    assert (report.rendered, {one.image: one.code for one in report.refused}) == (
        1,
        {ids[0]: "changed", ids[2]: "not_live"},
    )
    assert len(json.dumps([line["file"] for line in listed(tmp_path / "out")])) > 10
    assert render(workspace, tmp_path / "two", Wanted(sets=[chosen[2]])).rendered == 1
    with pytest.raises(NotFoundError):
        render(workspace, tmp_path / "two", Wanted(sets=[99]))
    with pytest.raises(RefusedError):
        render(workspace, workspace.paths.originals)
