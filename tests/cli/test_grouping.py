"""`set group`, `suggest` and `import --sets` as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.cli.set_group_commands import parse_ids
from binscout_tui.errors import UsageError
from binscout_tui.workspace import Workspace
from tests.command_line import binscout, ok
from tests.pictures import photo


def test_group_twice_and_suggest(workspace: Workspace, tmp_path: Path) -> None:
    root = workspace.paths.root
    for seed, name in enumerate(("a/1", "a/2", "b/1")):
        photo(tmp_path / f"{name}.jpg", seed)
    ok(root, "import", tmp_path / "a", tmp_path / "b")
    found = ok(root, "set", "group", "--by", "folder")
    assert (found["made"], found["sets"][0]["images"]) == (1, [1, 2])
    assert [(one["image"], one["code"]) for one in found["left_out"]] == [(3, "single")]
    again = binscout(root, "set", "group", "--by", "folder", as_json=False)
    assert again.code == 0
    assert "nothing to group" in again.out
    assert "[single]" in again.out
    said = ok(root, "suggest", "--set", 1)
    assert said.keys() == {"chosen", "scores", "crop", "by", "sure", "rejected"}
    assert (said["by"], said["crop"]) == ("sharpest", None)
    assert said["chosen"] in (1, 2)
    files = ok(root, "suggest", tmp_path / "a")
    assert files["chosen"] in files["scores"]


@pytest.mark.parametrize(
    "words",
    [
        ["set", "group", "--by", "colour"],
        ["set", "group", "--min", "1"],
        ["set", "group", "--by", "folder", "--gap", "3"],
        ["set", "group", "--filter", "3-x"],
        ["suggest"],
        ["suggest", "picture.jpg", "--set", "1"],
    ],
)
def test_bad_words_are_one_sentence(workspace: Workspace, words: list[str]) -> None:
    answer = binscout(workspace.paths.root, *words)
    assert answer.code == 2
    assert answer.data["error"]["message"]
    assert answer.err.count("\n") == 1


def test_a_set_that_is_not_there_is_said(workspace: Workspace) -> None:
    answer = binscout(workspace.paths.root, "suggest", "--set", 7)
    assert (answer.code, answer.data["error"]["code"]) == (1, "no_set")


def test_ids_and_ranges() -> None:
    assert parse_ids(["3,7", "20-22"]) == {3, 7, 20, 21, 22}
    for bad in ("", "0", "5-3", "-3", "3-", "x", "1-99999999", "³", "9" * 30, "0" * 19 + "1" * 30):
        with pytest.raises(UsageError):
            parse_ids([bad])
