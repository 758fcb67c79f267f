"""`binscout open`: which words lead where, and one sentence for those that lead nowhere."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from binscout_tui.cli.opening import read_opening
from binscout_tui.commands.areas import AREAS, Opening
from binscout_tui.errors import UsageError
from binscout_tui.store import images
from binscout_tui.workspace import Workspace
from tests.command_line import Answer, binscout
from tests.conftest import AddImages


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", Opening("home")),
        ("label", Opening("label")),
        ("gallery", Opening("gallery")),
        ("gallery --full", Opening("gallery", None, True)),
        ("--full", Opening("gallery", None, True)),
        ("--image 12 gallery", Opening("gallery", 12)),
        ("gallery --image=12 --full", Opening("gallery", 12, True)),
        ("--filter dup", Opening("gallery", filter="dup")),
        ("gallery --filter=label:m3|m4 --image 3", Opening("gallery", 3, filter="label:m3|m4")),
        ("gallery --filter=", Opening("gallery", filter="")),
    ],
)
def test_words_lead_to_an_area(words: str, expected: Opening) -> None:
    assert read_opening(words.split()) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nowhere", "There is no area 'nowhere'"),
        ("label home", "does not take 'home'"),
        ("label --full", "belong to the area gallery"),
        ("gallery --image x", "'x' is not the number"),
        ("gallery --image -3", "'-3' is not the number"),
        ("gallery --image 0", "'0' is not the number"),
        ("gallery --image ²", "'²' is not the number"),
        ("gallery --image 99999999999999999999", "is not the number"),
        ("gallery --image", "does not take '--image'"),
        ("label --filter dup", "--filter belongs to the area gallery"),
        ("gallery --filter", "does not take '--filter'"),
        ("gallery --wide", "does not take '--wide'"),
    ],
)
def test_other_words_are_refused(words: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_opening(words.split())
    assert said in refused.value.sentence


def in_terminal(workspace: Workspace, *words: str) -> Answer:
    """What the program says in a terminal before it takes the screen."""
    master, slave = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "binscout_tui", "--workspace", str(workspace.paths.root), *words],
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"TERM": "xterm-256color"},
        )
    finally:
        os.close(slave)
        os.close(master)
    return Answer(done.returncode, None, "", done.stderr)


def test_an_unknown_area_or_image_is_said_in_one_sentence(workspace: Workspace, add_images: AddImages) -> None:
    _, gone = add_images(2)
    workspace.db.write(images.trash, workspace.user.uid, [gone])
    for words, code, said in (
        (("open", "nowhere"), 2, f"The areas are {', '.join(AREAS)}."),
        (("open", "gallery", "--image", "4711"), 1, "There is no image 4711"),
        (("open", "gallery", "--image", str(gone)), 1, f"Image {gone} is in the trash. `binscout images restore"),
        (("open", "--filter", "label:m4"), 2, "There is no class 'm4'."),
        (("open", "gallery", "--filter", "cnf<1"), 2, "There is no field 'cnf'. Did you mean conf?"),
    ):
        answer = in_terminal(workspace, *words)
        assert answer.code == code, answer.err
        assert said in answer.err
        assert len(answer.err.strip().splitlines()) == (3 if "--filter" in words else 1)


def test_without_a_terminal_nothing_is_opened(workspace: Workspace) -> None:
    answer = binscout(workspace.paths.root, "open", "gallery", as_json=False)
    assert answer.code == 2
    assert "needs a terminal" in answer.err
    as_json = binscout(workspace.paths.root, "open", "gallery")
    assert as_json.code == 2
    assert "no answer as JSON" in json.dumps(as_json.data)


def test_the_help_names_it(workspace: Workspace) -> None:
    answer = binscout(workspace.paths.root, "open", "--help", as_json=False)
    assert answer.code == 0
    assert "--full" in answer.out
    assert all(area in answer.out for area in AREAS)
