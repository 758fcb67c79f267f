"""Making sets of the images of a workspace: rules over rows, written down in bounded transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal, get_args

import msgspec

from binscout_tui import clock
from binscout_tui.errors import UsageError
from binscout_tui.imaging.grouping.by_burst import GAP_MS, by_burst
from binscout_tui.imaging.grouping.by_folder import by_folder
from binscout_tui.imaging.grouping.by_similarity import RADIUS, by_similarity, need_looks
from binscout_tui.imaging.grouping.by_stage import by_stage
from binscout_tui.imaging.grouping.candidates import Candidate
from binscout_tui.imaging.grouping.report import LARGEST, SMALLEST, Bounds, Group, Grouping, Left
from binscout_tui.operations.looking import look_at
from binscout_tui.store import grouping
from binscout_tui.store.grouping import Row, Wanted, Written
from binscout_tui.workspace import Workspace

By = Literal["folder", "burst", "stage", "similar"]
RULES: tuple[str, ...] = get_args(By)
BATCH = 500
FARTHEST = 24
LONGEST_GAP_S = 31_536_000
SENTENCES = {
    "in_trash": "It is in the trash.",
    "withheld": "It is a capture that is not accepted.",
    "unknown": "There is no image with this number.",
    "changed": "It went to the trash or into another set meanwhile.",
}
Progress = Callable[[int, int], None]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How to group: `gap_s` seconds for bursts and stages, `distance` bits of the hash for look-alikes.

    None means the rule's own default. `across` lets a burst cross folders and cameras.
    """

    by: By
    gap_s: float | None = None
    smallest: int = SMALLEST
    largest: int = LARGEST
    across: bool = False
    distance: int | None = None

    def check(self) -> None:
        """Raise UsageError for what makes no sense."""
        if self.by not in RULES:
            raise UsageError(f"Sets are not made by {self.by!r}.", hint=f"The rules are {', '.join(RULES)}.")
        if not SMALLEST <= self.smallest <= self.largest <= LARGEST:
            raise UsageError(
                f"A set has {SMALLEST} to {LARGEST} images, not {self.smallest} to {self.largest}.", code="bad_size"
            )
        if self.gap_s is not None and self.by not in ("burst", "stage"):
            raise UsageError(f"A gap means nothing for sets by {self.by}.", hint="Bursts and stages have one.")
        if self.gap_s is not None and not 0 <= self.gap_s <= LONGEST_GAP_S:
            raise UsageError(f"A gap is 0 to {LONGEST_GAP_S} seconds, not {self.gap_s:g}.", code="bad_gap")
        if self.across and self.by != "burst":
            raise UsageError(f"Sets by {self.by} do not stop at a camera.", hint="--across belongs to bursts.")
        if self.distance is not None and (self.by != "similar" or not 0 <= self.distance <= FARTHEST):
            raise UsageError(f"A distance is 0 to {FARTHEST} bits and belongs to sets by similarity.", code="bad_bits")


class MadeSet(msgspec.Struct, frozen=True, kw_only=True):
    """One set of the answer; `id` is None in a dry run, `new` False where it was there before."""

    id: int | None
    name: str
    images: tuple[int, ...]
    new: bool


class NotGrouped(msgspec.Struct, frozen=True, kw_only=True):
    """An image in no set: `path` is safe to show, `code` for scripts, `reason` a sentence."""

    image: int
    path: str
    code: str
    reason: str


class GroupReport(msgspec.Struct, kw_only=True):
    """What grouping did: each image that it looked at is in one of `sets`, in `left_out`, or counted in `in_sets`.

    `made` and `known` count the sets; `clocks` the images by the clock that put them in order.
    """

    by: By
    dry_run: bool = False
    made: int = 0
    known: int = 0
    in_sets: int = 0
    sets: list[MadeSet] = []
    left_out: list[NotGrouped] = []
    clocks: dict[str, int] = {}


class Found(msgspec.Struct, frozen=True):
    """A file in which an image was found: folder and name of it as they are shown."""

    image: int
    folder: str
    name: str


