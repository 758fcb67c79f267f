"""How far long work is: stages with bytes and files, speed and time left, in words and as data."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

WINDOW_S = 10.0
TELL_S = 0.2


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Progress at one moment: bytes and files of the stage, bytes a second, seconds left (None: unknown)."""

    stage: str
    number: int
    stages: int
    done: int
    total: int
    files: int
    all_files: int
    speed: float | None
    left_s: float | None


class Progress:
    """The stages of one piece of work. Times are monotonic seconds."""

    def __init__(
        self,
        stages: Sequence[str],
        report: Callable[[Progress], None] = lambda progress: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`report` is called at each new stage and at most five times a second; it may raise to stop the work."""
        self.stages = list(stages)
        self.stage = ""
        self.done = self.total = self.files = self.all_files = 0
        self.durations: dict[str, float] = {}
        self._report, self._clock = report, clock
        self._began = self._told = clock()
        self._seen: deque[tuple[float, int]] = deque()

    def start(self, stage: str, total_bytes: int = 0, files: int = 0) -> None:
        """Begin a stage; the one before has ended."""
        self.end()
        self.stage, self.total, self.all_files = stage, total_bytes, files
        self.done = self.files = 0
        self._began = self._clock()
        self._seen.clear()
        self._tell()

    def end(self) -> None:
        """The stage has ended; its seconds are added to `durations`."""
        if self.stage:
            self.durations[self.stage] = self.durations.get(self.stage, 0.0) + self._clock() - self._began
            self.stage = ""

    def advance(self, moved: int = 0, files: int = 0) -> None:
        """So many bytes and files more are done."""
        self.at(self.done + moved, self.files + files)

    def at(self, done: int, files: int | None = None) -> None:
        """So many bytes (and files) of the stage are done in all."""
        self.done = done
        self.files = self.files if files is None else files
        if self._clock() - self._told >= TELL_S:
            self._tell()

    def tell(self) -> None:
        """Report although nothing moved, so that a wish to stop is heard."""
        if self._clock() - self._told >= TELL_S:
            self._tell()

    def _tell(self) -> None:
        self._told = self._clock()
        self._seen.append((self._told, self.done))
        while len(self._seen) > 2 and self._told - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        self._report(self)

    def snapshot(self) -> Snapshot:
        """Everything as data."""
        speed = self._speed()
        left = (self.total - self.done) / speed if speed and self.total > self.done else None
        number = self.stages.index(self.stage) + 1 if self.stage in self.stages else 0
        return Snapshot(
            stage=self.stage,
            number=number,
            stages=len(self.stages),
            done=self.done,
            total=self.total,
            files=self.files,
            all_files=self.all_files,
            speed=speed,
            left_s=left,
        )

    def _speed(self) -> float | None:
        if len(self._seen) < 2:
            return None
        (first, before), (last, now) = self._seen[0], self._seen[-1]
        return (now - before) / (last - first) if last > first and now > before else None

    def words(self) -> str:
        """One line, for example `send · 212 MB of 1.1 GB · 38 MB/s · 24 s left`."""
        found = self.snapshot()
        parts = [found.stage]
        if found.total:
            parts.append(f"{size_words(found.done)} of {size_words(found.total)}")
        elif found.all_files:
            parts.append(f"{found.files:,} of {found.all_files:,} files")
        elif found.files:
            parts.append(f"{found.files:,} files")
        if found.speed:
            parts.append(f"{size_words(int(found.speed))}/s")
        if found.left_s is not None:
            parts.append(f"{time_words(found.left_s)} left")
        return " · ".join(part for part in parts if part)


def size_words(size: int) -> str:
    """`0 B`, `12 kB`, `1.1 MB`, `41.2 GB`: decimal units, two to three digits."""
    number, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if number < 999.5 or unit == "PB":
            break
        number /= 1000
    digits = 1 if unit != "B" and number < 99.95 else 0
    return f"{f'{number:.{digits}f}'.removesuffix('.0')} {unit}"


def time_words(seconds: float) -> str:
    """`4 s`, `3 min`, `2 h 05 min`."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
