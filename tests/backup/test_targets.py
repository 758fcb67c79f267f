"""Adding, trying, changing and forgetting targets, with real servers."""

from __future__ import annotations

import json
import os
import re
import shlex
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from binscout_tui import workspace as workspaces
from binscout_tui.backup.faults import RepoError
from binscout_tui.backup.target import known as store
from binscout_tui.backup.target.keys import fingerprint, new_key
from binscout_tui.backup.target.testing import ORDER, TargetFailedError, TestStep
from binscout_tui.backup.transport.rclone import Rclone
from binscout_tui.errors import BinScoutError, ConflictError, NotFoundError, RefusedError, StorageError, UsageError
from binscout_tui.operations.backups import targets
from binscout_tui.operations.backups.opening import opened
from binscout_tui.workspace import Workspace
from tests.backup.servers import SECRET, Server, obscured
from tests.backup.waiting import until

SLOW_KINDS = [
    "sftp",
    "s3",
    pytest.param("webdav", marks=pytest.mark.slow),
    pytest.param("smb", marks=pytest.mark.slow),
]


def steps_of(raised: pytest.ExceptionInfo[TargetFailedError]) -> dict[str, TestStep]:
    return {step.name: step for step in raised.value.steps}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Workspace]:
    """A second workspace, as on another machine."""
    workspaces.create(tmp_path / "other")
    with Workspace(tmp_path / "other") as found:
        yield found


def test_a_target_of_every_kind_is_tried_and_added(any_server: Server, workspace: Workspace) -> None:
    seen: list[str] = []
    done = targets.add(
        workspace, "nas", any_server.url, secret=any_server.secret, told=lambda step: seen.append(step.name)
    )
    assert seen == list(ORDER)
    assert all(step.ok is not False for step in done.steps), done.steps
    tried = {step.name for step in done.steps if step.ok}
    assert tried >= {"program", "reach", "sign in", "folder", "write", "read back", "clock", "encryption", "delete"}
    assert targets.listed(workspace.paths) == [done.target]
    assert any_server.files() == {}
    with opened(workspace) as found:
        found.repository.create()
        assert [entry.name for entry in found.remote.list()] == ["binscout-repo.json"]
    folder = workspace.paths.root / "backup"
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.stat().st_mode & 0o077 for path in folder.iterdir()] == [0] * len(list(folder.iterdir()))


@pytest.mark.parametrize("kind", ["sftp", "webdav", "s3", "smb"])
def test_a_wrong_password_is_told_as_such_and_nothing_is_added(
    request: pytest.FixtureRequest, workspace: Workspace, kind: str
) -> None:
    server: Server = request.getfixturevalue(f"{kind}_server")
    with pytest.raises(TargetFailedError, match="does not accept this user and password or key") as raised:
        targets.add(workspace, "nas", server.url, secret="wrong-password-123")
    steps = steps_of(raised)
    assert steps["sign in"].ok is False
    assert steps["write"].ok is None
    assert list(steps)[:3] == ["program", "reach", "sign in"]
    assert steps["reach"].ok is True
    assert not re.search("target edit|attempted methods|no supported methods", steps["sign in"].words)
    assert targets.listed(workspace.paths) == []
    assert not (workspace.paths.root / "backup" / "rclone.conf").exists()


@pytest.mark.parametrize(("kind", "old", "new"), [("smb", "/nas/", "/no-such/"), ("s3", "@bucket/", "@no-such/")])
def test_a_missing_share_or_bucket_is_not_a_wrong_password(
    request: pytest.FixtureRequest, workspace: Workspace, kind: str, old: str, new: str
) -> None:
    server: Server = request.getfixturevalue(f"{kind}_server")
    with pytest.raises(TargetFailedError, match="no such share or bucket") as raised:
        targets.add(workspace, "nas", server.url.replace(old, new), secret=server.secret)
    steps = steps_of(raised)
    assert list(steps)[:4] == ["program", "reach", "sign in", "folder"]
    assert [steps[name].ok for name in ("reach", "sign in", "folder")] == [True, True, False]
    assert not (server.folder.parent / "no-such").exists()


@pytest.mark.slow
def test_a_silent_server_is_told_within_ten_seconds(any_remote_server: Server, workspace: Workspace) -> None:
    any_remote_server.add_to(workspace)
    any_remote_server.pause()
    began = time.monotonic()
    steps = {step.name: step for step in targets.check(workspace, "nas")}
    assert time.monotonic() - began < 10
    assert steps["reach"].ok is False
    assert f":{any_remote_server.port}" in steps["reach"].words


