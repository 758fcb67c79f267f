"""Quick import of files that stay in place: there at once, decoded by a job, and in the end as by a full import."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from binscout_tui.errors import RefusedError, UsageError
from binscout_tui.imaging.outcomes import Code
from binscout_tui.imaging.previews import has_previews
from binscout_tui.jobs.control import reconcile
from binscout_tui.jobs.launch import launch
from binscout_tui.operations import examining, importing_in_place, in_place, known_good
from binscout_tui.operations.examining import Examined, close, enqueue, examine_waiting
from binscout_tui.operations.importing import ImportReport, decode_limits, import_paths
from binscout_tui.operations.importing_in_place import import_in_place
from binscout_tui.store import datasets, gallery, images, jobs, labels, predictions
from binscout_tui.store import examining as store
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace, create
from tests.command_line import binscout, ok
from tests.pictures import photo

NOT_OF_THE_PICTURE = ("id", "added_at", "path", "source")


def everything(workspace: Workspace) -> list[Image]:
    rows = workspace.db.connection.execute("SELECT * FROM image ORDER BY id")
    return [images.from_row(row) for row in rows]


def told(workspace: Workspace) -> list[dict[str, object]]:
    found = [msgspec.structs.asdict(image) for image in everything(workspace)]
    return [{key: value for key, value in one.items() if key not in NOT_OF_THE_PICTURE} for one in found]


def examine(workspace: Workspace, beat: Callable[[int, int, str], bool] = lambda done, total, words: False) -> Examined:
    job = workspace.db.write(enqueue, workspace.user.uid)
    assert job is not None
    return examine_waiting(workspace, decode_limits(workspace.settings.importing), beat, job.job)


def cut_off(path: Path, seed: int) -> Path:
    content = photo(path, seed, size=(320, 240)).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(5):
        photo(tmp_path / "photos" / "m3" / f"shot_{number}.jpg", number)
    photo(tmp_path / "photos" / "m4" / "take.jpg", 100)
    shutil.copy(tmp_path / "photos" / "m3" / "shot_0.jpg", tmp_path / "photos" / "m3" / "copy.jpg")
    (tmp_path / "photos" / "broken.jpg").write_text("no picture")
    (tmp_path / "photos" / "notes.txt").write_text("a sidecar")
    return tmp_path / "photos"


def compared(workspace: Workspace, other: Path, source: Path) -> None:
    """The quick way and its job end with the rows, the refusals and the counts of a full import."""
    create(other)
    with Workspace(other) as full:
        wanted = import_paths(full, [source], labels_from="folder", keep_in_place=True)
        quick = import_in_place(workspace, [source], labels_from="folder")
        done = examine(workspace)
        refused = [(Path(one.path).name, one.code) for one in [*quick.rejected, *done.damaged]]
        assert sorted(refused) == sorted((Path(one.path).name, one.code) for one in wanted.rejected)
        assert (quick.imported - len(done.damaged), quick.duplicates) == (wanted.imported, wanted.duplicates)
        assert done.left == []
        live = [row for row in told(workspace) if row["withheld"] is None]
        assert live == told(full)
        counts = {one.name: one.images for one in full.db.read(labels.classes)}
        assert {one.name: one.images for one in workspace.db.read(labels.classes) if one.images} == counts
    for image in workspace.db.read(images.page):
        assert has_previews(workspace.paths.previews, image.sha256)


@pytest.mark.parametrize("way", [import_in_place, partial(import_paths, keep_in_place=True)])
def test_what_is_written_down_of_a_file_never_leads_up(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[..., ImportReport]
) -> None:
    real = tmp_path / "real" / "deep"
    for path in (tmp_path / "pics" / "a.jpg", tmp_path / "real" / "b.jpg", tmp_path / "c.jpg"):
        photo(path, len(path.name) + ord(path.name[0]), size=(64, 48))
    real.mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "link").symlink_to(real)
    monkeypatch.chdir(tmp_path / "notes")
    given = [Path("../pics"), tmp_path / "link" / ".." / "b.jpg", Path("../pics/../c.jpg")]
    report = way(workspace, given)
    assert (report.imported, report.rejected) == (3, [])
    assert [image.path for image in everything(workspace)] == [
        tmp_path / "pics" / "a.jpg",
        tmp_path / "real" / "b.jpg",
        tmp_path / "c.jpg",
    ]
    assert way(workspace, given).duplicates == 3


def test_it_ends_as_a_full_import_does(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    cut_off(folder / "m4" / "cut.jpg", 7)
    compared(workspace, tmp_path / "other", folder)


def test_it_ends_as_a_full_import_does_with_hostile_files(
    workspace: Workspace, tmp_path: Path, real_photos: Path
) -> None:
    compared(workspace, tmp_path / "other", real_photos / "odd" / "files")


def test_images_are_there_before_anything_was_decoded(workspace: Workspace, folder: Path) -> None:
    report = import_in_place(workspace, [folder], labels_from="folder")
    assert (report.imported, report.duplicates, report.skipped) == (6, 1, 1)
    assert (report.labelled, report.labels_known) == (6, 1)
    assert [(Path(one.path).name, one.code) for one in report.rejected] == [("broken.jpg", Code.NOT_AN_IMAGE)]
    assert report.previews is not None
    assert workspace.db.read(jobs.get, report.previews.job).state == "queued"
    found = workspace.db.read(images.page)
    assert [(image.width, image.height, image.examined, image.phash) for image in found] == [(64, 48, False, None)] * 6
    assert len(workspace.db.read(gallery.piece, "newest", None, 60)) == 6
    assert not workspace.paths.previews.exists() or list(workspace.paths.previews.rglob("*.jpg")) == []


def test_what_was_not_examined_is_in_no_data_set_and_asked_of_no_model(workspace: Workspace, folder: Path) -> None:
    import_in_place(workspace, [folder], labels_from="folder")
    assert workspace.db.read(datasets.labelled, "classify") == []
    assert workspace.db.read(predictions.missing, "model") == []
    first = workspace.db.read(images.page)[0].id
    with pytest.raises(UsageError) as refused:
        workspace.db.write(known_good.add, workspace.user, "classify", [first], must_pass=False)
    assert refused.value.code == "unexamined"
    examine(workspace)
    assert len(workspace.db.read(datasets.labelled, "classify")) == 6
    assert workspace.db.write(known_good.add, workspace.user, "classify", [first], must_pass=False) == 1


def test_a_person_may_label_what_waits_and_keeps_the_label(workspace: Workspace, folder: Path) -> None:
    import_in_place(workspace, [folder])
    first = workspace.db.read(images.page)[0].id
    workspace.db.write(labels.add_class, "m9")
    workspace.db.write(labels.set_label, workspace.user.uid, first, "m9")
    examine(workspace)
    assert [one.images for one in workspace.db.read(labels.classes)] == [1]


def test_a_damaged_picture_leaves_with_its_reason(workspace: Workspace, folder: Path) -> None:
    path = cut_off(folder / "m4" / "cut.jpg", 7)
    import_in_place(workspace, [folder], labels_from="folder")
    assert workspace.db.read(images.count) == 7
    done = examine(workspace)
    assert [(one.path, one.code) for one in done.damaged] == [(str(path), Code.TRUNCATED)]
    assert done.damaged[0].reason.endswith(".")
    assert workspace.db.read(images.count) == 6
    [damaged] = [image for image in everything(workspace) if image.withheld]
    assert {one.name: one.images for one in workspace.db.read(labels.classes)} == {"m3": 5, "m4": 1}
    with pytest.raises(UsageError) as refused:
        workspace.db.write(labels.set_label, workspace.user.uid, damaged.id, "m3")
    assert refused.value.code == "damaged"
    again = import_in_place(workspace, [folder], labels_from="folder")
    assert (again.imported, again.duplicates, again.previews) == (0, 7, None)
    assert [(one.path, one.code) for one in again.rejected if one.code != Code.NOT_AN_IMAGE] == [
        (str(path), Code.TRUNCATED)
    ]


def test_what_another_try_may_mend_is_tried_again(workspace: Workspace, folder: Path) -> None:
    import_in_place(workspace, [folder])
    first = workspace.db.read(images.page)[0].id
    workspace.db.write(store.reject, first, store.Damage(Code.TIMEOUT, "Decoding took too long."))
    examine(workspace)
    assert workspace.db.read(images.count) == 5
    again = import_in_place(workspace, [folder])
    assert again.previews is not None
    assert examine(workspace).examined == 1
    assert workspace.db.read(images.count) == 6


@pytest.mark.parametrize("content", [b"garbage", None])
def test_a_file_that_changed_after_the_glance_is_not_judged(
    workspace: Workspace, folder: Path, content: bytes | None
) -> None:
    import_in_place(workspace, [folder / "m4"])
    path = folder / "m4" / "take.jpg"
    if content is None:
        photo(path, 555)
    else:
        path.write_bytes(content)
    done = examine(workspace)
    assert [(one.path, one.code) for one in done.left] == [(str(path), "changed")]
    assert (done.examined, done.damaged) == (0, [])
    [image] = everything(workspace)
    assert (image.health, image.withheld, image.examined) == ("changed", None, False)
    photo(path, 556)
    import_in_place(workspace, [folder / "m4"])
    assert examine(workspace).examined == 1
    assert [image.health for image in everything(workspace)] == ["changed", "ok"]


def test_a_file_that_went_is_missing_and_examined_when_it_is_back(workspace: Workspace, folder: Path) -> None:
    import_in_place(workspace, [folder / "m4"])
    path = folder / "m4" / "take.jpg"
    path.rename(folder / "away")
    assert [one.code for one in examine(workspace).left] == ["missing"]
    assert workspace.db.write(enqueue, workspace.user.uid) is None
    (folder / "away").rename(path)
    in_place.check(workspace)
    assert examine(workspace).examined == 1


def test_known_files_are_not_even_opened_and_a_new_one_appears(workspace: Workspace, folder: Path) -> None:
    import_in_place(workspace, [folder])
    path = folder / "m4" / "take.jpg"
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    photo(folder / "m4" / "new.jpg", 777)
    again = import_in_place(workspace, [folder])
    # The copy of another picture has no row of its own, so its bytes tell that it is known.
    assert (again.imported, again.duplicates) == (1, 7)
    assert [image.health for image in everything(workspace)] == ["ok"] * 7


def test_labels_of_known_files_are_taken_and_conflicts_told(workspace: Workspace, folder: Path) -> None:
    import_in_place(workspace, [folder])
    again = import_in_place(workspace, [folder / "m3", folder / "m4"], labels_from="folder")
    assert (again.duplicates, again.labelled, again.labels_known) == (7, 6, 1)
    third = import_in_place(workspace, [folder / "m3", folder / "m4"], labels_from="folder")
    assert (third.duplicates, third.labelled, third.labels_known) == (7, 0, 7)
    first = workspace.db.read(images.page)[0].id
    workspace.db.write(labels.set_label, workspace.user.uid, first, "m4")
    last = import_in_place(workspace, [folder / "m3"], labels_from="folder")
    assert {one.code for one in last.conflicts} == {"label_conflict"}


def test_a_moved_file_keeps_its_image(workspace: Workspace, folder: Path) -> None:
    import_in_place(workspace, [folder / "m4"])
    (folder / "m4" / "take.jpg").rename(folder / "elsewhere.jpg")
    in_place.check(workspace)
    assert import_in_place(workspace, [folder / "elsewhere.jpg"]).duplicates == 1
    [image] = everything(workspace)
    assert (image.path, image.health) == (folder / "elsewhere.jpg", "ok")


def test_asked_to_stop_it_stops_and_goes_on_later(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "BATCH", 2)
    import_in_place(workspace, [folder])
    assert examine(workspace, lambda done, total, words: done >= 2).stopped
    waiting = workspace.db.read(store.count_waiting)
    assert 0 < waiting <= 4
    assert examine(workspace).examined == waiting


def test_beats_count_up_to_the_total(workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "BATCH", 2)
    import_in_place(workspace, [folder])
    beats: list[tuple[int, int]] = []
    examine(workspace, lambda done, total, words: bool(beats.append((done, total))))
    assert beats[0] == (0, 6)
    assert beats[-1] == (6, 6)
    assert {total for _, total in beats} == {6}


def test_a_job_does_not_end_while_something_waits(workspace: Workspace, folder: Path) -> None:
    job = import_in_place(workspace, [folder / "m4"]).previews
    assert job is not None
    assert not workspace.db.write(close, job.job, set(), Examined())
    assert import_in_place(workspace, [folder / "m3"]).previews == job
    assert examine(workspace).examined == 6
    assert workspace.db.read(jobs.get, job.job).state == "done"
    photo(folder / "m5" / "later.jpg", 999)
    later = import_in_place(workspace, [folder]).previews
    assert later is not None
    assert later != job


def test_an_import_that_dies_leaves_the_job_for_what_it_entered(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """As if by a signal."""

    def die(done: int, total: int) -> None:
        if workspace.db.read(images.count):
            raise Died

    monkeypatch.setattr(importing_in_place, "FIRST_BATCH", 1)
    monkeypatch.setattr(importing_in_place, "FILES", 1)
    with pytest.raises(Died):
        import_in_place(workspace, [folder], on_progress=die)
    entered = workspace.db.read(images.count)
    assert 0 < entered < 6
    assert [job.kind for job in workspace.db.read(jobs.open_jobs)] == ["previews"]
    assert import_in_place(workspace, [folder]).imported == 6 - entered


def test_a_killed_job_goes_on_where_it_was(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(150):
        photo(tmp_path / "many" / f"{number:03d}.jpg", number, size=(640, 480))
    previews = import_in_place(workspace, [tmp_path / "many"]).previews
    assert previews is not None
    launch(workspace.paths.root, previews.job)
    until = time.monotonic() + 60
    while not 0 < (waiting := workspace.db.read(store.count_waiting)) < 150:
        assert time.monotonic() < until
        assert waiting
    pid = workspace.db.read(jobs.get, previews.job).pid
    assert pid
    os.kill(pid, 9)
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]:
        assert time.monotonic() < until
    assert [job.id for job in workspace.db.write(reconcile, workspace.paths.root)] == [previews.job]
    while workspace.db.read(jobs.get, previews.job).is_open:
        assert time.monotonic() < until
    assert workspace.db.read(jobs.get, previews.job).state == "done"
    assert all(image.examined and image.phash is not None for image in everything(workspace))
    assert all(has_previews(workspace.paths.previews, image.sha256) for image in everything(workspace))


def test_many_new_images_are_told_in_one_word(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binscout_tui.store import events

    monkeypatch.setattr(events, "TOLD_ONE_BY_ONE", 3)
    before = workspace.db.read(events.latest)
    import_in_place(workspace, [folder], labels_from="folder")
    assert workspace.db.read(gallery.news, before).too_many
    assert workspace.db.read(events.latest) - before < 8


def test_it_needs_an_operator(workspace: Workspace, folder: Path) -> None:
    workspace.user = msgspec.structs.replace(workspace.user, role="viewer")
    with pytest.raises(RefusedError, match="needs the role operator"):
        import_in_place(workspace, [folder])
    assert everything(workspace) == []


def test_the_command_waits_when_asked_and_tells_what_is_damaged(workspace: Workspace, folder: Path) -> None:
    root = workspace.paths.root
    cut_off(folder / "m4" / "cut.jpg", 7)
    found = ok(root, "import", folder, "--in-place", "--labels", "folder", "--wait")
    assert (found["imported"], found["duplicates"], found["sets"]) == (7, 1, 0)
    assert found["previews"] == {"job": 1}
    assert {Path(one["path"]).name for one in found["rejected"]} == {"broken.jpg", "cut.jpg"}
    assert ok(root, "jobs", "show", 1)["result"]["examined"] == 6
    assert ok(root, "images", "examine") == {"previews": None}
    assert all(row["examined"] for row in ok(root, "images", "list"))
    photo(folder / "m5" / "one.jpg", 31)
    sets = binscout(root, "import", folder / "m5", "--in-place", "--sets", "burst")
    assert (sets.code, sets.data["imported"], sets.data["previews"]) == (0, 1, None)
