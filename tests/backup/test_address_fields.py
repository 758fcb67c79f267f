"""Forms of targets make the addresses that one would write."""

from __future__ import annotations

import pytest

from binscout_tui.backup.target.address_fields import KINDS, ORDER, kind
from binscout_tui.backup.target.addresses import parse
from binscout_tui.errors import UsageError


@pytest.mark.parametrize(
    ("of", "values", "address"),
    [
        ("local", {"folder": "/mnt/nas/a b"}, "/mnt/nas/a b"),
        ("sftp", {"server": "nas:22", "user": "ann", "folder": "/vol/x"}, "sftp://ann@nas:22/vol/x"),
        ("sftp", {"server": "nas", "folder": "~/x y#"}, "sftp://nas/~/x%20y%23"),
        ("smb", {"server": "nas", "user": "W;ann", "folder": "share/x"}, "smb://W;ann@nas/share/x"),
        ("webdav", {"server": "https://h:8/dav", "user": "a@b", "folder": "x"}, "webdav+https://a%40b@h:8/dav/x"),
        ("webdav", {"server": "h"}, "webdav+https://h/"),
        ("s3", {"folder": "b/x", "user": "K"}, "s3://K@b/x"),
        (
            "s3",
            {"folder": "b", "user": "K", "endpoint": "http://h:9", "region": "r"},
            "s3://K@b?endpoint=http://h:9&region=r",
        ),
        ("b2", {"folder": "b/x", "user": "acc"}, "b2://acc@b/x"),
        ("section", {"section": "mine", "folder": "x", "config": "/f"}, "mine:x"),
    ],
)
def test_the_fields_make_an_address(of: str, values: dict[str, str], address: str) -> None:
    assert kind(of).address(values) == address
    found = parse(address)
    assert (found.kind or "section") == of
    assert values.get("user", "").rpartition(";")[2] in [*found.options.values(), ""]


@pytest.mark.parametrize(
    ("of", "values", "field"),
    [
        ("local", {}, "folder"),
        ("local", {"folder": "nas/x"}, "folder"),
        ("sftp", {"server": "nas"}, "folder"),
        ("smb", {"folder": "share"}, "server"),
        ("webdav", {"server": "ftp://h"}, "server"),
        ("s3", {}, "folder"),
        ("b2", {"folder": "b"}, "user"),
        ("section", {"config": "/f"}, "section"),
    ],
)
def test_what_is_missing_is_named_with_its_field(of: str, values: dict[str, str], field: str) -> None:
    with pytest.raises(UsageError) as raised:
        kind(of).address(values)
    assert raised.value.code == field


def test_every_field_has_a_line_in_the_form() -> None:
    assert {field.id for one in KINDS for field in one.fields} == set(ORDER)
