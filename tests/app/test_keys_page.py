"""The page of keys is made from the declarations and never lags behind."""

from __future__ import annotations

from binscout_tui.commands.table import reference
from tests.conftest import REPOSITORY


def test_the_page_of_keys_is_fresh() -> None:
    page = (REPOSITORY / "docs" / "keys.md").read_text()
    assert page.strip() == reference().strip(), "run `make keys`"
