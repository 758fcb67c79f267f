"""Who works on a store: leases that nobody has to unlock, and marks of runs."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.archive import layout, lease
from binscout_tui.backup.archive.lease import Holder, Lease
from binscout_tui.backup.faults import DamagedError
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.backup.transport.remote import Entry, Remote
from binscout_tui.errors import ConflictError, RefusedError
from tests.backup.kept import rclone
from tests.backup.servers import Server

__all__ = ["rclone"]
ME = lease.holder("ana", "/work")
OTHER = Holder(host="elsewhere", user="ben", place="/x", pid=7, process="1-1", since="2026-11-22T01:00:00.000Z")
LIMIT = timedelta(hours=48)
BEFORE = "2001-01-01T00:00:00.000Z"


@pytest.fixture
def remote(tmp_path: Path, rclone: Rclone) -> Remote:
    """A folder that is there already."""
    folder = tmp_path / "target"
    folder.mkdir()
    return Remote(rclone, str(folder), "the disk")


def locks(remote: Remote) -> list[Path]:
    return sorted((Path(str(remote.folder)) / layout.LOCKS).glob("*"))


def left(remote: Remote, who: Holder, age: timedelta = timedelta(0)) -> Path:
    """A lease that somebody left there."""
    path = Path(str(remote.folder)) / layout.LOCKS / f"{who.host}-{layout.stamped(datetime.now(UTC))}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(who))
    at = datetime.now(UTC) - age
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_one_holds_it_and_a_second_learns_who_does(remote: Remote) -> None:
    with Lease(remote, OTHER) as held:
        assert abs(held.now - datetime.now(UTC)) < timedelta(seconds=10)
        with pytest.raises(RefusedError) as caught, Lease(remote, ME):
            raise AssertionError("both hold it")
        assert caught.value.code == "leased"
        assert "ben on elsewhere (process 7, since 2026-11-22 01:00 UTC)" in caught.value.sentence
        assert len(locks(remote)) == 1
    assert locks(remote) == []
    with Lease(remote, ME):
        pass


def test_a_lease_of_another_machine_goes_stale_by_itself(remote: Remote) -> None:
    left(remote, OTHER, timedelta(minutes=29))
    with pytest.raises(RefusedError, match="heard of 29 min ago"), Lease(remote, ME):
        pass
    locks(remote)[0].unlink()
    stale = left(remote, OTHER, timedelta(minutes=31))
    with Lease(remote, ME):
        assert not stale.exists()


def test_a_lease_from_the_future_does_not_block_for_ever(remote: Remote) -> None:
    left(remote, OTHER, timedelta(days=-366))
    with Lease(remote, ME):
        assert len(locks(remote)) == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"\xff" * 99, b"x" * 5000, b'{"host": 3}'], ids=len)
def test_a_lease_that_cannot_be_read_counts_all_the_same(remote: Remote, content: bytes) -> None:
    left(remote, OTHER).write_bytes(content)
    with pytest.raises(RefusedError, match="Somebody"), Lease(remote, ME):
        pass


def test_what_a_lease_says_cannot_reach_the_terminal(remote: Remote) -> None:
    left(remote, msgspec.structs.replace(OTHER, user="\x1b[2Jben\u202e"))
    with pytest.raises(RefusedError) as caught, Lease(remote, ME):
        pass
    assert "\\x1b[2Jben\\u202e" in caught.value.sentence


def hold(fs: str, config: Path, ready: object) -> None:
    """Hold a lease until killed."""
    with Rclone(config, quick=True) as running, Lease(Remote(running, fs, "the disk"), lease.holder("ana", "/work")):
        ready.set()  # type: ignore[attr-defined]
        signal.pause()


def test_a_lease_of_a_process_that_was_killed_here_blocks_nobody(remote: Remote, tmp_path: Path) -> None:
    config = tmp_path / "rclone.conf"
    config.touch()
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=hold, args=(str(remote.folder), config, ready))
    child.start()
    assert ready.wait(60)
    with pytest.raises(RefusedError), Lease(remote, ME):
        pass
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(10)
    assert len(locks(remote)) == 1
    with Lease(remote, ME):
        assert len(locks(remote)) == 1
    assert locks(remote) == []


def test_a_lease_is_renewed_and_tells_when_it_was_taken_away(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_S", 0.0)
    with Lease(remote, ME) as held:
        before = locks(remote)
        held.beat()
        after = locks(remote)
        assert (len(before), len(after), before == after) == (1, 1, False)
        after[0].unlink()
        with pytest.raises(ConflictError) as caught:
            held.beat()
        assert caught.value.code == "lease_lost"


def test_of_many_that_begin_at_once_at_most_one_holds_it(remote: Remote) -> None:
    inside: list[str] = []
    most: list[int] = []
    gate = threading.Barrier(4)

    def work(name: str) -> None:
        gate.wait(10)
        try:
            with Lease(remote, msgspec.structs.replace(OTHER, host=name)):
                inside.append(name)
                most.append(len(inside))
                inside.remove(name)
        except RefusedError:
            pass

    threads = [threading.Thread(target=work, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(number == 1 for number in most)
    assert locks(remote) == []


def test_a_run_does_not_begin_while_somebody_prunes(remote: Remote) -> None:
    lease.refuse_while_pruned(remote, ME)
    with Lease(remote, OTHER), pytest.raises(RefusedError) as caught:
        lease.refuse_while_pruned(remote, ME)
    assert caught.value.code == "pruning"
    assert "ben on elsewhere" in caught.value.sentence
    left(remote, OTHER, timedelta(hours=1))
    lease.refuse_while_pruned(remote, ME)


def test_a_mark_of_a_run_counts_until_it_is_committed_withdrawn_or_old(remote: Remote) -> None:
    run = layout.new_run_id(datetime.now(UTC))
    now = lease.clock_of(remote)
    assert lease.in_progress(remote, now, LIMIT, ME) is None
    lease.announce(remote, run, OTHER)
    assert lease.in_progress(remote, now, LIMIT, ME) == (run, OTHER)
    assert lease.in_progress(remote, now + timedelta(hours=49), LIMIT, ME) is None
    remote.write(layout.run_file(run, layout.MANIFEST), b"{}")
    assert lease.in_progress(remote, now, LIMIT, ME) is None
    remote.delete([layout.run_file(run, layout.MANIFEST)])
    lease.withdraw(remote, run)
    assert lease.in_progress(remote, now, LIMIT, ME) is None


def test_a_mark_of_a_process_that_is_gone_here_does_not_count_and_ours_does(remote: Remote) -> None:
    run = layout.new_run_id(datetime.now(UTC))
    now = lease.clock_of(remote)
    lease.announce(remote, run, msgspec.structs.replace(ME, process="an earlier boot", since=BEFORE))
    assert lease.in_progress(remote, now, LIMIT, ME) is None
    lease.withdraw(remote, run)
    lease.announce(remote, run, ME)
    assert lease.in_progress(remote, now, LIMIT, ME) == (run, ME)


GONE = msgspec.structs.replace(ME, pid=1 << 22, workspace="a" * 16)


@pytest.mark.parametrize(
    ("changes", "is_gone"),
    [
        ({}, True),
        ({"process": "0badcafe-1", "since": BEFORE}, True),
        ({"process": "0badcafe-1"}, False),
        ({"process": "0badcafe-1", "since": ""}, False),
        ({"machine": "0" * 16}, False),
        ({"machine": ""}, False),
        ({"workspace": "b" * 16}, False),
        ({"host": "elsewhere"}, False),
        ({"place": "/copy"}, False),
        pytest.param({"pid": ME.pid}, False, id="one that runs"),  # a name without a number: each worker has another
    ],
    ids=str,
)
def test_only_a_process_of_this_very_machine_and_workspace_is_known_to_be_gone(
    changes: dict[str, Any], is_gone: bool
) -> None:
    """Machines that were cloned from one image have the same name and path, and perhaps the same id."""
    asking = msgspec.structs.replace(ME, workspace="a" * 16)
    assert msgspec.structs.replace(GONE, **changes).is_gone(asking) == is_gone


def test_a_prune_waits_for_a_run_of_another_machine_of_the_same_name(remote: Remote) -> None:
    run = layout.new_run_id(datetime.now(UTC))
    cloned = msgspec.structs.replace(ME, pid=1 << 22, machine="0" * 16)
    lease.announce(remote, run, cloned)
    assert lease.in_progress(remote, lease.clock_of(remote), LIMIT, ME) == (run, cloned)
    left(remote, cloned)
    with pytest.raises(RefusedError), Lease(remote, ME):
        pass


def test_the_id_of_the_machine_is_told_to_nobody() -> None:
    assert re.fullmatch("[0-9a-f]{16}", ME.machine)
    for path in map(Path, lease.MACHINE_IDS):
        assert not path.exists() or ME.machine not in path.read_text().replace("-", "")


def test_it_works_on_every_kind_of_target(any_server: Server, tmp_path: Path) -> None:
    config = tmp_path / "there.conf"
    config.touch()
    fs = any_server.configure(config)
    with Rclone(config, quick=True) as running:
        there = Remote(running, fs, any_server.kind)
        there.write("binscout-repo.json", b"{}")
        with Lease(there, OTHER) as held:
            assert abs(held.now - datetime.now(UTC)) < timedelta(minutes=1)
            with pytest.raises(RefusedError), Lease(there, ME):
                pass
            with pytest.raises(RefusedError):
                lease.refuse_while_pruned(there, ME)
        assert there.list(layout.LOCKS) == []


@given(st.text(max_size=40))
def test_a_time_that_is_none_is_damage_and_never_a_crash(text: str) -> None:
    with suppress(DamagedError):
        assert lease.moment(text).tzinfo is not None


def test_times_of_targets_are_read_to_the_nanosecond() -> None:
    entry = Entry("locks/x.json", 1, "2026-11-22T01:12:49.802688195Z")
    assert lease.is_fresh(entry, datetime(2026, 11, 22, 1, 13, tzinfo=UTC))
    assert not lease.is_fresh(entry, datetime(2026, 11, 22, 1, 43, tzinfo=UTC))
