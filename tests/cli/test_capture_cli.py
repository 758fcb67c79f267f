"""`capture`, `item` and `compartment` on the command line, with the real capture process where one is needed."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from binscout_tui.capture.launch import running, stop_runner
from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.store import captures, images
from binscout_tui.store.captures import NewCapture, NewFailure
from binscout_tui.workspace import Workspace
from tests.capture.conftest import until
from tests.cli.test_opening import in_terminal
from tests.command_line import binscout, ok
from tests.conftest import row
from tests.pictures import photo

Say = Callable[..., tuple[int, Any]]


@pytest.fixture
def say(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in this process: (exit code, JSON document)."""

    def said(*words: object) -> tuple[int, Any]:
        given = ["--workspace", str(workspace.paths.root), "--json", *map(str, words)]
        code = run(split_arguments(given))
        return code, json.loads(capsys.readouterr().out)

    return said


@pytest.fixture
def done(say: Say) -> Callable[..., Any]:
    """Runs a command that must end with 0; its JSON document."""

    def answered(*words: object) -> Any:
        code, data = say(*words)
        assert code == 0, data
        return data

    return answered


@pytest.fixture
def stage(workspace: Workspace) -> Callable[..., int]:
    def staged(number: int, **values: Any) -> int:
        new = NewCapture(**{"image": row(number), **values})
        return workspace.db.write(captures.stage, workspace.user.uid, new)[0]

    return staged


def refused(answer: tuple[int, Any], code: int, error: str) -> str:
    assert answer[0] == code, answer
    assert answer[1]["error"]["code"] == error, answer
    return str(answer[1]["error"]["message"])


def test_a_queue_is_listed_decided_on_and_undone(
    workspace: Workspace, done: Callable[..., Any], say: Say, stage: Callable[..., int]
) -> None:
    ids = [stage(number) for number in range(4)]
    listed = done("capture", "list", "--state", "staged", "--limit", "2")
    assert [one["id"] for one in listed["captures"]] == [ids[3], ids[2]]
    assert listed["counts"]["staged"] == 4
    listed = done("capture", "list", "--oldest", "--beyond", ids[1])
    assert [one["id"] for one in listed["captures"]] == ids[2:]

    assert done("capture", "accept", ids[0], ids[1]) == {"state": "accepted", "changed": ids[:2], "unchanged": []}
    assert done("capture", "accept", ids[0])["unchanged"] == [ids[0]]
    assert done("capture", "reject", ids[2], "--reason", "a thumb in it")["changed"] == [ids[2]]
    assert done("capture", "show", ids[2])["reason"] == "a thumb in it"
    assert done("capture", "accept", "--all")["changed"] == [ids[3]]
    assert done("undo", "--area", "capture")["target"] == ids[3]
    assert done("capture", "reopen", ids[2])["state"] == "staged"
    assert len(done("images", "list")) == 2
    refused(say("capture", "accept", ids[0], 99), 1, "no_capture")
    refused(say("capture", "accept"), 2, "which_captures")
    refused(say("capture", "accept", "--all", "--unwarned"), 2, "which_captures")
    refused(say("capture", "reject", ids[0], "--reason", "a\x1bb"), 2, "bad_reason")


def test_a_chain_is_shown_with_who_decided_what(
    workspace: Workspace, done: Callable[..., Any], say: Say, stage: Callable[..., int]
) -> None:
    first = stage(1)
    done("capture", "accept", first)
    second = stage(2, replaces=first, reason="blurred")
    shown = done("capture", "show", first)
    assert (shown["state"], shown["attempts"]) == ("superseded", [first, second])
    assert [(one["action"], one["capture"]) for one in shown["history"]] == [("accept", first), ("retake", second)]
    assert shown["history"][-1]["after"]["reason"] == "blurred"
    assert f"capture {second}" in refused(say("capture", "accept", first), 3, "superseded")
    refused(say("label", "set", shown["image_id"], "m3"), 2, "withheld")


