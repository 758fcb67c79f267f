"""Addresses of targets, as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binscout_tui.backup.target.addresses import as_options, is_secret, parse
from binscout_tui.errors import UsageError


@pytest.mark.parametrize(
    ("text", "kind", "path", "shown", "options"),
    [
        ("/mnt/nas//x/", "local", "/mnt/nas/x", "/mnt/nas/x", {}),
        (
            "sftp://keeper@nas:2222/volume1/backups",
            "sftp",
            "/volume1/backups",
            "sftp://keeper@nas:2222/volume1/backups",
            {"host": "nas", "port": "2222", "user": "keeper", "set_modtime": "false"},
        ),
        ("sftp://nas/~/backups", "sftp", "backups", "sftp://nas/~/backups", {"port": "22"}),
        ("sftp://[::1]:22/x", "sftp", "/x", "sftp://[::1]:22/x", {"host": "::1"}),
        (
            "smb://WORK;ann@nas/share/deep%20folder/x",
            "smb",
            "share/deep folder/x",
            "smb://WORK;ann@nas/share/deep folder/x",
            {"host": "nas", "user": "ann", "domain": "WORK", "port": "445"},
        ),
        (
            "webdav+http://u@host:8080/dav/x?vendor=nextcloud",
            "webdav",
            "dav/x",
            "webdav+http://u@host:8080/dav/x",
            {"url": "http://host:8080", "vendor": "nextcloud", "user": "u"},
        ),
        ("webdav://host/x", "webdav", "x", "webdav://host/x", {"url": "https://host", "vendor": "other"}),
        (
            "s3://AKID@My.Bucket/a/b?endpoint=https://s3.example:9000&region=eu-1",
            "s3",
            "My.Bucket/a/b/",
            "s3://My.Bucket/a/b/ at https://s3.example:9000",
            {"access_key_id": "AKID", "region": "eu-1", "provider": "Other", "no_check_bucket": "true"},
        ),
        ("s3://bucket", "s3", "bucket/", "s3://bucket/", {"provider": "AWS", "env_auth": "true"}),
        ("b2://acc@bucket/x", "b2", "bucket/x/", "b2://bucket/x/", {"account": "acc", "hard_delete": "true"}),
        ("drive:Backups/bins", "drive", "Backups/bins", "drive:Backups/bins", {"scope": "drive.file"}),
    ],
)
def test_what_an_address_means(text: str, kind: str, path: str, shown: str, options: dict[str, str]) -> None:
    found = parse(text)
    assert (found.kind, found.path, found.shown) == (kind, path, shown)
    assert options.items() <= found.options.items()


def test_a_relative_folder_is_one_of_this_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse("backups").path == str(tmp_path / "backups")
    assert parse("./a:b").path == str(tmp_path / "a:b")


def test_a_section_of_ones_own_configuration() -> None:
    found = parse("my nas:deep/x")
    assert (found.kind, found.section, found.path) == ("", "my nas", "deep/x")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_address"),
        ("  ", "bad_address"),
        ("a\nb", "bad_address"),
        ("\x1b[31m/x", "bad_address"),
        ("/x" * 2000, "bad_address"),
        ("ftp://host/x", "bad_address"),
        ("sftp:///x", "bad_address"),
        ("sftp://host:port/x", "bad_address"),
        ("sftp://host:99999/x", "bad_address"),
        ("sftp://u:secret@host/x", "secret_option"),
        ("sftp://host/a/../../etc", "bad_address"),
        ("sftp://host/a%0Ab", "bad_address"),
        ("sftp://host/x#y", "bad_address"),
        ("sftp://[::1/x", "bad_address"),
        ("smb://host", "bad_address"),
        ("s3://k@/x", "bad_address"),
        ("s3://k@buck et/x", "bad_address"),
        ("s3://b/x?secret_access_key=abc", "secret_option"),
        ("b2://bucket/x", "bad_address"),
        ("/x/[y]", "bad_address"),
        ("sftp://host/{a,b}", "bad_address"),
    ],
)
def test_what_is_no_address_says_why_and_no_secret(text: str, code: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert raised.value.code == code
    assert "secret@" not in raised.value.sentence
    assert "abc" not in raised.value.sentence


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    try:
        found = parse(text)
    except UsageError:
        return
    assert found.kind or found.section
    assert found.shown.isprintable()
    assert not set(found.path) & set("[]{}\n")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("pass", True),
        ("secret_access_key", True),
        ("session_token", True),
        ("sse_customer_key", True),
        ("sse_customer_key_md5", False),
        ("key", True),
        ("key_pem", True),
        ("key_file_pass", True),
        ("service_account_credentials", True),
        ("bearer_token", True),
        ("key_file", False),
        ("service_account_file", False),
        ("access_key_id", False),
        ("user", False),
        ("region", False),
        ("known_hosts_file", False),
    ],
)
def test_which_options_are_secrets(name: str, secret: bool) -> None:
    assert is_secret(name) is secret
    if secret:
        with pytest.raises(UsageError, match=f"--secret-for {name}|{name} is a secret"):
            as_options({name: "x"})
    else:
        assert as_options({name: "x"}) == {name: "x"}


@pytest.mark.parametrize("options", [{"Host": "x"}, {"a b": "x"}, {"host": "a\nb"}, {"": "x"}, {"host": "x" * 3000}])
def test_options_that_no_configuration_can_hold(options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        as_options(options)
