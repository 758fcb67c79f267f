"""The form that asks where and how images are exported."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input, Static

from binscout_tui.dialogs.form import Form
from binscout_tui.errors import UsageError
from binscout_tui.operations.exporting.options import Options, checked
from binscout_tui.widgets.choice import Choice
from binscout_tui.widgets.text_line import TextLine

PICTURES = [
    ("originals", "originals", "The files as they are, byte for byte."),
    ("size", "of a size", "Made anew, upright, with at most so many pixels."),
    ("crops", "crops", "Each kept crop as a picture; without one the whole."),
]
METADATA = [
    ("json", "a JSON file each", "Title, prompt, tags, label, boxes, crops beside each picture."),
    ("none", "none", "Pictures alone, and a list of them."),
]
NAMES = [
    ("original", "as they were", "A second photo.jpg becomes photo-2.jpg."),
    ("id", "the image's number", "Such as 4711.jpg."),
]


class ExportImages(Form[Options]):
    """Asks for folder, pictures, metadata and names; Enter starts, Esc closes."""

    AUTO_FOCUS = "#folder"

    def body(self) -> ComposeResult:
        """The fields, and what is wrong with them."""
        yield Static("folder; nothing in it is overwritten", classes="field-name")
        yield TextLine(placeholder="~/exports/parts", compact=True, id="folder")
        yield Choice("pictures", PICTURES, id="pictures")
        yield Static("longer side in pixels, where the size is not the original's", classes="field-name")
        yield TextLine(placeholder="the original's", compact=True, id="size")
        yield Choice("metadata", METADATA, id="metadata")
        yield Choice("names", NAMES, id="names")
        yield Static("", id="form-error")

    def action_submit(self) -> None:
        """Answer with what is filled in, when it is right."""
        folder = self.query_one("#folder", Input).value.strip()
        if not folder:
            self._wrong("Say into which folder.", "#folder")
            return
        try:
            self.dismiss(checked(self._options(Path(folder))))
        except (UsageError, ValueError) as error:
            sentence = error.sentence if isinstance(error, UsageError) else "The size is a number of pixels."
            self._wrong(sentence, "#size")

    def _options(self, folder: Path) -> Options:
        pictures = self._chosen("pictures")
        text = self.query_one("#size", Input).value.strip()
        if pictures == "size" and not text:
            raise UsageError("Say how many pixels the longer side has.", code="bad_size")
        return Options(
            folder=folder,
            size=int(text) if text and pictures != "originals" else None,
            crop=pictures == "crops",
            metadata="none" if self._chosen("metadata") == "none" else "json",
            names="id" if self._chosen("names") == "id" else "original",
        )

    def _chosen(self, field: str) -> str:
        return self.query_one(f"#{field}", Choice).value

    def _wrong(self, sentence: str, field: str) -> None:
        self.tell(sentence)
        self.query_one(field, Input).focus()