def test_items_and_compartments_are_kept_and_captures_assigned(
    workspace: Workspace, done: Callable[..., Any], say: Say, stage: Callable[..., int]
) -> None:
    done("item", "add", "M3 screw", "--class", "m3", "--number", "0815", "--target", 2)
    done("compartment", "add", "A-01", "--organiser", "A", "--name", "top left")
    assert done("compartment", "place", "A-01", "M3 screw")["item"] == "M3 screw"
    one = stage(1)
    assert done("capture", "assign", one, "--compartment", "A-01", "--item", "M3 screw")["changed"] == [one]
    done("capture", "accept", one)
    assert done("label", "classes")[0]["images"] == 1
    (covered,) = done("capture", "coverage")
    assert {key: covered[key] for key in ("name", "accepted", "staged", "target", "missing", "compartments")} == {
        "name": "M3 screw",
        "accepted": 1,
        "staged": 0,
        "target": 2,
        "missing": 1,
        "compartments": ["A-01"],
    }
    assert done("capture", "coverage", "--by", "compartment")[0]["here"] == 1
    assert done("capture", "coverage", "--next")["code"] == "A-01"
    done("item", "rename", "M3 screw", "M3")
    done("item", "change", "M3", "--target", 1)
    assert done("capture", "coverage", "--next") is None
    assert done("capture", "list", "--item", "M3")["captures"][0]["compartment"] == "A-01"
    done("compartment", "place", "A-01", "--empty")
    assert [one["item"] for one in done("compartment", "show", "A-01")["placements"]] == ["M3"]
    done("compartment", "rename", "A-01", "B-01")
    done("compartment", "archive", "B-01")
    assert done("compartment", "list") == []
    assert done("item", "archive", "M3")["archived_at"]
    assert done("item", "archive", "M3", "--undo")["archived_at"] is None
    refused(say("item", "add", "M3"), 2, "item_exists")
    refused(say("item", "show-me"), 2, "usage")
    refused(say("compartment", "place", "B-01"), 2, "which_item")
    refused(say("capture", "assign", one, "--item", "M5"), 1, "no_item")
    refused(say("capture", "list", "--compartment", "C"), 1, "no_compartment")


def test_the_target_in_the_settings_is_what_an_item_wants(workspace: Workspace, done: Callable[..., Any]) -> None:
    done("item", "add", "M3")
    assert done("capture", "coverage")[0]["target"] == 30
    workspace.paths.settings.write_text("[capture]\ntarget = 7\n")
    assert done("capture", "coverage")[0]["target"] == 7


def test_lists_are_imported_line_by_line(
    workspace: Workspace, done: Callable[..., Any], say: Say, tmp_path: Path
) -> None:
    items = tmp_path / "items.csv"
    items.write_bytes(
        "\ufeffName,class,target,note\r\nM3,m3,5,\r\n,x,1,\r\nM4,m4,many,\r\n\r\n"
        '"M5, long",m5,,"quoted ""word"""\r\nM6,m6,1,a,b\r\nM3,m3,5,\r\n"M\x1b7",,,\r\n'.encode()
    )
    code, report = say("item", "import", items)
    assert code == 1
    assert (report["added"], report["changed"], report["unchanged"]) == (2, 0, 1)
    assert [(one["line"], one["code"]) for one in report["refused"]] == [
        (3, "bad_item_name"),
        (4, "bad_target"),
        (7, "bad_line"),
        (9, "bad_item_name"),
    ]
    assert "\x1b" not in json.dumps(report, ensure_ascii=False)
    assert [one["name"] for one in done("item", "list")] == ["M3", "M5, long"]
    assert [one["name"] for one in done("label", "classes")] == ["m3", "m5"]

    bins = tmp_path / "bins.csv"
    bins.write_text("code,organiser,item\nA1,A,M3\nA2,A,\nA3,A,M9\n")
    code, report = say("compartment", "import", bins)
    assert (code, report["added"]) == (1, 2)
    assert [(one["line"], one["code"]) for one in report["refused"]] == [(4, "no_item")]
    assert [(one["code"], one["item"]) for one in done("compartment", "list")] == [("A1", "M3"), ("A2", None)]
    bins.write_text("code,item\nA1,M3\nA2,M3\n")
    assert done("compartment", "import", bins) == {"added": 0, "changed": 1, "unchanged": 1, "refused": []}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bad_columns"),
        (b"colour\nred\n", "bad_columns"),
        (b"name,name\na,b\n", "bad_columns"),
        (b"number\n1\n", "bad_columns"),
        (b"name\n\xff\n", "not_utf8"),
        (b'name\nfirst\n"never closed\n', "bad_csv"),
    ],
)
def test_what_is_no_list_is_refused_and_changes_nothing(say: Say, tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    refused(say("item", "import", path), 2, code)
    assert say("item", "list") == (0, [])


def test_what_nothing_can_be_asked_of_is_refused(workspace: Workspace, say: Say, stage: Callable[..., int]) -> None:
    one = stage(1)
    failed, _ = workspace.db.write(captures.fail, workspace.user.uid, NewFailure(code="x", error="No answer."))
    refused(say("capture", "shoot"), 1, "no_source")
    refused(say("capture", "retake", one), 1, "no_source")
    refused(say("capture", "retry", one), 3, "not_failed")
    refused(say("capture", "retry", failed), 3, "source_gone")
    refused(say("capture", "retry"), 2, "which_captures")
    assert say("capture", "retry", "--all") == (0, {"requests": []})
    for kind in ("one", "two"):
        words = ["capture", "source", "add", kind, "--kind", "command", "--", "take", "{output}"]
        assert say(*words)[0] == 0
    assert "one, two" in refused(say("capture", "shoot"), 2, "which_source")
    assert workspace.db.read(images.count) == 0


def test_nothing_is_captured_for_an_archived_compartment(
    done: Callable[..., Any], say: Say, stage: Callable[..., int]
) -> None:
    one = stage(1)
    done("compartment", "add", "A-01")
    done("compartment", "archive", "A-01")
    done("capture", "source", "add", "cam", "--kind", "command", "--", "take", "{output}")
    for words in (["assign", one], ["shoot", "--wait", "0"]):
        assert "A-01 is archived" in refused(say("capture", *words, "--compartment", "A-01"), 3, "archived")
    done("compartment", "archive", "A-01", "--undo")
    assert done("capture", "assign", one, "--compartment", "A-01")["changed"] == [one]


def test_accepting_all_names_what_could_not_be(
    workspace: Workspace, done: Callable[..., Any], stage: Callable[..., int]
) -> None:
    first = stage(1)
    done("capture", "accept", first)
    image = workspace.db.read(captures.get, first).image_id
    done("images", "trash", image)
    again, other = stage(1), stage(2)
    answer = done("capture", "accept", "--all")
    assert answer["changed"] == [other]
    assert "in the trash" in answer["refused"][str(again)]


def test_those_that_no_check_warns_of_are_accepted_at_once(done: Callable[..., Any], stage: Callable[..., int]) -> None:
    fine, warned = ({"findings": [{"check": "blur", "level": level}]} for level in ("ok", "warn"))
    ids = [stage(1, checks=fine), stage(2, checks=warned), stage(3)]
    assert done("capture", "accept", "--unwarned")["changed"] == ids[:1]
    assert done("undo", "--area", "capture")["target"] == ids[0]


def test_a_picture_that_waits_as_a_capture_is_not_imported_past_its_decision(
    workspace: Workspace, say: Say, stage: Callable[..., int], tmp_path: Path
) -> None:
    path = photo(tmp_path / "a.jpg", 1)
    data = path.read_bytes()
    one = stage(1, image=row(1, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)))
    image = workspace.db.read(captures.get, one).image_id
    code, report = say("import", path)
    assert (code, [found["code"] for found in report["rejected"]]) == (1, ["withheld"])
    assert workspace.db.read(images.count) == 0
    refused(say("images", "trash", image), 2, "withheld")
    answer = in_terminal(workspace, "open", "gallery", "--image", str(image))
    assert (answer.code, "a capture that is staged" in answer.err) == (2, True)


