"""What verify, scrub and repair find and make again, with real runs on real targets."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.archive import layout
from binscout_tui.backup.faults import CancelledWork, RemoteError
from binscout_tui.backup.keeping import verifying
from binscout_tui.backup.keeping.verifying import Stored
from binscout_tui.backup.progress import Progress
from binscout_tui.errors import NotFoundError, RefusedError, UsageError
from binscout_tui.operations.backups import opening, repairing, running, targets
from binscout_tui.operations.backups import verifying as proving
from binscout_tui.operations.backups.verifying import Level, Verified
from binscout_tui.store import users
from binscout_tui.workspace import Workspace
from tests.backup.made import add_in_place, made_workspace
from tests.backup.servers import Server

BIG = "models/screws-1/big.bin"
Backed = tuple[Workspace, Path, str]


def nothing(progress: Progress) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with small files and a big one, backed up to a folder beside it."""
    here = tmp_path_factory.mktemp("template")
    root = made_workspace(here / "ws")
    (root / "settings.toml").write_text("[backup]\nobject_mb = 1\n")
    (root / BIG).write_bytes(bytes(range(256)) * 6000)
    return here


@pytest.fixture
def backed(template: Path, tmp_path: Path) -> Backed:
    """The same with one run: the workspace, the folder of the target, and the run."""
    shutil.copytree(template / "ws", tmp_path / "ws")
    workspace = Workspace(tmp_path / "ws")
    targets.add(workspace, "nas", str(tmp_path / "nas"), tested=False)
    return workspace, tmp_path / "nas", running.run(workspace, "nas").run


def pack(folder: Path) -> Path:
    """The one pack."""
    (found,) = folder.glob("packs/*/*.tar")
    return found


def big(folder: Path) -> Path:
    """The one object."""
    (found,) = folder.glob("objects/*/*")
    return found


