"""What programs that make pictures write into them: prompts and their settings. Pure; everything is foreign.

The layouts are those of AUTOMATIC1111's web UI (`parameters`), ComfyUI (`prompt`), InvokeAI (`invokeai_metadata`,
`sd-metadata`, `Dream`) and NovelAI (`Description` and `Comment`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .metadata_words import LONGEST_PROMPT, MOST_ENTRIES, clean, from_json, line, scalar

# Keys are bounded, so that a long line without a colon costs no more than its length.
_SETTING = re.compile(r"\s*(\w[\w /-]{0,50}):\s*(\"[^\"]{0,1000}\"|[^,]{0,300})(?:,|$)")
_LONGEST_SETTINGS = 8_000
_MOST_STEPS = 20
_NEGATIVE = "Negative prompt:"
_SAMPLED = ("seed", "noise_seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
_INVOKED = ("seed", "steps", "cfg_scale", "scheduler", "sampler", "width", "height", "strength")
_NOVEL = ("steps", "sampler", "seed", "scale", "strength", "noise")


class Made(msgspec.Struct, frozen=True):
    """How a picture was made: the program, the prompt, what was not wanted, and settings by their names."""

    generator: str
    prompt: str
    negative: str = ""
    parameters: dict[str, str] = {}


def read(texts: Mapping[str, object]) -> Made | None:
    """What the text chunks of a file say of how it was made; None where they say nothing."""
    for key, reader in _READERS.items():
        if key in texts and (made := reader(texts)) is not None and (made.prompt or made.parameters):
            return made
    return None


def from_parameters(text: object) -> Made | None:
    """The `parameters` of the web UI: the prompt, what is not wanted, and last a line of settings."""
    said = clean(text, LONGEST_PROMPT)
    if not said:
        return None
    lines = said.split("\n")
    settings = ""
    at = next((number for number in range(len(lines) - 1, -1, -1) if lines[number].startswith("Steps: ")), None)
    if at is not None:
        settings, lines = ", ".join(lines[at:])[:_LONGEST_SETTINGS], lines[:at]
    beginning = next((number for number, one in enumerate(lines) if one.startswith(_NEGATIVE)), len(lines))
    negative = "\n".join(lines[beginning:]).removeprefix(_NEGATIVE).strip()
    found = {line(key): line(value.strip('"')) for key, value in _SETTING.findall(settings)[:MOST_ENTRIES]}
    return Made("stable-diffusion-webui", "\n".join(lines[:beginning]).strip(), negative, _filled(found))


def looks_like_parameters(text: str) -> bool:
    """Whether a comment is such a text."""
    return "Steps: " in text and ("Sampler" in text or _NEGATIVE in text)


def _webui(texts: Mapping[str, object]) -> Made | None:
    return from_parameters(texts["parameters"])


def _comfy(texts: Mapping[str, object]) -> Made | None:
    nodes = from_json(texts["prompt"])
    if not isinstance(nodes, dict):
        return None
    graph = {key: node for key, node in nodes.items() if isinstance(node, dict) and isinstance(_inputs(node), dict)}
    sampler = next((node for node in graph.values() if {"positive", "negative"} <= _inputs(node).keys()), None)
    settings: dict[str, str] = {}
    if sampler is not None:
        prompt = _words_of(graph, _inputs(sampler)["positive"])
        negative = _words_of(graph, _inputs(sampler)["negative"])
        settings = {key: scalar(_inputs(sampler).get(key)) for key in _SAMPLED}
    else:
        said = [clean(_inputs(node).get("text"), LONGEST_PROMPT) for node in list(graph.values())[:MOST_ENTRIES]]
        prompt, negative = "\n\n".join(dict.fromkeys(filter(None, said))), ""
    model = next((name for node in graph.values() if (name := line(_inputs(node).get("ckpt_name")))), "")
    return Made("comfyui", prompt[:LONGEST_PROMPT], negative, _filled(settings | {"model": model}))


def _inputs(node: dict[str, Any]) -> dict[str, Any]:
    inputs: dict[str, Any] = node.get("inputs", {})
    return inputs


def _words_of(graph: dict[str, dict[str, Any]], link: object) -> str:
    """The text of the node that a link leads to, or of the first one before it that has some."""
    waiting, seen = [link], set[str]()
    while waiting and len(seen) < _MOST_STEPS:
        one = waiting.pop(0)
        if isinstance(one, str):
            if found := clean(one, LONGEST_PROMPT):
                return found
        elif isinstance(one, list) and one and str(one[0]) in graph and str(one[0]) not in seen:
            seen.add(str(one[0]))
            inputs = _inputs(graph[str(one[0])])
            named = [inputs[key] for key in ("text", "text_g", "text_l", "string", "value") if key in inputs]
            waiting += [*named, *(value for value in inputs.values() if isinstance(value, list))]
    return ""


def _invoke(texts: Mapping[str, object]) -> Made | None:
    said = from_json(texts["invokeai_metadata"])
    if not isinstance(said, dict):
        return None
    model = said.get("model")
    named = model if isinstance(model, dict) else {}
    name = next((line(named[key]) for key in ("name", "model_name") if key in named), "")
    settings = {key: scalar(said.get(key)) for key in _INVOKED} | {"model": name}
    prompt, negative = clean(said.get("positive_prompt"), LONGEST_PROMPT), clean(said.get("negative_prompt"))
    return Made("invokeai", prompt, negative, _filled(settings))


def _invoke_before(texts: Mapping[str, object]) -> Made | None:
    said = from_json(texts["sd-metadata"])
    image = said.get("image") if isinstance(said, dict) else None
    if not isinstance(image, dict):
        return None
    prompt = image.get("prompt")
    if isinstance(prompt, list) and prompt and isinstance(prompt[0], dict):
        prompt = prompt[0].get("prompt")
    return Made(
        "invokeai", clean(prompt, LONGEST_PROMPT), "", _filled({key: scalar(image.get(key)) for key in _INVOKED})
    )


def _dream(texts: Mapping[str, object]) -> Made | None:
    said = clean(texts["Dream"], LONGEST_PROMPT)
    prompt = said[1:].partition('"')[0] if said.startswith('"') else said.partition(" -")[0]
    return Made("invokeai", prompt.strip())


def _novel(texts: Mapping[str, object]) -> Made | None:
    said = from_json(texts["Comment"])
    if not isinstance(said, dict) or not ({"uc", "prompt"} & said.keys()):
        return None
    prompt = clean(said.get("prompt"), LONGEST_PROMPT) or clean(texts.get("Description"), LONGEST_PROMPT)
    return Made("novelai", prompt, clean(said.get("uc")), _filled({key: scalar(said.get(key)) for key in _NOVEL}))


def _filled(found: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in found.items() if value}


_READERS: dict[str, Callable[[Mapping[str, object]], Made | None]] = {
    "parameters": _webui,
    "invokeai_metadata": _invoke,
    "sd-metadata": _invoke_before,
    "Dream": _dream,
    "Comment": _novel,
    "prompt": _comfy,
}
"""By the chunk that tells which program it was, in this order: some write those of others beside their own."""
USED = frozenset({*_READERS, "workflow", "Description", "invokeai_graph", "invokeai_workflow"})
"""Chunks that are not told again as they are where one of these programs was found."""