@pytest.fixture
def camera(workspace: Workspace, tmp_path: Path) -> Iterator[Path]:
    """A command that takes the picture at this path, and fails while there is none."""
    subject = tmp_path / "subject.jpg"
    root = workspace.paths.root
    take = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"
    command = [sys.executable, "-c", take, str(subject), "{output}"]
    ok(root, "capture", "source", "add", "bench", "--kind", "command", "--", *command)
    yield subject
    stop_runner(root)


def test_shots_retakes_and_retries_go_through_the_capture_process(workspace: Workspace, camera: Path) -> None:
    root = workspace.paths.root
    ok(root, "item", "add", "M3")
    failed = binscout(root, "capture", "shoot", "--item", "M3")
    assert failed.code == 1
    (request,) = failed.data["requests"]
    assert (request["state"], request["taken"]["state"]) == ("failed", "failed")
    assert request["error"]
    photo(camera, 1)
    (request,) = ok(root, "capture", "retry", "--all")["requests"]
    first = request["taken"]
    assert (first["id"], first["state"], first["item"]) == (request["capture"], "staged", "M3")
    photo(camera, 2)
    (request,) = ok(root, "capture", "retake", first["id"], "--reason", "blurred")["requests"]
    second = request["taken"]
    assert (second["state"], second["attempt"], second["reason"], second["item"]) == ("staged", 2, "blurred", "M3")
    counts = ok(root, "capture", "list")["counts"]
    assert (counts["staged"], counts["superseded"], counts["failed"]) == (1, 1, 0)


def test_a_wish_that_is_not_met_in_time_is_taken_back(workspace: Workspace, tmp_path: Path) -> None:
    root, inbox = workspace.paths.root, tmp_path / "inbox"
    inbox.mkdir()
    ok(root, "capture", "source", "add", "inbox", "--kind", "inbox", f"path={inbox}")
    try:
        answer = binscout(root, "capture", "shoot", "--wait", "0.2")
        assert answer.code == 1
        assert answer.data["requests"][0]["state"] in ("failed", "working")
    finally:
        # The process that the command has started may not be ready to be stopped yet.
        until(lambda: running(root), "the capture process")
        assert stop_runner(root)
