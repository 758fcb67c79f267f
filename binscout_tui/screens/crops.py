"""Crop queue: several boxes on one image, each with its item."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from binscout_tui.commands import crops as commands
from binscout_tui.commands.dispatch import Commanded
from binscout_tui.commands.table import with_keys
from binscout_tui.screens.base import dialog
from binscout_tui.screens.crops_lines import boxes_line, items_line, lead, status_line
from binscout_tui.screens.deciding import DecidingScreen
from binscout_tui.selecting.boxes import BoxesEdit
from binscout_tui.selecting.crop_desk import CropDesk
from binscout_tui.store.crops import Boxed, Drawn, TaskState
from binscout_tui.store.events import Event
from binscout_tui.store.journal import Entry
from binscout_tui.widgets.box_view import BoxView
from binscout_tui.widgets.line import Line
from binscout_tui.widgets.picture import Picture

RELEVANT = frozenset({"crops", "crop_queue", "image", "trash", "capture", "item"})
EMPTY = (
    "No image waits for boxes.\n\n{select.queue} in Select and {gallery.queue} in the gallery put images here,"
    " and so does\nbinscout crop queue IMAGE"
)


class CropsScreen(DecidingScreen):
    """Boxes are edited on the screen and committed together when the image is left, by whatever way."""

    SCOPE = commands.SCOPE
    BINDINGS = SCOPE.bindings()
    CSS_PATH = "../tcss/crops.tcss"
    DECISIONS = commands.DECISIONS

    def __init__(self) -> None:
        super().__init__()
        self.desk: CropDesk | None = None
        self._edit = BoxesEdit()

    def body(self) -> ComposeResult:
        """Status, the picture with its boxes, the boxes and the items in words."""
        yield Line(id="crops-status")
        yield BoxView(id="crops-view")
        yield Line(id="crops-boxes")
        yield Line(id="crops-items")
        yield Static(with_keys(EMPTY, self.frame.key_changes), id="crops-empty", markup=False)

    # What the checks of the commands look at.

    @property
    def is_loading(self) -> bool:
        """Whether the queue is still being read."""
        return self.desk is None

    @property
    def current(self) -> Boxed | None:
        """The image on the desk, with its boxes as they are kept."""
        return self.desk.current if self.desk else None

    @property
    def has_image(self) -> bool:
        """Whether there is an image on the desk."""
        return self.current is not None

    @property
    def is_damaged(self) -> bool:
        """Whether its picture cannot be shown."""
        return self.view.picture.state == "damaged"

    @property
    def has_box(self) -> bool:
        """Whether a box is being edited."""
        return self._edit.active is not None

    @property
    def view(self) -> BoxView:
        """The picture with the boxes."""
        return self.query_one(BoxView)

    @property
    def edit(self) -> BoxesEdit:
        """The boxes as they are on the screen."""
        box = self.view.box
        return self._edit if box is None else self._edit.drawn(box)

    @property
    def has_changes(self) -> bool:
        """Whether the boxes on the screen are not those that are kept."""
        return self.current is not None and sorted(map(_corners, self.edit.boxes)) != sorted(
            map(_corners, self.current.boxes)
        )

    # Opening, and changes made elsewhere.

    async def start(self) -> None:
        """Go to where the person stopped."""
        desk = CropDesk(self.ws)
        await desk.open()
        self.desk = desk
        self._show()

    async def resume(self) -> None:
        """Take in what other screens did meanwhile."""
        await self._refresh()

    async def changed(self, events: Sequence[Event]) -> None:
        """Somebody changed boxes, the queue, items or images."""
        if not RELEVANT.isdisjoint(event.kind for event in events):
            await self._refresh()

    async def _refresh(self) -> None:
        if self.desk is None:
            return
        before, has_changes = self.current, self.has_changes
        await self.desk.refresh()
        now = self.current
        moved = before is None or now is None or before.image.id != now.image.id
        if moved or (before != now and not has_changes):
            self._show()
        else:
            self._tell()

    def on_screen_suspend(self) -> None:
        """Whoever goes to another area keeps what they have drawn."""
        if self.frame.current_mode != self.SCOPE.id and self.has_changes:
            self.run_worker(self._keep_drawn(), group="keep", exit_on_error=False, description="keep the boxes")

    # Showing.

    def _show(self) -> None:
        """Show the image on the desk; keys count for it once its picture is there."""
        self.waits()
        found = self.current
        self.set_class(found is None, "-empty")
        if found is None or self.desk is None:
            self._edit = BoxesEdit()
            self.view.end()
            self.set_focus(None)
            self.seen()
            return
        self._edit = BoxesEdit.begun(found.boxes)
        self._draw()
        if self.view.picture.path == self.desk.preview(found.image) and self.view.picture.state in ("shown", "damaged"):
            self.call_after_refresh(self._seen, found.image.id)

    def _draw(self) -> None:
        """The boxes on the screen are those of `_edit`."""
        found, desk = self.current, self.desk
        if found is None or desk is None:
            return
        size = (found.image.width, found.image.height)
        self.view.draw(
            desk.preview(found.image),
            size,
            [drawn.box for drawn in self._edit.boxes],
            self._edit.active,
            lead(self._edit, desk.name_of, self.frame.key),
        )
        self.set_focus(self.view if self._edit.active is not None else None)
        self._tell()

    def _tell(self) -> None:
        found, desk = self.current, self.desk
        if found is None or desk is None:
            return
        boxes, width = len(self._edit.boxes), max(20, self.size.width - 2)
        status = status_line(found, desk.position, len(desk.states), desk.counts, boxes, self.early, width)
        self.query_one("#crops-status", Line).say(status)
        self.query_one("#crops-boxes", Line).say(boxes_line(self._edit, desk.name_of, self.frame.key))
        self.query_one("#crops-items", Line).say(items_line(desk.keyed, self.frame.key))

    def on_resize(self, event: events.Resize) -> None:
        """The counts stay at the right end."""
        self._tell()

    @on(Picture.Shown)
    @on(Picture.Damaged)
    def _settled(self, event: Picture.Shown | Picture.Damaged) -> None:
        found = self.current
        if found is None or self.desk is None or event.path != self.desk.preview(found.image):
            return
        self.call_after_refresh(self._seen, found.image.id)
        if isinstance(event, Picture.Damaged):
            self.repair(found.image, partial(self._show_again, found.image.id))

    def _show_again(self, image_id: int) -> None:
        if self.current is not None and self.current.image.id == image_id:
            self._show()

    def _seen(self, image_id: int) -> None:
        if self.desk is None or self.current is None or self.current.image.id != image_id or self.is_seen:
            return
        self.seen()
        if self.desk.following is not None:
            self.view.picture.prefetch([self.desk.preview(self.desk.following)])

    def came_early(self) -> None:
        """Say so in the status line."""
        self._tell()

    # Keys, in their order.

    def taken(self, key: str) -> tuple[Commanded, tuple[str, ...]] | None:
        """All keys of the image and of its active box."""
        return self.bound(key, self, self.view)

    def on_descendant_blur(self) -> None:
        """A click elsewhere does not take the keys away from the box."""
        if self.has_box and self.focused is None and self.has_image:
            self.view.focus()
        super().on_descendant_blur()

    def go_up(self) -> bool:
        """Esc and q leave the area; the boxes are kept on the way out."""
        return False

    # Boxes.

    def _change(self, edit: BoxesEdit) -> None:
        self._edit = edit
        self._draw()

    def action_new(self) -> None:
        """One more box."""
        self._change(self.edit.added())

    def action_delete(self) -> None:
        """Without the active box."""
        self._change(self.edit.removed())

    def action_turn(self) -> None:
        """The next box."""
        self._change(self.edit.turned(1))

    def action_turn_back(self) -> None:
        """The box before."""
        self._change(self.edit.turned(-1))

    def action_no_item(self) -> None:
        """No item is known of the active box."""
        self._change(self.edit.of_item(None))

    def action_number(self, key: str = "") -> None:
        """The item with this number."""
        known = self.desk.keyed if self.desk is not None else []
        if not key.isdigit() or not 1 <= int(key) <= len(known):
            self.frame.toast(f"There are {len(known)} items with a number; i finds or makes others.")
            return
        self._change(self.edit.of_item(known[int(key) - 1].id))

    @dialog(description="choose an item")
    async def action_item(self) -> None:
        """Ask which item is in the active box."""
        from binscout_tui.capturing.choosing import Option
        from binscout_tui.dialogs.pick import Pick

        desk, found = self.desk, self.current
        if desk is None or found is None:
            return

        async def load() -> list[Option]:
            return [Option(item.id, item.name, hint=item.number) for item in desk.items]

        picked = await self.app.push_screen_wait(Pick("Item", load, makes="item", empty="no item yet: type its name"))
        if picked is None or self.current is None or self.current.image.id != found.image.id:
            return
        item_id = picked.key if picked.key is not None else await desk.make_item(picked.text)
        self._change(self.edit.of_item(item_id))

    def action_leave(self) -> None:
        """The boxes as they are kept."""
        if self.has_changes:
            self.frame.toast("The boxes are again as they were.")
        if self.current is not None:
            self._change(BoxesEdit.begun(self.current.boxes))

    # Keeping and moving.

    async def action_done(self) -> None:
        """All boxes of the image are there."""
        await self._keep("done")

    async def action_skip(self) -> None:
        """Draw the boxes later; those that are there are kept."""
        await self._keep("skipped")

    async def _keep(self, task: TaskState) -> None:
        if self.desk is not None and self.current is not None:
            await self.desk.keep(self.current.image.id, self.edit.boxes, task)
            self.early = 0
            self._show()

    async def _keep_drawn(self) -> None:
        """Commit what was drawn; the image stays what it is in the queue."""
        if self.desk is not None and self.current is not None and self.has_changes:
            await self.desk.keep(self.current.image.id, self.edit.boxes, None)

    async def action_previous(self) -> None:
        """The image before."""
        await self._step(-1)

    async def action_next(self) -> None:
        """The image after."""
        await self._step(1)

    async def _step(self, by: int) -> None:
        await self._keep_drawn()
        if self.desk is not None and await self.desk.step(1 if by > 0 else -1):
            self._show()
        else:
            self.frame.toast("This is the last image." if by > 0 else "This is the first image.")

    async def action_undo(self) -> None:
        """Take back the last decision; what was drawn since is kept first, so that it can be drawn again."""
        if self.desk is not None:
            await self._keep_drawn()
            self._turned(await self.desk.undo())

    async def action_redo(self) -> None:
        """Do again what was undone."""
        if self.desk is not None:
            self._turned(await self.desk.redo())

    def _turned(self, entry: Entry) -> None:
        if entry.stale:
            self.frame.toast("These boxes were changed since by somebody; they stay as they are.", "warning")
        elif self.current is None or self.current.image.id != entry.target:
            self.frame.toast(f"The boxes of image {entry.target} are as before; it is in the queue no longer.")
        self.early = 0
        self._show()


def _corners(drawn: Drawn) -> tuple[float, ...]:
    """A box as something that can be sorted."""
    return (*drawn.box, drawn.item_id or 0)
