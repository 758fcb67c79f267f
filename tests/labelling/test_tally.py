"""What the screen counts beside the store is what the store counts."""

from __future__ import annotations

from pathlib import Path

from binscout_tui import workspace as workspaces
from binscout_tui.labelling.desk import LabelDesk
from binscout_tui.store import labels
from binscout_tui.workspace import LiveWorkspace, Workspace

from ..app.made_up import add_classes, add_images


async def test_a_labelled_image_that_goes_to_the_trash_counts_no_more(tmp_path: Path) -> None:
    root = tmp_path / "bins"
    workspaces.create(root)
    add_classes(root, ["nut"])
    first, second = add_images(root, 2, previews=False)
    with Workspace(root) as opened:
        for image in (first, second):
            opened.db.write(labels.set_label, opened.user.uid, image, "nut")
    live = await LiveWorkspace.open(root)
    try:
        desk = LabelDesk(live)
        await desk.open()
        await desk.go_over("arrival")
        await desk.trash(first)
        assert [one.images for one in desk.classes] == [1]
        assert list(desk.classes) == await live.db.read(labels.classes)
    finally:
        await live.close()
