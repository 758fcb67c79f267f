"""Looking at real folders and mending them: each pair is as it was or as it should be, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.operations.files.running import run_undo
from binscout_tui.operations.sidecars import looking, mending, running
from binscout_tui.operations.sidecars.auditing import Finding
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.conftest import row


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """A folder with one finding of each kind that can be mended."""
    folder = tmp_path / "pile"
    (folder / "below").mkdir(parents=True)
    for name in ("IMG_1.jpg", "gear-7.jpg", "below/z.jpg"):
        (folder / name).write_bytes(b"picture")
    for name in ("img_1.txt", "gear_7.txt", "below/gone.txt"):
        (folder / name).write_text(f"caption of {name}")
    return folder


def there(folder: Path) -> dict[str, str]:
    """All files beside and below a folder but the log, with what they hold."""
    return {
        str(path.relative_to(folder.parent)): path.read_text()
        for path in sorted(folder.parent.rglob("*"))
        if path.is_file() and path.suffix != ".jsonl"
    }


def fixable(folder: Path) -> list[Finding]:
    return [one for one in looking.audit(folder).findings if one.fix]


def test_mending_and_undo_bring_every_byte_there_and_back(pile: Path) -> None:
    before, log = there(pile), pile.parent / "log.jsonl"
    done = running.mend(None, log, [pile], fixable(pile))
    assert (done.outcome.moved, done.outcome.refused, done.outcome.failed) == (3, [], [])
    assert {name for name in there(pile) if name.endswith(".txt")} == {
        "pile/IMG_1.txt",
        "pile/gear-7.txt",
        "pile.held/below/gone.txt",
    }
    assert sorted(there(pile).values()) == sorted(before.values())
    assert run_undo(None, log, None).outcome.moved == 3
    assert there(pile) == before


def test_looking_and_planning_change_nothing(pile: Path) -> None:
    before = there(pile)
    plan = mending.mend([pile], fixable(pile))
    assert plan.files == 3
    assert there(pile) == before
    assert not (pile.parent / "pile.held").exists()


def test_a_second_holding_folder_is_another_one(pile: Path) -> None:
    (pile.parent / "pile.held").mkdir()
    plan = mending.mend([pile], fixable(pile))
    assert {move.destination.parent.parent.name for group in plan.groups for move in group.moves} >= {"pile.held-2"}


def test_what_is_held_stays_beside_the_folder_that_it_was_in(tmp_path: Path) -> None:
    roots = [tmp_path / "a", tmp_path / "deep" / "b"]
    for root in roots:
        (root / "below").mkdir(parents=True)
        (root / "below" / "z.jpg").write_bytes(b"picture")
        (root / "below" / "gone.txt").write_text(f"of {root.name}")
    found = looking.audit_folders(roots, None)
    done = running.mend(None, tmp_path / "log.jsonl", found.roots, [one for one in found.findings if one.fix])
    assert done.outcome.moved == 2
    assert (tmp_path / "a.held" / "below" / "gone.txt").read_text() == "of a"
    assert (tmp_path / "deep" / "b.held" / "below" / "gone.txt").read_text() == "of b"


def test_a_data_set_of_boxes_stays_as_it_is(tmp_path: Path) -> None:
    for name, text in {
        "images/a.jpg": "",
        "labels/a.txt": "0 0.5 0.5 0.1 0.1",
        "both/b.jpg": "",
        "both/b.txt": "1 0.5 0.5 0.1 0.1",
        "both/zz9.txt": "1 0.2 0.5 0.1 0.1",
        "data.yaml": "names: [nut]",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert looking.audit(tmp_path).findings == ()


def test_folders_that_cannot_be_looked_at_are_told_and_no_others(tmp_path: Path) -> None:
    wanted = [tmp_path / "a", tmp_path / "a" / "gone", tmp_path / "away" / "b", tmp_path / "away" / "b" / "c"]
    wanted[0].mkdir()
    workspaces.create(wanted[0] / "bins")
    found = looking.audit_folders(looking.outermost(wanted), frozenset(wanted))
    assert [(one.path, one.code) for one in found.refused] == [(wanted[2], "unreadable"), (wanted[1], "gone")]
    nothing = looking.audit_folders([tmp_path / "x", tmp_path / "y"], frozenset([tmp_path / "x", tmp_path / "y"]))
    assert len(nothing.refused) == 2
    assert nothing.images == 0


def test_images_in_place_whose_folder_is_away_are_not_none(tmp_path: Path) -> None:
    workspaces.create(tmp_path / "bins")
    with Workspace(tmp_path / "bins") as ws:
        new = row(1, path=tmp_path / "away" / "a.jpg", storage="in_place")
        ws.db.write(images.add, ws.user.uid, new)
        found = running.audit_in_place(ws)
    assert [one.path for one in found.refused] == [tmp_path / "away"]


def test_a_failure_leaves_the_pair_where_it_was_and_the_others_go_on(pile: Path) -> None:
    findings = fixable(pile)
    (pile / "IMG_1.txt").symlink_to(pile / "below" / "z.jpg")
    (pile / "gear_7.txt").write_text("changed since")
    done = running.mend(None, pile.parent / "log.jsonl", [pile], findings)
    assert [one.path.name for one in done.outcome.refused] == ["img_1.txt"]
    assert done.outcome.moved == 2
    assert (pile / "img_1.txt").read_text() == "caption of img_1.txt"
    assert (pile / "gear-7.txt").read_text() == "changed since"


def test_a_picture_that_went_takes_the_suggestion_with_it(pile: Path) -> None:
    findings = fixable(pile)
    (pile / "gear-7.jpg").unlink()
    plan = mending.mend([pile], findings)
    assert {one.path.name for one in plan.refused} == {"gear_7.txt"}
    assert plan.files == 2


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.txt", b"\xff\xfe\x00", "It is no text in UTF-8."),
        ("a.json", b"{broken", "It is no JSON."),
        ("a.json", b"[" * 100_000, "It is no JSON."),
        ("a.txt", b"x" * (looking.MOST_BYTES + 1), "more than a caption has"),
    ],
    ids=["bytes", "json", "deep", "huge"],
)
def test_what_cannot_be_read_is_a_finding(tmp_path: Path, name: str, data: bytes, problem: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / name).write_bytes(data)
    [found] = looking.audit(tmp_path).findings
    assert found.kind == "unreadable"
    assert problem in found.says


def test_captions_in_json_are_compared_and_other_json_says_nothing(tmp_path: Path) -> None:
    for number, text in enumerate(['{"Caption": "a nut"}', '{"caption": "a nut"}', '{"crop": [1]}', "[1]"]):
        (tmp_path / f"{number}.jpg").write_bytes(b"")
        (tmp_path / f"{number}.json").write_text(text)
    assert [(one.kind, one.path.name) for one in looking.audit(tmp_path).findings] == [("duplicate_caption", "0.json")]


def test_links_and_pipes_are_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "pile"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("outside")
    (folder / "a.jpg").write_bytes(b"")
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "b.txt")
    found = looking.audit(folder)
    assert found.findings == ()
    assert found.sidecars == 0


def test_a_look_can_be_stopped(pile: Path) -> None:
    (pile / "IMG_1.txt").write_text("x")
    assert looking.audit(pile, on_progress=lambda done, total: False).stopped


def test_no_folder_and_a_workspace_of_its_own_are_refused(tmp_path: Path) -> None:
    workspaces.create(tmp_path / "bins")
    with pytest.raises(UsageError):
        looking.audit(tmp_path / "nowhere")
    with pytest.raises(RefusedError):
        looking.audit(tmp_path / "bins")
    with Workspace(tmp_path / "bins") as ws, pytest.raises(NotFoundError):
        running.audit_in_place(ws)


def test_real_photos_with_the_sidecars_of_a_messy_folder(tmp_path: Path, real_photos: Path) -> None:
    """The real ones where they are; the names and pairs of the made-up folder are those of `pile`."""
    folder = tmp_path / "messy"
    shutil.copytree(real_photos / "dups" / "burst", folder)
    pictures = sorted(path for path in folder.iterdir() if path.suffix == ".jpg")
    pictures[0].with_name(pictures[0].stem.lower() + ".txt").write_text("the first of a burst")
    pictures[1].with_suffix(".txt").write_text("the second of a burst")
    kinds = [(one.kind, one.path.name) for one in looking.audit(folder).findings]
    lost = [("orphan_image", path.name) for path in pictures[2:]]
    assert kinds == [("case_mismatch", pictures[0].stem.lower() + ".txt"), *lost]
