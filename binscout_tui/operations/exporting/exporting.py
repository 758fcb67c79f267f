"""Images written to a folder for others, with a metadata file beside each: nothing there is overwritten.

An export that is asked for again, or goes on after a kill, finds what it has written already by its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from binscout_tui.errors import BinScoutError, RefusedError, StorageError
from binscout_tui.imaging.names import display_name
from binscout_tui.operations.exporting import placing
from binscout_tui.operations.exporting.names import safe_stem
from binscout_tui.operations.exporting.options import Options, checked
from binscout_tui.operations.exporting.record import record
from binscout_tui.operations.originals import EXTENSIONS, cannot_write
from binscout_tui.operations.own_files import is_own
from binscout_tui.store import export_rows
from binscout_tui.store.export_rows import Exported
from binscout_tui.workspace import Workspace

PART = 100
MANIFEST = "manifest"
VERSION = 1
Progress = Callable[[int, int], bool]
"""Told (done, total); answers whether to stop."""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An image that is not in the export, with a stable code and a sentence."""

    image: int
    code: str
    reason: str


class Report(msgspec.Struct, kw_only=True):
    """What was written: numbers of images and of files with a picture, what could not be, the list of all files.

    `gone` counts images that were wanted and are in the trash, or not there any more. `stopped` when it was cut off.
    """

    folder: str
    manifest: str = ""
    images: int = 0
    pictures: int = 0
    gone: int = 0
    refused: list[Refused] = []
    stopped: bool = False


def export(
    workspace: Workspace,
    image_ids: Sequence[int],
    options: Options,
    *,
    on_progress: Progress = lambda done, total: False,
) -> Report:
    """Write images to the folder of `options`. What is hidden, in the trash or not accepted is never written.

    Raises UsageError for a bad size, RefusedError for a folder that is a workspace's own or that another export writes
    to, StorageError when it cannot be written (what was written until then is whole, and is found by the next try).
    """
    options = checked(options)
    folder = options.folder
    if is_own(folder.resolve()):
        raise RefusedError(
            f"{display_name(folder)} belongs to a workspace.", hint="Choose another folder.", code="private"
        )
    report = Report(folder=display_name(folder), refused=[])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with placing.alone(folder):
            _Export(workspace, options, report).all(list(dict.fromkeys(image_ids)), on_progress)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return report


class _Export:
    def __init__(self, workspace: Workspace, options: Options, report: Report) -> None:
        self.workspace = workspace
        self.options = options
        self.report = report
        self.places = placing.Places(options.folder)
        self.lines: list[dict[str, Any]] = []
        self.names: Mapping[int, str] = {}

    def all(self, wanted: list[int], on_progress: Progress) -> None:
        with ExitStack() as stack:
            make = self._copied
            if self.options.is_rendered:
                from binscout_tui.operations.exporting.pictures import Maker

                maker = stack.enter_context(Maker(self.workspace))

                def make(one: Exported) -> Iterator[tuple[bytes | None, str, dict[str, Any]]]:
                    boxes = one.crops if self.options.crop else ()
                    for made in maker.make(one.image, boxes, self.options.size):
                        box = None if made.box is None else list(made.box)
                        yield made.data, made.ending, {"width": made.width, "height": made.height, "crop": box}

            for begin in range(0, len(wanted), PART):
                part = wanted[begin : begin + PART]
                found = self.workspace.db.read(export_rows.of, part)
                # After the images: a class may have been made since the last part.
                self.names = self.workspace.db.read(export_rows.class_names)
                self.report.gone += len(part) - len(found)
                for place, one in enumerate(found, begin):
                    if on_progress(place, len(wanted)):
                        self.report.stopped = True
                        return
                    self._one(one, make)
        self._write_manifest()
        on_progress(len(wanted), len(wanted))

    def _one(
        self, one: Exported, make: Callable[[Exported], Iterator[tuple[bytes | None, str, dict[str, Any]]]]
    ) -> None:
        stem = safe_stem(one.image.name, str(one.image.id)) if self.options.names == "original" else str(one.image.id)
        before = self.report.pictures
        try:
            for data, ending, about in make(one):
                self._place(one, stem, ending, data, about)
        except StorageError:
            raise
        except BinScoutError as error:
            reason = error.sentence or "It cannot be read."
            self.report.refused.append(Refused(image=one.image.id, code=error.code, reason=reason))
        self.report.images += self.report.pictures > before

    def _copied(self, one: Exported) -> Iterator[tuple[bytes | None, str, dict[str, Any]]]:
        kind = one.image.format
        ending = EXTENSIONS.get(kind, f".{kind.lower()}")
        given = Path(one.image.name).suffix
        # The original's own ending where it is that of its format, however it is written.
        ending = given if given.lower() in (ending, ".jpeg", ".jpe", ".tiff") and _is_of(given, ending) else ending
        yield None, ending, {"width": one.image.width, "height": one.image.height, "crop": None}

    def _place(self, one: Exported, stem: str, ending: str, data: bytes | None, about: dict[str, Any]) -> None:
        folder, image = self.options.folder, one.image
        source = (
            placing.copied(folder, self.workspace.paths.original(image), image.sha256)
            if data is None
            else placing.written(folder, data)
        )
        with source as (temporary, sha256):
            about = {**about, "sha256": sha256}
            beside = b""
            if self.options.metadata == "json":
                beside = _json(record(one, self.names, about, gps=self.options.gps))
            name = self.places.place(temporary, sha256, stem, ending, beside)
        self.report.pictures += 1
        self.lines.append({"file": name, "id": image.id, "original": image.sha256, **about})

    def _write_manifest(self) -> None:
        """A list of all files; the same export makes the same list, and finds it."""
        about = {
            "binscout": "export",
            "version": VERSION,
            "size": self.options.size,
            "crop": self.options.crop,
            "metadata": self.options.metadata,
            "files": self.lines,
            "refused": msgspec.to_builtins(self.report.refused),
        }
        with placing.written(self.options.folder, _json(about)) as (temporary, sha256):
            self.report.manifest = self.places.place(temporary, sha256, MANIFEST, ".json", b"")


def _is_of(given: str, ending: str) -> bool:
    same = {".jpeg": ".jpg", ".jpe": ".jpg", ".tiff": ".tif"}
    return same.get(given.lower(), given.lower()) == ending


def _json(value: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode("utf-8", "replace")
