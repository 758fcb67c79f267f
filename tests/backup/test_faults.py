"""What rclone says, and what people are told of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.faults import LONGEST, explain

# rclone 1.75's own words, as real servers brought them about.
SAID = [
    ("NewFs: couldn't connect SSH: dial tcp 127.0.0.1:404: connect: connection refused", "refused_connection"),
    (
        "write x.partial: connection error: read tcp 127.0.0.1:56304->127.0.0.1:507: read: connection reset by peer",
        "unreachable",
    ),
    ("error in ListJSON: couldn't list files: Propfind: net/http: timeout awaiting response headers", "unreachable"),
    ("couldn't connect SMB: connection error: read tcp 1.2.3.4:1->1.2.3.4:445: i/o timeout", "unreachable"),
    ('error listing "": connection lost', "unreachable"),
    ("dial tcp: lookup nas.local on 1.1.1.1:53: no such host", "unreachable"),
    ("ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password]", "auth"),
    ("ssh: handshake failed: sftp: host key mismatch for 127.0.0.1:51015: server offered", "auth"),
    ("couldn't connect to ssh-agent: SSH agent requested but SSH_AUTH_SOCK not-specified", "auth"),
    ("read metadata failed: 401 Unauthorized: 401 Unauthorized", "auth"),
    ("response error: The attempted logon is invalid. This is either due to a bad username", "auth"),
    ("operation error S3: ListObjectsV2, StatusCode: 403, api error SignatureDoesNotMatch: x", "auth"),
    ("couldn't initialize SMB: response error: {Network Name Not Found} The specified share name", "not_found"),
    ("operation error S3: PutObject, StatusCode: 404, api error NoSuchBucket: x", "not_found"),
    ("error in ListJSON: directory not found", "not_found"),
    ("about call failed: statfs backups: file does not exist", "not_found"),
    ("preallocate: file too big for remaining disk space", "full"),
    ("write /mnt/x: no space left on device", "full"),
    ("the operation failed because the disk was full", "full"),
    ("HTTP error 507 Insufficient Storage", "full"),
    ("open /mnt/x: permission denied", "denied"),
    ("mkdir /mnt/x: read-only file system", "denied"),
    ('didn\'t find section in config file ("nas")', "bad_config"),
    ("something that nobody has seen yet", "remote"),
    ("", "remote"),
]


@pytest.mark.parametrize(("said", "code"), SAID)
def test_what_rclone_says_has_a_code_and_names_the_target(said: str, code: str) -> None:
    error = explain(said, "smb://nas/share")
    assert error.code == code
    assert "smb://nas/share" in error.sentence
    assert "\n" not in error.sentence


def test_the_cause_at_the_end_of_a_long_chain_counts() -> None:
    error = explain("operation error, " * 60 + "connection refused", "there")
    assert error.code == "refused_connection"
    assert len(error.sentence) < LONGEST + 100
    assert "connection refused)" in error.sentence


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            'failed to make remote "enc:/enc2" to wrap: NewFs: couldn\'t connect SSH: ssh: handshake failed: ssh:'
            " unable to authenticate, attempted methods [none password], no supported methods remain",
            "(couldn't connect SSH: ssh: handshake failed: ssh: unable to authenticate)",
        ),
        (
            'failed to make remote ":local,no_set_modtime=true:/a/b" to wrap: dial tcp: connect: connection refused',
            "(dial tcp: connect: connection refused)",
        ),
    ],
)
def test_what_only_the_makers_of_rclone_want_to_know_is_left_out(said: str, kept: str) -> None:
    assert kept in explain(said, "there").sentence


@pytest.mark.parametrize(
    "said",
    [
        ":sftp,host=h,pass=hidden-word:x: failed",
        'secret_access_key = "hidden-word" is wrong',
        "Get https://ann:hidden-word@host/x: connection refused",
        "token: hidden-word expired",
    ],
)
def test_secrets_in_what_rclone_says_are_left_out(said: str) -> None:
    assert "hidden-word" not in explain(said, "there").sentence


@given(st.text(max_size=2000))
def test_any_words_make_one_line_that_moves_no_cursor(said: str) -> None:
    sentence = explain(said, "there").sentence
    assert sentence.isprintable()
    assert len(sentence) < LONGEST + 200
