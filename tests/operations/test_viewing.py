"""Resized pictures for scripts: upright, in proportion, never over what is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.imaging.outcomes import Limits
from binscout_tui.operations import viewing
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.viewing import Options
from binscout_tui.store import crops, images
from binscout_tui.store.crops import Drawn
from binscout_tui.workspace import Workspace
from tests.pictures import photo

ORIENTATION = 0x0112


def halves(path: Path, *, orientation: int = 1) -> Path:
    """A picture whose left half is red and whose right half is blue, 400 by 300, stored as EXIF says."""
    image = Image.new("RGB", (400, 300), (220, 20, 20))
    image.paste((20, 20, 220), (200, 0, 400, 300))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = image.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else image
    stored.save(path, quality=95, exif=exif)
    return path


def test_images_are_upright_and_as_small_as_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    import_paths(workspace, [halves(tmp_path / "in" / "a.jpg", orientation=6)])
    [image] = workspace.db.read(images.page)
    sources = list(viewing.sources_of(workspace, [image.id]))
    for kind, ending in (("jpeg", ".jpg"), ("png", ".png"), ("webp", ".webp")):
        options = Options(size=100, format=kind)  # type: ignore[arg-type]
        [made] = viewing.view(sources, tmp_path / "out", options, Limits())
        assert made.path == str(tmp_path / "out" / f"a{ending}")
        assert (made.id, made.width, made.height, made.scale) == (image.id, 100, 75, 0.25)
        with Image.open(made.path) as picture:
            pixels = np.asarray(picture.convert("RGB"), dtype=int)
        assert pixels.shape == (75, 100, 3)
        assert pixels[40, 10, 0] > 150 > pixels[40, 10, 2]
        assert pixels[40, 90, 2] > 150 > pixels[40, 90, 0]


def test_nothing_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").write_text("mine")
    sources = [viewing.of_file(photo(tmp_path / str(number) / "a.png.jpg", number)) for number in (1, 2)]
    sources += [viewing.of_file(photo(tmp_path / "a.jpg", 3))] * 2
    made = viewing.view(sources, tmp_path / "out", Options(), Limits())
    assert [Path(one.path or "").name for one in made] == ["a.png.jpg", "a.png-2.jpg", "a-2.jpg", "a-3.jpg"]
    assert (tmp_path / "out" / "a.jpg").read_text() == "mine"
    assert not list((tmp_path / "out").glob(".*"))


def test_a_small_picture_is_not_enlarged_and_crops_are_cut_from_the_original(
    workspace: Workspace, tmp_path: Path
) -> None:
    import_paths(workspace, [halves(tmp_path / "in" / "a.jpg")])
    [image] = workspace.db.read(images.page)
    box = (0.5, 0.0, 1.0, 0.5)
    workspace.db.write(crops.keep, workspace.user.uid, image.id, [Drawn(box=box)])
    [whole] = viewing.view(list(viewing.sources_of(workspace, [image.id])), tmp_path / "a", Options(), Limits())
    assert (whole.width, whole.height, whole.scale, whole.crop) == (400, 300, 1.0, None)
    sources = list(viewing.sources_of(workspace, [image.id], boxes=True))
    [cut] = viewing.view(sources, tmp_path / "b", Options(size=50, crop=True), Limits())
    assert (cut.width, cut.height, cut.scale, cut.crop) == (50, 38, 0.25, box)
    assert Path(cut.path or "").name == "a-crop-1.jpg"
    with Image.open(cut.path or "") as picture:
        assert np.asarray(picture, dtype=int)[..., 2].min() > 150


def test_a_failure_is_told_in_its_place_and_stops_no_other(workspace: Workspace, tmp_path: Path) -> None:
    import_paths(workspace, [halves(tmp_path / "in" / "a.jpg")])
    [image] = workspace.db.read(images.page)
    halves(workspace.paths.original(image), orientation=6)
    (tmp_path / "bad.jpg").write_text("no picture")
    sources = [
        *viewing.sources_of(workspace, [image.id]),
        viewing.of_file(tmp_path / "bad.jpg"),
        viewing.of_file(tmp_path / "gone.jpg"),
        viewing.of_file(photo(tmp_path / "good.jpg", 1)),
    ]
    made = viewing.view(sources, None, Options(), Limits())
    assert [one.error.code if one.error else None for one in made] == ["changed", "not_an_image", "vanished", None]
    assert [one.path is None for one in made] == [True, True, True, False]
    folder = Path(made[-1].path or "").parent
    assert folder.name.startswith("binscout-view-")
    sheet, *failed = viewing.sheet(sources, folder, Options(size=64), 3, Limits())
    assert (sheet.width, sheet.height) == (3 * 68 + 4, 2 * (64 + 18 + 4) + 4)
    assert sheet.ids == [image.id]
    assert [one.error.code for one in failed if one.error] == ["changed", "not_an_image", "vanished"]
    assert viewing.sheet(sources[1:2], folder, Options(size=64), 3, Limits())[0].error is not None


@pytest.mark.parametrize("size", [0, 15, 20_000])
def test_a_size_that_is_none_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(UsageError):
        viewing.view([], tmp_path / "out", Options(size=size), Limits())
    assert not (tmp_path / "out").exists()


def test_a_folder_of_a_workspace_and_a_sheet_without_end_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        viewing.view([], workspace.paths.originals / "new", Options(), Limits())
    sources = [viewing.of_file(tmp_path / "x.jpg")] * 500
    with pytest.raises(UsageError):
        viewing.sheet(sources, tmp_path / "out", Options(size=1000), 10, Limits())
