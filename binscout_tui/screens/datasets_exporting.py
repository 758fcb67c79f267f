"""Exporting a version inside of Data sets: the form, and the work beside the event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, cast

from binscout_tui.operations.datasets import Tell
from binscout_tui.screens.base import dialog
from binscout_tui.screens.datasets_building import BuildingScreen
from binscout_tui.screens.words import counted
from binscout_tui.store.dataset_pages import Version
from binscout_tui.workspace import Workspace

if TYPE_CHECKING:
    from binscout_tui.dialogs.export_dataset import DatasetExport
    from binscout_tui.operations.dataset_export import Exported, Format

FORMATS = [
    ("imagefolder", "ImageFolder", "A folder for each split, in it one for each class."),
    ("coco", "COCO JSON", "Boxes, a file for each split."),
    ("pairs", "ranking pairs", "JSONL: the chosen image of a set beside each rejected one."),
    ("crops", "crop samples", "JSONL: images with their crop boxes."),
]


class ExportingScreen(BuildingScreen):
    """Asks where and how, and writes it; Esc ends that, and nothing of it stays."""

    @property
    def version(self) -> Version | None:
        """The version under the cursor."""
        raise NotImplementedError

    @dialog(description="export a data set")
    async def action_export(self) -> None:
        """Write the version with its pictures to a folder."""
        from binscout_tui.dialogs.export_dataset import ExportForm
        from binscout_tui.dialogs.new_dataset import Waiting
        from binscout_tui.operations.dataset_export import FITTING

        if (one := self.version) is None:
            return
        fitting = [option for option in FORMATS if option[0] in FITTING[one.dataset.task]]
        asked = await self.app.push_screen_wait(ExportForm(one.dataset.name, fitting))
        if asked is None:
            return
        root = self.ws.paths.root

        async def work(tell: Tell) -> Exported:
            return await asyncio.to_thread(_export, root, one.dataset.id, asked, tell)

        done = await self.app.push_screen_wait(Waiting(f"Export of {one.dataset.name} to {asked.folder}", work))
        if done is not None:
            self.frame.toast(_said(done), "warning" if done.missing else "information")


def _export(root: Path, dataset_id: str, asked: DatasetExport, tell: Tell) -> Exported:
    from binscout_tui.operations.dataset_export import export

    def on_progress(done: int, total: int) -> None:
        tell(f"writing {done:,} of {total:,}")

    with Workspace(root) as workspace:
        return export(workspace, dataset_id, asked.folder, cast("Format", asked.format), on_progress=on_progress)


def _said(done: Exported) -> str:
    lost = f" {counted(len(done.missing), 'picture', '')} missing; `binscout dataset export` lists them."
    return f"{done.name} is in {done.path}: {counted(done.pictures, 'picture', '')}.{lost if done.missing else ''}"
