"""The whole measurement: encoders beside their peers, then keys, start and memory of the real app."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from binscout_tui import workspace as workspaces
from binscout_tui.bench import comparing, limits, tables
from binscout_tui.bench.area import Area
from binscout_tui.bench.figures import Encoding, KeyFigures, MemoryFigures
from binscout_tui.bench.filling import choose, fill
from binscout_tui.bench.keys import VIEWS, measure_keys, measure_memory, place_kept
from binscout_tui.bench.limits import Verdict
from binscout_tui.bench.running import AppError
from binscout_tui.imaging.names import display_name
from binscout_tui.imaging.previews import PREVIEW, preview_path, write_previews
from binscout_tui.synthetic.jpeg import encode
from binscout_tui.synthetic.library import write_library
from binscout_tui.synthetic.looks import make_look
from binscout_tui.synthetic.scene import render_count
from binscout_tui.synthetic.seeds import stream
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.scale import PictureError, open_upright

FEWEST_IMAGES, MOST_IMAGES = 200, 100_000
IMAGES_A_PAGE = 80
FEWEST_A_PAGE = 20
SEED = 7

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured. `photo` or `workspace` None: a made-up one; `repeat`, `keys` or `memory` 0: not at all."""

    photo: Path | None
    workspace: Path | None
    area: Area
    screen: Area
    protocols: tuple[Protocol, ...]
    repeat: int
    keys: int
    rate: float
    memory: int


class Report(msgspec.Struct, kw_only=True):
    """All figures; `problems` are what could not be measured, one sentence each."""

    photo: str
    workspace: str
    load: float = 0.0
    encodings: list[Encoding] = []
    keys: list[KeyFigures] = []
    memory: list[MemoryFigures] = []
    problems: list[str] = []

    @property
    def verdicts(self) -> list[Verdict]:
        """Every figure that has a limit."""
        groups = dict.fromkeys((one.protocol, one.source) for one in self.encodings)
        found = [
            limits.of_encodings(one for one in self.encodings if (one.protocol, one.source) == group)
            for group in groups
        ]
        found += [limits.of_keys(one) for one in self.keys]
        found += [limits.of_memory(one) for one in self.memory]
        return [verdict for some in found for verdict in some]

    @property
    def is_good(self) -> bool:
        """Whether everything was measured and no limit is missed."""
        return not self.problems and all(verdict.holds is not False for verdict in self.verdicts)

    def lines(self) -> list[str]:
        """The tables, and how many limits were missed."""
        lines = [f"photo: {self.photo}", f"workspace: {self.workspace}", f"load: {self.load:.1f}", ""]
        lines += tables.encodings(self.encodings)
        lines += [line for one in self.keys for line in tables.keys(one)]
        lines += [line for one in self.memory for line in tables.memory(one)]
        lines += [f"not measured: {problem}" for problem in self.problems]
        missed = sum(verdict.holds is False for verdict in self.verdicts)
        of_all = f"{missed} of {len(self.verdicts)} limits missed"
        return [*lines, f"{of_all}, {len(self.problems)} figures missing" if self.problems else of_all]


def measure(plan: Plan, sent: comparing.Sent, say: Say) -> Report:
    """All figures of `plan`; `sent` gives the bytes that the app writes to show a payload.

    Raises PictureError for a photo that cannot be shown, and what opening the workspace raises.
    """
    report = Report(
        photo=display_name(plan.photo) if plan.photo else "made up",
        workspace=display_name(plan.workspace) if plan.workspace else f"made up, {_images(plan)} images",
    )
    with tempfile.TemporaryDirectory(prefix="binscout-bench-") as folder:
        if plan.workspace is not None:
            workspaces.check(plan.workspace)
        sources = _sources(plan.photo, Path(folder))
        if plan.repeat:
            say("encoding beside the peers")
            report.encodings = comparing.compare(sources, plan.area, plan.repeat, plan.protocols, sent)
        if plan.keys or plan.memory:
            root = plan.workspace or _made_up_workspace(Path(folder) / "bins", _images(plan), say)
            with place_kept(root):
                _run_the_app(plan, root, report, say)
    report.load = os.getloadavg()[0]
    return report


def _run_the_app(plan: Plan, root: Path, report: Report, say: Say) -> None:
    for protocol in plan.protocols:
        for view in VIEWS:
            if plan.keys:
                say(what := f"keys, {protocol}, {view.name}")
                with _noted(report, what):
                    report.keys.append(
                        measure_keys(root, protocol, view, plan.screen, presses=plan.keys, rate=plan.rate)
                    )
            if plan.memory:
                say(what := f"memory, {protocol}, {view.name}")
                presses = plan.memory if view.name == "full" else max(1, plan.memory // FEWEST_A_PAGE)
                with _noted(report, what):
                    report.memory.append(measure_memory(root, protocol, view, plan.screen, presses))


@contextmanager
def _noted(report: Report, what: str) -> Iterator[None]:
    """Whatever the app does not do is noted, so that the other figures are not lost."""
    try:
        yield
    except AppError as error:
        report.problems.append(f"{what}: {error.sentence} {error.hint}".rstrip())


def _sources(photo: Path | None, folder: Path) -> dict[str, Path]:
    """{name: file}: the photo, and the preview that an import would make of it. Raises PictureError."""
    photo = photo or _made_up_photo(folder)
    try:
        image = open_upright(photo, (PREVIEW, PREVIEW))
    except PictureError as error:
        raise PictureError(
            f"{display_name(photo)} cannot be shown: {error.sentence}.", hint=error.hint, code=error.code
        ) from error
    name = "0" * 64
    write_previews(image, folder, name)
    return {"the photo": photo, "the preview": preview_path(folder, name, PREVIEW)}


def _made_up_photo(folder: Path) -> Path:
    """A compartment of parts, 1600x1200."""
    look = make_look(stream(SEED, "look"), "bench")
    picture = render_count("screw", 12, 6, stream(SEED, "photo"), look, size=(1600, 1200))
    target = folder / "photo.jpg"
    target.write_bytes(encode(picture.image, 0, 0))
    return target


def _images(plan: Plan) -> int:
    """As many made-up images as the keys go through."""
    return min(MOST_IMAGES, max(FEWEST_IMAGES, plan.keys * IMAGES_A_PAGE, 2 * plan.memory))


def _made_up_workspace(root: Path, images: int, say: Say) -> Path:
    say(f"making a workspace of {images} images")
    library = root.with_name("library")
    write_library(library, per_class=2, sets=8, counts=16)
    fill(root, images, choose([library], FEWEST_IMAGES))
    return root
