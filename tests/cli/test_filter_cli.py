"""`images list --filter`: the same words as in the app, an error with its place, nothing written."""

from __future__ import annotations

from binscout_tui.store import images, labels
from binscout_tui.workspace import Workspace
from tests.command_line import binscout, ok
from tests.conftest import AddImages


def test_the_list_is_filtered_in_order_of_arrival(workspace: Workspace, add_images: AddImages) -> None:
    ids, uid, root = add_images(6), workspace.user.uid, workspace.paths.root
    workspace.db.write(labels.add_class, "hex nut")
    for image in ids[:4]:
        workspace.db.write(labels.set_label, uid, image, "hex nut")
    workspace.db.write(images.trash, uid, [ids[1]])
    listed = ok(root, "images", "list", "--filter", 'label:"hex nut" -id:1')
    assert [image["id"] for image in listed] == [ids[2], ids[3]]
    listed = ok(root, "images", "list", "--filter", "", "--limit", 2, "--after", ids[0])
    assert [image["id"] for image in listed] == [ids[2], ids[3]]
    assert [image["id"] for image in ok(root, "images", "list", "--filter", "in:trash")] == [ids[1]]


def test_an_error_shows_its_place(workspace: Workspace) -> None:
    root = workspace.paths.root
    answer = binscout(root, "images", "list", "--filter", "dup cnf<0.6")
    assert answer.code == 2
    assert answer.data["error"] == {
        "code": "filter",
        "message": "There is no field 'cnf'.",
        "hint": "Did you mean conf?",
        "position": 4,
        "end": 7,
    }
    shown = binscout(root, "images", "list", "--filter", "dup cnf<0.6", as_json=False)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.splitlines()[1:] == ["  dup cnf<0.6", "      ^^^"]
    unknown = binscout(root, "images", "list", "--filter", "label:m3")
    assert (unknown.code, unknown.data["error"]["position"]) == (2, 6)


def test_a_filter_says_all_by_itself(workspace: Workspace) -> None:
    answer = binscout(workspace.paths.root, "images", "list", "--filter", "dup", "--label", "m3")
    assert answer.code == 2
    assert "--filter cannot be combined" in answer.err
