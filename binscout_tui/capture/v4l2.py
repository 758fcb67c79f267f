"""A camera of this machine, through Video4Linux. Needs the optional extra `v4l2`, which is imported only here."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from binscout_tui.capture.mjpeg import FirstJpeg
from binscout_tui.capture.source import SourceError, stopped
from binscout_tui.imaging.names import display_name, one_line


class V4l2Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`device` is its file; `width` and `height` in pixels, 0 for what the camera has set; `skip` frames are passed
    over while the exposure settles; `timeout` is in seconds.
    """

    device: Annotated[str, Meta(min_length=1)] = "/dev/video0"
    width: Annotated[int, Meta(ge=0, le=65_535)] = 0
    height: Annotated[int, Meta(ge=0, le=65_535)] = 0
    skip: Annotated[int, Meta(ge=0, le=1000)] = 4
    timeout: Annotated[float, Meta(gt=0, le=600)] = 10


class V4l2:
    """A camera that gives JPEGs; they are taken as they are, never encoded again."""

    def __init__(self, config: V4l2Config) -> None:
        self._config = config

    @property
    def name(self) -> str:
        """The device's file."""
        return display_name(self._config.device)

    def probe(self) -> str:
        """Say what the device is. Raises SourceError where it or the extra is missing."""
        with self._device() as device:
            return f"{self.name} is {one_line(str(device.info.card))}."

    def shoot(self, folder: Path, stop: threading.Event) -> Path:
        """Take one frame. Raises SourceError."""
        with self._device() as device:
            picture = self._frame(device, stop)
        target = folder / "shot.jpg"
        target.write_bytes(picture)
        return target

    def _frame(self, device: Any, stop: threading.Event) -> bytes:
        import select

        from linuxpy.video.device import VideoCapture

        capture = VideoCapture(device)
        current = capture.get_format()
        capture.set_format(self._config.width or current.width, self._config.height or current.height, "MJPG")
        until, left = time.monotonic() + self._config.timeout, self._config.skip
        with capture:
            while time.monotonic() < until:
                if stop.is_set():
                    raise stopped()
                if not select.select([device.fileno()], [], [], 0.1)[0]:
                    continue
                whole = FirstJpeg().feed(bytes(capture.buffer.read()))
                if whole is not None and not left:
                    return whole
                left = max(0, left - 1)
        raise SourceError(f"{self.name} gave no JPEG within {self._config.timeout:g} s.", code="camera_silent")

    @contextlib.contextmanager
    def _device(self) -> Iterator[Any]:
        self._must_be_there()
        try:
            from linuxpy.video.device import Device, V4L2Error
        except ImportError as error:
            raise SourceError(
                "Cameras of this machine need the extra `v4l2`, which is not installed.",
                hint="pip install 'binscout-tui[v4l2]'; or take the picture by a command such as fswebcam.",
                code="extra_missing",
            ) from error
        try:
            with Device(self._config.device) as device:
                yield device
        except (OSError, V4L2Error) as error:
            why = getattr(error, "strerror", None) or one_line(str(error))
            raise SourceError(
                f"The camera {self.name} cannot be used: {why}.",
                hint="Is another program using it? Is your user in the group `video`?",
                code="camera",
            ) from error

    def _must_be_there(self) -> None:
        try:
            mode = os.stat(self._config.device).st_mode  # noqa: PTH116 - a text is what the device is given as
        except OSError as error:
            there = ", ".join(sorted(path.name for path in Path("/dev").glob("video*"))) or "none"
            raise SourceError(
                f"There is no camera at {self.name} (cameras of this machine: {there}).",
                hint="Plug it in; it is found again by itself.",
                code="camera_missing",
            ) from error
        if not stat.S_ISCHR(mode):
            raise SourceError(f"{self.name} is not a camera's device file.", code="camera_missing")
