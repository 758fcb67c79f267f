"""Making a network and filling it with weights, from scratch, from a local file or from timm's hub."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from binscout_tui.errors import BinScoutError
from binscout_tui.learning import torchvision_shim  # noqa: F401 - must come before timm

# isort: split
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from binscout_tui.learning.checkpoint import first_line

WRAPPERS = ("state_dict_ema", "state_dict", "model_ema", "model")


class NoNetwork(nn.Module):
    """In the place of a network for a preset without one. Its one parameter is empty and never trained."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(0), requires_grad=False)


def build_network(arch: str, options: Mapping[str, Any], classes: int, image_size: int) -> nn.Module:
    """A timm network with random weights that maps (N, 3, S, S) to (N, classes) logits.

    Raises BinScoutError `arch_unknown` for a name or options that timm does not know.
    """
    options = dict(options)
    if "vit" in arch:
        options["img_size"] = image_size  # only these fix the number of patches
    try:
        network: nn.Module = timm.create_model(arch, pretrained=False, num_classes=classes, **options)
    except (RuntimeError, TypeError, ValueError) as error:
        raise BinScoutError(
            f"timm cannot make the network {arch}: {error}.", hint="Check the preset.", code="arch_unknown"
        ) from error
    return network


def load_pretrained(network: nn.Module, file: Path) -> list[str]:
    """Fill `network` from a safetensors or torch checkpoint; returns the parts that stay random (the classifier only).

    Torch checkpoints are read with `weights_only`, so nothing in them is run. Raises BinScoutError `weights_unreadable`
    or `weights_mismatch`.
    """
    given = _tensors(file)
    own = network.state_dict()
    head = classifier_names(network)
    fitting = {name: given[name] for name in own if name in given and given[name].shape == own[name].shape}
    wrong = sorted(set(own) - set(fitting) - head)
    if wrong:
        raise BinScoutError(
            f"The weights in {file.name} are not for this network: {len(wrong)} of {len(own)} tensors are missing"
            f" or of another shape, first {wrong[0]}.",
            hint="Name weights of the network of this preset, at its own image size.",
            code="weights_mismatch",
        )
    network.load_state_dict(fitting, strict=False)
    return sorted(set(own) - set(fitting))


def _tensors(file: Path) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            loaded: Any = load_file(file)
        else:
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        # The reader of torch trips over whatever a file that is none of its own holds, with errors of any kind.
        raise BinScoutError(
            f"The weights file {file} cannot be read: {_why(error)}.",
            hint="Name a .safetensors file, or a torch checkpoint that holds tensors only.",
            code="weights_unreadable",
        ) from error
    for wrapper in WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapper), Mapping):
            loaded = loaded[wrapper]
            break
    members = loaded.items() if isinstance(loaded, Mapping) else ()
    tensors = {name: value for name, value in members if isinstance(value, Tensor) and isinstance(name, str)}
    return {name.removeprefix("module."): value for name, value in tensors.items()}


def _why(error: Exception) -> str:
    """What is wrong with a file, without a full stop; what torch says of it is not for people."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, SafetensorError):
        return first_line(error).rstrip(".")
    if isinstance(error, MemoryError):
        return "it wants more memory than there is"
    return "it is no torch checkpoint of tensors, or a damaged one"


def classifier_names(network: nn.Module) -> set[str]:
    """The names of the tensors of a timm network's last layer."""
    heads = network.pretrained_cfg.get("classifier", "head")  # type: ignore[union-attr, operator]
    prefixes = (heads,) if isinstance(heads, str) else tuple(heads)
    return {name for name in network.state_dict() if name.startswith(prefixes)}


def download_pretrained(arch: str, options: Mapping[str, Any], classes: int) -> nn.Module:
    """The network with the weights of timm's hub; BinScoutError `weights_unavailable` when they cannot be had."""
    try:
        network: nn.Module = timm.create_model(arch, pretrained=True, num_classes=classes, **options)
    except Exception as error:
        # the hub client raises its own, httpx's, requests' and urllib's errors
        raise BinScoutError(
            f"The pretrained weights of {arch} could not be downloaded: {first_line(error)}",
            hint="Give a local file with --weights FILE, or train from scratch with --preset tiny.",
            code="weights_unavailable",
        ) from error
    return network


def parameter_groups(
    network: nn.Module, weight_decay: float, lr: float, layer_decay: float | None
) -> list[dict[str, Any]]:
    """Parameters for an optimizer: no decay for biases and norms, smaller steps for early layers if fine-tuned."""
    if layer_decay is not None:
        from timm.optim._param_groups import param_groups_layer_decay

        groups: list[dict[str, Any]] = param_groups_layer_decay(network, weight_decay, layer_decay=layer_decay)
        for group in groups:
            group["lr"] = lr * group.pop("lr_scale", 1.0)
        return groups
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    vectors = [weight for weight in network.parameters() if weight.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay, "lr": lr},
        {"params": vectors, "weight_decay": 0.0, "lr": lr},
    ]
