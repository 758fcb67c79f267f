"""Every command that writes needs a role, and without it nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import app, run
from binscout_tui.workspace import Workspace
from tests.pictures import photo

OPERATOR = [
    "import PHOTO",
    "images trash 1",
    "images restore 1",
    "images star 1",
    "images unstar 1",
    "images label m3 1",
    "export out 1",
    "images check",
    "images examine",
    "images metadata",
    "set choose 1 1",
    "set reject 1",
    "set skip 1",
    "label set 1 m3",
    "label empty 1",
    "label clear 1",
    "label add-class m3",
    "label take --class m3 --min-confidence 0.9",
    "label classes rename m3 m4",
    "label classes add m3",
    "label classes key m3 k",
    "label classes colour m3 #ff0000",
    "label classes group m3 screws",
    "label classes parent m3 m4",
    "label classes order m3",
    "label boxes set 1 0.1,0.1,0.5,0.5",
    "label boxes skip 1",
    "label boxes clear 1",
    "label count 1 5",
    "label note 1 dusty",
    "label review add 1",
    "label review remove 1",
    "label arrange",
    "labels import PHOTO --format coco",
    "mistakes find",
    "similar build",
    "duplicates find --job",
    "duplicates keep 1 --trash 2",
    "duplicates not 1 2",
    "mistakes dismiss 1",
    "compare 1 2 --winner 1",
    "undo",
    "redo",
    "capture accept 1",
    "capture accept --all",
    "capture reject 1",
    "capture reopen 1",
    "capture assign 1 --item M3",
    "capture shoot",
    "capture retake 1",
    "capture retry --all",
    "capture source add phone --kind inbox path=.",
    "capture source set phone path=.",
    "capture source remove phone",
    "capture source on phone",
    "capture source off phone",
    "capture source test phone",
    "capture run",
    "capture run --once",
    "capture stop",
    "item add M3",
    "item rename M3 M4",
    "item change M3 --target 1",
    "item archive M3",
    "item import PHOTO",
    "compartment add A1",
    "compartment rename A1 A2",
    "compartment change A1 --name x",
    "compartment archive A1",
    "compartment place A1 M3",
    "compartment import PHOTO",
    "set group --by folder",
    "set import-log PHOTO",
    "crop add 1 0.1,0.1,0.9,0.9",
    "crop queue 1",
    "files move a b",
    "files collect a b --stage 1",
    "files drop a --done-in b",
    "files undo",
    "dataset build parts",
    "train --dataset parts",
    "known-good add 1",
    "gate parts-1",
    "predict",
    "models note parts-1 dusty",
    "models shadow parts-1",
    "models shadow off",
    "backup run",
    "backup verify latest",
    "backup scrub",
    "backup drill",
    "backup target test nas",
    *("tag add M3", "tag rename M3 M4", "tag colour M3 #ff0000", "tag hide M3", "tag unhide M3", "tag sensitive M3"),
    *("tag not-sensitive M3", "tag merge M3 M4", "tag delete M3", "tag put M3 1", "tag take M3 1"),
    *("collection by-name --yes", "sidecars audit --fix orphan_sidecar --yes"),
    *("collection add M3", "collection rename M3 M4", "collection colour M3 #ff0000", "collection hide M3"),
    *("collection unhide M3", "collection sensitive M3", "collection not-sensitive M3", "collection merge M3 M4"),
    *("collection delete M3", "collection put M3 1", "collection take M3 1"),
    *("filter save good star", "filter rename good better", "filter forget good", "safe-mode on", "safe-mode off"),
    "jobs cancel 1",
    "jobs retry 1",
    "engine stop",
]
ADMIN = [
    "images purge 1",
    "images purge --trash --confirm purge",
    "backup restore latest",
    "backup restore latest --in-place --confirm restore",
    "backup restore latest --database-only --in-place --confirm restore",
    "backup restore latest --to elsewhere",
    "backup restore latest --item 1",
    "label gold add 1 m3",
    "label gold remove 1",
    "label gold list",
    "known-good remove 1",
    "known-good remove 1 --task select",
    "activate parts-1",
    "models delete parts-1",
    "rollback",
    "label classes merge m3 m4",
    "label classes archive m3",
    "backup rollback",
    "backup repair",
    "backup repair --give-up 20261122T010203Z-1a2b3c4d",
    "backup prune",
    "backup prune --yes",
    "backup schedule",
    "backup schedule --install cron",
    "backup schedule --remove",
    "backup run --accept-loss",
    "backup target add nas /mnt/nas",
    "backup target edit nas --pin-again",
    "backup target remove nas",
    "backup target sheet nas",
]
# `job run` is what the program itself starts for a job that somebody was allowed to queue.
WRITES_NOTHING_OF_A_PERSON = {
    *("app", "init", "open", "bench pictures", "demo", "doctor", "version", "evaluate", "job run"),
    *(
        "images list",
        "set list",
        "label boxes list",
        *("label queue", "label review list", "label agreement", "label accuracy", "label rates"),
        "label boxes show",
        "labels export",
        "dataset export",
        "dataset list",
        "dataset diff",
        "dataset health",
        "dataset leaks",
        "dataset show",
        "runs list",
        "runs show",
        *("runs log", "runs follow"),
        *("report", "runs compare"),
    ),
    *("models list", "models history", "models show", "count", "known-good list", "jobs list", "jobs show"),
    *("capture source list", "capture status"),
    *("capture list", "capture show", "capture coverage", "item list", "compartment list", "compartment show"),
    *("engine start", "engine status", "engine health", "background"),
    *("set export", "suggest", "crop list", "crop render", "files log"),
    *("mistakes list",),
    "duplicates list",
    *("similar of", "similar clusters", "similar status"),
    *("cluster score", "cluster embed", "cluster join"),
    *("show", "view"),
    *("tag list", "tag show", "sidecars audit"),
    *("collection list", "collection show", "filter list", "filter show", "safe-mode status"),
    *("keys list", "keys check", "keys presets"),
    "backup target list",
    *("backup list", "backup show", "backup diff"),
}


def leaves(command: Any, name: str = "") -> Iterator[str]:
    """The names of all commands, such as `images list`."""
    if not hasattr(command, "commands"):
        yield name
        return
    for word, inner in command.commands.items():
        yield from leaves(inner, f"{name} {word}".strip())


def state(workspace: Workspace) -> tuple[list[str], set[Path]]:
    """All rows and all files."""
    return list(workspace.db.connection.iterdump()), set(workspace.paths.root.rglob("*"))


def test_every_command_is_in_the_table() -> None:
    known = {*WRITES_NOTHING_OF_A_PERSON, *OPERATOR, *ADMIN}
    missing = [
        name
        for name in leaves(typer.main.get_command(app))
        if not any(f"{one} ".startswith(f"{name} ") for one in known)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("words", "role"),
    [*((words, "viewer") for words in OPERATOR + ADMIN), *((words, "operator") for words in ADMIN)],
)
def test_a_smaller_role_is_refused_before_anything_is_looked_up(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, role: str
) -> None:
    given = words.replace("PHOTO", str(photo(tmp_path / "x.jpg", 1))).split()
    workspace.db.connection.execute("UPDATE user SET role = ?", (role,))
    before = state(workspace)
    code = run(split_arguments(["--workspace", str(workspace.paths.root), "--json", *given]))
    said = json.loads(capsys.readouterr().out)
    assert (code, said.get("error", {}).get("code")) == (3, "role"), said
    assert state(workspace) == before
