"""Which image is meant by what a file of labels says: never guessed."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from pathlib import Path, PurePosixPath

from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Refusal
from binscout_tui.imaging.reading import open_regular
from binscout_tui.interchange.model import Found
from binscout_tui.interchange.naming import file_names
from binscout_tui.interchange.refusals import Problem
from binscout_tui.store import images, label_rows
from binscout_tui.store.images import Image
from binscout_tui.workspace import Workspace

_Names = defaultdict[str, list[int]]


class Matcher:
    """Finds images by their hash, by the bytes of a file beside the labels, else by name."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._sizes = workspace.db.read(images.sizes)
        self._index: tuple[_Names, _Names, dict[int, str]] | None = None
        self._tails: dict[int, defaultdict[tuple[str, ...], list[int]]] = {}

    def find(self, found: Found) -> Image:
        """The image that is meant. Raises Problem when it is unknown, ambiguous, not in use or of another size."""
        image = self._found(found)
        if not image.is_live:
            raise Problem("not_live", f"Image {image.id} is in the trash or was not accepted.")
        _must_fit(found, image)
        return image

    def _found(self, found: Found) -> Image:
        sha256 = self._hash(found.path) if found.path is not None else found.sha256
        if wanted := found.sha256 or sha256:
            image = self._workspace.db.read(images.by_hash, wanted)
            if image is None:
                raise _unknown("These bytes are in no picture of the workspace.")
            if sha256 != wanted:
                raise Problem("other_picture", "The picture beside the labels is another one than they are of.")
            return image
        if found.path is not None:
            raise _unknown("This picture is not in the workspace.")
        return self._named(found)

    def _hash(self, path: Path) -> str:
        """The hash of a file that may be in the workspace, empty where its size says that it is not."""
        try:
            with open_regular(path) as handle:
                if os.fstat(handle.fileno()).st_size not in self._sizes:
                    return ""
                return hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type]
        except (OSError, Refusal) as error:
            raise Problem("unreadable", f"{display_name(path.name)} cannot be read.") from error

    def _named(self, found: Found) -> Image:
        by_name, by_stem, _ = self._names()
        wanted = PurePosixPath(found.file)
        ids = by_name.get(wanted.name, []) or (by_stem.get(wanted.name, []) if found.by_stem else [])
        if len(ids) > 1:
            ids = self._ending_with(wanted) or ids
        if len(ids) > 1:
            raise Problem("ambiguous", f"{len(ids)} pictures are called {display_name(wanted.name)}.")
        if not ids:
            raise _unknown(f"No picture here is called {display_name(wanted.name)}.")
        return self._workspace.db.read(images.get, ids[0])

    def _ending_with(self, wanted: PurePosixPath) -> list[int]:
        """Ids of images whose source ends with this path: of many with one name none must be looked at in turn."""
        parts = wanted.parts[1:] if wanted.is_absolute() else wanted.parts
        if len(parts) not in self._tails:
            tails: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
            for image_id, source in self._names()[2].items():
                tails[PurePosixPath(source).parts[-len(parts) :]].append(image_id)
            self._tails[len(parts)] = tails
        return self._tails[len(parts)].get(parts, [])

    def _names(self) -> tuple[_Names, _Names, dict[int, str]]:
        """Ids by name, as it is and as an export calls it, and by name without extension; sources by id."""
        if self._index is None:
            by_name, by_stem = defaultdict(list), defaultdict(list)
            rows = self._workspace.db.read(label_rows.names)
            for row, exported in zip(rows, file_names([row[1:] for row in rows]), strict=True):
                for name in {row[1], exported}:
                    by_name[name].append(row[0])
                    by_stem[PurePosixPath(name).stem].append(row[0])
            by_stem = defaultdict(list, {stem: list(dict.fromkeys(ids)) for stem, ids in by_stem.items()})
            sources = {row[0]: row[2] for row in self._workspace.db.read(label_rows.sources)}
            self._index = by_name, by_stem, sources
        return self._index


def _must_fit(found: Found, image: Image) -> None:
    """Coordinates are of the upright picture; those of another size would be wrong."""
    size = (image.width, image.height)
    if found.boxes is None or found.size is None or found.size == size:
        return
    if image.orientation >= 5 and found.size == size[::-1]:
        raise Problem("not_upright", "The boxes are of the picture as it lies in the file, not of the upright one.")
    told = f"{found.size[0]}x{found.size[1]}"
    raise Problem("size", f"The picture has {size[0]}x{size[1]} pixels here and {told} in the file.")


def _unknown(reason: str) -> Problem:
    return Problem("no_image", f"{reason} Import the pictures first.")
