"""Several crops on one picture while they are edited, each with its item. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from binscout_tui.imaging.several import FIRST, Several, beside
from binscout_tui.store.crops import Drawn

__all__ = ["FIRST", "BoxesEdit", "beside"]


@dataclass(frozen=True, slots=True)
class BoxesEdit(Several[Drawn]):
    """The crops of an image; one more begins as large as the active one and with its item, beside it."""

    def of_item(self, item_id: int | None) -> BoxesEdit:
        """Another item is in the active box."""
        return self.changed(item_id=item_id)

    def added(self) -> BoxesEdit:
        """One more box, which is active."""
        here = self.here
        return self.put(Drawn(box=FIRST) if here is None else Drawn(box=beside(here.box), item_id=here.item_id))
