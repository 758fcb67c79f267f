"""What can be set, from `settings.toml` in the workspace; everything has a default."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from binscout_tui.errors import UsageError

# A bound also refuses NaN, and an upper one infinity.
Fraction = Annotated[float, Meta(ge=0, le=1)]
Deviation = Annotated[float, Meta(gt=0, le=1000)]


class ImportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits for pictures from outside: megapixels, seconds and MiB for decoding one, MiB of one file."""

    max_megapixels: Annotated[float, Meta(gt=0, le=10_000)] = 100
    max_seconds: Annotated[float, Meta(gt=0, le=3600)] = 10
    max_memory_mb: Annotated[int, Meta(ge=256, le=1 << 20)] = 2048
    max_file_mb: Annotated[int, Meta(ge=1, le=1 << 20)] = 512


class GateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least that is good enough for a model, measured on the known-good samples.

    Classifiers: `overall` is the accuracy and `per_class` the recall of every class, as fractions; `min_images` and
    `min_per_class` are numbers of known-good images; `max_ece` the calibration error, `unknown_rejected` the share of
    images of nothing that must be called unknown. Choosing from sets: `min_sets`, share right `top1`, overlap of crops
    `mean_iou`. Counting: `min_counts` images, mean error `max_mae` and that of each item `max_item_mae` in things,
    share counted exactly `exact`. Against the active model: `max_drop` is how much share may be lost, `max_iou_drop`
    how much overlap, `max_mae_rise` how many things the mean error may rise. One answer may take
    `max_seconds_per_image`, the model `max_memory_mb` MiB.
    """

    overall: Fraction = 0.6
    per_class: Fraction = 0.2
    min_images: Annotated[int, Meta(ge=1, le=1_000_000)] = 10
    min_per_class: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    max_ece: Fraction = 0.25
    unknown_rejected: Fraction = 0.5
    min_sets: Annotated[int, Meta(ge=1, le=1_000_000)] = 5
    top1: Fraction = 0.4
    mean_iou: Fraction = 0.4
    min_counts: Annotated[int, Meta(ge=1, le=1_000_000)] = 5
    max_mae: Annotated[float, Meta(ge=0, le=1_000_000)] = 3.0
    max_item_mae: Annotated[float, Meta(ge=0, le=1_000_000)] = 5.0
    exact: Fraction = 0.2
    max_drop: Fraction = 0.05
    max_iou_drop: Fraction = 0.05
    max_mae_rise: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.5
    max_seconds_per_image: Annotated[float, Meta(gt=0, le=3600)] = 1.0
    max_memory_mb: Annotated[int, Meta(ge=1, le=1 << 20)] = 4096


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The inference process: `auto`, `cpu` or `cuda`, seconds without work until it leaves, length of its queue."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    idle_seconds: Annotated[float, Meta(gt=0, le=31_536_000)] = 900
    queue: Annotated[int, Meta(ge=1, le=1_000_000)] = 256
    max_batch: Annotated[int, Meta(ge=1, le=1024)] = 32


class CaptureSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Item Capture: how many accepted pictures an item should have where the item itself does not say; with
    `background` a cut-out is made of every picture that is looked at in the queue, and kept beside it.
    """

    target: Annotated[int, Meta(ge=0, le=1_000_000)] = 30
    background: bool = False


class QualitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when on a fresh photo gets a warning; `docs/quality.md` says where the defaults come from.

    `focus` is the least sharpness, and `focus_of_accepted` the least share of the median sharpness of accepted photos
    of the same compartment, where there are some. `dark` is the least that the brightest 5 % must reach, `contrast`
    the least distance between dark and bright, `noise` the most noise, all in grey values 0..255; `bright` is the
    largest share of plain white; `shorter_side` is in pixels; `aspect` the most times that one side may be longer.
    """

    focus: Annotated[float, Meta(ge=0, le=1000)] = 4.5
    focus_of_accepted: Fraction = 0.35
    dark: Annotated[float, Meta(ge=0, le=255)] = 65
    bright: Fraction = 0.35
    contrast: Annotated[float, Meta(ge=0, le=255)] = 30
    noise: Annotated[float, Meta(ge=0, le=255)] = 16
    shorter_side: Annotated[int, Meta(ge=1, le=100_000)] = 240
    aspect: Annotated[float, Meta(ge=1, le=100_000)] = 3


class BackgroundSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Removing backgrounds: `model` is a u2net-like ONNX file, absolute or in the workspace; where none is named it is
    `models/background.onnx`.

    Pixels that belong to the subject by less than `threshold` go away entirely and all others stay; 0 keeps soft
    edges. `erode` takes so many pixels off the edge. `colour` (`#rrggbb`) is put behind the subject, nothing leaves
    it transparent. A subject of less than `least` of the picture is none. `mean` and `std` are what the model was
    trained with.
    """

    model: str = ""
    threshold: Fraction = 0.0
    erode: Annotated[int, Meta(ge=0, le=50)] = 0
    colour: Annotated[str, Meta(pattern="^(#[0-9a-fA-F]{6})?$")] = ""
    least: Fraction = 0.001
    mean: tuple[Fraction, Fraction, Fraction] = (0.485, 0.456, 0.406)
    std: tuple[Deviation, Deviation, Deviation] = (0.229, 0.224, 0.225)


class LabelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Checks of people in Label: of all images that are shown, `gold_share` are gold images and `reshow_share` such as
    are labelled already, shown as if they were not; `docs/labelling.md` says what comes of it.
    """

    gold_share: Annotated[float, Meta(ge=0, le=0.45)] = 0.02
    reshow_share: Annotated[float, Meta(ge=0, le=0.45)] = 0.03


class InboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Watched folders: seconds between the two looks after which a file may be whole, and between two looks through
    the folder, on a local disk and on a network; seconds of standing still after which a bad file has failed.
    """

    look_seconds: Annotated[float, Meta(gt=0, le=3600)] = 0.12
    reconcile_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 10
    network_look_seconds: Annotated[float, Meta(gt=0, le=3600)] = 5
    network_poll_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 3
    give_up_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 30


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Backups: `target` is the one meant where none is named.

    Kept are the last `keep_last` good runs, and one for each of so many weeks, days and months; what no run needs any
    more goes after `grace_days`, a run that was never finished after `abandoned_hours`. A run reads back what it
    `added`, its `records` alone, or `all` that it names. Files below `object_mb` MiB are put together into packs of
    `pack_mb` MiB; `checkpoints` of training belong to a run or not. `transfers` go on at once, at most `bandwidth` fast
    (as rclone writes it: `10M` are 10 MiB/s), and one that moves no byte for `stall_seconds` has failed. A run that
    misses more than the share `max_missing` of what the last one had is suspicious. The copy that a restore leaves is
    kept for `undo_days`; a clock is wrong when it differs by more than `skew_minutes`; a last good run is late after
    `late_days`.
    """

    target: str = ""
    keep_last: Annotated[int, Meta(ge=1, le=10_000)] = 3
    weekly: Annotated[int, Meta(ge=0, le=10_000)] = 8
    daily: Annotated[int, Meta(ge=0, le=10_000)] = 0
    monthly: Annotated[int, Meta(ge=0, le=10_000)] = 0
    grace_days: Annotated[float, Meta(ge=0, le=3650)] = 7
    abandoned_hours: Annotated[float, Meta(ge=1, le=8760)] = 48
    read_back: Literal["added", "records", "all"] = "added"
    pack_mb: Annotated[int, Meta(ge=1, le=4096)] = 128
    object_mb: Annotated[int, Meta(ge=1, le=4096)] = 8
    checkpoints: bool = False
    transfers: Annotated[int, Meta(ge=1, le=64)] = 4
    bandwidth: Annotated[str, Meta(pattern=r"^([0-9]+(\.[0-9]+)?[kKMG]?)?$")] = ""
    max_missing: Fraction = 0.2
    undo_days: Annotated[float, Meta(ge=0, le=365)] = 7
    stall_seconds: Annotated[float, Meta(ge=1, le=3600)] = 60
    skew_minutes: Annotated[float, Meta(ge=0.1, le=1440)] = 5
    late_days: Annotated[float, Meta(gt=0, le=365)] = 9


class KeySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys: a preset, and single changes after it, {id of a command: a key or several}; an empty list takes the
    command's keys away. What clashes is found by `commands/keymap.py`, which knows the commands.
    """

    preset: Literal["default", "classic"] = "default"
    map: dict[str, str | list[str]] = {}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a workspace."""

    importing: ImportSettings = msgspec.field(default_factory=ImportSettings, name="import")
    gate: GateSettings = msgspec.field(default_factory=GateSettings)
    engine: EngineSettings = msgspec.field(default_factory=EngineSettings)
    quality: QualitySettings = msgspec.field(default_factory=QualitySettings)
    capture: CaptureSettings = msgspec.field(default_factory=CaptureSettings)
    label: LabelSettings = msgspec.field(default_factory=LabelSettings)
    background: BackgroundSettings = msgspec.field(default_factory=BackgroundSettings)
    inbox: InboxSettings = msgspec.field(default_factory=InboxSettings)
    backup: BackupSettings = msgspec.field(default_factory=BackupSettings)
    keys: KeySettings = msgspec.field(default_factory=KeySettings)


def load(path: Path) -> Settings:
    """The settings in the TOML file at `path`, or all defaults where there is none.

    Raises UsageError naming the file and the bad key.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", hint="It is a UTF-8 text file.", code="bad_settings"
        ) from error
    try:
        return msgspec.convert(tomllib.loads(text), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", hint="Mend that line or remove it.", code="bad_settings"
        ) from error
