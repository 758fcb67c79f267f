"""Which files are the same picture, exactly, in their pixels, or nearly: among files, the library, or both."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from binscout_tui.imaging.duplicates.clusters import equal_ones, expanded, stars
from binscout_tui.imaging.duplicates.comparing import Relation
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Rejected
from binscout_tui.imaging.scan import Found, scan
from binscout_tui.operations.duplicates.cache import Cache, DamagedError, Facts, Verdict
from binscout_tui.operations.duplicates.judging import Judge
from binscout_tui.operations.duplicates.looking import Looks, Source, Step
from binscout_tui.operations.duplicates.proving import Prover
from binscout_tui.operations.duplicates.scratch import sweep
from binscout_tui.operations.importing import decode_limits
from binscout_tui.operations.own_files import is_own
from binscout_tui.operations.report import Rejection
from binscout_tui.store import duplicates as store
from binscout_tui.workspace import Workspace

Near = Literal["none", "strict", "wide"]
LEAST = {"strict": 0.95, "wide": 0.75}
"""The likeness from which two pictures are near."""
SAME_FILE = "same_file"
"""The code of a file that was looked at under another name: a link, or the original of an image in place."""


class Member(msgspec.Struct, frozen=True):
    """One file of a cluster; `relation` is what it is of the first one, `distance` 0 (equal) to 1.

    `path` is safe to show: what is not printable in it is escaped.
    """

    path: str
    id: int | None
    relation: str
    distance: float


class Cluster(msgspec.Struct, frozen=True):
    """Files that belong together; the first is the one that would be kept.

    `same` says that in nothing but encoding, size and metadata they differ from the first.
    """

    kind: Literal["exact", "pixels", "near"]
    same: bool
    paths: list[str]
    members: list[Member]


class Duplicates(msgspec.Struct, frozen=True):
    """The clusters, and how many `pictures` were compared; `rejected` files are no pictures."""

    clusters: list[Cluster]
    pictures: int
    rejected: list[Rejection]


def find(
    workspace: Workspace, paths: Sequence[Path], *, near: Near, in_library: bool, step: Step = lambda *_: False
) -> Duplicates:
    """What is there several times among the files at `paths`, and with `in_library`, or without paths, the library.

    Beside files, the library's own clusters are left out. Raises Stopped, DecoderError, StorageError.
    """
    sweep(workspace.paths.derived)
    with suppress(DamagedError):
        return _found(workspace, paths, near, in_library, step)
    return _found(workspace, paths, near, in_library, step)


def _found(workspace: Workspace, paths: Sequence[Path], near: Near, in_library: bool, step: Step) -> Duplicates:
    run = _Run(workspace, near, step)
    library = run.library() if in_library or not paths else []
    files = list(run.files(paths, library))
    return run.find([*library, *files], only_with={source.path for source in files} if paths else None)


class _Run:
    def __init__(self, workspace: Workspace, near: Near, step: Step) -> None:
        self.workspace = workspace
        self.near = near
        self.step = step
        self.limits = decode_limits(workspace.settings.importing)
        self.rejected: list[Rejection] = []
        self.facts: dict[str, Facts] = {}
        self.owners: dict[str, list[Source]] = {}
        self.known: dict[int, Facts] = {}
        self.apart: set[tuple[int, int]] = set()

    # What is compared.

    def library(self) -> list[Source]:
        """The images that count."""
        kept = self.workspace.db.read(store.compared)
        self.apart = self.workspace.db.read(store.not_duplicates)
        self.known = {
            one.id: Facts(one.sha256, one.width, one.height, one.format, one.mode, one.frames) for one in kept
        }
        root = self.workspace.paths.root
        return [
            Source(root / one.path, one.id, one.sha256, one.bytes, one.mtime_ns, own=not one.path.is_absolute())
            for one in kept
        ]

    def files(self, paths: Sequence[Path], library: Iterable[Source]) -> Iterator[Source]:
        """The files at and below `paths`, each once: another name of a file, or of an image's original, is no copy."""
        known = {_identity(source.path): source.path for source in library} if paths else {}
        for found in scan([path.absolute() for path in paths], is_own):
            if isinstance(found, Found):
                path, one = found.path, _identity(found.path)
                first = known.setdefault(one, path)
                if first is path:
                    yield Source(path, bytes=found.bytes, mtime_ns=found.mtime_ns)
                elif first != path:
                    reason = f"This is the same file as {display_name(first)}, not a copy of it."
                    self.rejected.append(Rejection(display_name(path), SAME_FILE, reason))
            elif isinstance(found, Rejected):
                self.rejected.append(Rejection(display_name(found.path), str(found.code), found.reason))

    # Comparing.

    def find(self, sources: Sequence[Source], *, only_with: set[Path] | None) -> Duplicates:
        """Look at all, compare what may be near, and put it in clusters."""
        with threadpool_limits(1), Cache(self.workspace.paths.derived) as cache:  # more threads only wait at this size
            looks = Looks(self.workspace.paths, cache, self.limits, self.step, self.known)
            looks.make(sources)
            self.rejected += looks.rejected
            for source in sources:
                sha256 = looks.hashes.get(source.path)
                if sha256 is not None:
                    self.owners.setdefault(sha256, []).append(source)
            for sha256 in list(self.owners):
                try:
                    self.facts[sha256] = cache.facts(sha256)
                except KeyError:  # it was deleted for ever since the look began
                    del self.owners[sha256]
            pictures = sorted(self.owners, key=self._rank)
            with Prover(self.workspace.paths.derived, self.limits) as prover:
                clusters = self._clusters(
                    pictures, Judge(pictures, self.facts, self.owners, self.are_apart, cache, prover)
                )
                self.rejected += [
                    Rejection(display_name(path), str(one.code), one.reason) for path, one in prover.failed.items()
                ]
        if only_with is not None:
            names = {display_name(path) for path in only_with}
            clusters = [cluster for cluster in clusters if not names.isdisjoint(cluster.paths)]
        return Duplicates(clusters, len(pictures), self.rejected)

    def _clusters(self, pictures: list[str], judge: Judge) -> list[Cluster]:
        verdicts = judge.all_pairs(self.step)
        number = {sha256: index for index, sha256 in enumerate(pictures)}

        def pairs(want: str) -> list[tuple[int, int]]:
            return [pair for pair, verdict in verdicts.items() if getattr(verdict, want)]

        def holds(want: str, one: int, other: int) -> bool:
            return bool(getattr(judge.verdict(one, other), want))

        pixels = equal_ones(pairs("pixels"), int, lambda one, other: holds("pixels", one, other))
        same = equal_ones(pairs("same"), int, lambda one, other: holds("same", one, other))
        stand_in = {one: group[0] for group in same for one in group}
        near = {
            (stand_in.get(one, one), stand_in.get(other, other))
            for (one, other), verdict in verdicts.items()
            if verdict.likeness >= LEAST.get(self.near, 2.0)
        }
        near -= self._set_apart(pictures, stand_in)
        groups = stars([pair for pair in near if pair[0] != pair[1]], int)
        whole = expanded(groups, {group[0]: group for group in same})
        found = [self._cluster("exact", [number[sha256]], pictures, judge) for sha256 in pictures]
        found += [self._cluster("pixels", group, pictures, judge) for group in pixels]
        found += [self._cluster("near", group, pictures, judge, same=True) for group in same] * (self.near != "none")
        found += [self._cluster("near", sorted(group), pictures, judge) for group in whole]
        return _nested(found)

    def _cluster(
        self,
        kind: Literal["exact", "pixels", "near"],
        group: Sequence[int],
        pictures: Sequence[str],
        judge: Judge,
        *,
        same: bool = False,
    ) -> Cluster:
        first = group[0]
        members = []
        for one in group:
            verdict = judge.verdict(first, one)
            relation = self._relation(verdict, self.facts[pictures[first]], self.facts[pictures[one]])
            for source in sorted(self.owners[pictures[one]], key=lambda source: (source.id is None, source.path)):
                distance = round(1 - verdict.likeness, 4)
                members.append(Member(display_name(source.path), source.id, relation, max(0.0, distance)))
        if members:
            members[0] = msgspec.structs.replace(members[0], relation="first")
        return Cluster(kind, same or kind != "near", [member.path for member in members], members)

    @staticmethod
    def _relation(verdict: Verdict, first: Facts, other: Facts) -> str:
        if verdict.pixels:
            return str(Relation.EXACT if first.sha256 == other.sha256 else Relation.PIXELS)
        if verdict.same:
            resized = (first.width, first.height) != (other.width, other.height)
            return str(Relation.RESIZED if resized else Relation.RECOMPRESSED)
        return verdict.relation or str(Relation.ALIKE)

    def _rank(self, sha256: str) -> tuple[object, ...]:
        """Who is kept before whom: most pixels, then the larger file, then the older one, then what the library has."""
        facts, sources = self.facts[sha256], self.owners[sha256]
        oldest = min(sources, key=lambda source: source.mtime_ns)
        return (-facts.width * facts.height, -oldest.bytes, oldest.mtime_ns, oldest.id or 0, os.fspath(oldest.path))

    def _set_apart(self, pictures: Sequence[str], stand_in: Mapping[int, int]) -> set[tuple[int, int]]:
        """Pairs of pictures of which somebody said that they are no duplicates, and so of what is the same as they."""
        number = {source.id: index for index, one in enumerate(pictures) for source in self.owners[one]}
        found = set()
        for one, other in self.apart:
            if one in number and other in number:
                first, second = (stand_in.get(number[each], number[each]) for each in (one, other))
                found |= {(first, second), (second, first)}
        return found

    def are_apart(self, one: str, other: str) -> bool:
        """Whether somebody said of images of these pictures that they are no duplicates."""
        return any(
            (min(a.id, b.id), max(a.id, b.id)) in self.apart
            for a in self.owners[one]
            for b in self.owners[other]
            if a.id is not None and b.id is not None
        )


def _nested(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Clusters with more than one file, without those that a stronger one says already."""
    seen: set[frozenset[str]] = set()
    kept = []
    for cluster in clusters:
        files = frozenset(cluster.paths)
        if len(files) > 1 and files not in seen:
            seen.add(files)
            kept.append(cluster)
    return kept


def _identity(path: Path) -> tuple[int, int] | str:
    """What all names of one file have in common."""
    try:
        found = path.stat()
    except OSError:
        return os.path.realpath(path)
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.realpath(path)
