"""What a trained network sees, as features."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from binscout_tui.learning.embedding import embedding_kind


def test_a_trained_model_gives_rows_that_do_not_care_for_quarter_turns(finished: Path) -> None:
    kind = embedding_kind(finished, "shapes-1-0123abcd")
    assert kind.name == "model-shapes-1-0123abcd"
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (2, kind.side, kind.side, 3), dtype=np.uint8)
    found = kind.describe(pixels)
    assert (found.shape, found.dtype) == ((2, kind.width), np.float32)
    assert np.abs(found[0] - found[1]).max() > 1e-4
    turned = kind.describe(np.rot90(pixels, 1, (1, 2)))
    assert np.abs(turned - found).max() < 0.2 * np.abs(found[0] - found[1]).max()
