"""`dataset build|list|show|diff|health|leaks` on the real command line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.store import box_labels, images, labels, sets
from binscout_tui.workspace import Workspace
from tests.operations.test_dataset_tasks import add_set, counted_images, decided_sets
from tests.operations.test_datasets import fill, split_of


@pytest.fixture
def cli(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on a workspace with sixty labelled images: (exit code, JSON answer)."""
    fill(workspace, 0, 60)

    def call(*words: object) -> tuple[int, Any]:
        code = run(split_arguments(["--workspace", str(workspace.paths.root), "--json", *map(str, words)]))
        return code, json.loads(capsys.readouterr().out)

    return call


def test_a_dry_run_says_the_id_and_writes_nothing(cli: Any) -> None:
    code, planned = cli("dataset", "build", "parts", "--dry-run")
    assert (code, planned["images"], planned["leaks"]) == (0, 60, [])
    assert cli("dataset", "list") == (0, [])
    assert cli("dataset", "build", "parts")[1]["id"] == planned["id"]
    [listed] = cli("dataset", "list")[1]
    assert (listed["id"], listed["images"], listed["splits"]) == (planned["id"], 60, planned["splits"])


def test_sets_are_called_sets_and_listed_with_the_numbers_that_choosing_needs(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    def text(*words: str) -> str:
        assert run(split_arguments(["--workspace", str(workspace.paths.root), *words])) == 0
        return capsys.readouterr().out

    decided_sets(workspace)
    built = text("dataset", "build", "picks", "--task", "select")
    assert re.search(r"^\d+ test sets? (is|are) the gate's known-good list now$", built, re.MULTILINE)
    one = workspace.db.read(sets.get, workspace.db.read(sets.ids, None)[0])
    numbers = ", ".join(str(image.id) for image in one.images)
    assert f"{len(one.images)} images: {numbers}  {one.name}\n" in text("set", "list")


def test_images_of_a_version_are_listed_page_by_page(cli: Any, workspace: Workspace) -> None:
    cli("dataset", "build", "parts")
    workspace.db.write(labels.set_label, workspace.user.uid, 1, "b")
    assert "images" not in cli("dataset", "show", "parts")[1]
    code, first = cli("dataset", "show", "parts", "--class", "a", "--limit", 2)
    assert (code, [one["id"] for one in first["images"]]) == (0, [1, 3])
    assert (first["images"][0]["label"], first["images"][0]["label_now"]) == ("a", "b")
    following = cli("dataset", "show", "parts", "--class", "a", "--limit", 2, "--after", 3)[1]
    assert [one["id"] for one in following["images"]] == [5, 7]
    filtered = cli("dataset", "show", "parts", "--filter", "label:b id:..4")[1]
    assert [one["id"] for one in filtered["images"]] == [1, 2, 4]
    in_val = cli("dataset", "show", "parts", "--split", "val")[1]["images"]
    assert {one["split"] for one in in_val} == {"val"}
    code, error = cli("dataset", "show", "parts", "--filter", "label:")
    assert (code, error["error"]["code"]) == (2, "filter")


def test_leaks_block_a_build_until_they_are_allowed_and_are_found_afterwards(cli: Any, workspace: Workspace) -> None:
    from tests.operations.test_datasets import build_parts

    splits = split_of(workspace, build_parts(workspace))
    pair = [next(image for image in splits if splits[image] == split) for split in ("train", "test")]
    assert cli("dataset", "leaks", "parts")[0] == 0
    workspace.db.write(sets.add, name="s", kind="folder", image_ids=pair)
    assert cli("dataset", "build", "again")[0] == 3
    code, found = cli("dataset", "leaks", "parts")
    assert (code, sorted(found["findings"][0]["images"])) == (1, sorted(pair))
    assert cli("dataset", "build", "again", "--allow-leaks", "--reason", "two views")[0] == 0


def test_health_reads_files_only_when_asked(cli: Any, workspace: Workspace) -> None:
    cli("dataset", "build", "parts")
    code, found = cli("dataset", "health", "parts")
    assert (code, found["read"], found["findings"]) == (0, False, [])
    code, found = cli("dataset", "health", "parts", "--read")
    assert (code, found["read"]) == (1, True)
    assert [(one["kind"], one["number"]) for one in found["findings"]] == [("missing", 60)]


def test_two_versions_are_compared(cli: Any, workspace: Workspace) -> None:
    cli("dataset", "build", "old")
    workspace.db.write(images.trash, workspace.user.uid, [9])
    cli("dataset", "build", "new")
    code, found = cli("dataset", "diff", "old", "new", "--kind", "removed")
    assert (code, found["counts"]["removed"], found["changes"][0]["image_id"]) == (0, 1, 9)
    assert cli("dataset", "diff", "old", "old")[0] == 2
    assert cli("dataset", "diff", "old", "nothing")[0] == 1


@pytest.fixture
def said(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command for a person: (exit code, what it says, what it says beside the answer)."""

    def call(*words: object) -> tuple[int, str, str]:
        code = run(split_arguments(["--workspace", str(workspace.paths.root), *map(str, words)]))
        found = capsys.readouterr()
        return code, found.out, found.err

    return call


def test_a_class_that_is_not_there_is_refused_with_the_nearest(cli: Any, workspace: Workspace, said: Any) -> None:
    for image in range(1, 31):
        workspace.db.write(labels.add_class, "screw")
        workspace.db.write(labels.set_label, workspace.user.uid, image, "screw")
    cli("dataset", "build", "parts")
    code, error = cli("dataset", "show", "parts", "--class", "scrw")
    assert (code, error["error"]["code"], error["error"]["hint"]) == (2, "no_class", "Did you mean screw?")
    code, error = cli("images", "list", "--label", "scrw")
    assert (code, error["error"]["code"], error["error"]["hint"]) == (2, "no_class", "Did you mean screw?")
    workspace.db.write(labels.add_class, "new")
    assert cli("images", "list", "--label", "new") == (0, [])
    assert said("images", "list", "--label", "new")[:2] == (0, "No image is like that.\n")


def test_a_list_that_goes_on_says_so(cli: Any, said: Any) -> None:
    cli("dataset", "build", "parts")
    for words in (("images", "list"), ("images", "list", "--filter", "label:a"), ("label", "boxes", "list")):
        code, out, err = said(*words, "--limit", 10)
        last = out.splitlines()[-1].split()[0]
        assert (code, len(out.splitlines()), err) == (0, 10, f"10 of more; --after {last} goes on\n")
        assert said(*words, "--limit", 60)[2] == "", "that is all"
    code, page = cli("dataset", "show", "parts", "--images", "--limit", 59)
    assert (code, page["next"]) == (0, 59)
    assert cli("dataset", "show", "parts", "--images", "--limit", 60)[1]["next"] is None
    assert said("label", "boxes", "list", "--state", "boxes")[1] == "No image is like that.\n"


def test_a_build_says_why_its_split_is_not_what_was_asked_for(cli: Any, workspace: Workspace, said: Any) -> None:
    assert "would be" not in said("dataset", "build", "even", "--split", "60/20/20")[1]
    workspace.db.write(sets.add, name="s", kind="folder", image_ids=range(1, 31))
    fill(workspace, 60, 20, classes="c", phash=0xABCD)
    text = said("dataset", "build", "uneven", "--allow-leaks")[1]
    assert "80/10/10 would be 64/8/8: groups stay whole and keep their split" in text
    assert "the largest has 2" in text


def test_words_are_in_the_singular_and_the_plural(cli: Any, workspace: Workspace, said: Any) -> None:
    assert said("images", "trash", 1)[1] == "1 image moved to the trash.\n"
    assert said("undo")[1] == "trash of image 1 undone.\n"
    assert said("images", "trash", 1, 2)[1] == "2 images moved to the trash.\n"
    assert said("undo")[1] == "trash of image 1 and 1 more undone.\n"
    assert said("label", "boxes", "set", 1, "0.1,0.1,0.2,0.2")[1] == "Image 1 has 1 box.\n"
    assert "A box is x1,y1,x2,y2" in said("label", "boxes", "set", 1, "5,5,10,10")[2]
    assert said("label", "set", 1, "b")[0] == 0
    assert said("undo")[1] == "label of image 1 undone.\n"
    assert said("label", "classes", "merge", "a", "b")[1] == "30 images of a are b now.\n"
    code, _, error = said("label", "set", 2, "a")
    assert code == 1
    assert "The class 'a' is archived." in error
    assert "binscout label classes archive a --undo" in error
    assert said("undo")[1] == "merge of class a undone, with 30 things that it moved.\n"


@pytest.fixture
def say(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command that writes for people: (exit code, what it wrote)."""

    def call(*words: object) -> tuple[int, str]:
        code = run(split_arguments(["--workspace", str(workspace.paths.root), *map(str, words)]))
        written = capsys.readouterr()
        return code, written.out + written.err

    return call


def test_sets_are_planned_frozen_and_listed_for_people(say: Any, workspace: Workspace) -> None:
    decided_sets(workspace, 12)
    add_set(workspace, 700)
    code, planned = say("dataset", "build", "picks", "--task", "select", "--dry-run")
    assert (code, "12 decided sets: train" in planned) == (0, True)
    assert "left out: 1 set not decided yet" in planned
    code, built = say("dataset", "build", "picks", "--task", "select")
    assert (code, "select, 36 images in" in built) == (0, True)
    assert "12 sets" in say("dataset", "list")[1]
    shown = say("dataset", "show", "picks", "--class", "chosen")[1]
    assert shown.count("chosen") == 12
    assert say("dataset", "health", "picks")[0] == 0
    assert say("dataset", "build", "picks", "--task", "select", "--item", "nut")[0] == 2


def test_counts_are_listed_with_their_numbers_and_compared(say: Any, workspace: Workspace) -> None:
    ids = counted_images(workspace)
    assert say("dataset", "build", "old", "--task", "count")[0] == 0
    assert f"{ids[7]:>8}" in say("dataset", "show", "old", "--images")[1]
    assert any(line.split()[0:1] == [str(ids[7])] and line.split()[2] == "7" for line in _listed(say))
    workspace.db.write(box_labels.set_count, workspace.user.uid, ids[7], 9)
    say("dataset", "build", "new", "--task", "count")
    code, text = say("dataset", "diff", "old", "new")
    assert (code, "relabelled 7 → 9" in text) == (0, True)
    assert "counted or boxed otherwise today" in say("dataset", "health", "old")[1]
    assert say("dataset", "build", "x", "--task", "count", "--item", "bolt")[0] == 1


def _listed(say: Any) -> list[str]:
    found: list[str] = say("dataset", "show", "old", "--images")[1].splitlines()
    return found