def test_a_dead_server_is_told_at_once(any_remote_server: Server, workspace: Workspace) -> None:
    any_remote_server.add_to(workspace)
    any_remote_server.stop()
    began = time.monotonic()
    steps = {step.name: step for step in targets.check(workspace, "nas")}
    assert time.monotonic() - began < 5
    assert "Nothing answers" in steps["reach"].words
    assert f":{any_remote_server.port}" in steps["reach"].words


def test_the_host_key_is_pinned_and_a_changed_one_is_refused_until_it_is_taken(
    sftp_server: Server, workspace: Workspace, tmp_path: Path
) -> None:
    target = targets.add(workspace, "nas", sftp_server.url, secret=sftp_server.secret).target
    assert re.fullmatch(r"\S+ SHA256:[A-Za-z0-9+/]{43}", target.host_key)
    sftp_server.stop()
    for key in (tmp_path / "sftp" / "cache" / "serve-sftp").iterdir():
        key.unlink()
    sftp_server.start()
    failed = next(step for step in targets.check(workspace, "nas") if step.ok is False)
    assert "another host key than before" in failed.words
    assert "--pin-again" in failed.words
    assert targets.listed(workspace.paths) == [target]
    changed = targets.edit(workspace, "nas", pin_again=True).target
    assert changed.host_key not in ("", target.host_key)
    assert all(step.ok is not False for step in targets.check(workspace, "nas"))


def test_sftp_files_get_the_time_of_the_server(sftp_server: Server, workspace: Workspace, tmp_path: Path) -> None:
    sftp_server.add_to(workspace)
    old = tmp_path / "old"
    old.write_bytes(b"old")
    os.utime(old, (1e9, 1e9))
    with opened(workspace) as found:
        found.remote.upload(old, "old")
        (entry,) = found.remote.list()
    assert entry.modified > "2002"


@pytest.mark.parametrize("kind", ["local", *SLOW_KINDS])
def test_what_is_encrypted_here_is_unreadable_there(
    request: pytest.FixtureRequest, workspace: Workspace, kind: str
) -> None:
    server: Server = request.getfixturevalue("local_target" if kind == "local" else f"{kind}_server")
    done = targets.add(workspace, "nas", server.url, secret=server.secret, crypt="")
    assert re.fullmatch(r"([a-z2-9]{5}-){7}[a-z2-9]{5}", done.key)
    assert done.target.crypt
    assert done.target.key_fingerprint == fingerprint(done.key)
    with opened(workspace) as found:
        found.repository.create(done.target.key_fingerprint)
        found.remote.write("packs/ab/secret.tar", b"nobody may read this")
        assert found.remote.read("packs/ab/secret.tar") == b"nobody may read this"
        assert found.remote.sha256("packs/ab/secret.tar")
    stored = server.files()
    assert len(stored) == 2
    assert not any("secret" in name or b"nobody" in data for name, data in stored.items())


def test_a_wrong_key_is_not_an_empty_folder(sftp_server: Server, workspace: Workspace, other: Workspace) -> None:
    key = targets.add(workspace, "nas", sftp_server.url, secret=sftp_server.secret, crypt="").key
    with opened(workspace) as found:
        repo = found.repository.create()
    with pytest.raises(TargetFailedError, match=r"encrypted names.*--key-file"):
        targets.add(other, "nas", sftp_server.url, secret=sftp_server.secret)
    with pytest.raises(TargetFailedError, match=r"a key made just now cannot read.*--key-file"):
        targets.add(other, "nas", sftp_server.url, secret=sftp_server.secret, crypt="")
    with pytest.raises(TargetFailedError, match="this key cannot read"):
        targets.add(other, "nas", sftp_server.url, secret=sftp_server.secret, crypt="another-key-of-mine")
    targets.add(other, "nas", sftp_server.url, secret=sftp_server.secret, crypt="another-key-of-mine", tested=False)
    before = sftp_server.files()
    with opened(other) as found:
        for ask in (found.repository.open, found.repository.open_or_create, found.repository.listing):
            with pytest.raises(RepoError) as raised:
                ask()
            assert raised.value.code == "wrong_key"
    assert sftp_server.files() == before
    targets.remove(other, "nas")
    targets.add(other, "nas", sftp_server.url, secret=sftp_server.secret, crypt=key)
    with opened(other) as found:
        assert found.repository.open() == repo


