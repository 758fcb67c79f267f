"""Around the model: what goes in, what comes out, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageDraw

from binscout_tui.engine.background_files import DEFAULT_MODEL, model_path, target
from binscout_tui.engine.cutout import CutoutModel, cut_out, normalised
from binscout_tui.errors import BinScoutError
from binscout_tui.settings import BackgroundSettings

from . import tiny_onnx

SETTINGS = BackgroundSettings()


def part_on_black(width: int = 400, height: int = 300) -> Image.Image:
    """A bright part in the middle of nothing."""
    image = Image.new("RGB", (width, height), (8, 8, 8))
    ImageDraw.Draw(image).rectangle((width // 4, height // 4, 3 * width // 4, 3 * height // 4), fill=(230, 220, 210))
    return image


def mask_of(image: Image.Image, path: Path) -> np.ndarray:
    return CutoutModel(path, "cpu").mask(image, SETTINGS)


def test_the_subject_stays_and_the_rest_goes(tmp_path: Path) -> None:
    image = part_on_black()
    mask = mask_of(image, tiny_onnx.write(tmp_path / "tiny.onnx"))
    assert mask.shape == (300, 400)
    cut = cut_out(image, mask, SETTINGS)
    alpha = np.asarray(cut)[..., 3]
    assert cut.mode == "RGBA"
    assert alpha[150, 200] == 255
    assert alpha[5, 5] == 0
    assert np.asarray(cut)[150, 200, :3].tolist() == [230, 220, 210], "the colours are the original's"


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (2000, 1000)])
def test_any_size_comes_back_in_its_own(tmp_path: Path, size: tuple[int, int]) -> None:
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    model = CutoutModel(tiny_onnx.write(tmp_path / "tiny.onnx"), "cpu")
    if min(size) > 1:
        assert cut_out(image, model.mask(image, SETTINGS), SETTINGS).size == size
    else:
        with pytest.raises(BinScoutError) as told:
            model.mask(image, SETTINGS)
        assert told.value.code == "background_empty"


def test_settings_change_the_cut() -> None:
    image = part_on_black()
    soft = np.clip(np.linspace(-0.5, 1.5, 400, dtype=np.float32), 0, 1)[None, :].repeat(300, axis=0)
    hard = np.asarray(cut_out(image, soft, BackgroundSettings(threshold=0.5)))[..., 3]
    assert set(np.unique(hard)) == {0, 255}
    eroded = np.asarray(cut_out(image, soft, BackgroundSettings(threshold=0.5, erode=7)))[..., 3]
    assert (hard > 0).sum() - (eroded > 0).sum() == 7 * 300
    green = cut_out(image, soft, BackgroundSettings(colour="#00ff00"))
    assert green.mode == "RGB"
    assert green.getpixel((2, 2)) == (0, 255, 0)


def test_an_empty_cut_is_no_answer(tmp_path: Path) -> None:
    flat = tiny_onnx.write(tmp_path / "flat.onnx", outputs="flat")
    for attempt in (
        lambda: mask_of(part_on_black(), flat),
        lambda: mask_of(Image.new("RGB", (60, 60), (90, 90, 90)), tiny_onnx.write(tmp_path / "tiny.onnx")),
        lambda: cut_out(part_on_black(), np.zeros((300, 400), np.float32), SETTINGS),
        lambda: cut_out(part_on_black(), np.full((300, 400), 0.3, np.float32), BackgroundSettings(threshold=0.5)),
    ):
        with pytest.raises(BinScoutError) as told:
            attempt()
        assert told.value.code == "background_empty"


@pytest.mark.parametrize("kind", ["text", "empty", "four colours", "nan", "vector"])
def test_what_is_no_such_model_is_said(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "wrong.onnx"
    if kind in {"text", "empty"}:
        path.write_bytes(b"" if kind == "empty" else b"<html>404</html>")
    elif kind == "four colours":
        tiny_onnx.write(path, channels=4)
    else:
        tiny_onnx.write(path, outputs=kind)
    with pytest.raises(BinScoutError) as told:
        mask_of(part_on_black(), path)
    assert told.value.code == "background_model"
    assert "wrong.onnx" in told.value.sentence
    assert "\n" not in told.value.sentence


def test_a_model_of_any_side_is_asked_at_the_usual_one(tmp_path: Path) -> None:
    assert mask_of(part_on_black(), tiny_onnx.write(tmp_path / "any.onnx", side="side")).shape == (300, 400)


def test_without_onnxruntime_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BinScoutError) as told:
        CutoutModel(tiny_onnx.write(tmp_path / "tiny.onnx"), "cpu")
    assert told.value.code == "background_extra"
    assert "binscout-tui[background]" in told.value.hint


def test_what_goes_in_is_as_the_model_was_trained() -> None:
    image = Image.new("RGB", (10, 20), (100, 50, 200))
    pixels = normalised(image, 4, SETTINGS)
    assert pixels.shape == (1, 3, 4, 4)
    expected = (np.array([0.5, 0.25, 1.0]) - SETTINGS.mean) / SETTINGS.std
    assert pixels[0, :, 2, 2] == pytest.approx(expected, abs=1e-5)


def test_where_to_put_the_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(BinScoutError) as told:
        model_path(tmp_path, SETTINGS)
    assert told.value.code == "background_off"
    assert str(tmp_path / DEFAULT_MODEL) in told.value.sentence
    assert "[background]" in told.value.hint
    with pytest.raises(BinScoutError, match=r"other\.onnx is missing"):
        model_path(tmp_path, BackgroundSettings(model="other.onnx"))
    (tmp_path / "other.onnx").touch()
    assert model_path(tmp_path, BackgroundSettings(model="other.onnx")) == tmp_path / "other.onnx"
    assert model_path(Path("/nowhere"), BackgroundSettings(model=str(tmp_path / "other.onnx"))).is_file()


def test_other_settings_or_another_model_make_another_file(tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    model.write_bytes(b"1")
    sha256 = "a" * 64
    first = target(tmp_path, SETTINGS, model, sha256)
    assert first == target(tmp_path, BackgroundSettings(threshold=0), model, sha256)
    assert first.name.startswith(sha256)
    names = {first, target(tmp_path, BackgroundSettings(erode=1), model, sha256)}
    model.write_bytes(b"22")
    assert len(names | {target(tmp_path, SETTINGS, model, sha256)}) == 3


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_hash_names_a_file(tmp_path: Path, sha256: str) -> None:
    (tmp_path / "m").touch()
    with pytest.raises(BinScoutError) as told:
        target(tmp_path, SETTINGS, tmp_path / "m", sha256)
    assert told.value.code == "bad_request"


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "#123456; rm"])
def test_a_colour_is_six_digits(colour: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"colour": colour}, BackgroundSettings)
