"""Finding names of images and making groups of them beside the event loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from binscout_tui.store.named import Named
from binscout_tui.workers.backups import aside
from binscout_tui.workspace import Workspace

if TYPE_CHECKING:
    from binscout_tui.operations.by_name.grouping import Group
    from binscout_tui.operations.by_name.making import Made


async def report(root: Path, goes_on: Callable[[], bool]) -> Sequence[Group]:
    """The names that are told of all images; `goes_on` is asked now and then."""

    def work(workspace: Workspace) -> Sequence[Group]:
        from binscout_tui.operations.by_name import making

        return making.report(workspace, lambda done, total: goes_on())

    return await aside(root, work)


def make(root: Path, kind: Named, groups: Sequence[Group], goes_on: Callable[[int, int], bool]) -> Made:
    """Make collections or tags of them, in the thread of the caller; `goes_on` is told how far it is."""
    from binscout_tui.operations.by_name import making

    with Workspace(root) as workspace:
        return making.make(workspace, kind, groups, goes_on)
