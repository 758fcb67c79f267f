"""Workers that crash, hang, are killed, or lose their parent."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_pictures import encoded, photo

from binscout_tui.imaging.outcomes import Code, Decoded, Limits, Refusal, Rejected
from binscout_tui.imaging.pool import AHEAD_PER_WORKER, DecodePool, DecoderError
from binscout_tui.imaging.reading import open_regular, read_whole

HOSTILE = (sys.executable, "-P", str(Path(__file__).with_name("hostile_worker.py")))
PHOTO = encoded(photo(64, 48))


def files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(PHOTO)
    return [folder / name for name in names]


def alive(pids: tuple[int, ...]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def hostile() -> Iterator[DecodePool]:
    with DecodePool(None, Limits(seconds=1.0), workers=2, command=HOSTILE) as pool:
        yield pool


def test_results_come_in_order_whatever_happens(hostile: DecodePool, tmp_path: Path) -> None:
    paths = files(tmp_path, "a.jpg", "hang.jpg", "b.jpg", "abort.jpg", "c.jpg", "abort-once.jpg", "d.jpg")
    outcomes = list(hostile.run(paths))
    assert [one.path for one in outcomes] == paths
    codes = {one.path.stem: one.code for one in outcomes if isinstance(one, Rejected)}
    assert codes == {"hang": Code.TIMEOUT, "abort": Code.CRASHED}


def test_a_signal_without_a_name_is_a_crash_like_any_other(hostile: DecodePool, tmp_path: Path) -> None:
    one = hostile.decode_one(*files(tmp_path, "realtime.jpg"))
    assert isinstance(one, Rejected)
    assert (one.code, one.detail) == (Code.CRASHED, "the decoder was ended by signal 35")


def test_a_crash_is_explained(hostile: DecodePool, tmp_path: Path) -> None:
    one = hostile.decode_one(*files(tmp_path, "abort.jpg"))
    assert isinstance(one, Rejected)
    assert one.detail == "the decoder was ended by SIGABRT; something went wrong in C"
    assert isinstance(hostile.decode_one(*files(tmp_path, "good.jpg")), Decoded)


def test_an_idle_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    [path] = files(tmp_path, "a.jpg")
    with DecodePool(None, workers=1) as pool:
        pool.decode_one(path)
        [first] = pool.pids
        os.kill(first, signal.SIGKILL)
        assert isinstance(pool.decode_one(path), Decoded)
        assert pool.pids != (first,)


def test_workers_are_kept_and_few(pool: DecodePool, tmp_path: Path) -> None:
    paths = files(tmp_path, *(f"{n}.jpg" for n in range(30)))
    assert all(isinstance(one, Decoded) for one in pool.run(paths))
    before = pool.pids
    assert all(isinstance(one, Decoded) for one in pool.run(paths))
    assert (pool.pids, len(before) <= 2) == (before, True)


def test_an_empty_run(pool: DecodePool) -> None:
    assert list(pool.run([])) == []


def test_it_does_not_run_far_ahead_of_its_consumer(pool: DecodePool, tmp_path: Path) -> None:
    [path] = files(tmp_path, "a.jpg")
    pulled = 0

    def endless() -> Iterator[Path]:
        nonlocal pulled
        while True:
            pulled += 1
            yield path

    run = pool.run(endless())
    for _ in range(5):
        next(run)
    assert pulled <= 5 + 2 * AHEAD_PER_WORKER
    run.close()
    assert isinstance(pool.decode_one(path), Decoded)


def test_two_runs_at_once_are_refused(pool: DecodePool, tmp_path: Path) -> None:
    paths = files(tmp_path, "a.jpg", "b.jpg")
    run = pool.run(paths)
    next(run)
    with pytest.raises(RuntimeError, match="running"):
        pool.decode_one(paths[0])
    assert len(list(run)) == 1


def test_nothing_is_left_when_the_consumer_breaks_off(tmp_path: Path) -> None:
    paths = files(tmp_path, "a.jpg", *(f"hang{n}.jpg" for n in range(4)))
    seen: tuple[int, ...] = ()

    def consume() -> None:
        nonlocal seen
        with DecodePool(None, Limits(seconds=60), workers=2, command=HOSTILE) as pool:
            for _ in pool.run(paths):
                seen = pool.pids
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consume()
    assert seen
    assert alive(seen) == []


def test_closing_ends_every_worker(tmp_path: Path) -> None:
    with DecodePool(tmp_path / "previews", workers=2) as pool:
        list(pool.run(files(tmp_path, *"abcdef")))
        pids = pool.pids
        assert alive(pids) == list(pids)
    assert alive(pids) == []
    assert not list((tmp_path / "previews").glob(".tmp*"))


PARENT = """
import sys
from pathlib import Path
from binscout_tui.imaging.pool import DecodePool
with DecodePool(None, workers=1) as pool:
    pool.decode_one(Path(sys.argv[1]))
    print(*pool.pids, flush=True)
    sys.stdin.read()
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    [path] = files(tmp_path, "a.jpg")
    command = [sys.executable, "-c", PARENT, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        watch = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    assert select.select([watch], [], [], 10)[0], "the worker outlived its parent"
    os.close(watch)


def test_a_worker_that_cannot_start_is_an_error_and_not_a_rejection(tmp_path: Path) -> None:
    paths = files(tmp_path, "a.jpg")
    for command in ((sys.executable, "-c", "import no_such_module"), (str(tmp_path / "nothing"),)):
        with DecodePool(None, workers=1, command=command) as pool, pytest.raises(DecoderError, match="start") as caught:
            pool.decode_one(*paths)
        assert caught.value.code == "decoder"
        assert pool.pids == ()


def test_the_worker_imports_little() -> None:
    script = "import sys, binscout_tui.imaging.worker; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "timm", "textual", "sklearn", "scipy", "aiosqlite", "httpx"} & set(modules)


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(bytes(50_000_000))
    stop = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(bytes(4096))

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(Refusal) as caught, open_regular(path) as handle:
            read_whole(handle, 2**40)
    finally:
        stop.set()
        writer.join()
    assert caught.value.code is Code.CHANGED_WHILE_READING


def test_a_pipe_is_never_waited_for(pool: DecodePool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    one = pool.decode_one(tmp_path / "pipe.jpg")
    assert getattr(one, "code", None) is Code.NOT_A_FILE
