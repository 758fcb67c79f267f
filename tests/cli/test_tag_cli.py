"""`tag …`, `collection by-name` and `sidecars audit` as people and scripts call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from tests.app.made_up import add_images, add_named
from tests.command_line import answered_here


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty workspace."""
    workspaces.create(tmp_path / "ws")
    return tmp_path / "ws"


Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(root: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """A command in this process: (exit code, its document)."""

    def call(*words: object) -> tuple[int, Any]:
        code = run(split_arguments(["--workspace", str(root), "--json", *map(str, words)]))
        return code, json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def ok(call: Call) -> Callable[..., Any]:
    """The document of a command that must end well."""

    def ok(*words: object) -> Any:
        code, data = call(*words)
        assert code == 0, data
        return data

    return ok


Ok = Callable[..., Any]


def tags(ok: Ok, *more: str) -> dict[str, int]:
    """{tag: its images} as they are listed."""
    return {one["name"]: one["images"] for one in ok("tag", "list", *more)}


def listed(ok: Ok) -> list[int]:
    """The images that `images list` shows."""
    found = ok("images", "list")
    return [one["id"] for one in (found["images"] if isinstance(found, dict) else found)]


def test_tags_are_put_taken_renamed_merged_deleted_and_undone(root: Path, ok: Ok) -> None:
    add_images(root, 6, previews=False)
    assert ok("tag", "put", "brass", 1, 2, 3)["changed"] == 3
    assert ok("tag", "put", "Brass", 3, 4) == {"tag": "Brass", "images": 2, "changed": 1}
    assert ok("tag", "put", "nut", "--filter", "tag:brass")["changed"] == 4
    assert ok("tag", "take", "nut", 1)["changed"] == 1
    assert tags(ok) == {"brass": 4, "nut": 3}
    ok("tag", "rename", "nut", "hex nut")
    ok("tag", "colour", "hex nut", "#ff8700")
    assert ok("tag", "show", "HEX NUT")["colour"] == "#ff8700"
    assert not ok("tag", "merge", "hex nut", "brass", "--dry-run")["changed"]
    ok("tag", "merge", "hex nut", "brass")
    assert tags(ok) == {"brass": 4}
    ok("undo", "--area", "tag_name")
    assert tags(ok) == {"brass": 4, "hex nut": 3}
    ok("tag", "delete", "brass")
    assert tags(ok) == {"hex nut": 3}


def test_hidden_tags_are_listed_when_asked_and_their_images_nowhere(root: Path, call: Call, ok: Ok) -> None:
    add_images(root, 4, previews=False)
    ok("tag", "put", "secret", 1, 2)
    ok("tag", "hide", "secret")
    assert tags(ok) == {}
    assert tags(ok, "--hidden") == {"secret": 2}
    assert listed(ok) == [3, 4]
    code, gone = call("tag", "put", "nut", 1)
    assert (code, gone["error"]["code"]) == (1, "no_image")
    assert ok("tag", "put", "SECRET", 3)["changed"] == 1, "its whole name is enough to hide an image"
    assert listed(ok) == [4]
    ok("tag", "unhide", "secret")
    assert tags(ok) == {"secret": 3}


def test_of_a_hidden_tag_it_is_told_how_many_images_a_change_reaches(
    root: Path, ok: Ok, capsys: pytest.CaptureFixture[str]
) -> None:
    add_images(root, 4, previews=False)
    ok("tag", "put", "secret", 1, 2)
    ok("tag", "put", "nut", 3)
    ok("tag", "hide", "secret")
    for more in ((), ("--dry-run",)):
        answer = answered_here(root, capsys, "tag", "merge", "secret", "nut", *more)
        assert (answer.code, answer.data["error"]["code"]) == (3, "would_show")
    ok("tag", "hide", "nut")
    assert ok("tag", "merge", "secret", "nut", "--dry-run")["images"] == 2
    answer = answered_here(root, capsys, "tag", "delete", "secret", as_json=False)
    assert answer.out == "secret is deleted; it hides 2 images no more.\n"
    assert listed(ok) == [1, 2, 4]


def test_what_is_refused_makes_no_tag_and_a_tag_that_is_not_there_is_not_taken(root: Path, call: Call, ok: Ok) -> None:
    add_images(root, 1203, previews=False)
    ok("images", "trash", 1202)
    assert call("tag", "put", "brass", 1202)[0] == 2
    assert call("tag", "put", "brass", *range(1, 1204))[0] == 2
    assert tags(ok) == {}
    code, gone = call("tag", "take", "nosuch", "--filter", "star")
    assert (code, gone["error"]["code"]) == (1, "no_tag")
    assert ok("tag", "put", "brass", "--filter", "id:1..1201")["changed"] == 1201
    ok("undo", "--area", "tag")
    assert tags(ok) == {"brass": 0}


BAD = [
    (("tag", "put", "x"), 2, "nothing_chosen"),
    (("tag", "put", "a\tb", "1"), 2, "bad_name"),
    (("tag", "put", "x" * 101, "1"), 2, "bad_name"),
    (("tag", "put", "x", "99"), 1, "no_image"),
    (("tag", "take", "x", "1"), 1, "no_tag"),
    (("tag", "colour", "x", "red"), 1, "no_tag"),
    (("tag", "merge", "x", "y"), 1, "no_tag"),
    (("collection", "by-name", "--as", "x"), 2, "bad_kind"),
    (("collection", "by-name", "--only", "x"), 1, "not_found"),
    (("sidecars", "audit", "nowhere"), 2, "no_folder"),
    (("sidecars", "audit"), 1, "nothing_in_place"),
    (("sidecars", "audit", ".", "--fix", "x"), 2, "bad_kind"),
    (("sidecars", "audit", ".", "--yes"), 2, "nothing_chosen"),
]


def test_bad_input_is_one_sentence(root: Path, call: Call) -> None:
    add_images(root, 1, previews=False)
    for words, expected, error in BAD:
        code, data = call(*words)
        assert (code, data["error"]["code"]) == (expected, error), words


def test_names_are_listed_before_they_are_made_and_made_once(root: Path, ok: Ok) -> None:
    add_named(
        root,
        [
            "m3-washer_001.jpg",
            "m3-washer_002.jpg",
            "hexbolt_1.jpg",
            "hexbolt_2.jpg",
            "hexbolts_1.jpg",
            "hexbolts_2.jpg",
        ],
    )
    found = ok("collection", "by-name")
    assert [(one["name"], one["images"]) for one in found["names"]] == [("m3 washer", [1, 2])]
    assert {one["name"] for one in found["unsure"]} == {"hexbolt", "hexbolts"}
    assert ok("collection", "list") == []
    assert ok("collection", "by-name", "--yes")["made"] == {"names": 1, "put": 2, "stopped": False}
    assert ok("collection", "by-name", "--yes")["made"]["put"] == 0
    assert ok("collection", "by-name", "--only", "HexBolt", "--as", "tag", "--yes")["made"]["put"] == 2
    assert tags(ok) == {"hexbolt": 2}
    assert [one["name"] for one in ok("collection", "list")] == ["m3 washer"]


def test_sidecars_are_audited_mended_and_taken_back(ok: Ok, tmp_path: Path) -> None:
    pile = tmp_path / "pile"
    pile.mkdir()
    for name in ("IMG_1.jpg", "b.jpg", "img_1.txt", "zz9.txt"):
        (pile / name).write_text(name)
    found = ok("sidecars", "audit", pile)
    assert [(one["kind"], Path(one["path"]).name, one["fix"]) for one in found["findings"]] == [
        ("case_mismatch", "img_1.txt", "rename"),
        ("orphan_sidecar", "zz9.txt", "hold"),
    ]
    dry = ok("sidecars", "audit", pile, "--fix", "case_mismatch")
    assert [Path(one["destination"]).name for one in dry["moves"]] == ["IMG_1.txt"]
    assert (pile / "img_1.txt").exists()
    done = ok("sidecars", "audit", pile, "--fix", "case_mismatch", "--fix", "orphan_sidecar", "--yes")
    assert done["moved"] == 2
    assert (pile / "IMG_1.txt").read_text() == "img_1.txt"
    assert (tmp_path / "pile.held" / "zz9.txt").read_text() == "zz9.txt"
    assert ok("files", "undo")["moved"] == 2
    assert (pile / "img_1.txt").exists()
    assert (pile / "zz9.txt").exists()
