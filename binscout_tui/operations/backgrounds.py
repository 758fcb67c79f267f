"""Removing the background of pictures: one of the workspace, or files from anywhere. Originals are never touched."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from binscout_tui.engine.background_files import model_path, target
from binscout_tui.errors import BinScoutError, RefusedError, StorageError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Outcome, Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.imaging.scan import Skipped, scan
from binscout_tui.operations.engines import engine
from binscout_tui.operations.importing import decode_limits
from binscout_tui.settings import BackgroundSettings
from binscout_tui.store import images
from binscout_tui.workspace import LiveWorkspace, Paths


class CutOut(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one picture: `path` is where the cut-out lies, or `error` says why there is none."""

    source: str
    path: str | None = None
    code: str | None = None
    error: str | None = None


async def cut_out(workspace: LiveWorkspace, path: Path, sha256: str) -> Path:
    """The path of the cut-out PNG of the original at `path`; made now where there is none yet.

    Raises BinScoutError as `EngineClient.background`; what is missing is said before an engine is started.
    """
    if (there := kept(workspace.paths, workspace.settings.background, sha256)) is not None:
        return there
    async with engine(workspace) as client:
        return await client.background(path, sha256, workspace.settings.background)


def kept(paths: Paths, settings: BackgroundSettings, sha256: str) -> Path | None:
    """The cut-out that there is already, or None; asks no engine. Raises BinScoutError (`background_off`)."""
    path = target(paths.root, settings, model_path(paths.root, settings), sha256)
    return path if path.is_file() else None


async def cut_out_all(workspace: LiveWorkspace, sources: Sequence[int | Path], to: Path | None = None) -> list[CutOut]:
    """Cut out images by id, files, and the pictures in folders, and with `to` put copies there by their names.

    A bad picture does not keep others from their turn. Raises BinScoutError for what concerns all: no model, no
    onnxruntime, no engine, `to` cannot be written.
    """
    model_path(workspace.paths.root, workspace.settings.background)
    if to is not None:
        await asyncio.to_thread(_make_folder, to)
    outcomes = await _examined(workspace, sources)
    return [await _one(workspace, outcome, to) for outcome in outcomes]


async def _one(workspace: LiveWorkspace, outcome: Outcome, to: Path | None) -> CutOut:
    source = display_name(outcome.path)
    if isinstance(outcome, Rejected):
        return CutOut(source=source, code=outcome.code, error=outcome.reason)
    try:
        made = await cut_out(workspace, outcome.path, outcome.sha256)
        path = made if to is None else await asyncio.to_thread(_copy, made, to / f"{outcome.path.stem}.png")
    except BinScoutError as error:
        if error.code not in {"background_empty", "unreadable", "changed", "exists"}:
            raise
        return CutOut(source=source, code=error.code, error=error.sentence)
    return CutOut(source=source, path=str(path))


async def _examined(workspace: LiveWorkspace, sources: Sequence[int | Path]) -> list[Outcome]:
    """Every picture through a guarded worker first: the engine serves everybody and only opens what came through."""
    paths = [
        workspace.paths.original(await workspace.db.read(images.get, source)) if isinstance(source, int) else source
        for source in sources
    ]
    return await asyncio.to_thread(_decode, workspace, paths)


def _decode(workspace: LiveWorkspace, paths: Sequence[Path]) -> list[Outcome]:
    found: list[Outcome] = []
    with DecodePool(None, decode_limits(workspace.settings.importing)) as pool:
        for path in paths:
            # An original by its id is named, and only what lies below a folder is searched.
            entries = [entry for entry in scan([path]) if not isinstance(entry, Skipped)] if path.is_dir() else None
            if entries is None:
                found.append(pool.decode_one(path.absolute()))
            else:
                found += [e if isinstance(e, Rejected) else pool.decode_one(e.path.absolute()) for e in entries]
    return found


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{display_name(folder)} cannot be made: {error.strerror}.") from error


def _fill(copy: BinaryIO, content: BinaryIO, to: Path) -> None:
    """All of `content`, or no file at `to`."""
    try:
        shutil.copyfileobj(content, copy)
        copy.flush()  # closing is too late to take it back
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def _copy(made: Path, to: Path) -> Path:
    """Copy under a name that is not taken: nothing of anybody's is overwritten."""
    try:
        with made.open("rb") as content, to.open("xb") as copy:
            _fill(copy, content, to)
    except FileExistsError as error:
        raise RefusedError(
            f"{display_name(to)} is there already.", hint="Choose another folder.", code="exists"
        ) from error
    except OSError as error:
        raise StorageError(f"{display_name(to)} cannot be written: {error.strerror}.") from error
    return to
