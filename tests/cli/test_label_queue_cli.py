"""`label queue|arrange|note|review|gold|agreement|accuracy|rates` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from binscout_tui.cli.arguments import split_arguments
from binscout_tui.cli.main import run
from binscout_tui.store import label_checks, labels
from binscout_tui.store.label_checks import Check
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def command(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process: the exit code and the JSON answer."""

    def answer(*words: object) -> tuple[int, Any]:
        code = run(split_arguments(["--workspace", str(workspace.paths.root), "--json", *map(str, words)]))
        return code, json.loads(capsys.readouterr().out)

    return answer


@pytest.fixture
def ids(workspace: Workspace, add_images: AddImages) -> list[int]:
    """Four images, the second labelled; two classes."""
    made = add_images(4)
    for name in ("m3", "m4"):
        workspace.db.write(labels.add_class, name)
    workspace.db.write(labels.set_label, workspace.user.uid, made[1], "m3")
    return made


def test_the_queue_in_orders(workspace: Workspace, command: Run, ids: list[int]) -> None:
    for image, phash in zip(ids, (0, 0, 1, -1), strict=True):
        workspace.db.connection.execute("UPDATE image SET phash = ? WHERE id = ?", (phash, image))
    assert command("label", "queue")[1]["images"] == [ids[0], ids[2], ids[3]]
    assert command("label", "queue", "--order", "arrival", "--limit", 2)[1]["images"] == ids[:2]
    found = command("label", "queue", "--order", "filter", "--filter", "label:m3")[1]
    assert found == {"order": "filter", "model": None, "images": [ids[1]]}
    assert command("label", "arrange") == (0, {"images": 3})
    assert command("label", "queue", "--order", "diverse")[1]["images"][0] == ids[3]
    for words in (("--order", "best"), ("--order", "filter"), ("--filter", "label:m3")):
        assert command("label", "queue", *words)[0] == 2
    code, said = command("label", "queue", "--order", "filter", "--filter", "label:m3 lbl:x")
    assert (code, said["error"]["position"]) == (2, 9)


def test_remarks_are_made_listed_and_undone(command: Run, ids: list[int]) -> None:
    assert command("label", "note", ids[0], "dusty")[1] == {"image": ids[0], "note": "dusty", "changed": True}
    assert command("label", "note", ids[0], "dusty")[1]["changed"] is False
    assert command("label", "review", "add", ids[0], ids[3]) == (0, {"changed": 2})
    rows = command("label", "review", "list")[1]
    assert [(row["image"], row["note"]) for row in rows] == [(ids[0], "dusty"), (ids[3], "")]
    assert [row["image"] for row in command("label", "review", "list", "--after", ids[0])[1]] == [ids[3]]
    assert command("label", "review", "remove", ids[3]) == (0, {"changed": 1})
    assert command("undo")[1]["area"] == "review"
    assert command("undo", "--area", "note")[1]["done"] is True
    assert command("label", "review", "add", 99)[1]["error"]["code"] == "no_image"
    assert command("label", "note", ids[0], "two\nlines")[1]["error"]["code"] == "bad_note"


def test_gold_images_and_how_good_people_are(workspace: Workspace, command: Run, ids: list[int]) -> None:
    assert command("label", "gold", "add", ids[0], "m3")[1] == {"image": ids[0], "label": "m3", "changed": True}
    assert command("label", "gold", "add", ids[2], "--empty")[1]["label"] is None
    assert command("label", "gold", "add", ids[2])[0] == 2
    assert command("label", "gold", "add", ids[2], "m9")[1]["error"]["code"] == "no_class"
    assert [(one["image_id"], one["name"]) for one in command("label", "gold", "list")[1]] == [
        (ids[0], "m3"),
        (ids[2], None),
    ]
    uid, name = workspace.user.uid, workspace.user.name
    own = Check(kind="own", image_id=ids[1], expected=("class", 1), of_uid=uid)
    workspace.db.write(label_checks.answer, uid, own, "m3", "class")
    known = Check(kind="gold", image_id=ids[0], expected=("class", 1))
    workspace.db.write(label_checks.answer, uid, known, "m4", "class")
    (agreed,) = command("label", "agreement", "--user", name)[1]
    assert (agreed["kind"], agreed["people"], agreed["n"], agreed["observed"]) == ("own", [name], 1, 1.0)
    assert agreed["kappa"] is None
    (right,) = command("label", "accuracy")[1]
    assert (right["person"], right["n"], right["right"]) == (name, 1, 0)
    assert command("label", "accuracy", "--user", "nobody at all")[1]["error"]["code"] == "no_person"
    assert command("label", "gold", "remove", ids[2])[0] == 0
    assert command("label", "gold", "remove", ids[2])[1]["error"]["code"] == "not_gold"


def test_rates(workspace: Workspace, command: Run, ids: list[int]) -> None:
    shown = {"label": "m4", "score": 0.5, "model": "parts-1"}
    workspace.db.write(labels.set_label, workspace.user.uid, ids[0], "m4", suggested=shown)
    workspace.db.write(labels.set_label, workspace.user.uid, ids[2], "m3", suggested=shown)
    found = command("label", "rates")[1]
    assert found["models"] == [
        {"person": workspace.user.name, "model": "parts-1", "shown": 2, "taken": 1, "overridden": 1, "rate": 0.5}
    ]
    assert [day["labels"] for day in found["days"]] == [3]


@pytest.mark.parametrize("what", ["agreement", "accuracy", "rates", "gold list", "review list", "queue"])
def test_people_read_a_sentence_where_there_is_nothing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert run(split_arguments(["--workspace", str(workspace.paths.root), "label", *what.split()])) == 0
    assert capsys.readouterr().out.strip().endswith(".")
