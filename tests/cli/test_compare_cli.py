"""Comparing images from the command line: figures, the picture of the difference, and the winner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from binscout_tui import workspace as workspaces
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import comparisons, images, journal, named, texts
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace
from tests.command_line import answered_here, binscout

Capsys = pytest.CaptureFixture[str]
PLACE = (slice(40, 48), slice(20, 32))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A grey picture, one that differs from it in 8 x 12 pixels, and the second at half its size."""
    folder = tmp_path / "bins"
    (tmp_path / "in").mkdir()
    pixels = np.full((120, 160, 3), 90, dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in" / "a.png")
    pixels[PLACE] = (190, 90, 90)
    Image.fromarray(pixels).save(tmp_path / "in" / "b.png")
    Image.fromarray(pixels).resize((80, 60)).save(tmp_path / "in" / "c.png")
    workspaces.create(folder)
    with Workspace(folder) as ws:
        import_paths(ws, [tmp_path / "in"])
        tag = ws.db.write(named.ensure, ws.user.uid, TAG, "brass")
        ws.db.write(named.put, ws.user.uid, TAG, tag, [2])
        ws.db.write(texts.set_prompt, 1, "a steel gear, macro photo")
        ws.db.write(texts.set_prompt, 2, "A brass gear, macro photo")
        ws.db.write(texts.set_meta, 1, {"camera": {"make": "A\x1b[31m\nB"}, "iso": 100})
        ws.db.write(texts.set_meta, 2, {"camera": {"make": "C"}, "iso": 100})
    return folder


def test_pictures_with_transparency_are_not_called_the_same(tmp_path: Path) -> None:
    root, folder = tmp_path / "bins", tmp_path / "in"
    folder.mkdir()
    for name, ink in (("red", (255, 0, 0, 0)), ("green", (0, 255, 0, 0))):
        Image.new("RGBA", (160, 120), ink).save(folder / f"{name}.png")
    workspaces.create(root)
    with Workspace(root) as ws:
        import_paths(ws, [folder])
    [pair] = binscout(root, "compare", 1, 2).data["pairs"]
    assert (pair["same_pixels"], pair["changed"]) == (False, 0)
    assert "looks the same; transparency" in pair["words"]


def test_two_images_are_compared_in_words_and_pixels(root: Path, tmp_path: Path) -> None:
    answer = binscout(root, "compare", 1, 2, "--out", tmp_path / "out.png")
    assert answer.code == 0, answer.err
    [pair] = answer.data["pairs"]
    assert (pair["same_pixels"], pair["size"], pair["largest_block"]) == (False, [160, 120], 100)
    assert pair["changed"] == pair["clear"] == pytest.approx(96 / (120 * 160))
    left, top, right, bottom = pair["where"]
    assert (left * 160 < 32, right * 160 > 20, top * 120 < 48, bottom * 120 > 40) == (True,) * 4
    fields = {field["field"]: field["values"] for field in answer.data["fields"]}
    assert fields["tags"] == ["", "brass"]
    assert fields["file: camera.make"] == ["A\\x1b[31m B", "C"]
    assert "size" not in fields
    assert "file: iso" not in fields
    assert answer.data["prompts"] == [{"from": 1, "to": 2, "added": ["brass"], "removed": ["steel"]}]
    with Image.open(tmp_path / "out.png") as picture:
        found = np.array(picture)
    assert found.shape == (120, 160, 3)
    assert (found[PLACE][..., 0] > 200).all()
    found[PLACE] = 0
    assert not found.any()


def test_all_pairs_are_told_and_people_read_sentences(root: Path, capsys: Capsys) -> None:
    answer = answered_here(root, capsys, "compare", 1, 2, 3)
    assert [(pair["from"], pair["to"]) for pair in answer.data["pairs"]] == [(1, 2), (1, 3), (2, 3)]
    assert answer.data["pairs"][2]["same_pixels"] is False
    said = answered_here(root, capsys, "compare", 1, 2, 3, as_json=False).out
    assert "1 and 2: 0.5 % of pixels differ clearly, 0.5 % at all, one block by 100/255" in said
    assert "; compared at 80x60" in said
    assert "\x1b" not in said
    same = answered_here(root, capsys, "compare", 1, 2, as_json=False).out
    assert "prompt       1 to 2: +brass -steel" in same


def test_a_winner_is_one_decision(root: Path, capsys: Capsys) -> None:
    answer = answered_here(root, capsys, "compare", 1, 2, 3, "--winner", 2, "--trash-others")
    assert (answer.code, answer.data["winner"], answer.data["changed"]) == (0, 2, 3)
    with Workspace(root) as ws:
        assert [image.id for image in ws.db.read(images.page)] == [2]
        assert ws.db.read(images.get, 2).starred
        assert ws.db.read(comparisons.chosen_over, 2) == [1, 3]
    undone = answered_here(root, capsys, "undo", "--area", "compare", as_json=False).out
    assert undone.strip() == "winner of image 2 and 2 more undone."
    with Workspace(root) as ws:
        assert [image.id for image in ws.db.read(images.page)] == [1, 2, 3]
        assert not ws.db.read(images.get, 2).starred


def test_an_original_that_cannot_be_read_is_no_zero(root: Path, tmp_path: Path, capsys: Capsys) -> None:
    with Workspace(root) as ws:
        ws.paths.original(ws.db.read(images.get, 2)).unlink()
    answer = answered_here(root, capsys, "compare", 1, 2, 3, "--winner", 1)
    assert answer.code == 1
    broken, whole, _ = answer.data["pairs"]
    assert "changed" not in broken
    assert broken["error"]["code"]
    assert whole["error"] is None
    assert answer.data["winner"] == 1
    out = tmp_path / "out.png"
    assert answered_here(root, capsys, "compare", 1, 2, "--out", out).data["out"] is None
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((1,), 2, "2 to 4 different images can be compared, not 1."),
        ((1, 1), 2, "not 1."),
        ((1, 2, 3, 4, 5), 2, "not 5."),
        ((1, 99), 1, "no image 99"),
        ((1, 2, "--winner", 3), 2, "Image 3 is not one of those"),
        ((1, 2, "--trash-others"), 2, "needs --winner"),
        ((1, 2, 3, "--out", "x.png"), 2, "between two images"),
        ((1, 2, "--out", "x.jpg"), 2, "does not end in .png"),
        ((1, 2, "--out", "nowhere/x.png"), 2, "There is no folder nowhere"),
        ((1, 2, "--out", "there.png"), 3, "there.png is there already"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_written(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capsys,
    words: tuple[object, ...],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.png").write_text("mine")
    answer = answered_here(root, capsys, "compare", *words)
    assert (answer.code, said in answer.err) == (code, True), answer
    assert (tmp_path / "there.png").read_text() == "mine"
    with Workspace(root) as ws:
        assert ws.db.read(journal.history, area=comparisons.AREA) == []
