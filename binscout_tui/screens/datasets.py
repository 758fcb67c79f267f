"""Data sets: the versions, what is in them, what differs between two, what is wrong with one."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from binscout_tui.browsing.version import VersionDesk
from binscout_tui.commands import datasets as commands
from binscout_tui.dialogs.reader import Page, Reader
from binscout_tui.operations import dataset_diff, dataset_health
from binscout_tui.operations.dataset_diff import Difference
from binscout_tui.operations.dataset_health import Health
from binscout_tui.screens import datasets_lines as lines
from binscout_tui.screens.base import dialog
from binscout_tui.screens.datasets_exporting import ExportingScreen
from binscout_tui.screens.datasets_found import FoundView
from binscout_tui.screens.datasets_full import VersionFull
from binscout_tui.screens.datasets_images import ImagesView
from binscout_tui.screens.datasets_showing import Place, from_kept
from binscout_tui.store import dataset_changes, dataset_pages
from binscout_tui.store.aside import read_aside
from binscout_tui.store.dataset_pages import Version
from binscout_tui.store.datasets import Dataset
from binscout_tui.store.events import Event
from binscout_tui.widgets.row_list import RowList

T = TypeVar("T")
COUNTS = frozenset({"image", "trash"})
"""Kinds of events after which other images count."""
LOOKS = frozenset({"label", "class", "boxes", "crops"}) | COUNTS
"""Kinds of events after which what is said of an image may be different."""
EMPTY = "No data set yet.\n\nn   builds one of what people said; first it shows what would be frozen"


class DatasetsScreen(ExportingScreen):
    """The versions with the classes of the one under the cursor; below it what was found, images, one in full."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/datasets.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        self._versions: list[Version] = []
        self._marked: list[str] = []
        self._health: Health | None = None
        self._difference: Difference | None = None

    # What the checks of the commands look at.

    @property
    def version(self) -> Version | None:
        """The version under the cursor."""
        return self._of(self._list.key or "")

    @property
    def pair(self) -> tuple[Version, Version] | None:
        """The marked versions, or the marked one and the one under the cursor, the older first."""
        chosen = [*self._marked, *([self._list.key] if len(self._marked) == 1 and self._list.key else [])]
        found = [one for one in self._versions if one.dataset.id in chosen]
        return (found[1], found[0]) if len(found) == 2 else None

    @property
    def _list(self) -> RowList:
        return self.query_one("#data-versions", RowList)

    def body(self) -> ComposeResult:
        """The levels, and what stands there while there is no version."""
        with Horizontal(id="data-list"):
            yield RowList(id="data-versions")
            with VerticalScroll(id="data-card", can_focus=False):
                yield Page(self._card, id="data-card-text")
        yield FoundView(id="data-found")
        yield ImagesView(id="data-images")
        yield VersionFull(id="data-full")
        yield Static(EMPTY, id="data-empty", markup=False)

    def on_mount(self) -> None:
        """The list is shown first."""
        self.add_class("-list")

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped."""
        place = from_kept(await self.kept_place())
        await self.load(place.version)
        kept = self._of(place.version)
        if kept is not None and place.level in ("images", "full"):
            await self.restore(kept.dataset, place)

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self.load("")
        await self.images.refresh_rows(ids=True)

    async def changed(self, events: Sequence[Event]) -> None:
        """Versions are built, labels and files change."""
        kinds = {event.kind for event in events}
        if "dataset" in kinds:
            await self.load("")
        if not LOOKS.isdisjoint(kinds):
            await self.images.refresh_rows(ids=not COUNTS.isdisjoint(kinds))
            await self.refresh_full()

    async def load(self, key: str) -> None:
        """Read the versions; the cursor goes to `key` or stays."""
        self._versions = await self.ws.db.read(dataset_pages.versions)
        known = {one.dataset.id for one in self._versions}
        self._marked = [one for one in self._marked if one in known]
        self.set_class(not known, "-empty")
        self._show_versions(key if key in known else None)
        self._show_card()

    def _show_versions(self, key: str | None = None) -> None:
        self._list.show(lines.version_rows(self._versions, self._marked), key=key)

    def _of(self, version_id: str) -> Version | None:
        return next((one for one in self._versions if one.dataset.id == version_id), None)

    def version_id(self) -> str:
        """The version under the cursor."""
        return self._list.key or ""

    def _card(self, width: int) -> Content:
        return lines.card(self.version, width) if self.version is not None else Content("")

    def _show_card(self) -> None:
        self.query_one("#data-card-text", Page).make_again()

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        self._show_card()
        self.query_one("#data-card").scroll_home(animate=False)
        self.keep_soon()
        self.frame.refresh_commands()

    @on(RowList.Opened)
    async def _clicked(self, event: RowList.Opened) -> None:
        await self.action_inspect()

    # The list.

    def action_up(self) -> None:
        """To the version above."""
        self._list.move(-1)

    def action_down(self) -> None:
        """To the version below."""
        self._list.move(1)

    def action_card_up(self) -> None:
        """Scroll the classes up."""
        self.query_one("#data-card").scroll_page_up(animate=False)

    def action_card_down(self) -> None:
        """Scroll the classes down."""
        self.query_one("#data-card").scroll_page_down(animate=False)

    def action_mark(self) -> None:
        """Mark the version or not; of three the oldest mark goes."""
        key = self._list.key or ""
        self._marked = [one for one in self._marked if one != key] if key in self._marked else [*self._marked[-1:], key]
        self._show_versions()

    async def action_inspect(self) -> None:
        """The images of the version."""
        if (one := self.version) is not None:
            place = Place(size=str(self.images.grid.tile_size))
            await self.show_images(VersionDesk(self.ws, one.dataset), "", place, "list")

    def action_train(self) -> None:
        """To Training."""
        self.frame.go_to("training", "training.new")

    # Checks and comparisons: read beside the event loop, on a connection of their own.

    @dialog(description="check a data set")
    async def action_check(self) -> None:
        """Look for lost files, leaks and conflicts."""
        if (one := self.version) is None:
            return
        found = await self._aside(f"{one.dataset.name} is being checked.", partial(_health, name=one.dataset.id))
        self._health, self._difference = found, None
        advice = [finding.advice for finding in found.findings]
        self.found.show(lines.health_head(found), lines.finding_rows(found), advice)
        self.go("found")

    @dialog(description="compare two data sets")
    async def action_versus(self) -> None:
        """What differs between two versions."""
        if (pair := self.pair) is None:
            return
        before, after = (one.dataset.id for one in pair)
        compare = partial(dataset_diff.compare, before=before, after=after)
        found = await self._aside("Two versions are being compared.", compare)
        self._health, self._difference = None, found
        self.found.show(lines.difference_head(found), lines.difference_rows(found), [])
        self.go("found")

    @on(FoundView.Opened)
    async def _open_found(self, event: FoundView.Opened) -> None:
        if self._health is not None and event.index < len(self._health.findings):
            finding, version = self._health.findings[event.index], self._of(self._health.id)
            if version is not None:
                await self._show_part(version.dataset, finding.title, finding.images)
        elif self._difference is not None and event.index < len(self._difference.sorts):
            found, sort = self._difference, self._difference.sorts[event.index]
            before, after = found.before.id, found.after.id
            ids = await read_aside(self.ws.paths.database, dataset_changes.ids, before, after, sort)
            dataset = found.before if sort.kind == "removed" else found.after
            await self._show_part(dataset, dataset_diff.words(sort), ids)

    async def _show_part(self, dataset: Dataset, title: str, ids: Sequence[int]) -> None:
        if not ids:
            self.frame.toast("None of these images can be shown: they are purged, in the trash, or not accepted.")
            return
        place = Place(size=str(self.images.grid.tile_size))
        await self.show_images(VersionDesk(self.ws, dataset, ids), title, place, "found")

    def action_balance(self) -> None:
        """Classes, splits and sizes as bars."""
        self.run_worker(
            self._show_balance(), group="dialog", exclusive=True, exit_on_error=False, description="reading sizes"
        )

    async def _show_balance(self) -> None:
        desk = self.images.desk
        dataset = desk.dataset if desk is not None and self.level != "list" else None
        dataset = dataset or (self.version.dataset if self.version is not None else None)
        if dataset is None:
            return
        sides = await read_aside(self.ws.paths.database, dataset_pages.longer_sides, dataset.id)
        text = partial(lines.balance, dataset.name, dataset.counts, sides, task=dataset.task)
        self.app.push_screen(Reader(f"Classes and sizes of {dataset.name}", text))

    @on(ImagesView.BalanceWanted)
    def _balance_wanted(self) -> None:
        self.action_balance()

    async def _aside(self, what: str, function: partial[T]) -> T:
        work: Awaitable[T] = read_aside(self.ws.paths.database, lambda db: function(db))
        return await self.busy_with(what, work)


def _health(db: object, name: str) -> Health:
    return dataset_health.examine(dataset_health.gather(db, name))  # type: ignore[arg-type]
