"""Keys of the gallery's sidebar that are held."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.app import BinScoutApp
from binscout_tui.store import named
from binscout_tui.store.named import COLLECTION
from binscout_tui.workspace import Workspace

from .deciding import open_area, press
from .driving import told
from .made_up import add_images
from .test_gallery_sidebar import all_of, find


@pytest.mark.parametrize(("key", "field"), [("h", "hidden"), ("x", "sensitive"), ("d", "")])
async def test_a_held_key_changes_one_alone_and_no_name_of_what_hides_is_kept(
    app: BinScoutApp, root: Path, key: str, field: str
) -> None:
    ids = add_images(root, 4)
    with Workspace(root) as ws:
        screws = ws.db.write(named.add, ws.user.uid, COLLECTION, "Screws")
        ws.db.write(named.put, ws.user.uid, COLLECTION, screws, ids)
        for name in ("Screws a", "Screws b", "Screws c"):
            ws.db.write(named.add, ws.user.uid, COLLECTION, name)
    async with app.run_test() as pilot:
        await open_area(pilot, "gallery")
        before = await all_of(app, COLLECTION)
        await find(pilot, "screws")
        await press(pilot, "escape", *[key] * 4)
        after = await all_of(app, COLLECTION)
        changed = [name for name in before if field and getattr(after[name], field)]
        assert (changed or [name for name in before if name not in after]) == ["Screws"]
        if field:
            assert not any("Screws" in line or "4" in line[8:] for line in told(app))
