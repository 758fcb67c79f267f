"""`show`, `view`, `images metadata` and where dates come from, through the command line."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from binscout_tui.store import labels, named, stars, texts
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.workspace import Workspace
from tests.command_line import answered_here
from tests.pictures import photo


@pytest.fixture
def ids(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[int]:
    """Three images: one with a prompt, a date in its name, a label, a tag, a collection and a title."""
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a brass gear\nSteps: 20, Sampler: Euler a")
    folder = tmp_path / "in"
    for number in range(3):
        photo(folder / f"{number}.jpg", number)
    Image.open(folder / "0.jpg").save(folder / "IMG_20240131_142233.png", pnginfo=info)
    (folder / "0.jpg").unlink()
    assert answered_here(workspace.paths.root, capsys, "import", folder / "IMG_20240131_142233.png").code == 0
    assert answered_here(workspace.paths.root, capsys, "import", folder).data["imported"] == 2
    uid = workspace.user.uid

    def say(db: sqlite3.Connection) -> None:
        labels.set_label(db, uid, 1, labels.add_class(db, "m3").name)
        named.put(db, uid, TAG, named.ensure(db, uid, TAG, "brass"), [1])
        named.put(db, uid, COLLECTION, named.ensure(db, uid, COLLECTION, "Screws"), [1, 2])
        texts.set_title(db, uid, 1, "Gear")
        stars.star(db, uid, [1])

    workspace.db.write(say)
    return [1, 2, 3]


def test_show_prints_everything_about_an_image(
    workspace: Workspace, ids: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    found = answered_here(workspace.paths.root, capsys, "show", ids[0]).data
    assert (found["title"], found["prompt"], found["starred"]) == ("Gear", "a brass gear", True)
    assert (found["tags"], found["collections"], found["label"]["name"]) == (["brass"], ["Screws"], "m3")
    assert found["taken_at"] == "2024-01-31T14:22:33.000Z"
    assert found["meta"]["parameters"]["Sampler"] == "Euler a"
    assert [one["area"] for one in found["history"]] == ["star", "title", "collection", "tag", "label"]
    assert len(answered_here(workspace.paths.root, capsys, "show", ids[0], "--history", 2).data["history"]) == 2
    text = answered_here(workspace.paths.root, capsys, "show", ids[0], as_json=False).out
    for words in ("Gear", "a brass gear", "Screws", "m3 (by", "collection put: in Screws"):
        assert words in text
    gone = answered_here(workspace.paths.root, capsys, "show", 99)
    assert (gone.code, gone.data["error"]["code"]) == (1, "no_image")


def test_view_writes_pictures_of_ids_filters_collections_and_paths(
    workspace: Workspace, ids: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = workspace.paths.root, tmp_path / "out"
    for chosen, wanted in (
        (ids[::-1], ids[::-1]),
        (["--filter", "text:brass"], [1]),
        (["--collection", "Screws"], [1, 2]),
    ):
        answer = answered_here(root, capsys, "view", *chosen, "--size", 32, "--out", out)
        assert answer.code == 0
        assert [one["id"] for one in answer.data] == wanted
        for one in answer.data:
            with Image.open(one["path"]) as picture:
                assert picture.size == (one["width"], one["height"]) == (32, 24)
            assert one["scale"] == 0.5
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    answer = answered_here(tmp_path / "no workspace", capsys, "view", tmp_path / "in" / "1.jpg", bad, "--format", "png")
    assert answer.code == 1
    assert [one["error"] and one["error"]["code"] for one in answer.data] == [None, "not_an_image"]
    assert Path(answer.data[0]["path"]).suffix == ".png"
    [sheet] = answered_here(root, capsys, "view", *ids, "--sheet", 2, "--out", out).data
    assert (sheet["ids"], sheet["width"]) == (ids, 2 * 260 + 4)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["view"], 2),
        (["view", "1", "a.jpg"], 2),
        (["view", "a.jpg", "--filter", "star"], 2),
        (["view", "1", "--filter", "star"], 2),
        (["view", "1", "--size", "3"], 2),
        (["view", "99"], 1),
        (["view", "--filter", "nonsense:("], 2),
        (["view", "1", "--format", "gif"], 2),
        (["show", "x"], 2),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    workspace: Workspace, add_images: object, words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answered_here(workspace.paths.root, capsys, *words)
    assert answer.code == code, answer.out
    assert answer.data["error"]["message"]


def test_metadata_is_read_where_it_was_not(
    workspace: Workspace, ids: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.db.write(lambda db: db.execute("DELETE FROM image_meta"))
    assert answered_here(workspace.paths.root, capsys, "show", 1).data["meta"] is None
    answer = answered_here(workspace.paths.root, capsys, "images", "metadata")
    assert json.loads(answer.out) == {"read": 3, "with_words": 1, "with_prompt": 1, "failed": []}
    assert answered_here(workspace.paths.root, capsys, "images", "metadata").data["read"] == 0


def test_dates_of_names_can_be_left_out(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(tmp_path / "IMG_20240131_142233.jpg", 1)
    photo(tmp_path / "IMG_20240131_142234.jpg", 2)
    root = workspace.paths.root
    answered_here(root, capsys, "import", tmp_path / "IMG_20240131_142233.jpg", "--dates", "exif")
    answered_here(root, capsys, "import", tmp_path / "IMG_20240131_142234.jpg", "--dates", "name")
    assert [answered_here(root, capsys, "show", one).data["taken_at"] for one in (1, 2)] == [
        None,
        "2024-01-31T14:22:34.000Z",
    ]
    assert answered_here(root, capsys, "import", tmp_path, "--dates", "moon").code == 2
