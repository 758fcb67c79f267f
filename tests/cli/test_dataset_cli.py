"""`dataset build|list|show|diff|health|leaks` on the real command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.store import images, labels, sets
from binscout_tui.workspace import Workspace
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
