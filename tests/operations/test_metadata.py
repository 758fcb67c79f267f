"""What files say is written down as they come in, or later; and where moments come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from binscout_tui.errors import RefusedError
from binscout_tui.imaging.outcomes import Limits
from binscout_tui.operations import metadata
from binscout_tui.operations.examining import examine_waiting
from binscout_tui.operations.importing import import_paths
from binscout_tui.operations.importing_in_place import import_in_place
from binscout_tui.operations.metadata import read_metadata
from binscout_tui.operations.taken import Dates, taken_at
from binscout_tui.store import filters, images, texts, users
from binscout_tui.workspace import Workspace
from tests.pictures import photo

NAMED, EXIF = "2024-01-31T14:22:33.000Z", "2023-05-01T10:20:30.000Z"


def make(folder: Path) -> Path:
    """A picture with a prompt, one with EXIF and a date in its name, one with a caption, one with nothing."""
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a brass gear\nSteps: 20, Sampler: Euler a")
    folder.mkdir()
    Image.open(photo(folder / "x.jpg", 1)).save(folder / "2024-01-31 14.22.33.png", pnginfo=info)
    (folder / "x.jpg").unlink()
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "EOS R"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2023:05:01 10:20:30"
    Image.open(photo(folder / "y.jpg", 2)).save(folder / "IMG_20240131_142233.jpg", exif=exif)
    (folder / "y.jpg").unlink()
    photo(folder / "caption.jpg", 3)
    (folder / "caption.txt").write_text("a rusty screw")
    photo(folder / "plain.jpg", 4)
    return folder


def known(workspace: Workspace) -> dict[str, Any]:
    """{name: (prompt, meta, taken at)} of all images."""
    return {
        one.name: (
            workspace.db.read(texts.get, one.id).prompt,
            workspace.db.read(texts.meta, one.id),
            one.taken_at,
        )
        for one in workspace.db.read(images.page)
    }


def check(found: dict[str, Any]) -> None:
    """All four say what they have."""
    made, camera = found["2024-01-31 14.22.33.png"], found["IMG_20240131_142233.jpg"]
    assert made[0] == "a brass gear"
    assert made[1]["parameters"] == {"Steps": "20", "Sampler": "Euler a"}
    assert made[2] == NAMED
    assert camera == ("", {"camera": "EOS R"}, EXIF)
    assert found["caption.jpg"] == ("a rusty screw", {"caption": "a rusty screw", "prompt_from": "caption"}, None)
    assert found["plain.jpg"] == ("", {}, None)


def test_an_import_writes_down_what_files_say(workspace: Workspace, tmp_path: Path) -> None:
    import_paths(workspace, [make(tmp_path / "in")])
    check(known(workspace))
    [found] = workspace.db.read(filters.page, filters.parse("text:brass"))
    assert workspace.db.read(images.get, found).name.endswith(".png")


def test_files_in_place_are_read_when_they_are_examined(workspace: Workspace, tmp_path: Path) -> None:
    report = import_in_place(workspace, [make(tmp_path / "in")])
    assert all(prompt == "" for prompt, _, _ in known(workspace).values())
    assert report.previews is not None
    examine_waiting(workspace, Limits(), lambda done, total, words: False, report.previews.job)
    check(known(workspace))


@pytest.mark.parametrize(
    ("dates", "in_place", "camera", "made"),
    [("name", False, NAMED, NAMED), ("exif", True, EXIF, None), ("none", True, None, None)],
)
def test_dates_come_from_where_they_are_wanted(
    workspace: Workspace, tmp_path: Path, dates: Dates, in_place: bool, camera: str | None, made: str | None
) -> None:
    folder = make(tmp_path / "in")
    if in_place:
        report = import_in_place(workspace, [folder], dates=dates)
        assert report.previews is not None
        examine_waiting(workspace, Limits(), lambda done, total, words: False, report.previews.job)
    else:
        import_paths(workspace, [folder], dates=dates)
    found = known(workspace)
    assert found["IMG_20240131_142233.jpg"][2] == camera
    assert found["2024-01-31 14.22.33.png"][2] == made


def test_metadata_is_believed_before_the_name() -> None:
    assert taken_at("both", EXIF, "IMG_20240131_142233.jpg") == EXIF
    assert taken_at("both", None, "IMG_20240131_142233.jpg") == NAMED
    assert taken_at("name", EXIF, "DSC_1.jpg") is None
    assert taken_at("exif", None, "IMG_20240131_142233.jpg") is None
    assert taken_at("none", EXIF, "IMG_20240131_142233.jpg") is None


def test_what_was_not_read_is_read_later_and_only_once(workspace: Workspace, tmp_path: Path) -> None:
    import_paths(workspace, [make(tmp_path / "in")])
    workspace.db.write(lambda db: db.execute("DELETE FROM image_meta"))
    workspace.db.write(lambda db: db.execute("DELETE FROM image_text"))
    [gone] = [one for one in workspace.db.read(images.page) if one.name == "plain.jpg"]
    workspace.paths.original(gone).unlink()
    seen: list[tuple[int, int]] = []
    report = read_metadata(workspace, on_progress=lambda done, total: seen.append((done, total)))
    assert (report.read, report.with_words, report.with_prompt) == (3, 2, 1)
    assert [(Path(one.path).name, one.code) for one in report.failed] == [("plain.jpg", "vanished")]
    assert seen[-1] == (4, 4)
    assert known(workspace)["2024-01-31 14.22.33.png"][0] == "a brass gear"
    again = read_metadata(workspace)
    assert (again.read, len(again.failed)) == (0, 1)
    assert read_metadata(workspace, again=True).read == 3


def test_of_a_long_run_only_what_is_ahead_is_held(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(80):
        photo(tmp_path / "in" / f"{number}.jpg", number, size=(48, 32))
    import_paths(workspace, [tmp_path / "in"])
    held: list[int] = []
    reading: metadata._Reading | None = None

    def told(done: int, total: int) -> None:
        assert reading is not None
        held.append(len(reading.ahead))

    monkeypatch.setattr(metadata, "BATCH", 20)
    reading = metadata._Reading(workspace, True, told)
    assert reading.run().read == 80
    assert held[-1] == 0
    assert held[2] <= 20


def test_bytes_that_changed_say_nothing(workspace: Workspace, tmp_path: Path) -> None:
    import_paths(workspace, [make(tmp_path / "in")])
    workspace.db.write(lambda db: db.execute("DELETE FROM image_meta"))
    for one in workspace.db.read(images.page):
        photo(workspace.paths.original(one), one.id + 50)
    report = read_metadata(workspace)
    assert (report.read, {one.code for one in report.failed}) == (0, {"changed"})


def test_a_viewer_reads_no_metadata(workspace: Workspace) -> None:
    workspace.user = users.User(uid=workspace.user.uid, name="v", role="viewer")
    with pytest.raises(RefusedError):
        read_metadata(workspace)
