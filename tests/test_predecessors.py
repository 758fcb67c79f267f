"""Failures of older programs that no other test names, and that each that is told in the docs has its test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.errors import StorageError, UsageError
from binscout_tui.imaging.crops import CropBox
from binscout_tui.store import journal, sets
from binscout_tui.workspace import Workspace
from binscout_tui.workspace import create as create_workspace
from tests.app.deciding import decide, open_area, press, ready
from tests.app.driving import settle, told
from tests.app.made_up import add_sets
from tests.app.test_crop_mouse import Mouse, on_screen
from tests.command_line import binscout, ok
from tests.conftest import REPOSITORY
from tests.pictures import photo

ROW = re.compile(r"^\| (W\d+) \|.*\| `(tests/[^`]+)::(test_\w+)` \|$", re.MULTILINE)
PAGE = REPOSITORY / "docs" / "predecessors.md"
BACKUPS = {"W21", "W22"}


def test_every_failure_that_is_told_has_a_test_that_exists() -> None:
    rows = ROW.findall(PAGE.read_text())
    assert {number for number, _, _ in rows} == {f"W{number}" for number in range(1, 27)} - BACKUPS
    for number, file, name in rows:
        tree = ast.parse((REPOSITORY / file).read_text())
        found = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert name in found, f"{number}: {file} has no {name}"
    for file in set(re.findall(r"`(tests/[^`:]+)`", PAGE.read_text())):
        assert (REPOSITORY / file).is_file(), file


def test_w7_a_crop_in_pixels_is_refused_everywhere(workspace: Workspace) -> None:
    root = workspace.paths.root
    set_id = add_sets(root, [2])[0]
    found = workspace.db.read(sets.get, set_id)
    with pytest.raises(UsageError):
        CropBox(40, 30, 360, 270)
    for box in ((40.0, 30.0, 360.0, 270.0), (0.0, 0.0, 0.0, 0.0), (0.2, 0.2, 0.1, 0.9)):
        with pytest.raises(UsageError):
            workspace.db.write(sets.choose, workspace.user.uid, set_id, found.images[0].id, crop=box)
    assert binscout(root, "set", "choose", set_id, found.images[0].id, "--crop", "40,30,360,270").code == 2
    insert = "INSERT INTO crop (image_id, set_id, x1, y1, x2, y2, uid, at) VALUES (?, ?, 40, 30, 360, 270, 0, '')"
    with pytest.raises(StorageError, match="CHECK constraint failed"):
        workspace.db.write(lambda db: db.execute(insert, (found.images[0].id, set_id)))
    sizeless = "UPDATE image SET width = 0 WHERE id = ?"
    with pytest.raises(StorageError, match="CHECK constraint failed"):
        workspace.db.write(lambda db: db.execute(sizeless, (found.images[0].id,)))
    assert workspace.db.read(sets.get, set_id).state == "pending"


async def test_w10_cropping_touches_no_original(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    files = [photo(tmp_path / "photos" / "one" / f"{n}.jpg", n, size=(400, 300)) for n in range(2)]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    ok(root, "import", tmp_path / "photos", "--in-place", "--sets", "folder")
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "select")
        await press(pilot, "c", "H", "left", "enter")
        await ready(pilot)
        await press(pilot, "c")
        mouse = Mouse(app)
        mouse.drag([on_screen(app, 5, 5), on_screen(app, 200, 150)])
        await settle(pilot)
        await press(pilot, "enter")
        assert told(app) == []
    [set_id] = workspace.db.read(sets.ids)
    assert workspace.db.read(sets.get, set_id).crop is not None
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


async def test_w12_what_cannot_be_written_down_is_not_decided(workspace: Workspace) -> None:
    root = workspace.paths.root
    ids = add_sets(root, [2, 2])
    full = "CREATE TRIGGER no_room BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    workspace.db.write(lambda db: db.execute(full))
    app = BinScoutApp(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_area(pilot, "select")
        for keys in (["1"], ["x"], ["space"], ["c", "enter"]):
            await decide(pilot, keys[0])
            await press(pilot, *keys[1:])
            await settle(pilot)
        assert len(told(app)) >= 4
        assert [workspace.db.read(sets.get, set_id).state for set_id in ids] == ["pending", "pending"]
        workspace.db.write(lambda db: db.execute("DROP TRIGGER no_room"))
        await decide(pilot, "1")
        await ready(pilot)
    assert [workspace.db.read(sets.get, set_id).state for set_id in ids] == ["done", "pending"]
    assert len(workspace.db.read(journal.history)) == 1


def test_w14_a_set_has_the_same_key_wherever_it_is_made(workspace: Workspace, tmp_path: Path) -> None:
    for name, seeds in (("one", (1, 2, 3)), ("two", (4, 5))):
        for seed in seeds:
            photo(tmp_path / "here" / name / f"{seed}.jpg", seed)
            photo(tmp_path / "there" / f"other {name}" / f"{9 - seed}.jpg", seed)
    elsewhere = tmp_path / "elsewhere"
    create_workspace(elsewhere)
    photo(tmp_path / "before" / "x" / "1.jpg", 8)
    photo(tmp_path / "before" / "x" / "2.jpg", 9)
    ok(elsewhere, "import", tmp_path / "before", tmp_path / "there", "--sets", "folder")
    ok(workspace.paths.root, "import", tmp_path / "here", "--sets", "folder")

    def keys(ws: Workspace) -> dict[str, int]:
        return {found.key: len(found.images) for i in ws.db.read(sets.ids) for found in [ws.db.read(sets.get, i)]}

    with Workspace(elsewhere) as other:
        there, here = keys(other), keys(workspace)
    assert sorted(here.values()) == [2, 3]
    assert here.items() < there.items()
    assert len(there) == 3


def test_w19_folders_of_one_name_are_two(workspace: Workspace, tmp_path: Path) -> None:
    for number, side in enumerate(("left", "right")):
        for place in range(2):
            photo(tmp_path / "photos" / side / "x" / f"{place}.jpg", 10 * number + place)
    ok(workspace.paths.root, "import", tmp_path / "photos", "--sets", "folder")
    found = [workspace.db.read(sets.get, set_id) for set_id in workspace.db.read(sets.ids)]
    sides = [{Path(image.source).parts[-3] for image in one.images} for one in found]
    assert sorted(map(sorted, sides)) == [["left"], ["right"]]
