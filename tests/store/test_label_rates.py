"""How often a model's word is taken, and the pace of a day, from the journal."""

from __future__ import annotations

import pytest

from binscout_tui.store import classes, label_rates, labels, undoing
from binscout_tui.workspace import Workspace
from tests.conftest import AddImages


def test_taken_overridden_and_what_does_not_count(workspace: Workspace, add_images: AddImages) -> None:
    ids, db, uid = add_images(8), workspace.db, workspace.user.uid
    m3 = db.write(labels.add_class, "m3")
    db.write(labels.add_class, "m4")
    shown = {"label": "m3", "score": 0.9, "model": "parts-1"}

    def label(image: int, name: str | None, suggested: dict[str, object] | None, state: str = "class") -> None:
        db.write(labels.set_label, uid, image, name, state=state, suggested=suggested)  # type: ignore[arg-type]

    label(ids[0], "m3", shown)
    label(ids[1], "m4", shown)
    label(ids[2], None, shown, "empty")
    label(ids[3], None, shown, "skipped")
    label(ids[4], "m3", None)
    label(ids[5], "m3", {**shown, "model": "parts-2"})
    label(ids[6], "m3", shown)
    db.write(undoing.undo, uid, ("label",))
    label(ids[7], "m4", shown)
    db.write(undoing.undo, uid, ("label",))
    db.write(undoing.redo, uid, ("label",))
    db.write(classes.rename, uid, m3.id, "M3 washer")
    found = [(one.model, one.shown, one.taken, one.overridden) for one in db.read(label_rates.taken)]
    assert found == [("parts-1", 4, 1, 3), ("parts-2", 1, 1, 0)]
    assert db.read(label_rates.recently_taken, uid, "parts-1") == [False, True, False, False, True]
    assert db.read(label_rates.recently_taken, uid, "parts-1", 2) == [False, True]


def test_a_pause_is_not_slowness(workspace: Workspace, add_images: AddImages) -> None:
    ids, db, uid = add_images(9), workspace.db, workspace.user.uid
    moments = ["2026-11-20T10:00:00.000Z"]
    moments += [f"2026-11-21T10:{minute:02d}:{second:02d}.000Z" for minute in (0, 30) for second in (0, 2, 4, 6)]
    db.write(labels.add_class, "m3")
    for image, at in zip(ids, moments, strict=True):
        db.connection.execute(
            "INSERT INTO journal (at, uid, area, action, target, before, after)"
            " VALUES (?, ?, 'label', 'label', ?, '{}', '{\"state\":\"class\",\"class\":1}')",
            (at, uid, image),
        )
    later, earlier = db.read(label_rates.days)
    assert (later.day, later.labels, earlier.day, earlier.labels) == ("2026-11-21", 8, "2026-11-20", 1)
    assert later.minutes == pytest.approx(12 / 60, abs=1e-4)
    assert later.per_minute == pytest.approx(30, abs=0.1)
    assert (earlier.minutes, earlier.per_minute) == (None, None)
