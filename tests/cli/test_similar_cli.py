"""`similar`: neighbours of an image or a file, groups, how far the vectors are; sentences for what cannot be."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from binscout_tui import workspace as workspaces
from binscout_tui.operations.importing import import_paths
from binscout_tui.store import images, named
from binscout_tui.store.named import TAG
from binscout_tui.workspace import Workspace
from tests.command_line import Answer, answered_here


def scene(path: Path, family: int, number: int) -> Path:
    """Clouds of its family with a small spot."""
    clouds = Image.frombytes("L", (8, 8), random.Random(family).randbytes(64))
    made = clouds.resize((160, 120), Image.Resampling.BICUBIC).convert("RGB")
    made.paste((255, 0, 0), (10 + 9 * number, 50, 14 + 9 * number, 54))
    made.save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six pictures of two families."""
    workspaces.create(tmp_path / "bins")
    (tmp_path / "photos").mkdir()
    for number in range(6):
        scene(tmp_path / "photos" / f"{number}.png", number // 3, number)
    with Workspace(tmp_path / "bins") as ws:
        import_paths(ws, [tmp_path / "photos"])
    return tmp_path / "bins"


@pytest.fixture
def ask(root: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def answer(*words: object, as_json: bool = True) -> Answer:
        return answered_here(root, capsys, "similar", *words, as_json=as_json)

    return answer


def ids_of(answer: Answer) -> list[int]:
    assert answer.code == 0, answer.err
    return [one["id"] for one in answer.data]


def test_neighbours_come_in_order_with_scores(ask: Any, root: Path, tmp_path: Path) -> None:
    answer = ask(1)
    assert set(ids_of(answer)[:2]) == {2, 3}
    assert [one["score"] for one in answer.data] == sorted((one["score"] for one in answer.data), reverse=True)
    assert {one["by"] for one in answer.data} == {"hash"}
    assert list(answer.data[0]) == ["id", "score", "by"]
    assert ids_of(ask(1, "--limit", 1)) == ids_of(answer)[:1]
    assert ids_of(ask("--limit", 2, 1)) == ids_of(answer)[:2]
    assert ids_of(ask("of", 4, "--by", "hash", "--limit", 2)) in ([5, 6], [6, 5])
    # A file outside is compared too, also with the image of its very bytes.
    assert set(ids_of(ask(tmp_path / "photos" / "1.png", "--limit", 3))) == {1, 2, 3}
    assert set(ids_of(ask(scene(tmp_path / "new.png", 1, 8), "--limit", 3))) == {4, 5, 6}
    assert "hash" in ask(1, as_json=False).out


def test_what_is_hidden_or_in_the_trash_is_left_out(ask: Any, root: Path) -> None:
    with Workspace(root) as ws:
        tag = ws.db.write(named.ensure, ws.user.uid, TAG, "secret")
        ws.db.write(named.put, ws.user.uid, TAG, tag, [2])
        ws.db.write(named.hide, ws.user.uid, TAG, tag)
        ws.db.write(images.trash, ws.user.uid, [3])
    assert set(ids_of(ask(1))) == {4, 5, 6}
    groups = ask("clusters", "--number", 2)
    assert sum(group["images"] for group in groups.data) == 4
    assert {found for group in groups.data for found in group["middle"]} == {1, 4, 5, 6}
    assert ask(2).code == 1
    assert ask("status").data == {"images": 4, "vectors": 0, "hashes": 4, "model": None}


def test_groups_are_families(ask: Any) -> None:
    groups = ask("clusters", "--number", 2).data
    assert sorted(sorted(group["middle"]) for group in groups) == [[1, 2, 3], [4, 5, 6]]
    assert {(group["images"], group["label"], group["labelled"], group["by"]) for group in groups} == {
        (3, None, 0, "hash")
    }
    assert ask("clusters", as_json=False).out.count("no labels") >= 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("99",), 1, "There is no image 99"),
        (("99999999999999999999999",), 1, "There is no image"),
        (("nowhere.png",), 1, "There is no file nowhere.png"),
        (("",), 2, "A path is empty"),
        (("1", "--by", "model"), 1, "no active classifier"),
        (("clusters", "--by", "model"), 1, "no active classifier"),
        (("build",), 1, "no active classifier"),
        (("1", "--limit", "0"), 2, "--limit"),
        (("clusters", "--number", "201"), 2, "--number"),
        (("1", "--by", "magic"), 2, "--by"),
    ],
)
def test_what_cannot_be_is_one_sentence(ask: Any, words: tuple[str, ...], code: int, sentence: str) -> None:
    answer = ask(*words, as_json=False)
    assert (answer.code, answer.out) == (code, "")
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_a_name_on_the_terminal_is_safe_to_show(ask: Any) -> None:
    answer = ask("no\x1b[2J\nwhere.png", as_json=False)
    assert answer.code == 1
    assert "\x1b" not in answer.err
    assert answer.err.splitlines()[0].endswith("where.png.")


def test_a_file_that_is_no_picture_is_refused(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    answer = ask(tmp_path / "text.png")
    assert (answer.code, answer.data["error"]["code"]) == (1, "not_a_picture")


def test_nothing_is_compared_in_an_empty_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspaces.create(tmp_path / "empty")
    assert answered_here(tmp_path / "empty", capsys, "similar", "clusters").data == []
    assert answered_here(tmp_path / "empty", capsys, "similar", "status").data["images"] == 0
