"""What is said of a picture when it is staged: the codes in it, the earlier captures that it looks like."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from binscout_tui.capture.camera_work import CameraWork
from binscout_tui.capture.inbox_work import InboxWork
from binscout_tui.capture.work import Tally
from binscout_tui.store import capture_sources, captures, compartments, images, items
from binscout_tui.store.capture_sources import Source
from binscout_tui.store.captures import Capture
from binscout_tui.workspace import Workspace

from ..pictures import photo

AddSource = Callable[..., Source]


def labelled(path: Path, text: str, seed: int = 1) -> Path:
    """A photo with a QR label in it."""
    zxingcpp = pytest.importorskip("zxingcpp")
    photo(path, seed, size=(640, 480))
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    label = Image.fromarray(np.array(code.to_image(scale=6)))
    with Image.open(path) as picture:
        picture.paste(label.convert("RGB"), (200, 120))
        picture.save(path, "JPEG", quality=92)
    return path


def work(workspace: Workspace, source: Source) -> Tally:
    """Take what waits at this source."""
    kind = InboxWork if source.kind == "inbox" else CameraWork
    one = kind(workspace.paths.root, source, once=True)
    one.run()
    return one.tally


def newest(workspace: Workspace) -> Capture:
    [found] = workspace.db.read(captures.page, limit=1)
    return found


def warnings(capture: Capture) -> dict[str, object]:
    return {one["check"]: one.get("value") for one in capture.checks["findings"] if one["level"] == "warn"}


def test_a_label_in_the_picture_says_which_compartment_it_is(
    workspace: Workspace, inbox: Path, add_source: AddSource
) -> None:
    uid = workspace.user.uid
    place = workspace.db.write(compartments.add, uid, "A-01")
    item = workspace.db.write(items.add, uid, "screw")
    workspace.db.write(compartments.place, uid, place.id, item.id)
    labelled(inbox / "a.jpg", "A-01")
    assert work(workspace, add_source("phone", "inbox", path=str(inbox))).staged == 1
    found = newest(workspace)
    assert (found.codes, found.compartment, found.item) == (["A-01"], "A-01", "screw")


def test_what_a_person_said_of_the_place_goes_before_a_label_and_the_difference_is_told(
    workspace: Workspace, add_source: AddSource, tmp_path: Path
) -> None:
    uid = workspace.user.uid
    for code in ("A-01", "B-02"):
        workspace.db.write(compartments.add, uid, code)
    chosen = workspace.db.read(compartments.coded, "B-02")
    picture = labelled(tmp_path / "a.jpg", "A-01")
    source = add_source("copy", "command", argv=["cp", str(picture), "{output}"])
    workspace.db.write(capture_sources.ask, uid, source.id, compartment_id=chosen.id)
    work(workspace, source)
    first = newest(workspace)
    assert (first.compartment, "other_compartment" in warnings(first)) == ("B-02", True)
    labelled(picture, "A-01", seed=2)
    workspace.db.write(capture_sources.ask, uid, source.id, replaces=first.id)
    work(workspace, source)
    retake = newest(workspace)
    assert (retake.replaces, retake.compartment) == (first.id, "B-02")
    assert "other_compartment" in warnings(retake)


def test_a_picture_that_looks_like_an_earlier_capture_is_told_with_its_number(
    workspace: Workspace, inbox: Path, add_source: AddSource
) -> None:
    source = add_source("phone", "inbox", path=str(inbox))
    photo(inbox / "a.jpg", 1, size=(640, 480))
    work(workspace, source)
    first = newest(workspace)
    with Image.open(inbox / "a.jpg") as picture:
        picture.save(inbox / "b.jpg", "JPEG", quality=80)
    work(workspace, source)
    assert warnings(newest(workspace))["near_duplicate"] == first.id
    photo(inbox / "c.jpg", 2, size=(640, 480))
    work(workspace, source)
    assert not {"near_duplicate", "exact_duplicate"} & set(warnings(newest(workspace)))


def test_a_retake_may_look_like_what_it_replaces_but_not_be_the_same_bytes(
    workspace: Workspace, add_source: AddSource, tmp_path: Path
) -> None:
    picture = photo(tmp_path / "a.jpg", 1, size=(640, 480))
    source = add_source("copy", "command", argv=["cp", str(picture), "{output}"])
    workspace.db.write(capture_sources.ask, workspace.user.uid, source.id)
    work(workspace, source)
    first = newest(workspace)
    workspace.db.write(capture_sources.ask, workspace.user.uid, source.id, replaces=first.id)
    work(workspace, source)
    stuck = newest(workspace)
    assert (stuck.replaces, warnings(stuck)["exact_duplicate"]) == (first.id, first.id)
    with Image.open(picture) as opened:
        opened.save(picture, "JPEG", quality=80)
    workspace.db.write(capture_sources.ask, workspace.user.uid, source.id, replaces=stuck.id)
    work(workspace, source)
    assert not {"near_duplicate", "exact_duplicate"} & set(warnings(newest(workspace)))


def test_a_name_from_outside_does_no_harm(workspace: Workspace, inbox: Path, add_source: AddSource) -> None:
    path = os.fsencode(inbox) + b"/gr\xfc\x1b[31mn.jpg"
    photo(tmp := inbox / ".made.jpg", 1).rename(os.fsdecode(path))
    (inbox / "bad\n.jpg").write_text("no picture")
    workspace.paths.settings.write_text("[inbox]\ngive_up_seconds = 0.2\n")
    tally = work(workspace, add_source("phone", "inbox", path=str(inbox)))
    assert (tally.staged, tally.failed, tmp.exists()) == (1, 1, False)
    good, bad = sorted(workspace.db.read(captures.page), key=lambda one: one.state, reverse=True)
    assert (os.fsencode(good.path or ""), good.name) == (path, "gr\\xfc\\x1b[31mn.jpg")
    assert bad.origin.endswith("bad\\n.jpg")


def test_a_picture_that_was_imported_before_is_told(workspace: Workspace, inbox: Path, add_source: AddSource) -> None:
    from binscout_tui.operations.importing import import_paths

    photo(inbox / "a.jpg", 1)
    import_paths(workspace, [inbox / "a.jpg"])
    assert work(workspace, add_source("phone", "inbox", path=str(inbox))).duplicates == 1
    found = newest(workspace)
    assert (found.owns_image, "exact_duplicate" in warnings(found)) == (False, True)


def test_a_picture_that_lies_in_the_trash_is_told(workspace: Workspace, inbox: Path, add_source: AddSource) -> None:
    from binscout_tui.operations.importing import import_paths

    photo(inbox / "a.jpg", 1)
    import_paths(workspace, [inbox / "a.jpg"])
    image = workspace.db.read(images.page, limit=1)[0]
    workspace.db.write(images.trash, workspace.user.uid, [image.id])
    work(workspace, add_source("phone", "inbox", path=str(inbox)))
    [finding] = [one for one in newest(workspace).checks["findings"] if one["check"] == "exact_duplicate"]
    assert finding["level"] == "warn"
    assert f"in the trash, as image {image.id}: restore it" in finding["sentence"]


def test_the_label_of_an_archived_compartment_says_nothing(
    workspace: Workspace, inbox: Path, add_source: AddSource
) -> None:
    place = workspace.db.write(compartments.add, workspace.user.uid, "A-01")
    workspace.db.write(compartments.archive, workspace.user.uid, place.id)
    labelled(inbox / "a.jpg", "A-01")
    work(workspace, add_source("phone", "inbox", path=str(inbox)))
    assert (newest(workspace).codes, newest(workspace).compartment) == (["A-01"], None)


def test_pictures_of_one_batch_are_compared_with_each_other(
    workspace: Workspace, inbox: Path, add_source: AddSource
) -> None:
    photo(inbox / "a.jpg", 1, size=(640, 480))
    with Image.open(inbox / "a.jpg") as picture:
        picture.save(inbox / "b.jpg", "JPEG", quality=80)
        picture.save(inbox / "c.jpg", "JPEG", quality=70)
    photo(inbox / "d.jpg", 2, size=(640, 480))
    for number, name in enumerate(["a.jpg", "b.jpg", "c.jpg", "d.jpg"]):
        os.utime(inbox / name, (1000 + number, 1000 + number))
    assert work(workspace, add_source("phone", "inbox", path=str(inbox))).staged == 4
    first, second, third, other = sorted(workspace.db.read(captures.page), key=lambda one: one.id)
    assert warnings(second)["near_duplicate"] == first.id
    assert warnings(third)["near_duplicate"] == second.id
    assert not [one for one in (first, other) if "near_duplicate" in warnings(one)]
