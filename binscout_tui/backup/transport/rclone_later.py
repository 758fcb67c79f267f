"""An rclone that is started when somebody first asks it something: a folder of this machine hardly ever does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from binscout_tui.backup.faults import RemoteError

if TYPE_CHECKING:
    from binscout_tui.backup.transport.rclone import Rclone, Watch

    _Base = Rclone
else:
    _Base = object  # so that nothing of HTTP is loaded before it is needed


class RcloneLater(_Base):
    """As `Rclone`; what that raises at its start is raised by the first question."""

    def __init__(  # the process is not begun yet
        self, config: Path, *, quick: bool = False, options: tuple[str, ...] = (), stall_s: float = 60.0
    ) -> None:
        self.stall_s = stall_s
        self.pulse: Callable[[], None] | None = None
        self._config, self._quick, self._options = config, quick, options
        self._begun: Rclone | None = None
        self._over = False
        self._beginning = threading.Lock()

    def _running(self) -> Rclone:
        with self._beginning:
            if self._over:
                raise RemoteError("rclone was stopped.", code="gone")
            if self._begun is None:
                from binscout_tui.backup.transport.rclone import Rclone

                self._begun = Rclone(self._config, quick=self._quick, options=self._options, stall_s=self.stall_s)
            self._begun.pulse = self.pulse
            return self._begun

    @property
    def pid(self) -> int:
        """The process, which is started for that."""
        return self._running().pid

    @property
    def words(self) -> list[str]:
        """As `Rclone.words`."""
        return self._begun.words if self._begun is not None else []

    def call(self, method: str, /, *, where: str = "the target", **params: Any) -> dict[str, Any]:
        """As `Rclone.call`."""
        return self._running().call(method, where=where, **params)

    def clean(self, method: str, /, **params: Any) -> None:
        """As `Rclone.clean`; where none runs, none is started to tidy up."""
        if self._begun is not None:
            self._begun.clean(method, **params)

    def job(
        self, method: str, params: Mapping[str, Any], watch: Watch | None = None, *, where: str = "the target"
    ) -> dict[str, Any]:
        """As `Rclone.job`."""
        return self._running().job(method, params, watch, where=where)

    def stream(  # type: ignore[override]
        self, fs: str, name: str, *, start: int = 0, length: int | None = None, where: str = "the target"
    ) -> AbstractContextManager[Iterator[bytes]]:
        """As `Rclone.stream`."""
        return self._running().stream(fs, name, start=start, length=length, where=where)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """As `Rclone.close`."""
        with self._beginning:
            self._over = True
            begun = self._begun
        if begun is not None:
            begun.close()
