"""Trying a source without keeping anything."""

from __future__ import annotations

import threading
import time

import msgspec

from binscout_tui.capture import kinds
from binscout_tui.capture.source import SourceError
from binscout_tui.capture.staging import scratch
from binscout_tui.imaging.outcomes import Rejected
from binscout_tui.imaging.pool import DecodePool
from binscout_tui.operations.importing import decode_limits
from binscout_tui.store.capture_sources import Source
from binscout_tui.workspace import Workspace


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came: a sentence, and of a picture its size in pixels and bytes and the seconds until it was there."""

    source: str
    sentence: str
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    seconds: float | None = None


def try_once(workspace: Workspace, source: Source) -> Tried:
    """Take one picture and look at it, or look into the inbox. Raises SourceError saying what is wrong."""
    if source.kind == "inbox":
        return Tried(source=source.name, sentence=kinds.probe(source.kind, source.config, workspace.settings.inbox))
    camera = kinds.camera(source.kind, source.config)
    limits = decode_limits(workspace.settings.importing)
    with scratch(workspace.paths.incoming) as folder, DecodePool(None, limits, workers=1) as pool:
        begun = time.monotonic()
        path = camera.shoot(folder, threading.Event())
        seconds = round(time.monotonic() - begun, 3)
        outcome = pool.decode_one(path)
        if isinstance(outcome, Rejected):
            raise SourceError(f"{source.name} gave something that cannot be used: {outcome.reason}", code=outcome.code)
    return Tried(
        source=source.name,
        sentence=f"{outcome.format}, {outcome.width} x {outcome.height} pixels, {outcome.bytes} bytes, {seconds:g} s.",
        width=outcome.width,
        height=outcome.height,
        bytes=outcome.bytes,
        seconds=seconds,
    )
