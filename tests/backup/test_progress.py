"""Progress in words and figures."""

from __future__ import annotations

import pytest

from binscout_tui.backup.progress import Progress, size_words, time_words


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_speed_and_time_left_come_from_the_last_seconds() -> None:
    clock, told = Clock(), []
    progress = Progress(["scan", "send"], lambda found: told.append(found.words()), clock=clock)
    progress.start("scan", files=10)
    clock.now += 2
    progress.start("send", 1_000_000_000)
    for _ in range(5):
        clock.now += 1
        progress.advance(10_000_000)
    assert told[-1] == "send · 50 MB of 1 GB · 10 MB/s · 95 s left".replace("95 s", "2 min")
    found = progress.snapshot()
    assert (found.number, found.stages, found.done) == (2, 2, 50_000_000)
    assert progress.durations == {"scan": 2.0}


def test_it_tells_at_most_five_times_a_second() -> None:
    clock, told = Clock(), []
    progress = Progress(["send"], lambda found: told.append(found.done), clock=clock)
    progress.start("send", 1000)
    for _ in range(100):
        clock.now += 0.01
        progress.advance(1)
    assert 4 <= len(told) <= 7


def test_what_the_report_raises_stops_the_work() -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Progress(["send"], stop).start("send")


def test_without_movement_there_is_no_time_left() -> None:
    clock = Clock()
    progress = Progress(["send"], clock=clock)
    progress.start("send", 10)
    clock.now += 5
    progress.at(0)
    assert progress.words() == "send · 0 B of 10 B"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1_100_000, "1.1 MB"),
        (41_230_000_000, "41.2 GB"),
        (212_000_000, "212 MB"),
        (999_960, "1 MB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert size_words(size) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "0 s"), (89, "89 s"), (95, "2 min"), (7500, "2 h 05 min")])
def test_times(seconds: float, words: str) -> None:
    assert time_words(seconds) == words
