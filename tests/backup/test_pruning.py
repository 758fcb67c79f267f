"""What a prune would delete, and that it deletes just that, whatever comes between."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from binscout_tui.backup.archive import layout, lease
from binscout_tui.backup.archive.lease import Holder, Lease
from binscout_tui.backup.archive.manifest import Check, encode
from binscout_tui.backup.faults import CancelledWork
from binscout_tui.backup.keeping import pruning
from binscout_tui.backup.keeping.pruning import Patience, Pruned, PrunePlan, Worklist
from binscout_tui.backup.keeping.retention import Rules
from binscout_tui.backup.progress import Progress
from binscout_tui.backup.transport.rclone import Rclone, Watch
from binscout_tui.backup.transport.remote import Remote
from binscout_tui.errors import ConflictError, RefusedError
from tests.backup.kept import DAY, NOW, WEEK, Folder, object_of, rclone

__all__ = ["rclone"]
ME = lease.holder("ana", "/work")
OTHER = Holder(host="elsewhere", user="ben", place="/x", pid=1, since="2026-11-22T01:00:00.000Z")
FEW = Rules(keep_last=1, weekly=2)


@pytest.fixture
def store(tmp_path: Path, rclone: Rclone) -> Folder:
    """An empty store."""
    return Folder(tmp_path / "target", tmp_path / "cache", rclone)


def worked_out(store: Folder, now: datetime = NOW, there: datetime = NOW, rules: Rules = FEW) -> Worklist:
    listing = store.repository.listing()
    return pruning.work_out(store.repository, listing, rules, Patience(), now=now, there=there, asking=ME)


def plan(store: Folder, **changes: datetime) -> PrunePlan:
    return worked_out(store, **changes).plan  # type: ignore[arg-type]


def prune(store: Folder, wanted: str, report: object = None) -> Pruned:
    progress = Progress(pruning.STAGES, report or (lambda progress: None))  # type: ignore[arg-type]
    with Lease(store.repository.remote, ME) as held:
        return pruning.carry_out(store.repository, lambda there: worked_out(store, there=there), wanted, held, progress)


def three_weeks(store: Folder) -> list[str]:
    """Runs of three weeks, the newest first: each has an object of its own, and one that all have."""
    return [store.add(NOW - n * WEEK, [b"all", f"week {n}".encode()]).run for n in range(3)]


def test_a_run_that_no_rule_keeps_goes_with_what_it_alone_needs(store: Folder) -> None:
    runs = three_weeks(store)
    before = store.names()
    found = plan(store)
    assert [one.run for one in found.keep] == runs[:2]
    assert (found.drop, found.blobs, found.bytes, found.refused) == ([runs[2]], 1, len(b"week 2"), "")
    assert store.names() == before
    done = prune(store, found.hash)
    assert (done.dropped, done.blobs, done.bytes, done.failed) == ([runs[2]], 1, len(b"week 2"), [])
    gone = {
        layout.run_file(runs[2], name)
        for name in ("manifest.json", "files.jsonl.gz", "blobs.jsonl.gz", "records.tar.gz")
    }
    assert before - store.names() == gone | {object_of(b"week 2")}
    assert [run.state for run in store.repository.listing().runs] == ["committed", "committed"]
    assert plan(store).is_empty


def test_what_no_run_needs_waits_until_it_is_old(store: Folder) -> None:
    three_weeks(store)
    store.write(object_of(b"young"), b"young", NOW - 6 * DAY)
    store.write(object_of(b"old"), b"old", NOW - 8 * DAY)
    store.write(object_of(b"from tomorrow"), b"from tomorrow", NOW + 30 * DAY)
    found = worked_out(store)
    assert object_of(b"old") in found.blobs
    assert object_of(b"young") not in found.blobs
    assert (found.plan.waiting, found.plan.waiting_bytes) == (2, len(b"young") + len(b"from tomorrow"))


@pytest.mark.parametrize(
    "off", [timedelta(days=366), timedelta(days=-366), timedelta(days=-365 * 56), timedelta(days=8)]
)
def test_the_clock_of_this_machine_deletes_nothing(store: Folder, off: timedelta) -> None:
    runs = three_weeks(store)
    store.write(object_of(b"young"), b"young", NOW - DAY)
    store.write(layout.run_file(layout.new_run_id(NOW), "files.jsonl.gz"), b"", NOW - DAY)
    found = worked_out(store, now=NOW + off)
    assert object_of(b"young") not in found.blobs
    assert found.plan.abandoned == []
    assert runs[0] not in found.plan.drop
    assert set(found.plan.drop) <= {runs[2]}


def test_a_run_that_was_never_finished_goes_by_the_clock_of_the_target(store: Folder) -> None:
    runs = three_weeks(store)
    old, young = layout.new_run_id(NOW - 3 * DAY), layout.new_run_id(NOW - 30 * WEEK)
    for name in ("files.jsonl.gz", "records.tar.gz"):
        store.write(layout.run_file(old, name), b"x", NOW - 3 * DAY)
        store.write(layout.run_file(young, name), b"x", NOW - 47 * DAY / 24)
    assert plan(store).abandoned == [old]
    assert plan(store, there=NOW - 2 * DAY).abandoned == []
    prune(store, plan(store).hash)
    assert not any(old in name for name in store.names())
    assert any(young in name for name in store.names())
    assert plan(store).keep[0].run == runs[0]


def test_half_uploads_go_and_what_others_left_stays(store: Folder) -> None:
    three_weeks(store)
    old = store.write("packs/aa/x.tar.0123abcd.partial", b"half", NOW - 3 * DAY)
    young = store.write("packs/aa/y.tar.0123abcd.partial", b"half", NOW)
    foreign = store.write("packs/holiday.jpg", b"mine", NOW - 90 * DAY)
    assert plan(store).partial == 1
    prune(store, plan(store).hash)
    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"not json", b"[]", b'{"format": 99}', b"\xff\xfe", b"null", b'{"format": 1, "run": 3}', b"{" * 5000],
)
def test_nothing_goes_while_a_manifest_cannot_be_read(store: Folder, damage: bytes) -> None:
    runs = three_weeks(store)
    store.write(layout.run_file(runs[1], layout.MANIFEST), damage)
    found = plan(store)
    assert (found.drop, found.blobs, found.hash) == ([], 0, "")
    assert runs[1] in found.refused
    before = store.names()
    with pytest.raises(RefusedError, match="cannot be read"):
        prune(store, "")
    assert store.names() == before


@pytest.mark.parametrize(
    "edit", [(b'"rows"', b'"roWs"'), (b'"image": 1', b'"image": 9'), (b'"0123456789abcdef"', b'"f123456789abcdef"')]
)
def test_nothing_goes_while_a_manifest_is_another_one(store: Folder, edit: tuple[bytes, bytes]) -> None:
    runs = three_weeks(store)
    path = store.folder / layout.run_file(runs[2], layout.MANIFEST)
    assert edit[0] in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(*edit))
    assert "cannot be read" in plan(store).refused


def test_nothing_goes_while_a_list_cannot_be_read(store: Folder) -> None:
    runs = three_weeks(store)
    path = store.folder / layout.run_file(runs[0], layout.BLOBS)
    path.write_bytes(path.read_bytes()[:-1])
    found = plan(store)
    assert (found.drop, found.blobs) == ([], 0)
    assert found.refused


def test_nothing_goes_while_the_newest_run_is_suspicious(store: Folder) -> None:
    three_weeks(store)
    lost = store.add(NOW + timedelta(minutes=1), [b"all"], suspicious="90 % of the files are missing")
    assert lost.run in plan(store).refused
    assert "suspicious" in plan(store).refused
    store.add(NOW + timedelta(minutes=2), [b"all"])
    assert plan(store).refused == ""


def test_a_machine_never_takes_the_place_of_another_ones_runs(store: Folder) -> None:
    lone = store.add(NOW - 40 * WEEK, [b"of the lab"], host="lab").run
    runs = three_weeks(store)
    found = plan(store)
    assert found.drop == [runs[2]]
    assert lone in [one.run for one in found.keep]
    prune(store, found.hash)
    assert object_of(b"of the lab") in store.names()


def manifests(store: Folder, runs: list[str]) -> list[Path]:
    return [store.folder / layout.run_file(run, layout.MANIFEST) for run in runs]


@pytest.mark.parametrize("seen", [True, False])
def test_nothing_goes_when_every_manifest_is_gone(store: Folder, seen: bool) -> None:
    runs = three_weeks(store)
    if seen:
        store.repository.listing()
    for path in manifests(store, runs):
        path.unlink()
    found = worked_out(store)
    assert (found.blobs, found.plan.abandoned, found.plan.hash) == ([], [], "")
    assert ("cannot be read" if seen else "No run is there whole") in found.plan.refused


def test_nothing_goes_when_the_runs_are_behind_a_link(store: Folder, tmp_path: Path) -> None:
    three_weeks(store)
    folder = store.folder / layout.RUNS
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    found = worked_out(store)
    assert (found.blobs, found.plan.hash) == ([], "")
    assert "No run is there whole" in found.plan.refused


def test_nothing_goes_when_a_manifest_is_gone_that_was_seen_here(store: Folder) -> None:
    runs = three_weeks(store)
    store.repository.listing()
    manifests(store, runs)[1].unlink()
    found = plan(store)
    assert (found.drop, found.abandoned, found.blobs) == ([], [], 0)
    assert runs[1] in found.refused


def test_a_half_upload_beside_a_file_that_is_missing_may_be_the_only_one_of_it(store: Folder) -> None:
    three_weeks(store)
    old = NOW - 3 * DAY
    whole = store.write(f"{object_of(b'week 1')}.01234567.partial", b"week 1", old)
    assert plan(store).partial == 1
    (store.folder / object_of(b"week 1")).unlink()
    found = plan(store)
    assert (found.partial, found.refused) == (0, "")
    prune(store, found.hash)
    assert whole.exists()


def test_a_run_whose_manifest_cannot_be_deleted_stays_whole_and_is_named_once(store: Folder) -> None:
    runs = [*three_weeks(store), store.add(NOW - 4 * WEEK, [b"week 4"]).run]
    found = plan(store)
    assert found.drop == runs[2:]
    store.write(f"{layout.run_file(runs[2], layout.GIVEN_UP)}/in the way", b"")
    before = {name for name in store.names() if runs[2] in name}
    done = prune(store, plan(store).hash)
    assert (done.dropped, done.failed) == ([runs[3]], [layout.run_file(runs[2], layout.MANIFEST)])
    assert {name for name in store.names() if runs[2] in name} == before
    assert object_of(b"week 2") in store.names()
    assert not any(runs[3] in name for name in store.names())


class Ending(Remote):
    """A target that a prune has to leave before the first file of a run is deleted."""

    def delete(self, names: Sequence[str], watch: Watch | None = None) -> list[str]:
        if any(name.startswith(f"{layout.RUNS}/") for name in names):
            raise CancelledWork
        return super().delete(names, watch)


def test_a_run_that_is_half_deleted_is_none_that_was_lost(store: Folder, rclone: Rclone) -> None:
    runs = three_weeks(store)
    wanted = plan(store).hash
    store.repository.remote = Ending(rclone, str(store.folder), "the disk")
    with pytest.raises(CancelledWork):
        prune(store, wanted)
    state = store.repository.listing().run(runs[2])
    assert state is not None
    assert state.state == "abandoned"
    assert not manifests(store, runs)[2].exists()
    assert plan(store).refused == ""


def test_a_workspace_never_takes_the_place_of_another_one_of_its_machine(store: Folder) -> None:
    lone = store.add(NOW - 40 * WEEK, [b"of the other"], workspace="b" * 16).run
    runs = [store.add(NOW - n * WEEK, [b"all", b"week %d" % n], workspace="a" * 16).run for n in range(3)]
    assert plan(store).drop == [runs[2]]
    odd = store.add(NOW - 39 * WEEK, [b"of the other"], workspace="b" * 16, suspicious="90 % are missing").run
    assert odd in plan(store).refused
    store.add(NOW - 38 * WEEK, [b"of the other"], workspace="b" * 16)
    assert plan(store).refused == ""
    assert lone in [one.run for one in plan(store).keep]


def test_nothing_goes_when_no_run_is_good(store: Folder) -> None:
    three_weeks(store)
    (store.folder / object_of(b"all")).unlink()
    found = plan(store)
    assert (found.drop, found.refused) == ([], "No run is good, so every one stays.")


def test_an_object_that_somebody_deleted_makes_its_run_no_reason_to_drop_a_good_one(store: Folder) -> None:
    runs = three_weeks(store)
    (store.folder / object_of(b"week 0")).unlink()
    assert [run.state for run in store.repository.listing().runs] == ["damaged", "committed", "committed"]
    found = plan(store)
    assert found.drop == []
    assert [one.run for one in found.keep] == runs
    assert "missing" in found.keep[0].rule


def test_a_run_that_goes_on_elsewhere_stops_a_prune(store: Folder) -> None:
    three_weeks(store)
    run = layout.new_run_id(NOW)
    lease.announce(store.repository.remote, run, OTHER)
    found = plan(store)
    assert "ben on elsewhere" in found.refused
    assert run in found.refused
    mark = store.folder / layout.run_file(run, lease.RUNNING)
    old = NOW.timestamp() - 49 * 3600
    os.utime(mark, (old, old))
    assert plan(store).refused == ""
    assert plan(store).abandoned == [run]


def test_a_run_that_is_committed_is_not_going_on(store: Folder) -> None:
    made = store.add(NOW, [b"x"])
    lease.announce(store.repository.remote, made.run, OTHER)
    assert plan(store).refused == ""


def test_a_plan_that_changed_is_refused(store: Folder) -> None:
    three_weeks(store)
    wanted = plan(store).hash
    store.add(NOW - timedelta(minutes=5), [b"new"])
    store.add(NOW + timedelta(minutes=5), [b"newer"])
    store.write(object_of(b"old"), b"old", NOW - 8 * DAY)
    before = store.names()
    with pytest.raises(ConflictError) as caught:
        prune(store, wanted)
    assert caught.value.code == "plan_changed"
    assert store.names() == before


def test_a_run_that_comes_amid_a_prune_keeps_what_it_needs(store: Folder) -> None:
    three_weeks(store)
    wanted = plan(store).hash

    def committed_meanwhile(progress: Progress) -> None:
        if progress.stage == pruning.DELETE_RUNS and len(store.repository.remote.list(layout.RUNS)) == 12:
            store.add(NOW + timedelta(minutes=1), [b"all", b"week 2"])

    done = prune(store, wanted, committed_meanwhile)
    assert done.blobs == 0
    assert all(run.state == "committed" for run in store.repository.listing().runs)


@pytest.mark.parametrize("stage", [pruning.DELETE_RUNS, pruning.DELETE_FILES])
def test_a_prune_that_is_stopped_leaves_whole_runs_and_is_done_again(store: Folder, stage: str) -> None:
    runs = three_weeks(store)

    def stop(progress: Progress) -> None:
        if progress.stage == stage:
            raise CancelledWork

    with pytest.raises(CancelledWork):
        prune(store, plan(store).hash, stop)
    left = store.repository.listing()
    assert [run.run for run in left.runs if run.state == "committed"][:2] == runs[:2]
    assert store.repository.remote.list(layout.LOCKS) == []
    prune(store, plan(store).hash)
    assert object_of(b"week 2") not in store.names()


def killed(folder: Path, cache: Path, config: Path, stage: str) -> None:
    """Prune in a process that is killed at the begin of a stage."""

    def kill(progress: Progress) -> None:
        if progress.stage == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    with Rclone(config, quick=True) as running:
        store = Folder(folder, cache, running)
        prune(store, plan(store).hash, kill)


@pytest.mark.parametrize("stage", pruning.STAGES)
def test_a_prune_that_is_killed_leaves_whole_runs_and_is_done_again(store: Folder, tmp_path: Path, stage: str) -> None:
    runs = three_weeks(store)
    config = tmp_path / "rclone.conf"
    config.touch()
    child = multiprocessing.get_context("spawn").Process(
        target=killed, args=(store.folder, tmp_path / "other-cache", config, stage)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    states = {run.run: run.state for run in store.repository.listing().runs}
    assert [states[run] for run in runs[:2]] == ["committed", "committed"]
    assert len(store.repository.remote.list(layout.LOCKS)) == 1
    prune(store, plan(store).hash)
    assert object_of(b"week 2") not in store.names()
    assert store.repository.remote.list(layout.LOCKS) == []


def test_a_look_that_others_have_overtaken_goes_when_it_is_old_and_the_last_word_stays(store: Folder) -> None:
    run = three_weeks(store)[0]

    def looked(name: str, days: int, good: list[str], bad: dict[str, str]) -> str:
        at = NOW - days * DAY
        values = {"by": "ana", "host": "box", "kind": "scrub", "run": None, "level": "read back", "complete": True}
        check = Check(at=at.isoformat(), good=good, bad=bad, **values)  # type: ignore[arg-type]
        store.write(f"checks/{name}.json", encode(check), at)
        return f"checks/{name}.json"

    mine = layout.run_file(run, layout.RECORDS)
    overtaken = looked("20250101T000000Z-00000000", 400, [object_of(b"all"), mine], {object_of(b"gone"): "x"})
    last = looked("20250102T000000Z-00000000", 300, [mine], {})
    rotten = looked("20250103T000000Z-00000000", 200, [], {object_of(b"week 1"): "wrong"})
    young = looked("20250104T000000Z-00000000", 80, [object_of(b"all")], {})
    looked("20250105T000000Z-00000000", 20, [object_of(b"all")], {})
    found = worked_out(store)
    assert found.checks == [overtaken]
    prune(store, found.plan.hash)
    assert {last, rotten, young} <= store.names()
    assert overtaken not in store.names()


def test_what_cannot_be_deleted_is_named(store: Folder) -> None:
    three_weeks(store)
    if os.geteuid() == 0:
        pytest.skip("root may delete everything: run as another user to see this")
    folder = (store.folder / object_of(b"week 2")).parent
    folder.chmod(0o500)
    try:
        assert prune(store, plan(store).hash).failed == [object_of(b"week 2")]
    finally:
        folder.chmod(0o700)


def test_two_prunes_at_once_delete_once(store: Folder, rclone: Rclone) -> None:
    three_weeks(store)
    wanted = plan(store).hash
    other = Remote(rclone, str(store.folder), "the disk")
    with Lease(other, OTHER), pytest.raises(RefusedError) as caught:
        prune(store, wanted)
    assert caught.value.code == "leased"
    assert "ben on elsewhere" in caught.value.sentence
    assert prune(store, wanted).blobs == 1
