"""What one chooses from on the capture screen, and what is looked up of one capture."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from binscout_tui.capturing.choosing import Option
from binscout_tui.errors import RefusedError
from binscout_tui.store import captures, compartments, coverage, images, items
from binscout_tui.store.capture_sources import Source
from binscout_tui.store.captures import Capture
from binscout_tui.store.coverage import ItemCoverage
from binscout_tui.workspace import LiveWorkspace


async def compartment_options(workspace: LiveWorkspace) -> list[Option]:
    """The compartments that are in use, each with what lives there."""
    found = await workspace.db.read(compartments.compartments)
    return [Option(one.id, one.code, _words(one.organiser, one.name), one.item or "") for one in found]


async def item_options(workspace: LiveWorkspace) -> list[Option]:
    """The items that are in use, found by their number too."""
    found = await workspace.db.read(items.items)
    return [Option(one.id, one.name, one.number, one.class_name or "") for one in found]


async def source_options(sources: Iterable[Source]) -> list[Option]:
    """Sources with what they say."""
    return [Option(one.id, one.name, one.kind, _words(one.state, one.message)) for one in sources]


async def needs(workspace: LiveWorkspace) -> list[ItemCoverage]:
    """Every item, the one that needs most pictures first."""
    return await workspace.db.read(coverage.items, workspace.settings.capture.target)


async def attempts(workspace: LiveWorkspace, capture_id: int) -> list[Capture]:
    """All attempts at the picture of a capture, oldest first."""
    return await workspace.db.read(captures.chain, capture_id)


async def failures(workspace: LiveWorkspace, piece: int = 1000) -> list[int]:
    """The ids of all captures that have failed, newest first."""
    ids: list[int] = []
    page = partial(captures.page, state="failed", limit=piece)
    while found := await workspace.db.read(page, beyond=ids[-1] if ids else None):
        ids += [capture.id for capture in found]
    return ids


async def cut_out(workspace: LiveWorkspace, capture: Capture) -> Path:
    """The picture of a capture without its background. Raises BinScoutError saying what is missing."""
    from binscout_tui.operations import backgrounds

    if capture.image_id is None:
        raise RefusedError("There is no picture.", code="no_picture")
    image = await workspace.db.read(images.get, capture.image_id)
    return await backgrounds.cut_out(workspace, workspace.paths.original(image), image.sha256)


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)
