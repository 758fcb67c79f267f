"""Names on a target."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from binscout_tui.backup.archive import layout

SHA = "ab" * 32


def test_runs_sort_by_time_whatever_the_zone() -> None:
    early = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2)))  # the doubled hour, first time
    late = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1)))
    assert layout.new_run_id(early) < layout.new_run_id(late)
    assert layout.run_time(layout.new_run_id(early)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_two_runs_of_one_second_differ() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert layout.new_run_id(now) != layout.new_run_id(now)


@pytest.mark.parametrize(
    "text", ["", "x", "20261122T010203Z", "20261322T010203Z-1a2b3c4d", "../20261122T010203Z-1a2b3c4d", "a/b"]
)
def test_what_is_no_run(text: str) -> None:
    assert not layout.is_run_id(text)


def test_a_name_promises_its_hash() -> None:
    assert layout.blob_hash(layout.pack_name(SHA)) == SHA
    assert layout.blob_hash(layout.object_name(SHA)) == SHA
    for name in (f"packs/00/{SHA}.tar", f"objects/ab/{SHA}.partial", f"../objects/ab/{SHA}", "runs/x", SHA):
        assert layout.blob_hash(name) == ""


def test_checks_have_names() -> None:
    assert layout.is_check(layout.check_name(datetime(2026, 1, 1, tzinfo=UTC)))
    assert not layout.is_check("checks/../x.json")