def test_a_store_that_was_there_and_is_not_is_no_new_one(local_target: Server, workspace: Workspace) -> None:
    local_target.add_to(workspace)
    with opened(workspace) as found:
        found.repository.open_or_create()
    assert targets.listed(workspace.paths)[0].repo
    (local_target.folder / "binscout-repo.json").unlink()  # the disk is not mounted any more
    with opened(workspace) as found:
        with pytest.raises(RepoError) as raised:
            found.repository.open_or_create()
        assert raised.value.code == "gone_store"
    assert local_target.files() == {}
    targets.remove(workspace, "nas")
    local_target.add_to(workspace)
    with opened(workspace) as found:
        assert found.repository.open_or_create()


def test_a_folder_that_is_not_mounted_or_of_something_else_is_refused(
    local_target: Server, workspace: Workspace
) -> None:
    with pytest.raises(TargetFailedError, match="is the disk or share mounted"):
        targets.add(workspace, "nas", str(local_target.folder / "not" / "there"))
    (local_target.folder / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(TargetFailedError, match=re.escape("'holiday.jpg'")):
        targets.add(workspace, "nas", local_target.url)
    assert list(local_target.files()) == ["holiday.jpg"]


def test_a_backup_within_the_workspace_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    for place in (workspace.paths.root / "backups", workspace.paths.root, workspace.paths.root.parent):
        with pytest.raises(RefusedError, match="lost together"):
            targets.add(workspace, "nas", str(place))
    (tmp_path / "link").symlink_to(workspace.paths.root)
    with pytest.raises(RefusedError, match="lost together"):
        targets.add(workspace, "nas", str(tmp_path / "link" / "x"))


@pytest.mark.parametrize(
    ("address", "options", "more", "said"),
    [
        ("sftp://h/x", {"nosuch": "1"}, {}, "no option 'nosuch' for sftp"),
        ("sftp://h/x", {"key_file_pass": "x"}, {}, "is a secret"),
        ("sftp://h/x", {}, {"secret": "a\nb"}, "not text on one line"),
        ("sftp://h/x", {}, {"secret": "x", "secret_for": "host"}, "no secret 'host'"),
        ("sftp://h/x", {}, {"crypt": "short"}, "at least 12"),
        ("mine:x", {}, {}, "--rclone-config"),
    ],
)
def test_what_makes_no_target_is_told_and_leaves_nothing(
    workspace: Workspace, address: str, options: dict[str, str], more: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError) as raised:
        targets.add(workspace, "nas", address, options, tested=False, **more)  # type: ignore[arg-type]
    assert said in f"{raised.value.sentence} {raised.value.hint}"
    folder = workspace.paths.root / "backup"
    assert sorted(path.name for path in folder.iterdir()) == ["targets.lock"]


def test_a_section_of_ones_own_configuration_is_taken_over(
    sftp_server: Server, workspace: Workspace, tmp_path: Path
) -> None:
    own = tmp_path / "own.conf"
    own.touch(0o600)
    sftp_server.configure(own, "my nas")
    with own.open("a") as handle:
        handle.write("[short]\ntype = alias\nremote = my nas:nas\n")
    before = own.read_bytes()
    done = targets.add(workspace, "nas", "short:backups", rclone_config=own)
    assert (done.target.kind, done.target.shown) == ("alias", "short:backups")
    with opened(workspace) as found:
        found.remote.write("a", b"1")
    assert sftp_server.files() == {"a": b"1"}
    assert own.read_bytes() == before
    with pytest.raises(UsageError, match="no section of a configuration"):
        targets.add(workspace, "b", "other:x", rclone_config=own)
    with pytest.raises(UsageError, match="cannot be read"):
        targets.add(workspace, "b", "other:x", rclone_config=tmp_path / "nowhere")


def test_changing_the_password_is_tried_first(webdav_server: Server, workspace: Workspace) -> None:
    targets.add(workspace, "nas", webdav_server.url, secret=webdav_server.secret)
    config = workspace.paths.root / "backup" / "rclone.conf"
    before = config.read_bytes()
    with pytest.raises(TargetFailedError):
        targets.edit(workspace, "nas", secret="wrong-password-1")
    assert config.read_bytes() == before
    webdav_server.stop()
    webdav_server.environment["RCLONE_PASS"] = "the-new-password"
    webdav_server.start()
    assert any(step.ok is False for step in targets.check(workspace, "nas"))
    targets.edit(workspace, "nas", secret="the-new-password")
    assert all(step.ok is not False for step in targets.check(workspace, "nas"))
    with pytest.raises(UsageError, match="Nothing is to be changed"):
        targets.edit(workspace, "nas")


def test_removing_forgets_the_secrets_and_leaves_the_files(
    sftp_server: Server, local_target: Server, workspace: Workspace
) -> None:
    local_target.add_to(workspace, "disk")
    sftp_server.add_to(workspace, "nas", crypt="")
    with opened(workspace, "nas") as found:
        found.remote.write("a", b"1")
    targets.remove(workspace, "nas")
    assert [target.name for target in targets.listed(workspace.paths)] == ["disk"]
    assert (workspace.paths.root / "backup" / "rclone.conf").read_text().strip() == ""
    assert len(sftp_server.files()) == 1
    with pytest.raises(NotFoundError):
        targets.remove(workspace, "nas")


def test_a_name_is_taken_once_and_one_change_goes_on_at_a_time(local_target: Server, workspace: Workspace) -> None:
    local_target.add_to(workspace)
    with pytest.raises(ConflictError, match="already"):
        local_target.add_to(workspace)
    folder = workspace.paths.root / "backup"
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.changing(folder):
            inside.set()
            leave.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    until(inside.is_set, "the lock is not held")
    with pytest.raises(ConflictError, match="right now"):
        local_target.add_to(workspace, "other")
    leave.set()
    holder.join()
    local_target.add_to(workspace, "other")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "damaged"),
        ("[]", "damaged"),
        ("{", "damaged"),
        ('{"format": 1}', "damaged"),
        ('{"format": 1, "targets": [{"name": "../x", "kind": "local", "fs": "/x", "shown": "x"}]}', "damaged"),
        ('{"format": 1, "targets": [{"name": "a\\n", "kind": "local", "fs": "/x", "shown": "x"}]}', "damaged"),
        ('{"format": 2, "targets": []}', "newer"),
        ("[" * 100_000, "damaged"),
        ("\xff", "damaged"),
    ],
)
def test_a_damaged_list_of_targets_has_a_sentence(workspace: Workspace, text: str, code: str) -> None:
    folder = workspace.paths.root / "backup"
    folder.mkdir()
    (folder / store.FILE).write_text(text, "latin-1")
    with pytest.raises(StorageError) as raised:
        targets.listed(workspace.paths)
    assert raised.value.code == code


