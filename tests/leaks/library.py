"""A workspace with something of everything, of which a few images are hidden, and the same one without these."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from binscout_tui import workspace as workspaces
from binscout_tui.store import (
    captures,
    crops,
    datasets,
    filter_history,
    images,
    known_good,
    labels,
    models,
    named,
    places,
    reviews,
    safe_mode,
    saved_filters,
    sets,
    stars,
    suspects,
    texts,
)
from binscout_tui.store.captures import NewCapture
from binscout_tui.store.crops import Drawn
from binscout_tui.store.datasets import Item
from binscout_tui.store.named import COLLECTION, TAG
from binscout_tui.store.suspects import Suspicion
from binscout_tui.workspace import Workspace
from tests.app import filling
from tests.conftest import row
from tests.reporting import made

MARK = "xyzzy"
"""In every word that is said of what is hidden, and in no other."""
HELD = "held"
"""The data set of which a version has what is hidden."""
CASES = (3, 7, 20)
"""The cases that are hidden, all of them wrong: by a tag, by a collection, by safe mode."""
TRASHED = 30
"""One that is hidden and in the trash."""
UNLABELLED = (32, 33)
"""Of which a model has said something and nobody else; the first is hidden."""
AT = "2026-01-01T00:00:00.000Z"
OTHERS = (4, 8, 21)
"""Cases of which the same is said in other words."""


class Library(NamedTuple):
    """The workspace, one in which what is hidden was never there, the ids that are hidden, and hashes of some."""

    hidden: Path
    without: Path
    ids: tuple[int, ...]
    hashes: tuple[str, ...]


def build(folder: Path) -> Library:
    """Both workspaces."""
    root = folder / "a" / "bins"
    root.parent.mkdir()
    workspaces.create(root)
    with Workspace(root) as ws:
        run_id, other_run = made.add_run(ws), made.add_run(ws, wrong=(3, 8), seed=1)
        _freeze(ws)
        ids = [_case(ws, number) for number in CASES]
        others = [_case(ws, number) for number in OTHERS]
        _rename(ws, run_id, dict(zip(CASES, ids, strict=True)))
        _rename(ws, other_run, dict(zip(CASES, ids, strict=True)))
        filling.finish_run(ws, run_id)
        _prepare(ws, run_id)
        for number, (image_id, other) in enumerate(zip(ids, others, strict=True)):
            for one, word in ((image_id, MARK), (other, "plugh")):
                _say(ws, run_id, one, f"{word} {number}")
        _group(ws, ids, others)
        _find(ws, ids, others)
        ids += _hide(ws, ids)
    without = folder / "b" / "bins"
    shutil.copytree(root, without)
    _prune(without, ids)
    return Library(root, without, tuple(ids), tuple(made.sha(f"case {number}") for number in CASES))


def _case(ws: Workspace, number: int) -> int:
    found = ws.db.read(images.by_hash, made.sha(f"case {number}"))
    assert found is not None
    return found.id


def _freeze(ws: Workspace) -> None:
    """A version of all cases, and one of those that stay to be seen."""
    for name, left_out in ((HELD, ()), ("seen", (*CASES, TRASHED, UNLABELLED[0]))):
        items = [
            Item(made.sha(f"case {n}"), made.CLASSES[n % 3], ("train", "val", "test")[n % 3], f"shot {n}")
            for n in range(40)
            if n not in left_out
        ]
        version = datasets.new_dataset(name, "classify", datasets.content_id("classify", items), "x.jsonl", items)
        ws.db.write(datasets.add, ws.user.uid, version, items)


def _rename(ws: Workspace, run_id: str, ids: dict[int, int]) -> None:
    """What the files of hidden images are called, wherever it was written down."""
    for number, image_id in ids.items():
        name = f"{MARK}-{number}.jpg"
        values = (name, f"/photos/{name}", f"{MARK} group {number}", image_id)
        ws.db.write(_execute, "UPDATE image SET name = ?, source = ?, source_group = ? WHERE id = ?", values)
        for path in ws.paths.run(run_id).rglob("*.json*"):
            path.write_text(path.read_text().replace(f"/photos/part-{number}.jpg", f"/photos/{name}"))


def _prepare(ws: Workspace, run_id: str) -> None:
    """An active model that is sure of two images that nobody labelled, labels of other classes, and hashes."""
    uid, write = ws.user.uid, ws.db.write
    write(_execute, "UPDATE image SET source_group = 'shot ' || id", ())
    sql = "INSERT INTO activation (id, task, model_id, action, reason, uid, at) VALUES (1, 'classify', ?, ?, '-', ?, ?)"
    write(_execute, sql, (run_id, "activate", uid, AT))
    write(_execute, "INSERT INTO active_model VALUES ('classify', ?, 1)", (run_id,))
    for number in UNLABELLED:
        values = (_case(ws, number), run_id, made.CLASSES[2], AT)
        write(_execute, "INSERT INTO prediction VALUES (?, ?, ?, 0.9, 0, NULL, ?)", values)
    for number in range(10, 16):
        write(labels.set_label, uid, _case(ws, number), made.CLASSES[number % 3])
    for number, other in zip((*CASES, TRASHED), (*OTHERS, 31), strict=True):
        write(_execute, "UPDATE image SET phash = ? WHERE id IN (?, ?)", (number, _case(ws, number), _case(ws, other)))


def _execute(db: sqlite3.Connection, sql: str, values: Sequence[object]) -> None:
    db.execute(sql, values)


def _say(ws: Workspace, run_id: str, image_id: int, word: str) -> None:
    """Everything that can be said of one image."""
    uid, write = ws.user.uid, ws.db.write
    write(texts.set_title, uid, image_id, f"title {word}")
    write(texts.set_prompt, image_id, f"prompt {word}")
    write(texts.set_meta, image_id, {"camera": word})
    write(reviews.set_note, uid, image_id, f"note {word}")
    write(reviews.flag, uid, [image_id])
    write(stars.star, uid, [image_id])
    write(labels.set_label, uid, image_id, made.CLASSES[image_id % 3])
    write(models.add_known_good, uid, "classify", image_id, made.CLASSES[0])
    write(known_good.add_known_count, uid, image_id, 3)
    write(crops.keep, uid, image_id, [Drawn(box=(0.1, 0.1, 0.5, 0.5))])
    write(crops.enqueue, uid, [image_id])
    sql = "INSERT INTO prediction VALUES (?, ?, ?, 0.9, 0, NULL, '2026-01-01T00:00:00.000Z')"
    write(_execute, sql, (image_id, run_id, made.CLASSES[1]))
    sql = "INSERT INTO gold VALUES (?, 'empty', NULL, ?, '2026-01-01T00:00:00.000Z')"
    write(_execute, sql, (image_id, uid))
    sql = (
        "INSERT INTO label_check (image_id, uid, kind, expected_state, state, at)"
        " VALUES (?, ?, 'gold', 'empty', 'empty', '2026-01-01T00:00:00.000Z')"
    )
    write(_execute, sql, (image_id, uid))
    captured = NewCapture(image_id=image_id, origin=f"camera {word}", reason=f"reason {word}")
    capture_id, _ = write(captures.stage, uid, captured)
    write(captures.decide, uid, [capture_id], "accepted")


def _group(ws: Workspace, ids: list[int], others: list[int]) -> None:
    """Sets of a hidden image and one that is not, and of two that are not; one of each is decided and known-good."""
    uid, write = ws.user.uid, ws.db.write
    for number, one in enumerate(ids):
        mate = others[number]
        for members, word in (([one, mate], MARK), ([mate, others[number - 1]], "plugh")):
            set_id, _ = write(sets.add, name=f"set {word} {number}", kind="hand", image_ids=members)
            write(sets.write_note, uid, set_id, f"note {word} {number}")
            if number:
                write(sets.choose, uid, set_id, members[0], crop=(0.1, 0.1, 0.9, 0.9))
            if number == 1:
                write(known_good.add_known_set, uid, f"{word} {number}", members, 0, set_id=set_id)


def _find(ws: Workspace, ids: list[int], others: list[int]) -> None:
    """What was found about labels and about images that are alike."""
    classes = {one.name: one.id for one in ws.db.read(labels.classes)}
    here, likely = classes[made.CLASSES[0]], classes[made.CLASSES[1]]
    labelled = [*ids, *others]
    for image_id in labelled:
        ws.db.write(labels.set_label, ws.user.uid, image_id, made.CLASSES[0])
    found = [
        Suspicion(
            image_id=one,
            class_id=here,
            likely_class_id=likely,
            probability=0.1,
            likely_probability=0.8,
            margin=0.7,
            rank=rank,
        )
        for rank, one in enumerate(labelled, 1)
    ]
    ws.db.write(suspects.replace, found, "simple")
    for group, members in enumerate([*zip(ids, others, strict=True), others[:2]], 1):
        sql = "INSERT INTO duplicate_group VALUES (?, 'near', 0)"
        ws.db.write(_execute, sql, (group,))
        for one in members:
            ws.db.write(_execute, "INSERT INTO duplicate_member VALUES (?, ?, 0, 'alike')", (group, one))


def _hide(ws: Workspace, ids: list[int]) -> list[int]:
    """Hide them, each in another way; the ids of more that are hidden: a capture that waits, and one in the trash."""
    uid, write = ws.user.uid, ws.db.write
    tag = write(named.ensure, uid, TAG, f"tag {MARK}")
    collection = write(named.ensure, uid, COLLECTION, f"collection {MARK}")
    private = write(named.ensure, uid, TAG, f"private {MARK}")
    shown = write(named.ensure, uid, TAG, "brass")
    drawer = write(named.ensure, uid, COLLECTION, "drawer")
    everything = [image.id for image in ws.db.read(images.page, limit=12)]
    write(named.put, uid, TAG, shown, [*everything, *ids])
    write(named.put, uid, COLLECTION, drawer, [*everything[:6], *ids])
    more = [_staged(ws, 1, MARK), _case(ws, TRASHED), _case(ws, UNLABELLED[0])]
    write(_execute, "UPDATE image SET name = ? WHERE id = ?", (f"{MARK}.png", more[1]))
    write(named.put, uid, TAG, tag, [ids[0], *more])
    write(images.trash, uid, [more[1]])
    _stage_again(ws, more[0])
    _staged(ws, 2, "plugh")
    write(images.trash, uid, [_case(ws, 31)])
    write(named.put, uid, COLLECTION, collection, [ids[1]])
    write(named.put, uid, TAG, private, [ids[2]])
    for name, text in ((f"saved {MARK}", f'tag:"tag {MARK}"'), ("kept", "tag:brass")):
        write(saved_filters.save, uid, name, text)
    for text in (f'collection:"collection {MARK}"', f'tag:"private {MARK}"', "star"):
        write(filter_history.remember, uid, text)
    write(places.keep, uid, "gallery", {"image": ids[0], "filter": f'tag:"tag {MARK}"'})
    write(named.hide, uid, TAG, tag)
    write(named.hide, uid, COLLECTION, collection)
    write(named.set_sensitive, uid, TAG, private)
    write(safe_mode.switch, uid, on=True)
    return more


def _staged(ws: Workspace, number: int, word: str) -> int:
    """The image of a capture that was accepted."""
    new = row(1000 + number, name=f"{word}.jpg", source=word)
    captured = NewCapture(image=new, origin=f"camera {word}", reason=f"reason {word}")
    capture_id, _ = ws.db.write(captures.stage, ws.user.uid, captured)
    ws.db.write(captures.decide, ws.user.uid, [capture_id], "accepted")
    if word != MARK:
        ws.db.write(captures.decide, ws.user.uid, [capture_id], "staged")
    return ws.db.read(captures.get, capture_id).image_id or 0


def _stage_again(ws: Workspace, image_id: int) -> None:
    """The capture of an image waits again after the image was put under a name that will be hidden."""
    (capture,) = ws.db.read(captures.of_image, image_id)
    ws.db.write(captures.decide, ws.user.uid, [capture.id], "staged")


def _prune(root: Path, ids: Iterable[int]) -> None:
    """Take out of a workspace all that is hidden and all that was said of it, as if it had never been."""
    asked = json.dumps(list(ids))
    gone = "(SELECT value FROM json_each(:ids))"
    with closing(sqlite3.connect(root / "binscout.db", isolation_level=None)) as db:
        found = db.execute(f"SELECT DISTINCT set_id FROM set_member WHERE image_id IN {gone}", {"ids": asked})
        values = {"ids": asked, "sets": json.dumps([row[0] for row in found])}
        rows = db.execute(f"SELECT id FROM capture WHERE image_id IN {gone}", {"ids": asked})
        values["captures"] = json.dumps([row[0] for row in rows])
        their_sets = "(SELECT value FROM json_each(:sets))"
        db.execute("DROP TRIGGER journal_stays")
        about = (
            "SELECT id FROM journal WHERE"
            " (area IN ('label', 'trash', 'star', 'title', 'note', 'review', 'tag', 'collection')"
            f" AND target IN {gone})"
            f" OR (area IN ('set', 'set_note') AND target IN {their_sets})"
            " OR (area = 'capture' AND target IN (SELECT value FROM json_each(:captures)))"
        )
        for sql in (
            f"DELETE FROM undo_entry WHERE journal_id IN ({about})",
            f"DELETE FROM journal WHERE id IN ({about})",
            f"DELETE FROM known_good_set WHERE key IN (SELECT key FROM known_good_member WHERE image_id IN {gone})",
            f"DELETE FROM known_good_member WHERE image_id IN {gone}",
            f"DELETE FROM known_good WHERE image_id IN {gone}",
            f"DELETE FROM known_good_count WHERE image_id IN {gone}",
            f"DELETE FROM crop WHERE set_id IN {their_sets} OR image_id IN {gone}",
            f"DELETE FROM set_member WHERE set_id IN {their_sets}",
            f"DELETE FROM image_set WHERE id IN {their_sets}",
            f"DELETE FROM duplicate_group WHERE id IN (SELECT group_id FROM duplicate_member WHERE image_id IN {gone})",
            "DELETE FROM capture WHERE id IN (SELECT value FROM json_each(:captures))",
        ):
            db.execute(sql, {name: value for name, value in values.items() if f":{name}" in sql})
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"DELETE FROM image WHERE id IN {gone}", {"ids": asked})
        db.execute("DELETE FROM tag WHERE name LIKE ?", (f"%{MARK}%",))
        db.execute("DELETE FROM collection WHERE name LIKE ?", (f"%{MARK}%",))
        db.execute("DELETE FROM saved_filter WHERE name LIKE ?", (f"%{MARK}%",))
        db.execute("UPDATE place SET value = json('[\"star\"]') WHERE area = 'filters:last'")
        # The place is one whose image and tag are gone.
        db.execute("UPDATE place SET value = replace(value, ?, 'gone') WHERE area = 'gallery'", (MARK,))