def flip(path: Path, place: int = -1) -> None:
    """Change one bit in the middle, or at `place`."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if place < 0 else place] ^= 1
    path.write_bytes(data)


def bad(found: Verified) -> dict[str, str]:
    """The reasons by the kind of file."""
    return {
        one.name.split("/")[0] if "/runs/" not in f"/{one.name}" else one.name.split("/")[2]: one.reason
        for one in found.bad
    }


def test_a_good_run_is_proven_and_the_listing_says_so(backed: Backed) -> None:
    workspace, _, run = backed
    found = proving.verify(workspace, "nas", "latest", nothing)
    assert (found.run, found.is_good, found.looked, found.all_files) == (run, True, 6, 6)
    assert found.bytes > 1_500_000
    with opening.opened(workspace, "nas") as on:
        listing = on.repository.listing()
        assert (listing.runs[0].verified, listing.runs[0].verified_at is not None) == ("read back", True)
        look = on.repository.check(found.checks[0])
    assert (look.kind, look.run, look.complete, look.bad) == ("verify", run, True, {})
    assert layout.run_file(run, layout.RECORDS) in look.good


def test_sizes_alone_prove_nothing_but_sizes(backed: Backed) -> None:
    workspace, folder, run = backed
    for look in folder.glob("checks/*"):
        look.unlink()
    assert proving.verify(workspace, "nas", run, nothing, "sizes").is_good
    with opening.opened(workspace, "nas") as on:
        assert on.repository.listing().runs[0].verified == "sizes"
    flip(big(folder))
    assert proving.verify(workspace, "nas", run, nothing, "sizes").is_good
    assert not proving.verify(workspace, "nas", run, nothing).is_good


def test_a_flipped_bit_in_a_pack_names_the_one_picture_that_is_damaged(backed: Backed) -> None:
    workspace, folder, run = backed
    with opening.opened(workspace, "nas") as on:
        listed = on.repository.files(run)
        entry = next(one for one in verifying.manifest.read_files(listed) if one.path.startswith("originals/"))
    flip(pack(folder), (entry.offset or 0) + 10)
    found = proving.verify(workspace, "nas", run, nothing)
    (one,) = found.bad
    assert (one.reason, one.files, one.paths) == (verifying.NOT_THE_SAME, 1, [entry.path])
    with opening.opened(workspace, "nas") as on:
        state = on.repository.listing().runs[0]
    assert (state.state, state.bad) == ("damaged", 1)


def test_a_flipped_bit_beside_the_files_of_a_pack_says_that_they_are_right(backed: Backed) -> None:
    workspace, folder, run = backed
    flip(pack(folder), 0)
    (one,) = proving.verify(workspace, "nas", run, nothing).bad
    assert one.files == 0
    assert one.reason.endswith("but those of every file in it are")


@pytest.mark.parametrize("level", ["sizes", "read back"])
@pytest.mark.parametrize("cut", [0.5, 1024, 512 * 3])
def test_cut_off_records_are_found_before_anything_is_unpacked(backed: Backed, cut: float, level: Level) -> None:
    workspace, folder, run = backed
    path = folder / layout.run_file(run, layout.RECORDS)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)] if cut < 1 else data[: -int(cut)])
    found = proving.verify(workspace, "nas", run, nothing, level)
    assert list(bad(found)) == [layout.RECORDS]
    assert "instead of" in bad(found)[layout.RECORDS]


@pytest.mark.parametrize("name", [layout.RECORDS, layout.FILES, layout.BLOBS])
def test_a_flipped_bit_in_a_file_of_the_run_is_found(backed: Backed, name: str) -> None:
    workspace, folder, run = backed
    flip(folder / layout.run_file(run, name))
    found = proving.verify(workspace, "nas", run, nothing)
    assert bad(found) == {name: verifying.NOT_THE_SAME}


@pytest.mark.parametrize("data", [b"", b"{}", b"nothing", b"\xff"])
def test_a_manifest_that_is_damaged_is_found_although_there_is_a_copy_here(backed: Backed, data: bytes) -> None:
    workspace, folder, run = backed
    (folder / layout.run_file(run, layout.MANIFEST)).write_bytes(data)
    found = proving.verify(workspace, "nas", run, nothing)
    assert list(bad(found)) == [layout.MANIFEST]


def test_a_manifest_with_other_numbers_of_the_same_length_is_found(backed: Backed) -> None:
    workspace, folder, run = backed
    path = folder / layout.run_file(run, layout.MANIFEST)
    path.write_bytes(path.read_bytes().replace(b'"schema": 1', b'"schema": 2'))
    assert "own hash" in bad(proving.verify(workspace, "nas", run, nothing))[layout.MANIFEST]
    with opening.opened(workspace, "nas") as on:
        assert on.repository.listing().runs[0].state == "damaged"


def test_what_is_missing_is_named_and_made_again(backed: Backed) -> None:
    workspace, folder, run = backed
    before = {path: path.read_bytes() for path in (pack(folder), big(folder))}
    for path in before:
        path.unlink()
    found = proving.verify(workspace, "nas", "latest", nothing, "sizes")
    assert {one.reason for one in found.bad} == {verifying.NOT_STORED}
    assert next(one for one in found.bad if one.name.startswith("objects")).paths == [BIG]
    done = repairing.repair(workspace, "nas", nothing)
    assert (len(done.repaired), done.lost) == (2, [])
    assert {path: path.read_bytes() for path in before} == before
    assert proving.verify(workspace, "nas", run, nothing).is_good


def test_what_rotted_is_made_again_and_the_run_is_good_again(backed: Backed) -> None:
    workspace, folder, run = backed
    before = {path: path.read_bytes() for path in (pack(folder), big(folder))}
    for path in before:
        flip(path)
    assert repairing.repair(workspace, "nas", nothing).repaired == []  # nobody has seen it yet
    assert len(proving.scrub(workspace, "nas", nothing, 1.0).bad) == 2
    done = repairing.repair(workspace, "nas", nothing)
    assert (len(done.repaired), done.lost) == (2, [])
    assert {path: path.read_bytes() for path in before} == before
    with opening.opened(workspace, "nas") as on:
        state = on.repository.listing().runs[0]
        assert (state.run, state.state, state.verified) == (run, "committed", "read back")
        assert [entry.name for entry in on.remote.list() if entry.name.endswith(".partial")] == []


def test_a_pack_is_made_again_with_what_is_right_of_it_where_a_file_is_gone_here(backed: Backed) -> None:
    workspace, folder, run = backed
    before = pack(folder).read_bytes()
    with opening.opened(workspace, "nas") as on:
        entries = [one for one in verifying.manifest.read_files(on.repository.files(run)) if one.offset is not None]
    flip(pack(folder), (entries[0].offset or 0) + 1)
    proving.verify(workspace, "nas", run, nothing)
    (workspace.paths.root / entries[-1].path).unlink()
    done = repairing.repair(workspace, "nas", nothing)
    assert (len(done.repaired), done.lost) == (1, [])
    assert pack(folder).read_bytes() == before


def test_what_cannot_be_made_again_is_said_and_the_bad_one_stays(backed: Backed) -> None:
    workspace, folder, run = backed
    with opening.opened(workspace, "nas") as on:
        entries = [one for one in verifying.manifest.read_files(on.repository.files(run)) if one.offset is not None]
    flip(pack(folder), (entries[0].offset or 0) + 1)
    flip(big(folder))
    proving.verify(workspace, "nas", run, nothing)
    (workspace.paths.root / entries[0].path).unlink()
    (workspace.paths.root / BIG).write_bytes(bytes(1_536_000))
    (folder / layout.run_file(run, layout.RECORDS)).unlink()
    left = (pack(folder).read_bytes(), big(folder).read_bytes())
    done = repairing.repair(workspace, "nas", nothing)
    assert done.repaired == []
    assert [one.name.split("/")[0] for one in done.lost] == ["objects", "packs", "runs"]
    assert entries[0].path in done.lost[1].reason
    assert "no copy of it here" in done.lost[2].reason
    assert (pack(folder).read_bytes(), big(folder).read_bytes()) == left


@pytest.mark.parametrize("name", [layout.FILES, layout.BLOBS, layout.MANIFEST])
def test_lists_and_manifest_come_back_from_the_copies_here(backed: Backed, name: str) -> None:
    workspace, folder, run = backed
    path = folder / layout.run_file(run, name)
    before = path.read_bytes()
    flip(path)
    proving.verify(workspace, "nas", run, nothing)
    assert repairing.repair(workspace, "nas", nothing).repaired == [layout.run_file(run, name)]
    assert path.read_bytes() == before
    assert proving.verify(workspace, "nas", run, nothing).is_good


def test_a_manifest_that_is_gone_comes_back_from_the_copy_here(backed: Backed) -> None:
    workspace, folder, run = backed
    path = folder / layout.run_file(run, layout.MANIFEST)
    before = path.read_bytes()
    path.unlink()
    assert repairing.repair(workspace, "nas", nothing).repaired == [layout.run_file(run, layout.MANIFEST)]
    assert path.read_bytes() == before
    assert proving.verify(workspace, "nas", run, nothing).is_good


def test_what_a_repair_that_was_cut_off_had_brought_is_put_in_place(backed: Backed) -> None:
    workspace, folder, run = backed
    before = pack(folder).read_bytes()
    place = pack(folder)
    place.rename(place.with_name(f"{place.name}.89abcdef.partial"))
    place.with_name(f"{place.name}.01234567.partial").write_bytes(bytes(len(before)))
    with opening.opened(workspace, "nas") as on:
        entries = [one for one in verifying.manifest.read_files(on.repository.files(run)) if one.offset is not None]
    (workspace.paths.root / entries[0].path).unlink()
    done = repairing.repair(workspace, "nas", nothing)
    assert (len(done.repaired), done.lost) == (1, [])
    assert place.read_bytes() == before
    with opening.opened(workspace, "nas") as on:
        assert on.repository.listing().runs[0].is_good


@pytest.mark.parametrize("stage", [proving.LOOK, proving.LISTS, proving.READ, proving.RECORDS])
def test_a_verify_that_is_stopped_keeps_what_it_proved(backed: Backed, stage: str) -> None:
    workspace, folder, run = backed
    for look in folder.glob("checks/*"):
        look.unlink()

    def stop(progress: Progress) -> None:
        if progress.stage == stage:
            raise CancelledWork

    with pytest.raises(CancelledWork):
        proving.verify(workspace, "nas", run, stop)
    looks = [path.name for path in folder.glob("checks/*")]
    with opening.opened(workspace, "nas") as on:
        found = [on.repository.check(f"checks/{name}") for name in looks]
    assert all(not look.complete for look in found)
    assert bool(found) == (stage == proving.RECORDS)
    assert not list(workspace.paths.derived.rglob(".tmp-verify*"))
    assert proving.verify(workspace, "nas", run, nothing).is_good


def test_a_scrub_goes_round_and_begins_with_what_was_never_read(backed: Backed) -> None:
    workspace, folder, _ = backed
    for look in folder.glob("checks/*"):
        look.unlink()
    running.run(workspace, "nas")
    seen: list[str] = []
    for _ in range(8):
        found = proving.scrub(workspace, "nas", nothing)
        with opening.opened(workspace, "nas") as on:
            seen += [name for check in found.checks for name in on.repository.check(check).good]
    assert set(seen) == {name for name in everything_of(folder) if not name.endswith(layout.MANIFEST)}


def everything_of(folder: Path) -> set[str]:
    """The stored files."""
    return {
        str(path.relative_to(folder))
        for part in ("packs", "objects", "runs")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }


def test_wrong_words_and_roles(backed: Backed) -> None:
    workspace, _, run = backed
    with pytest.raises(NotFoundError):
        proving.verify(workspace, "nas", "20200101T000000Z-00000000", nothing)
    with pytest.raises(UsageError):
        proving.verify(workspace, "nas", run, nothing, "deep")  # type: ignore[arg-type]
    for share in (0, -1, 1.01, float("nan")):
        with pytest.raises(UsageError):
            proving.scrub(workspace, "nas", nothing, share)
    workspace.db.write(users.set_role, workspace.user.uid, "viewer")
    with Workspace(workspace.paths.root) as watching:
        work: tuple[Callable[[], object], ...] = (
            lambda: proving.verify(watching, "nas", run, nothing),
            lambda: proving.scrub(watching, "nas", nothing),
            lambda: repairing.repair(watching, "nas", nothing),
        )
        for one in work:
            with pytest.raises(RefusedError, match="needs the role"):
                one()


def test_on_every_kind_of_target_rot_is_found_and_repaired(template: Path, tmp_path: Path, any_server: Server) -> None:
    shutil.copytree(template / "ws", tmp_path / "ws")
    with Workspace(tmp_path / "ws") as workspace:
        targets.add(workspace, "there", any_server.url, secret=any_server.secret, tested=False)
        run = running.run(workspace, "there").run
        assert proving.verify(workspace, "there", run, nothing).is_good
        rotten = next(any_server.folder.glob("packs/*/*.tar"))
        before = rotten.read_bytes()
        flip(rotten, 600)
        gone = next(any_server.folder.glob("objects/*/*"))
        with opening.opened(workspace, "there") as on:  # the test servers do not see what others delete
            on.remote.delete([str(gone.relative_to(any_server.folder))])
        assert len(proving.verify(workspace, "there", run, nothing).bad) == 2
        assert len(repairing.repair(workspace, "there", nothing).repaired) == 2
        assert rotten.read_bytes() == before
        assert proving.verify(workspace, "there", run, nothing).bad == []


def test_a_server_that_is_gone_amid_a_verify_is_said_and_nothing_is_called_bad(
    template: Path, tmp_path: Path, webdav_server: Server
) -> None:
    shutil.copytree(template / "ws", tmp_path / "ws")
    with Workspace(tmp_path / "ws") as workspace:
        targets.add(workspace, "there", webdav_server.url, secret=webdav_server.secret, tested=False)
        run = running.run(workspace, "there").run

        def stop(progress: Progress) -> None:
            if progress.stage == proving.READ:
                webdav_server.stop()

        with pytest.raises(RemoteError) as caught:
            proving.verify(workspace, "there", run, stop)
        assert caught.value.code in ("refused_connection", "unreachable")
        webdav_server.start()
        assert proving.verify(workspace, "there", run, nothing).is_good


files = st.builds(
    Stored,
    st.text("abcdef", min_size=1, max_size=3),
    st.integers(0, 1000),
    st.just("0" * 64),
    st.sampled_from(["20260101T000000Z-00000000", "20260201T000000Z-00000000"]),
)


@given(st.lists(files, unique_by=lambda one: one.name, max_size=30), st.integers(1, 12))
def test_so_many_scrubs_as_there_are_parts_read_everything(wanted: list[Stored], parts: int) -> None:
    read: dict[str, str] = {}
    for week in range(parts):
        for one in verifying.due(wanted, read, 1 / parts):
            read[one.name] = f"2026-{week:04d}"
    assert set(read) == {one.name for one in wanted}


@given(st.lists(files, unique_by=lambda one: one.name, min_size=1, max_size=30))
def test_what_was_never_read_comes_first_and_of_that_the_newest_run(wanted: list[Stored]) -> None:
    read = {one.name: "2026-11-01" for one in wanted[::2]}
    order = verifying.due(wanted, read, 1.0)
    assert order == sorted(order, key=lambda one: one.name in read)
    never = [one.run for one in order if one.name not in read]
    assert never == sorted(never, reverse=True)


def test_a_verify_of_a_server_that_hangs_can_be_stopped(template: Path, tmp_path: Path, webdav_server: Server) -> None:
    shutil.copytree(template / "ws", tmp_path / "ws")
    (tmp_path / "ws" / "settings.toml").write_text("[backup]\nobject_mb = 1\n")
    with Workspace(tmp_path / "ws") as workspace:
        targets.add(workspace, "there", webdav_server.url, secret=webdav_server.secret, tested=False)
        run = running.run(workspace, "there").run
        began = 0.0

        def stop(progress: Progress) -> None:
            nonlocal began
            if progress.stage == proving.READ and not began:
                webdav_server.pause()
                began = time.monotonic()
            if began and time.monotonic() > began + 0.5:
                raise CancelledWork

        try:
            with pytest.raises(CancelledWork):
                proving.verify(workspace, "there", run, stop)
            assert time.monotonic() - began < 10
        finally:
            webdav_server.resume()
        assert proving.verify(workspace, "there", run, nothing).is_good


def test_a_picture_that_stayed_in_its_place_is_made_again_from_there(backed: Backed, tmp_path: Path) -> None:
    workspace, folder, _ = backed
    add_in_place(workspace, tmp_path / "elsewhere" / "$(odd) 'näme'.jpg", 77)
    run = running.run(workspace, "nas").run
    before = {path: path.read_bytes() for path in folder.glob("packs/*/*.tar")}
    assert len(before) == 2
    for path in before:
        path.unlink()
    assert len(repairing.repair(workspace, "nas", nothing).repaired) == 2
    assert {path: path.read_bytes() for path in before} == before
    assert proving.verify(workspace, "nas", run, nothing).is_good
