"""Cutting the subject of a photo out of its background with a u2net-like model in an ONNX file.

These are the two steps around the model that rembg would do too: scale and normalise, and turn what comes out into a
mask. rembg itself is left out: importing it takes most of a minute the first time (it compiles image matting), it
downloads a model that is not free for commercial use when none is named, two of its models are paid services, and a
picture of one grey becomes a mask of nothing without a word. onnxruntime is an optional extra, imported when needed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageFilter

from binscout_tui.errors import BinScoutError
from binscout_tui.settings import BackgroundSettings

Mask = NDArray[np.float32]

DEFAULT_SIDE = 320
MOST_SIDE = 4096
MOST_THREADS = 8
LEAST_RANGE = 1e-6


class CutoutModel:
    """The model in the file at `path`, on `device` (`auto`, `cpu` or `cuda`).

    It takes (1, 3, N, N) float32 and gives (1, 1, N, N), larger where the subject is. Raises BinScoutError:
    `background_extra` without onnxruntime, `background_model` for a file that is no such model.
    """

    def __init__(self, path: Path, device: str) -> None:
        self._name = path.name
        self._session = _session(path, device)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] != 3 or inputs[0].type != "tensor(float)":
            raise self._unusable("it does not take one picture of 3 colours")
        self._input = inputs[0].name
        self._side = shape[2] if isinstance(shape[2], int) and 0 < shape[2] <= MOST_SIDE else DEFAULT_SIDE

    def mask(self, image: Image.Image, settings: BackgroundSettings) -> Mask:
        """How much each pixel of an upright RGB picture belongs to its subject: (H, W) float32, 0..1.

        Raises BinScoutError: `background_empty` when the model sees no subject, `background_model` when what it says
        is no mask.
        """
        said = self._run(normalised(image, self._side, settings))
        least, most = float(said.min()), float(said.max())
        if most - least < LEAST_RANGE:
            raise nothing_found()
        small = Image.fromarray((said - least) / (most - least))
        full: Mask = np.asarray(small.resize(image.size, Image.Resampling.BILINEAR), dtype=np.float32)
        return np.clip(full, 0, 1)

    def _run(self, pixels: NDArray[np.float32]) -> Mask:
        try:
            said = np.asarray(self._session.run(None, {self._input: pixels})[0], dtype=np.float32)
        except Exception as error:
            raise self._unusable(str(error)) from error
        height, width = said.shape[-2:] if said.ndim >= 2 else (0, 0)
        if min(height, width) < 2 or said.size != height * width or not np.isfinite(said).all():
            raise self._unusable("what it gives is no mask")
        return said.reshape(height, width)

    def _unusable(self, why: str) -> BinScoutError:
        return unusable(self._name, why)


def normalised(image: Image.Image, side: int, settings: BackgroundSettings) -> NDArray[np.float32]:
    """(1, 3, side, side) float32: the stretched picture over its brightest value, less the mean, over the deviation."""
    pixels = np.asarray(image.resize((side, side), Image.Resampling.LANCZOS), dtype=np.float32)
    scaled = pixels / max(float(pixels.max()), LEAST_RANGE)
    ready = (scaled - np.array(settings.mean, dtype=np.float32)) / np.array(settings.std, dtype=np.float32)
    return np.ascontiguousarray(ready.transpose(2, 0, 1)[None], dtype=np.float32)


def cut_out(image: Image.Image, mask: Mask, settings: BackgroundSettings) -> Image.Image:
    """The RGB picture with `mask` as its transparency (RGBA), or on the colour of the settings (RGB).

    Raises BinScoutError (`background_empty`) when threshold and erosion leave less than `least` of the picture.
    """
    if settings.threshold > 0:
        mask = (mask >= settings.threshold).astype(np.float32)
    alpha = Image.fromarray(np.round(mask * 255).astype(np.uint8))
    if settings.erode:
        alpha = alpha.filter(ImageFilter.MinFilter(2 * settings.erode + 1))
    if float(np.mean(np.asarray(alpha) >= 128)) < settings.least:
        raise nothing_found()
    if not settings.colour:
        image = image.copy()
        image.putalpha(alpha)
        return image
    ground = Image.new("RGB", image.size, ImageColor.getrgb(settings.colour)[:3])
    ground.paste(image, mask=alpha)
    return ground


def nothing_found() -> BinScoutError:
    """The error for a picture in which the model sees no subject; an empty picture is no answer."""
    return BinScoutError(
        "The model finds no subject in this picture.",
        hint="The original is as it was. Use it, or take the photo against a plainer background.",
        code="background_empty",
    )


def unusable(name: str, why: str) -> BinScoutError:
    """The error for a file that is no model for this."""
    return BinScoutError(
        f"{name} cannot be used to remove backgrounds: {' '.join(why.split())[:200].rstrip('.')}.",
        hint="It must be a u2net-like ONNX model: one picture (1, 3, N, N) in, one mask (1, 1, N, N) out.",
        code="background_model",
    )


def _session(path: Path, device: str) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise BinScoutError(
            f"Removing backgrounds needs the package onnxruntime, which cannot be imported ({error}).",
            hint='Install it with `pip install "binscout-tui[background]"`.',
            code="background_extra",
        ) from error
    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, min(MOST_THREADS, len(os.sched_getaffinity(0))))
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=_providers(onnxruntime, device))
    except Exception as error:  # its own exceptions have no common class
        raise unusable(path.name, str(error)) from error


def _providers(onnxruntime: Any, device: str) -> list[str]:
    """CUDA where it is wanted and this build of onnxruntime has it; never a service somewhere else."""
    cuda = "CUDAExecutionProvider"
    wanted = device != "cpu" and cuda in onnxruntime.get_available_providers()
    return [cuda, "CPUExecutionProvider"] if wanted else ["CPUExecutionProvider"]
