"""Shards always mean the same files, whatever was killed and whatever the folder has become."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.cluster.shards import (
    FILES_FILE,
    JOB_FILE,
    File,
    Job,
    find_files,
    locked,
    missing,
    open_job,
    plan,
    shard_path,
)
from binscout_tui.errors import BinScoutError, ConflictError, RefusedError, UsageError

JOB = Job(kind="score", task="classify", folder="/photos", model="m-1", weights_sha256="a" * 64, shard_size=4)


def some_files(number: int) -> list[File]:
    return [File(Path(f"/photos/{index}.jpg")) for index in range(number)]


@given(st.integers(0, 300), st.integers(1, 50))
def test_every_file_is_in_one_shard_and_in_its_place(number: int, size: int) -> None:
    files = some_files(number)
    shards = plan(files, size)
    assert [file for shard in shards for file in shard.files] == files
    assert all(files[shard.first : shard.first + len(shard.files)] == list(shard.files) for shard in shards)
    assert all(len(shard.files) == size for shard in shards[:-1])
    assert [shard.number for shard in shards] == list(range(len(shards)))


def test_what_is_written_is_not_done_again(tmp_path: Path) -> None:
    shards = plan(some_files(10), 4)
    assert missing(tmp_path, shards) == shards
    shard_path(tmp_path, 1).parent.mkdir()
    shard_path(tmp_path, 1).write_bytes(b"rows")
    assert [shard.number for shard in missing(tmp_path, shards)] == [0, 2]


def test_a_job_goes_on_with_the_files_and_the_size_it_began_with(tmp_path: Path) -> None:
    begun = [*some_files(2), File(Path(os.fsdecode(b"/photos/\xff.jpg"))), File(Path("/photos/pipe"), "A pipe.")]
    assert open_job(tmp_path / "out", JOB, begun) == (JOB, begun)
    later = Job(kind="score", task="classify", folder="/photos", model="copy", weights_sha256="a" * 64, shard_size=9)
    assert open_job(tmp_path / "out", later, some_files(7)) == (JOB, begun)


@pytest.mark.parametrize("change", [{"kind": "embed"}, {"weights_sha256": "b" * 64}, {"folder": "/other"}])
def test_another_job_is_refused_and_nothing_of_it_is_written(tmp_path: Path, change: dict[str, str]) -> None:
    open_job(tmp_path, JOB, some_files(3))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    fields = {"kind": "score", "task": "classify", "folder": "/photos", "model": "m-1", "weights_sha256": "a" * 64}
    with pytest.raises(RefusedError, match="another job: score by m-1 over /photos"):
        open_job(tmp_path, Job(**(fields | change)), some_files(3))  # type: ignore[arg-type]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_job_killed_before_it_had_begun_begins_again(tmp_path: Path) -> None:
    (tmp_path / FILES_FILE).write_text(json.dumps({"path": "/old", "refused": None}) + "\n")
    with locked(tmp_path):
        assert open_job(tmp_path, JOB, some_files(1)) == (JOB, some_files(1))


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(RefusedError, match="other things"), locked(tmp_path):
        pytest.fail("was locked")
    with pytest.raises(RefusedError, match="other things"), locked(tmp_path / "holiday.jpg"):
        pytest.fail("was locked")
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_two_at_a_time_are_refused(tmp_path: Path) -> None:
    with locked(tmp_path / "out"):
        with pytest.raises(ConflictError, match="Another process"), locked(tmp_path / "out"):
            pytest.fail("was locked twice")
        open_job(tmp_path / "out", JOB, some_files(1))
    with locked(tmp_path / "out"):
        pass


@pytest.mark.parametrize(("name", "content"), [(JOB_FILE, "{"), (JOB_FILE, '{"format": 7}'), (FILES_FILE, "[1]\n")])
def test_a_damaged_job_says_which_file(tmp_path: Path, name: str, content: str) -> None:
    open_job(tmp_path, JOB, some_files(1))
    (tmp_path / name).write_text(content)
    with pytest.raises(BinScoutError, match=rf"{name} is damaged"):
        open_job(tmp_path, JOB, some_files(1))


def test_files_are_found_with_those_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.jpg").touch()
    (tmp_path / "1.jpg").touch()
    os.mkfifo(tmp_path / "b" / "pipe")
    found = find_files(tmp_path)
    assert {file.path.name for file in found if file.refused is None} == {"1.jpg", "2.jpg"}
    assert [file.path.name for file in found if file.refused] == ["pipe"]
    with pytest.raises(UsageError, match="is no folder"):
        find_files(tmp_path / "1.jpg")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BinScoutError, match="no files"):
        find_files(tmp_path / "empty")
