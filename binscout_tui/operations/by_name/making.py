"""Reading the names of all images, and making collections or tags of those that a person wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from binscout_tui.operations.by_name.grouping import Group, Grouping
from binscout_tui.operations.by_name.names import Items, Told
from binscout_tui.store import items, name_sources, named
from binscout_tui.store.named import Named
from binscout_tui.workspace import Workspace

WHAT = "Grouping images by name"
PART = 500
"""Images that are decided on in one transaction: an app that is open waits for no more of them."""
Progress = Callable[[int, int], bool]
"""Told (done, total) images; answers whether to go on."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was made: how many names, and how many images were put under them that were not there before."""

    names: int
    put: int
    stopped: bool = False


def report(workspace: Workspace, on_progress: Progress = lambda done, total: True) -> list[Group]:
    """The names that are told of the images that count; nothing is written."""
    grouping = Grouping(_items(workspace))
    after, done = 0, 0
    while page := workspace.db.read(name_sources.page, after):
        for one in page:
            grouping.take(Told(id=one.id, file=one.name, title=one.title, prompt=one.prompt, people=one.people))
        after, done = page[-1].id, done + len(page)
        if not on_progress(done, 0):
            break
    return grouping.groups()


def make(
    workspace: Workspace, kind: Named, wanted: Sequence[Group], on_progress: Progress = lambda done, total: True
) -> Made:
    """Put the images of each group under its name, which is made where there is none; again it changes nothing.

    All of it is one decision: one undo takes the images out again. Needs an operator.
    """
    workspace.user.must_be("operator", WHAT)
    uid, total = workspace.user.uid, sum(len(group.images) for group in wanted)
    ids = [workspace.db.write(named.ensure, uid, kind, group.name) for group in wanted]
    put = batch = done = 0
    for name_id, group in zip(ids, wanted, strict=True):
        for start in range(0, len(group.images), PART):
            part = _there(workspace, group.images[start : start + PART])
            change = workspace.db.write(named.put, uid, kind, name_id, part, batch=batch)
            put, batch, done = put + change.changed, change.batch, done + PART
            if not on_progress(min(done, total), total):
                return Made(names=len(wanted), put=put, stopped=True)
    return Made(names=len(wanted), put=put)


def _there(workspace: Workspace, image_ids: Sequence[int]) -> list[int]:
    """Those that still count: some may have gone to the trash since the report, or be hidden by a name before."""
    return workspace.db.read(name_sources.counting, image_ids)


def _items(workspace: Workspace) -> Items:
    found = workspace.db.read(items.items)
    return Items({one.name: [name for name in (one.number, one.class_name) if name] for one in found})
