"""Where a person was in Similar, as it is kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from binscout_tui.browsing.similar_place import SimilarPlace, Stop, from_kept


def test_what_was_kept_is_found_again() -> None:
    place = SimilarPlace(
        here=Stop(view="grid", source=3, image=5), trail=(Stop(source=1, image=3), Stop(view="map")), size="L"
    )
    assert from_kept(msgspec.json.decode(msgspec.json.encode(place))) == place


@pytest.mark.parametrize(
    "kept",
    [
        None,
        [],
        {"image": 12, "size": 7},
        {"here": {"view": "list"}, "trail": {"view": "map"}, "size": "XS"},
        {"here": {"view": "grid", "source": True}, "trail": [3, {"view": "grid"}]},
    ],
)
def test_what_cannot_be_a_place_is_left_out(kept: Any) -> None:
    assert from_kept(kept) == SimilarPlace()
