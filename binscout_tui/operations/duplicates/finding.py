"""Which files are the same picture, exactly, in their pixels, or nearly: among files, the library, or both."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from binscout_tui.imaging.duplicates.candidates import candidates
from binscout_tui.imaging.duplicates.clusters import equal_ones, expanded, stars
from binscout_tui.imaging.duplicates.comparing import Relation, compare
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.outcomes import Rejected
from binscout_tui.imaging.scan import Found, scan
from binscout_tui.operations.duplicates.cache import Cache, Facts, Verdict
from binscout_tui.operations.duplicates.looking import Looks, Source, Step, Stopped
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
FARTHEST = 0.5
"""What is kept of pairs below counts as nothing."""


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

    `same` says that of no two of them more than encoding, size and metadata differs.
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
    run = _Run(workspace, near, step)
    library = run.library() if in_library or not paths else []
    files = list(run.files(paths, {source.path for source in library}))
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
        return [Source(root / one.path, one.id, one.sha256, one.bytes, one.mtime_ns) for one in kept]

    def files(self, paths: Iterable[Path], known: set[Path]) -> Iterator[Source]:
        """The files at and below `paths`, but for those that are `known`."""
        for found in scan([path.absolute() for path in paths], is_own):
            if isinstance(found, Found):
                if found.path not in known:
                    yield Source(found.path, bytes=found.bytes, mtime_ns=found.mtime_ns)
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
            self.facts = {sha256: cache.facts(sha256) for sha256 in self.owners}
            pictures = sorted(self.owners, key=self._rank)
            with Prover(self.workspace.paths.derived, self.limits) as prover:
                clusters = self._clusters(pictures, cache, prover)
        if only_with is not None:
            names = {display_name(path) for path in only_with}
            clusters = [cluster for cluster in clusters if not names.isdisjoint(cluster.paths)]
        return Duplicates(clusters, len(pictures), self.rejected)

    def _clusters(self, pictures: list[str], cache: Cache, prover: Prover) -> list[Cluster]:
        judge = _Judge(self, pictures, cache, prover)
        verdicts = judge.all_pairs()
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
        judge: _Judge,
        *,
        same: bool = False,
    ) -> Cluster:
        first = group[0]
        members = []
        for one in group:
            verdict = Verdict(Relation.EXACT, 1.0, True, True) if one == first else judge.verdict(first, one)
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


class _Judge:
    """What was found about pairs of pictures, by their numbers; each pair is compared once and remembered."""

    def __init__(self, run: _Run, pictures: Sequence[str], cache: Cache, prover: Prover) -> None:
        self._run = run
        self._pictures = pictures
        self._cache = cache
        self._prover = prover

    def all_pairs(self) -> dict[tuple[int, int], Verdict]:
        """Every pair that may be near, with what it is; those that are nothing are left out."""
        pairs = self._candidates()
        found = {}
        for done, (one, other) in enumerate(pairs):
            if self._run.step(done, len(pairs), "pairs compared"):
                raise Stopped
            verdict = self.verdict(one, other)
            if verdict.likeness >= FARTHEST:
                found[one, other] = verdict
        return found

    def _candidates(self) -> list[tuple[int, int]]:
        hashes, hash_owners, words, owners = [], [], [], []
        for sha256 in self._pictures:
            ours, said = (np.frombuffer(part, dtype=np.uint64) for part in self._cache.signs(sha256))
            hashes.append(ours)
            words.append(said)
            hash_owners.append(len(ours))
            owners.append(len(said))
        if not hashes:
            return []
        numbers = np.arange(len(self._pictures), dtype=np.int64)
        found = candidates(
            np.concatenate(hashes), np.repeat(numbers, hash_owners), np.concatenate(words), np.repeat(numbers, owners)
        )
        return [(int(one), int(other)) for one, other in found]

    def verdict(self, one: int, other: int) -> Verdict:
        """What the other is of the one."""
        first, second = self._pictures[one], self._pictures[other]
        if first == second:
            return Verdict(Relation.EXACT, 1.0, same=True, pixels=True)
        if self._run.are_apart(first, second):
            return Verdict()
        known = self._cache.verdict(first, second)
        if known is None:
            known = self._compare(first, second)
            self._cache.put_verdict(first, second, known)
        return known

    def _compare(self, first: str, second: str) -> Verdict:
        found = compare(self._cache.look(first), self._cache.look(second))
        if found is None:
            return Verdict()
        same, pixels = False, False
        relation: str = found.relation
        if found.may_be_same:
            run = self._run
            files = (run.owners[first][0].path, run.owners[second][0].path)
            same, pixels = self._prover.same(run.facts[first], files[0], run.facts[second], files[1])
            if not same:
                relation = Relation.CHANGED
        return Verdict(str(relation), max(0.0, min(1.0, found.likeness)), same, pixels)


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
