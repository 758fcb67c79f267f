"""`images star|label|trash|restore|purge` and `export` on ids, a filter, a saved filter or a collection."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from binscout_tui.jobs.control import MOST_ATTEMPTS
from binscout_tui.store import images, jobs, labels, named, purging, saved_filters, undoing
from binscout_tui.workspace import Workspace
from tests.command_line import answered_here, binscout
from tests.conftest import AddImages, row
from tests.pictures import photo

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def ids(workspace: Workspace, add_images: AddImages) -> list[int]:
    """Five images; the first two are in the collection, the third is hidden."""
    found, write, uid = add_images(5), workspace.db.write, workspace.user.uid
    write(named.put, uid, named.COLLECTION, write(named.ensure, uid, named.COLLECTION, "Box 3"), found[:2])
    secret = write(named.ensure, uid, named.TAG, "secret")
    write(named.put, uid, named.TAG, secret, found[2:3])
    write(named.hide, uid, named.TAG, secret)
    return found


def test_images_are_chosen_by_ids_filter_saved_filter_or_collection(
    workspace: Workspace, ids: list[int], capsys: Capture
) -> None:
    root = workspace.paths.root
    workspace.db.write(saved_filters.save, workspace.user.uid, "mine", f"id:{ids[3]}")
    for words, number in (
        (["--collection", "box 3"], 2),
        (["--filter", "@mine"], 1),
        (["--filter", f"id:{ids[0]}..{ids[4]}"], 1),
        ([ids[0], ids[4]], 0),
        (["--filter", "label:none", "--collection", "Box 3"], 0),
    ):
        answer = answered_here(root, capsys, "images", "star", *words)
        assert (answer.code, answer.data) == (0, {"starred": number}), answer.err
    assert answered_here(root, capsys, "images", "unstar", "--filter", "star").data == {"unstarred": 4}
    workspace.db.write(undoing.undo, workspace.user.uid, ("star",))
    assert len(answered_here(root, capsys, "images", "list", "--filter", "star").data) == 4


def test_what_is_not_there_or_says_nothing_is_refused(workspace: Workspace, ids: list[int], capsys: Capture) -> None:
    root = workspace.paths.root
    for words, code, exit_code in (
        ([], "nothing_chosen", 2),
        ([ids[0], "--filter", "star"], "usage", 2),
        ([ids[2]], "no_image", 1),
        ([99], "no_image", 1),
        (["--collection", "nowhere"], "no_collection", 1),
        (["--filter", "@nobody"], "no_filter", 1),
        (["--filter", "colour:red"], "filter", 2),
        (["--filter", "tag:secret"], "filter", 2),
        (["--filter", ""], "nothing_chosen", 2),
        (["--filter", " "], "nothing_chosen", 2),
        (["--collection", ""], "nothing_chosen", 2),
        (["--filter", "star", "--collection", ""], "nothing_chosen", 2),
    ):
        for verb in ("star", "trash"):
            answer = answered_here(root, capsys, "images", verb, *words)
            assert (answer.code, answer.data["error"]["code"]) == (exit_code, code), words
    assert workspace.db.read(purging.in_trash) == []


def test_many_are_labelled_as_one_decision(workspace: Workspace, ids: list[int], capsys: Capture) -> None:
    root = workspace.paths.root
    workspace.db.write(labels.add_class, "nut")
    answer = answered_here(root, capsys, "images", "label", "nut", "--collection", "Box 3")
    assert answer.data == {"labelled": 2, "class": "nut"}
    assert answered_here(root, capsys, "images", "label", "screw", ids[0]).data["error"]["code"] == "no_class"


def test_trash_restore_and_purge(workspace: Workspace, ids: list[int], capsys: Capture) -> None:
    root = workspace.paths.root
    assert answered_here(root, capsys, "images", "trash", "--collection", "Box 3").data == {"trashed": 2}
    assert answered_here(root, capsys, "images", "trash", ids[3]).data == {"trashed": 1}
    assert answered_here(root, capsys, "images", "restore", "--filter", f"in:trash id:{ids[3]}").data == {"restored": 1}
    asked = answered_here(root, capsys, "images", "purge", "--trash")
    assert (asked.code, asked.data["dry_run"], asked.data["affected"]["images"]) == (0, True, 2)
    said = answered_here(root, capsys, "images", "purge", "--trash", as_json=False).out
    assert "2 images would be deleted for ever." in said
    assert "Nothing was deleted." in said
    assert answered_here(root, capsys, "images", "purge", "--trash", "--confirm", "yes").code == 2
    assert answered_here(root, capsys, "images", "purge", ids[4], "--confirm", "purge").code == 2
    assert answered_here(root, capsys, "images", "purge", "--trash", ids[0]).code == 2
    dry = answered_here(root, capsys, "images", "purge", ids[0], "--confirm", "purge", "--dry-run")
    assert (dry.code, dry.data["dry_run"]) == (0, True)
    assert workspace.db.read(purging.in_trash) == ids[:2]
    gone = answered_here(root, capsys, "images", "purge", ids[0], "--confirm", "purge")
    assert (gone.code, gone.data["purged"], gone.data["kept"]) == (0, 1, {})
    assert workspace.db.read(purging.in_trash) == [ids[1]]


def test_what_something_keeps_ends_with_a_code_of_its_own(
    workspace: Workspace, ids: list[int], capsys: Capture
) -> None:
    from binscout_tui.store import known_good

    workspace.db.write(known_good.add_known_good, workspace.user.uid, "classify", ids[0], "nut")
    workspace.db.write(images.trash, workspace.user.uid, ids[:2])
    answer = answered_here(workspace.paths.root, capsys, "images", "purge", "--trash", "--confirm", "purge")
    assert (answer.code, answer.data["purged"], list(answer.data["kept"])) == (3, 1, [str(ids[0])])


def test_a_file_that_cannot_be_removed_fails_and_a_job_whose_process_died_keeps_nothing_for_good(
    workspace: Workspace, add_images: AddImages, capsys: Capture
) -> None:
    root, [gone] = workspace.paths.root, add_images(1)
    path = workspace.paths.original(workspace.db.read(images.get, gone))
    path.mkdir(parents=True)  # what `unlink` refuses for everybody
    workspace.db.write(images.trash, workspace.user.uid, [gone])
    job = workspace.db.write(jobs.add, workspace.user.uid, "backup", {})
    attempts = (MOST_ATTEMPTS, "2026-01-01T00:00:00.000Z", job)
    workspace.db.write(lambda db: db.execute("UPDATE job SET attempts = ?, queued_at = ? WHERE id = ?", attempts))
    answer = answered_here(root, capsys, "images", "purge", gone, "--confirm", "purge")
    assert (answer.code, answer.data["purged"], answer.data["kept"], len(answer.data["left"])) == (1, 1, {}, 1)


def test_export_follows_its_own_process_to_the_end(workspace: Workspace, tmp_path: Path, capsys: Capture) -> None:
    found = []
    for number, name in enumerate(("a.jpg", "a.jpg", "lost.jpg")):
        path = Path("originals", f"{number}.jpg")
        content = photo(workspace.paths.root / path, number).read_bytes()
        new = row(number, path=path, name=name, sha256=hashlib.sha256(content).hexdigest())
        found.append(workspace.db.write(images.add, workspace.user.uid, new)[0])
    root, out = workspace.paths.root, tmp_path / "out"
    answer = binscout(root, "export", out, *found[:2])
    assert (answer.code, answer.data["images"], answer.data["manifest"]) == (0, 2, "manifest.json"), answer.err
    assert sorted(path.name for path in out.iterdir()) == [
        "a-2.jpg",
        "a-2.jpg.json",
        "a.jpg",
        "a.jpg.json",
        "manifest.json",
    ]
    (workspace.paths.root / "originals" / "2.jpg").unlink()
    lost = binscout(root, "export", tmp_path / "other", found[2], "--size", 32, as_json=False)
    assert lost.code == 1
    assert f"image {found[2]}: " in lost.out
    [job] = [one for one in answered_here(root, capsys, "jobs", "list").data if one["id"] == answer.data["job"]]
    assert (job["kind"], job["state"], job["payload"]["images"]) == ("export", "done", 2)
    for words, exit_code in (
        (["--originals", "--size", 64], 2),
        (["--size", 3], 2),
        (["--filter", "star"], 2),
    ):
        chosen = [] if "--filter" in words else [found[0]]
        answer = answered_here(root, capsys, "export", tmp_path / "x", *chosen, *words)
        assert answer.code == exit_code, words
    assert not (tmp_path / "x").exists()
    assert json.loads((out / "a.jpg.json").read_text())["binscout"] == "image"
