"""Reports that screens show: read in a thread, with the names that people gave their images."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from binscout_tui.operations.training import must_have_report
from binscout_tui.reporting.document import Document
from binscout_tui.reporting.folder import ReadRun, read_run, read_side
from binscout_tui.reporting.versus import Versus, compare
from binscout_tui.store import case_images, datasets, runs
from binscout_tui.store.runs import Run
from binscout_tui.workspace import LiveWorkspace

RUNS = 200


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A run's report and what is shown of it."""

    run: Run
    read: ReadRun
    document: Document


async def finished(workspace: LiveWorkspace, task: str | None = None) -> list[Run]:
    """The runs that have a report, newest first; those of one task when it is named."""
    found = await workspace.db.read(runs.latest, RUNS)
    return [run for run in found if run.job.state == "done" and task in (None, run.task)]


async def open_report(workspace: LiveWorkspace, run_id: str) -> OpenReport:
    """The report of a run. Raises as `read_run` does, and NotFoundError."""
    run = await workspace.db.read(runs.get, run_id)
    await asyncio.to_thread(must_have_report, workspace.paths, run)
    hidden = await workspace.db.read(case_images.hidden)
    read = (await asyncio.to_thread(read_run, workspace.paths.run(run.id))).without(hidden)
    document = await asyncio.to_thread(read.document)
    if run.task == "count":
        document = document.counting((await workspace.db.read(datasets.find, run.dataset_id)).item)
    hashes = [image.sha256 for case in document.worst for image in case.images]
    return OpenReport(run, read, document.named(await workspace.db.read(case_images.names, hashes)))


async def compare_runs(workspace: LiveWorkspace, before: str, after: str) -> tuple[Versus, dict[str, list[str]]]:
    """Two runs side by side, and pictures of each class that the second learned from. Raises as `compare` does."""
    found = [await workspace.db.read(runs.get, one) for one in (before, after)]
    folders = [workspace.paths.run(run.id) for run in found]
    hidden = await workspace.db.read(case_images.hidden)

    def work() -> tuple[Versus, dict[str, list[str]]]:
        for run in found:
            must_have_report(workspace.paths, run)
        sides = [read_side(folder, hidden) for folder in folders]
        return compare(*sides), sides[1].examples

    return await asyncio.to_thread(work)