def test_the_recovery_sheet_brings_everything_back(sftp_server: Server, workspace: Workspace, tmp_path: Path) -> None:
    done = targets.add(workspace, "nas", sftp_server.url, secret=sftp_server.secret, crypt="")
    with opened(workspace) as found:
        found.remote.write("runs/x/manifest.json", b"{}")
    plain = "\n".join(targets.sheet(workspace, "nas"))
    assert SECRET not in plain
    assert done.key not in plain
    assert done.target.key_fingerprint in plain
    assert done.target.host_key in plain
    secret = targets.sheet(workspace, "nas", secrets=True)
    assert f"Key          {done.key}" in secret
    config = tmp_path / "by hand.conf"
    lines = [line.strip() for line in secret if line.startswith("   ") and (" = " in line or "[" in line)]
    config.write_text("\n".join(_obscured(line) for line in lines))
    with Rclone(config) as rclone:
        found_by_hand = rclone.call("operations/list", fs="nas.crypt:", remote="", opt={"recurse": True})["list"]
    assert "runs/x/manifest.json" in [one["Path"] for one in found_by_hand]


@pytest.mark.parametrize(
    ("address", "options", "how"),
    [
        ("s3://KEY%2FID@bucket/a b/?endpoint=http://127.0.0.1:9000&region=eu", {"chunk_size": "8Mi"}, {}),
        ("s3://bucket", {}, {}),
        ("b2://ACCOUNT@bucket/bins", {}, {}),
        ("sftp://ann@[::1]:2222/~/back ups 50%25", {"key_file": "/home/ann/a key"}, {}),
        ("smb://WORK;ann@nas/share/bins?", {}, {}),
        ("webdav+http://ann@nas:8080/x%23y", {}, {"crypt": ""}),
        ("drive:bins", {}, {}),
        ("/", {}, {"crypt": "Unlikely-key-of-the-test"}),
    ],
)
def test_the_sheet_has_commands_that_make_the_same_target(
    workspace: Workspace, other: Workspace, tmp_path: Path, address: str, options: dict[str, str], how: dict[str, str]
) -> None:
    address = str(tmp_path / "it's here") if address == "/" else address
    made = targets.add(workspace, "nas", address, options, tested=False, **how)  # type: ignore[arg-type]
    lines = targets.sheet(workspace, "nas")
    assert "  binscout backup restore latest --in-place --confirm restore" in lines
    [line] = [one for one in lines if one.startswith("  binscout backup target add ")]
    words = shlex.split(line)[4:]
    said = dict(word.split("=", 1) for flag, word in pairwise(words) if flag == "--option")
    assert ("--key-file" in words) == bool(how)
    key = made.key or how.get("crypt")
    again = targets.add(other, words[0], words[1], said, crypt=key, tested=False).target
    assert (again.kind, again.fs, again.raw, again.shown) == (
        made.target.kind,
        made.target.fs,
        made.target.raw,
        made.target.shown,
    )
    assert sections(other) == sections(workspace)