def group(
    workspace: Workspace,
    rule: Rule,
    ids: Iterable[int] | None = None,
    *,
    dry_run: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> GroupReport:
    """Make sets of all images that are in none, or of those among `ids`; a dry run only says what would be made.

    Needs an operator. Raises UsageError for a rule that makes no sense. Withheld and trashed images never join.
    """
    _may(workspace, rule)
    wanted = None if ids is None else set(ids)
    rows = workspace.db.read(grouping.rows, wanted)
    report = GroupReport(by=rule.by, dry_run=dry_run)
    missing = (wanted or set()) - {row.id for row in rows}
    report.left_out += [
        NotGrouped(image=one, path="", code="unknown", reason=SENTENCES["unknown"]) for one in sorted(missing)
    ]
    report.left_out += [
        NotGrouped(image=row.id, path=row.source, code=row.left, reason=SENTENCES[row.left]) for row in rows if row.left
    ]
    candidates = [_candidate(row, _own_place(row), row.in_set) for row in rows if not row.left]
    return _Grouped(workspace, rule, report, shared=False).run(candidates, on_progress)


def group_found(
    workspace: Workspace, rule: Rule, found: Sequence[Found], *, on_progress: Progress = lambda done, total: None
) -> GroupReport:
    """Make sets of what was found in files just now, whatever else is in the workspace.

    By folder, a picture that is kept because of another file may join the set of this one's folder too.
    """
    _may(workspace, rule)
    rows = {row.id: row for row in workspace.db.read(grouping.rows, {one.image for one in found}) if not row.left}
    there = [one for one in dict.fromkeys(found) if one.image in rows]
    by_folder = rule.by == "folder"
    taken = _taken(workspace, there, rows) if by_folder else {one for one in there if rows[one.image].in_set}
    candidates = [_candidate(rows[one.image], one, one in taken) for one in there]
    return _Grouped(workspace, rule, GroupReport(by=rule.by), shared=by_folder).run(candidates, on_progress)


class _Grouped:
    """One run: from candidates to a report."""

    def __init__(self, workspace: Workspace, rule: Rule, report: GroupReport, *, shared: bool) -> None:
        self.workspace = workspace
        self.rule = rule
        self.report = report
        self.shared = shared

    def run(self, candidates: list[Candidate], on_progress: Progress) -> GroupReport:
        found = self._grouping(candidates, on_progress)
        self.report.clocks = found.clocks
        for left in found.left_out:
            if left.code is Left.IN_SET or (left.code is Left.SAME_PICTURE and left.candidate.in_set):
                self.report.in_sets += 1
            else:
                self._leave(left.candidate, left.code, left.reason)
        for start in range(0, len(found.sets), BATCH):
            self._take(found.sets[start : start + BATCH])
            on_progress(min(start + BATCH, len(found.sets)), len(found.sets))
        return self.report

    def _grouping(self, candidates: list[Candidate], on_progress: Progress) -> Grouping:
        rule, bounds = self.rule, Bounds(self.rule.smallest, self.rule.largest)
        if rule.by == "folder":
            return by_folder(candidates, bounds)
        if rule.by == "stage":
            return by_stage(candidates, bounds, gap_ms=_milliseconds(rule.gap_s))
        if rule.by == "burst":
            gap_ms = _milliseconds(rule.gap_s)
            return by_burst(candidates, bounds, gap_ms=GAP_MS if gap_ms is None else gap_ms, across=rule.across)
        radius = RADIUS if rule.distance is None else rule.distance
        return by_similarity(self._with_looks(candidates, radius, on_progress), bounds, radius=radius)

    def _with_looks(self, candidates: list[Candidate], radius: int, on_progress: Progress) -> list[Candidate]:
        needed = need_looks(candidates, radius=radius)
        hashes = {row.id: row.sha256 for row in self.workspace.db.read(grouping.rows, {key[0] for key in needed})}
        looks = look_at(self.workspace.paths.previews, hashes, on_progress)
        return [replace(one, look=looks.get(one.image)) if one.key in needed else one for one in candidates]

    def _take(self, groups: Sequence[Group]) -> None:
        wanted = [
            Wanted(name=one.name, kind=self.rule.by, images=tuple(member.image for member in one.members))
            for one in groups
        ]
        if self.report.dry_run:
            written = [Written(id=None, new=True) for _ in wanted]
        else:
            written = self.workspace.db.write(grouping.write, wanted, shared=self.shared)
        for one, made, done in zip(groups, wanted, written, strict=True):
            if done.id is None and not self.report.dry_run:
                for member in one.members:
                    self._leave(member, "changed", SENTENCES["changed"])
                continue
            self.report.sets.append(MadeSet(id=done.id, name=made.name, images=made.images, new=done.new))
            self.report.made += done.new
            self.report.known += not done.new

    def _leave(self, one: Candidate, code: str, reason: str) -> None:
        path = f"{one.folder}/{one.name}" if one.folder else one.name
        self.report.left_out.append(NotGrouped(image=one.image, path=path, code=str(code), reason=reason))


def _may(workspace: Workspace, rule: Rule) -> None:
    rule.check()
    workspace.user.must_be("operator", "Making sets")


def _own_place(row: Row) -> Found:
    """The file through which an image came, as it was shown then; shots lie apart by camera and what they show."""
    if not row.source.startswith("/"):
        return Found(row.id, f"{row.source}: {row.taken_with}", row.name)
    folder, _, name = row.source.rpartition("/")
    return Found(row.id, folder, name or row.name)


def _candidate(row: Row, place: Found, in_set: bool) -> Candidate:
    longer, shorter = max(row.width, row.height), min(row.width, row.height)
    return Candidate(
        key=(row.id, f"{place.folder}/{place.name}"),
        name=place.name,
        folder=place.folder,
        taken_ms=None if row.taken_at is None else round(clock.from_text(row.taken_at).timestamp() * 1000),
        mtime_ms=row.mtime_ns // 1_000_000,
        # Until a camera's name is kept with its pictures, their size tells cameras apart.
        camera=f"{row.taken_with} {longer}x{shorter}",
        phash=row.phash,
        in_set=in_set,
    )


def _taken(workspace: Workspace, found: Sequence[Found], rows: dict[int, Row]) -> set[Found]:
    """The files whose picture is dealt with: it came from there and is in a set, or it is in a set of that folder.

    A picture that is in the set of another folder, where the same bytes lie too, is still free for the set of this one.
    """
    here: dict[str, set[int]] = {}
    for one in found:
        here.setdefault(one.folder, set()).add(one.image)
    sets_of: dict[int, list[frozenset[int]]] = {}
    for members in workspace.db.read(grouping.members_by_set, {one.image for one in found}).values():
        for member in members:
            sets_of.setdefault(member, []).append(members)
    return {
        one
        for one in found
        if (one.image in sets_of and rows[one.image].source == f"{one.folder}/{one.name}")
        or any(members <= here[one.folder] for members in sets_of.get(one.image, ()))
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
