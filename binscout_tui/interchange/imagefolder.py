"""ImageFolder: a folder of pictures a class. What it cannot say stands in `binscout.jsonl` beside the folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from binscout_tui.imaging import scan
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Rejected

from .jsonl import read_records, told_once
from .model import ClassInfo, Found, FoundLabel, Labels
from .naming import folder_names
from .record import SIDECAR, Header, Line, found_in, header, record, text
from .refusals import NotThatFormatError, Place, Problem, Refused, refusal_of, refused

KIND = "imagefolder"


class Writer:
    """Writes the file beside the folders, and says where pictures go."""

    def __init__(self, classes: Sequence[ClassInfo]) -> None:
        self._classes = classes
        self._folders = folder_names(one.name for one in classes)

    def picture(self, one: Labels) -> str | None:
        """Where the picture belongs: in the folder of its class. Others would be taken for a class."""
        return f"{self._folders[one.label]}/{one.file}" if one.label is not None else None

    def write(self, folder: Path, entries: Iterable[Labels]) -> None:
        """What the folders cannot say."""
        told = {name: folder for name, folder in self._folders.items() if name != folder}
        with (folder / SIDECAR).open("wb") as handle:
            handle.write(f"{text(header(KIND, self._classes, folders=told or None))}\n".encode())
            for one in entries:
                handle.write(f"{text(record(one))}\n".encode())


def read(folder: Path, is_private: Callable[[Path], bool]) -> Iterator[ClassInfo | Found | Refused]:
    """What folders and names say. The folder that a picture is in counts, where both speak of it.

    `is_private` says of a folder that it is not for reading. Raises NotThatFormatError.
    """
    if not folder.is_dir():
        raise NotThatFormatError(f"{display_name(folder)} is not a folder.")
    first, lines, refusals = read_records(folder / SIDECAR) if (folder / SIDECAR).is_file() else (None, [], [])
    yield from first.classes if first else []
    yield from refusals
    beside: dict[str, tuple[Place, Line]] = {}
    yield from told_once(lines, beside, lambda line: line.name)
    names = {told: name for name, told in (first or Header(binscout=KIND, version=1)).folders.items()}
    for found in scan.scan([folder], is_private):
        if isinstance(found, Rejected):
            yield refused(Place(_relative(found.path, folder)), str(found.code), found.reason)
        elif isinstance(found, scan.Found):
            yield from _picture(found.path, folder, names, beside.pop(found.path.name, None))
        elif found.path.is_symlink():
            reason = "It is a link to a picture that is read where it lies; its own folder says nothing."
            yield refused(Place(_relative(found.path, folder)), "link", reason)
    for place, line in beside.values():
        yield _elsewhere(place, line)


def _picture(
    path: Path, root: Path, names: dict[str, str], beside: tuple[Place, Line] | None
) -> Iterator[Found | Refused]:
    place = Place(_relative(path, root))
    if path.parent == root:
        yield refused(place, "no_class_folder", "The picture is in no folder of a class.")
        return
    name = names.get(path.parent.name, path.parent.name)
    found = Found(place=place, file=_relative(path, root), path=path, label=FoundLabel("class", name))
    if beside is not None:
        try:
            more = found_in(msgspec.structs.replace(beside[1], state=None, label=None), beside[0])
        except Problem as problem:
            yield refusal_of(beside[0], problem)
        else:
            told = {"sha256": more.sha256, "size": more.size, "boxes": more.boxes, "counts": more.counts}
            found = msgspec.structs.replace(found, **told)
    yield found


def _elsewhere(place: Place, line: Line) -> Found | Refused:
    """What is said of a picture that is in no folder: it has no class, or its file was taken away."""
    try:
        found = found_in(line, place)
    except Problem as problem:
        return refusal_of(place, problem)
    gone = found.label is not None and found.label.state == "class"
    return msgspec.structs.replace(found, label=None) if gone else found


def _relative(path: Path, root: Path) -> str:
    return display_name(path.relative_to(root) if path.is_relative_to(root) else path)
