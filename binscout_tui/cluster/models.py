"""The model of a large job: found, checked, and packed so that it can travel to other machines. No torch here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from binscout_tui.errors import BinScoutError, UsageError
from binscout_tui.imaging.names import display_name
from binscout_tui.learning.card import CARD_FILE, WEIGHTS_FILE

from .shards import Job, Kind

TASKS: dict[Kind, tuple[str, ...]] = {"score": ("classify", "count"), "embed": ("classify",)}
WHY_NOT = {
    "select": "A model for sets compares pictures with each other; a folder has no sets.",
    "count": "A model that counts has no embedding of a whole picture.",
}


class _Card(msgspec.Struct, kw_only=True):
    task: str = "classify"
    weights_sha256: str
    classes: list[str] = []


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The files of a model folder by name, as bytes; what they say is checked where they are loaded."""

    files: dict[str, bytes]

    def unpack(self, folder: Path) -> None:
        """Write them into an empty folder."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def pack(folder: Path) -> PackedModel:
    """The model in `folder`. Raises BinScoutError `model_missing`."""
    names = [name for name in (CARD_FILE, WEIGHTS_FILE) if (folder / name).is_file()]
    if CARD_FILE not in names:
        raise BinScoutError(
            f"There is no model in {display_name(folder)}.", hint="Name a model, or its folder.", code="model_missing"
        )
    return PackedModel({name: (folder / name).read_bytes() for name in names})


def job_for(model: PackedModel, name: str, kind: Kind, folder: Path, shard_size: int) -> Job:
    """The job of asking `model` about every file of `folder`.

    Raises UsageError `wrong_task` for a model that cannot do it, BinScoutError `model_corrupt` for damaged files.
    """
    try:
        card = msgspec.json.decode(model.files[CARD_FILE], type=_Card)
    except msgspec.MsgspecError as error:
        raise BinScoutError(
            f"The card of the model {display_name(name)} is damaged: {error}.", code="model_corrupt"
        ) from error
    weights = model.files.get(WEIGHTS_FILE)
    if weights is not None and hashlib.sha256(weights).hexdigest() != card.weights_sha256:
        raise BinScoutError(
            f"The weights of the model {display_name(name)} are not those of its card.",
            hint="Restore them from a backup, or train again.",
            code="model_corrupt",
        )
    if card.task not in TASKS[kind]:
        why = WHY_NOT.get(card.task, f"{display_name(card.task)} is not a task of this version.")
        raise UsageError(why, hint="Name a model for classify.", code="wrong_task")
    return Job(
        kind=kind,
        task=card.task,
        folder=display_name(folder.absolute()),
        model=name,
        weights_sha256=card.weights_sha256,
        classes=card.classes,
        shard_size=shard_size,
    )
