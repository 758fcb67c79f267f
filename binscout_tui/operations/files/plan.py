"""What is to be moved where, and what not and why. Pure: nothing here looks at a disk.

A group is what goes together or not at all. The plan of a group never depends on the order in which groups come.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec


class File(msgspec.Struct, frozen=True):
    """A regular file as it was when it was looked at: absolute path, size in bytes, and what tells a change."""

    path: Path
    bytes: int = 0
    mtime_ns: int = 0
    inode: tuple[int, int] = (0, 0)


class Move(msgspec.Struct, frozen=True):
    """One file and its new absolute path; `sidecar_of` is the picture it belongs to, `sha256` what it must hold."""

    file: File
    destination: Path
    sidecar_of: Path | None = None
    sha256: str | None = None


class Group(msgspec.Struct, frozen=True):
    """Moves that are done together or not at all; `why` is what this group was chosen for."""

    moves: tuple[Move, ...]
    why: str = ""

    @property
    def first(self) -> Path:
        """The file that gives the group its name."""
        return self.moves[0].file.path


class Refused(msgspec.Struct, frozen=True):
    """A file that stays where it is, with a stable code and a sentence."""

    path: Path
    code: str
    reason: str


class Plan(msgspec.Struct, frozen=True):
    """What an operation is going to do; `root` is the folder below which everything goes."""

    operation: str
    root: Path
    groups: tuple[Group, ...]
    refused: tuple[Refused, ...] = ()
    undoes: str = ""

    @property
    def files(self) -> int:
        """How many files are to be moved."""
        return sum(len(group.moves) for group in self.groups)


class There(msgspec.Struct, frozen=True):
    """Something that exists below the root; links are no folders, wherever they lead."""

    path: Path
    is_folder: bool


def plan(
    operation: str,
    root: Path,
    wanted: Iterable[Group],
    there: Iterable[There],
    refused: Iterable[Refused] = (),
    undoes: str = "",
) -> Plan:
    """The groups of `wanted` that can be moved below `root` without meeting anything or each other; the others refused.

    `there` is what exists below `root` in the folders that are needed.
    """
    ordered = sorted(wanted, key=lambda group: bytes(group.first))
    existing: dict[str, list[There]] = {}
    for one in there:
        existing.setdefault(_folded(one.path), []).append(one)
    targets = Counter(_folded(move.destination) for group in ordered for move in group.moves)
    folders = {_folded(folder) for group in ordered for move in group.moves for folder in above(root, move.destination)}
    spelled = _spellings(root, ordered)
    kept, out = [], list(refused)
    for group in ordered:
        problem = next(_problems(root, group, existing, targets, folders, spelled), None)
        if problem is None:
            kept.append(group)
        else:
            out += _refusals(group, *problem)
    return Plan(operation, root, tuple(kept), tuple(sorted(out, key=lambda one: bytes(one.path))), undoes)


def above(root: Path, path: Path) -> list[Path]:
    """The folders between `root` and `path`, without `root`, the outermost first."""
    return [folder for folder in reversed(path.parents) if root in folder.parents]


def _problems(
    root: Path,
    group: Group,
    existing: Mapping[str, Sequence[There]],
    targets: Mapping[str, int],
    folders: set[str],
    spelled: Mapping[str, set[Path]],
) -> Iterator[tuple[str, str]]:
    """(code, reason) of all that is in the group's way."""
    for move in group.moves:
        for part in move.destination.relative_to(root).parts:
            if hostile := hostile_name(part):
                yield "name", hostile
        folded = _folded(move.destination)
        if targets[folded] > 1:
            yield "same_target", f"More than one file would become {move.destination}."
        if folded in folders:
            yield "case_clash", f"{move.destination} would be a file and a folder."
        # A file that gets another spelling of its name meets nobody but itself.
        for found in existing.get(folded, ()):
            if found.path != move.file.path or found.path == move.destination:
                yield _occupied(move.destination, found)
        for folder in above(root, move.destination):
            if len(spelled[_folded(folder)]) > 1:
                yield "case_clash", f"{folder} would be made under names that differ in case only."
            for there in existing.get(_folded(folder), ())[-1:]:
                if there.path != folder:
                    yield _occupied(folder, there)
                elif not there.is_folder:
                    yield "not_a_folder", f"{folder} is there and no folder."


def _occupied(wanted: Path, found: There) -> tuple[str, str]:
    if found.path == wanted:
        return "exists", f"{wanted} is there already."
    return "case_clash", f"{found.path} is there, which is the same name as {wanted.name} to some systems."


def _refusals(group: Group, code: str, reason: str) -> Iterator[Refused]:
    for move in group.moves:
        own = reason if move is group.moves[0] else f"It goes with {group.first.name}: {reason}"
        yield Refused(move.file.path, code, own)


def hostile_name(name: str) -> str:
    """Why a file or folder of this name is left to a person, or an empty text."""
    if any(0xDC80 <= ord(character) <= 0xDCFF for character in name):
        return "The name has bytes that are not UTF-8; rename it first."
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
        return "The name has control characters such as line breaks; rename it first."
    return ""


def _spellings(root: Path, groups: Iterable[Group]) -> dict[str, set[Path]]:
    found: dict[str, set[Path]] = {}
    for group in groups:
        for move in group.moves:
            for folder in above(root, move.destination):
                found.setdefault(_folded(folder), set()).add(folder)
    return found


def _folded(path: Path) -> str:
    """`path` as a file system that ignores case and composition would compare it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())
