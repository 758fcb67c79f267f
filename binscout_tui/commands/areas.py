"""The areas one can go to; each screen is imported when it is first visited."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from binscout_tui.screens.base import BaseScreen


@dataclass(frozen=True, slots=True)
class Area:
    """An area: mode name, letter in the area menu, function key or "", name, and `module:class` of its screen."""

    id: str
    letter: str
    function_key: str
    title: str
    screen: str

    def make(self) -> BaseScreen:
        """The area's screen, new."""
        module, _, name = self.screen.partition(":")
        return cast("BaseScreen", getattr(import_module(module), name)())


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the app begins: an area, there an image or the one where the person was, in full or among the others.

    `filter` is what to filter by, None for what the person had.
    """

    area: str = "home"
    image: int | None = None
    full: bool = False
    filter: str | None = None


AREAS: dict[str, Area] = {
    area.id: area
    for area in (
        Area("home", "h", "f2", "Home", "binscout_tui.screens.home:HomeScreen"),
        Area("capture", "c", "f3", "Item Capture", "binscout_tui.screens.capture:CaptureScreen"),
        Area("select", "s", "f4", "Select", "binscout_tui.screens.select:SelectScreen"),
        Area("label", "l", "f5", "Label", "binscout_tui.screens.label:LabelScreen"),
        Area("training", "t", "f6", "Training", "binscout_tui.screens.training:TrainingScreen"),
        Area("report", "e", "", "Report", "binscout_tui.screens.report:ReportScreen"),
        Area("versus", "w", "", "Two runs", "binscout_tui.screens.versus:VersusScreen"),
        Area("models", "m", "f7", "Models", "binscout_tui.screens.models:ModelsScreen"),
        Area("gallery", "g", "f8", "Gallery", "binscout_tui.screens.gallery:GalleryScreen"),
        Area("similar", "y", "", "Similar", "binscout_tui.screens.similar:SimilarScreen"),
        Area("crops", "r", "f9", "Crop queue", "binscout_tui.screens.crops:CropsScreen"),
        Area("boxes", "o", "", "Boxes", "binscout_tui.screens.boxes:BoxesScreen"),
        Area("data", "d", "", "Data sets", "binscout_tui.screens.datasets:DatasetsScreen"),
        Area("verify", "v", "", "Verify", "binscout_tui.screens.verify:VerifyScreen"),
        Area("classes", "k", "", "Classes", "binscout_tui.screens.classes:ClassesScreen"),
        Area("duplicates", "x", "", "Duplicates", "binscout_tui.screens.duplicates:DuplicatesScreen"),
        Area("sidecars", "a", "", "Sidecars", "binscout_tui.screens.sidecars:SidecarsScreen"),
        Area("backups", "b", "", "Backups", "binscout_tui.screens.backups:BackupsScreen"),
    )
}
