"""How long a stretch of training took, and how much of that was waiting for samples."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Times:
    """Begins when it is made; `steps` are counted by whoever takes them, `waited` is in seconds."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.waited = 0.0
        self.steps = 0

    @property
    def seconds(self) -> float:
        """Since the beginning; never zero."""
        return max(1e-9, time.monotonic() - self._begun)

    @property
    def waited_share(self) -> float:
        """The part of the time that was spent waiting."""
        return self.waited / self.seconds

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A context whose time counts as waiting."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.waited += time.monotonic() - begun