def sections(workspace: Workspace) -> dict[str, dict[str, str]]:
    """What rclone knows of the targets, without passwords."""
    with Rclone(workspace.paths.root / "backup" / "rclone.conf", quick=True) as rclone:
        found = rclone.call("config/dump", where="rclone")
    return {name: {key: value for key, value in one.items() if key != "password"} for name, one in found.items()}


def test_the_sheet_of_a_section_says_that_it_needs_it(workspace: Workspace, other: Workspace, tmp_path: Path) -> None:
    config = tmp_path / "mine.conf"
    config.write_text("[mine]\ntype = local\n")
    made = targets.add(workspace, "nas", f"mine:{tmp_path}/x", rclone_config=config, tested=False).target
    [line] = [one for one in targets.sheet(workspace, "nas") if "target add" in one]
    words = shlex.split(line)[4:]
    assert words[2] == "--rclone-config"
    config.write_text("[nas]\ntype = local\n")
    again = targets.add(other, words[0], words[1], rclone_config=config, tested=False).target
    assert again.fs == made.fs


def _obscured(line: str) -> str:
    name, equals, value = line.partition(" = ")
    return f"{name} = {obscured(value)}" if equals and name in ("pass", "password") else line


def test_what_a_server_says_of_its_encryption_is_noted(s3_server: Server, workspace: Workspace) -> None:
    said = targets.add(workspace, "a", s3_server.url, {"server_side_encryption": "AES256"}, s3_server.secret).target
    silent = targets.add(workspace, "b", s3_server.url, secret=s3_server.secret).target
    assert (said.sse, silent.sse) == ("AES256", "")


def test_people_without_the_role_are_refused(local_target: Server, workspace: Workspace) -> None:
    local_target.add_to(workspace)
    workspace.user = msgspec.structs.replace(workspace.user, role="operator")
    for ask in (
        lambda: targets.add(workspace, "b", local_target.url),
        lambda: targets.edit(workspace, "nas", pin_again=True),
        lambda: targets.remove(workspace, "nas"),
        lambda: targets.sheet(workspace, "nas"),
    ):
        with pytest.raises(RefusedError) as raised:
            ask()
        assert raised.value.code == "role"
    assert all(step.ok is not False for step in targets.check(workspace, "nas"))


@pytest.mark.parametrize("kind", SLOW_KINDS)
def test_the_password_is_in_no_file_no_list_of_processes_and_no_error(
    request: pytest.FixtureRequest, workspace: Workspace, tmp_path: Path, kind: str
) -> None:
    server: Server = request.getfixturevalue(f"{kind}_server")
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    seen.append((process / "cmdline").read_bytes().decode("utf-8", "replace"))
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    errors: list[BinScoutError] = []
    try:
        targets.add(workspace, "nas", server.url, secret=SECRET, crypt="The-key-that-I-chose")
        with opened(workspace) as found:
            found.remote.write("a", b"1")
        server.stop()
        try:
            targets.edit(workspace, "nas", secret=f"{SECRET}-2")
        except BinScoutError as error:
            errors.append(error)
        with opened(workspace, quick=True) as found:
            try:
                found.remote.list()
            except BinScoutError as error:
                errors.append(error)
            words = found.rclone.words
    finally:
        stop.set()
        watcher.join()
    assert len(errors) == 2
    told = "\n".join([*seen, *words, *(json.dumps(error.as_json()) for error in errors)])
    assert "rclone" in told
    assert SECRET not in told
    assert "The-key-that-I-chose" not in told
    kept = [path for path in workspace.paths.root.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    # rclone keeps the secret of S3 as it is, in the file that only its owner may read.
    assert [path.name for path in kept] == (["rclone.conf"] if server.kind == "s3" else [])
    assert not any(b"The-key-that-I-chose" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_keys_differ_and_their_fingerprints_too() -> None:
    keys = {new_key() for _ in range(20)}
    assert len(keys) == 20
    assert len({fingerprint(key) for key in list(keys)[:5]}) == 5
