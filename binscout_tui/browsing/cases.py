"""The cases of a report one after the other, with the pictures that show what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.previews import PREVIEW, preview_path
from binscout_tui.reporting.cases import Case, CaseImage, Crop
from binscout_tui.reporting.versus import Pair
from binscout_tui.reporting.versus_lines import turn
from binscout_tui.reporting.words import name_of, renamed, verdict
from binscout_tui.store import case_images
from binscout_tui.store.images import Image
from binscout_tui.workspace import LiveWorkspace

TRUTH, SAID = "truth", "said"
GONE = "not in the workspace any more"
CHOSEN = {(): "", (TRUTH,): "kept", (SAID,): "the model's", (TRUTH, SAID): "kept+model"}
"""What a picture of a set is called by who chose it; short, since nine may lie side by side."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a case: `title` says what it is, `kinds` whether it is what is true or what the model said.

    `crops` are (box, kind), `points` (x, y, kind), 0..1 of the upright picture. `image` is None where the workspace
    does not have it any more; `problem` says why there is nothing to show, or is empty.
    """

    image: Image | None
    path: Path
    title: str
    kinds: tuple[str, ...] = ()
    crops: tuple[tuple[Crop, str], ...] = ()
    points: tuple[tuple[float, float, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A case as it is shown; `lead` is the place of the picture that it is about."""

    place: int
    title: str
    words: str
    shots: tuple[Shot, ...]
    lead: int = 0


class CaseDesk:
    """The way through cases. `before` has what another model said of each, where two runs are compared."""

    def __init__(
        self,
        workspace: LiveWorkspace,
        task: str,
        cases: Sequence[Case],
        learned: Mapping[str, Sequence[str]],
        before: Sequence[Case] = (),
    ) -> None:
        self._workspace = workspace
        self.task = task
        self.cases = cases
        self.before = before
        self._learned = learned
        self._examples: dict[str, Image | None] = {}

    async def look(self, place: int) -> Look:
        """The case at `place` with its pictures."""
        case = self.cases[place]
        found = await self._workspace.db.read(case_images.by_hashes, [one.sha256 for one in case.images])
        shots, lead = self._candidates(case, found) if self.task == "select" else await self._single(case, found)
        named = await self._workspace.db.read(case_images.names, list(found))
        return Look(place, name_of(renamed(case, named)), self._words(place), tuple(shots), lead)

    def _words(self, place: int) -> str:
        if place < len(self.before):
            return turn(Pair(self.before[place], self.cases[place]), self.task)
        return verdict(self.cases[place], self.task)

    async def _single(self, case: Case, found: Mapping[str, Image]) -> tuple[list[Shot], int]:
        one = case.image
        if one is None:
            return [], 0
        crops = ((one.crop, TRUTH),) if one.crop is not None else ()
        marked = ((case.points_truth, TRUTH), (case.points, SAID))
        points = tuple((one[0], one[1], kind) for found_at, kind in marked for one in found_at if len(one) >= 2)
        title = f"it is {_plain(case.truth)}" if self.task == "classify" else f"there are {_plain(case.truth)}"
        shots = [self._shot(one, found, title, (TRUTH,), crops, points)]
        if self.task == "classify" and case.said is not None and case.said != case.truth:
            example = await self._example(str(case.said))
            if example is not None:
                words = f"{_plain(case.said)} looks like this"
                shots.append(Shot(example, self._preview(example.sha256), words, (SAID,)))
        return shots, 0

    def _candidates(self, case: Case, found: Mapping[str, Image]) -> tuple[list[Shot], int]:
        shots = []
        for place, one in enumerate(case.images):
            kinds = tuple(kind for kind, chosen in ((TRUTH, case.truth), (SAID, case.said)) if chosen == place)
            both = ((case.crop_truth, TRUTH), (case.crop_said, SAID)) if place == case.truth else ()
            crops = tuple((crop, kind) for crop, kind in both if crop is not None)
            title = f"{place + 1} {CHOSEN[kinds]}".strip()
            shots.append(self._shot(one, found, title, kinds, crops))
        lead = case.said if isinstance(case.said, int) and 0 <= case.said < len(shots) else 0
        return shots, lead

    def _shot(
        self,
        one: CaseImage,
        found: Mapping[str, Image],
        title: str,
        kinds: tuple[str, ...],
        crops: tuple[tuple[Crop, str], ...] = (),
        points: tuple[tuple[float, float, str], ...] = (),
    ) -> Shot:
        image, path = found.get(one.sha256), self._preview(one.sha256)
        problem = GONE if image is None and not path.is_file() else ""
        return Shot(image, path, title, kinds, crops, points, problem)

    async def _example(self, label: str) -> Image | None:
        if label not in self._examples:
            read = self._workspace.db.read
            self._examples[label] = await read(case_images.examples, self._learned, label)
        return self._examples[label]

    def _preview(self, sha256: str) -> Path:
        return preview_path(self._workspace.paths.previews, sha256, PREVIEW)


def _plain(value: object) -> str:
    return display_name(str(value))
