"""What files say of themselves: EXIF, XMP, text chunks, sidecars; and files that mean harm."""

from __future__ import annotations

import json
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pictures import encoded, photo
from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from binscout_tui.imaging import metadata, metadata_prompts, metadata_words, metadata_xmp, png_texts
from binscout_tui.imaging.decode import examine
from binscout_tui.imaging.glance import glance
from binscout_tui.imaging.outcomes import Decoded, Glanced, Limits, Told
from binscout_tui.imaging.pool import DecodePool

PARAMETERS = (
    "a **brass gear**, macro\nsharp <lora:gear:0.8>\nNegative prompt: blurry,\ntext\n"
    'Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123, Size: 512x512, Model: foo, Lora hashes: "gear: 1a, b: 2"'
)
COMFY = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 5, "steps": 8, "cfg": 1.5, "positive": ["6", 0], "negative": ["7", 0]},
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "foo.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["9", 0], "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "9": {"class_type": "String", "inputs": {"value": "a brass gear"}},
}
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:iptc="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    b'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Gears &amp; nuts</rdf:li></rdf:Alt></dc:title>'
    b"<dc:subject><rdf:Bag><rdf:li>brass</rdf:li><rdf:li>gear</rdf:li><rdf:li>brass</rdf:li></rdf:Bag></dc:subject>"
    b"<iptc:PersonInImage><rdf:Bag><rdf:li>Ada</rdf:li></rdf:Bag></iptc:PersonInImage>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>'
)


def png(folder: Path, name: str = "a.png", **texts: str) -> Path:
    """A PNG with text chunks."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_itxt(key.replace("__", "-"), text)
    photo(64, 48).save(folder / name, pnginfo=info)
    return folder / name


def told(path: Path) -> Told:
    """What a file that must be good says."""
    outcome = examine(path, Limits(), None)
    assert isinstance(outcome, Decoded), outcome
    return outcome.told


def test_parameters_of_the_web_ui(tmp_path: Path) -> None:
    found = told(png(tmp_path, parameters=PARAMETERS))
    assert found.prompt == "a **brass gear**, macro\nsharp <lora:gear:0.8>"
    assert found.data["negative"] == "blurry,\ntext"
    assert found.data["generator"] == found.data["prompt_from"] == "stable-diffusion-webui"
    assert found.data["parameters"] == {
        "Steps": "20",
        "Sampler": "Euler a",
        "CFG scale": "7",
        "Seed": "123",
        "Size": "512x512",
        "Model": "foo",
        "Lora hashes": "gear: 1a, b: 2",
    }
    assert "texts" not in found.data


@pytest.mark.parametrize(
    ("texts", "generator", "prompt", "some"),
    [
        ({"prompt": json.dumps(COMFY), "workflow": "{}"}, "comfyui", "a brass gear", {"seed": "5", "cfg": "1.5"}),
        (
            {"prompt": json.dumps({"1": {"inputs": {"text": "only text"}}})},
            "comfyui",
            "only text",
            {},
        ),
        (
            {"invokeai_metadata": json.dumps({"positive_prompt": "gear", "seed": 7, "model": {"name": "foo"}})},
            "invokeai",
            "gear",
            {"seed": "7", "model": "foo"},
        ),
        (
            {"sd__metadata": json.dumps({"image": {"prompt": [{"prompt": "gear"}], "steps": 9}})},
            "invokeai",
            "gear",
            {"steps": "9"},
        ),
        ({"Dream": '"a gear" -s 50 -S 1'}, "invokeai", "a gear", {}),
        (
            {"Software": "NovelAI", "Description": "1girl", "Comment": json.dumps({"uc": "bad", "seed": 3})},
            "novelai",
            "1girl",
            {"seed": "3"},
        ),
    ],
)
def test_prompts_of_other_programs(
    tmp_path: Path, texts: dict[str, str], generator: str, prompt: str, some: dict[str, str]
) -> None:
    found = told(png(tmp_path, **texts))
    assert (found.data["generator"], found.prompt) == (generator, prompt)
    assert found.data.get("parameters", {}).items() >= some.items()


def test_a_comment_of_a_jpeg_can_be_parameters(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + PARAMETERS.encode("utf-16-be")
    (tmp_path / "a.jpg").write_bytes(encoded(photo(64, 48), exif=exif))
    assert told(tmp_path / "a.jpg").prompt.startswith("a **brass gear**")


def test_what_a_camera_writes(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Canon", "Canon EOS R\0\x1b[31m"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ExposureTime] = TiffImagePlugin.IFDRational(1, 250)
    details[ExifTags.Base.FNumber] = TiffImagePlugin.IFDRational(28, 10)
    details[ExifTags.Base.FocalLength] = TiffImagePlugin.IFDRational(1, 0)
    details[ExifTags.Base.ISOSpeedRatings] = 400
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitude], place[ExifTags.GPS.GPSLatitudeRef] = (48.0, 30.0, 0.0), "S"
    place[ExifTags.GPS.GPSLongitude], place[ExifTags.GPS.GPSLongitudeRef] = (11.0, 15.0, 36.0), "E"
    (tmp_path / "a.jpg").write_bytes(encoded(photo(64, 48), exif=exif))
    assert told(tmp_path / "a.jpg").data == {
        "camera": "Canon EOS R[31m",
        "exposure": "1/250 s",
        "aperture": "f/2.8",
        "iso": "400",
        "gps": {"latitude": -48.5, "longitude": 11.26},
    }


def test_title_and_keywords_of_xmp(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(photo(64, 48), xmp=XMP))
    assert told(tmp_path / "a.jpg").data == {
        "title": "Gears & nuts",
        "keywords": ["brass", "gear"],
        "people": ["Ada"],
    }


@pytest.mark.parametrize("packet", [BOMB, b"<x>" * 5000, b"<not xml", b"<x>\xff\xfe</x>", b"<a>" + b"x" * (2 << 20)])
def test_hostile_xmp_is_told_and_left_out(packet: bytes) -> None:
    with pytest.raises(metadata_xmp.XmpError):
        metadata_xmp.read(packet)


def test_broken_metadata_never_costs_the_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(photo(64, 48), xmp=BOMB))
    found = told(tmp_path / "a.jpg")
    assert "document type" in found.data["problems"][0]


def test_deep_and_broken_json_says_nothing(tmp_path: Path) -> None:
    for text in ("[" * 100_000, '{"1": ' * 3000, "{nonsense", "[1, 2]", '{"1": {"inputs": 5}, "2": []}', "null"):
        assert told(png(tmp_path, prompt=text)).prompt == ""


def test_sidecars_say_what_the_file_does_not(tmp_path: Path) -> None:
    path = png(tmp_path, "a.png")
    (tmp_path / "a.txt").write_text("an old \x1b[31mscrew\u202e\n", encoding="utf-8")
    (tmp_path / "a.png.json").write_text(
        json.dumps({"title": "Rust", "tags": "a, b;a", "deep": {"1": {"2": {"3": {"4": {"5": {"6": 1}}}}}}})
    )
    found = told(path)
    assert found.prompt == found.data["caption"] == "an old [31mscrew"
    assert (found.data["title"], found.data["keywords"]) == ("Rust", ["a", "b"])
    assert found.data["prompt_from"] == "caption"
    assert found.data["sidecar"]["deep"]["1"]["2"]["3"]["4"] == {"5": None}
    assert told(png(tmp_path, "a.png", parameters=PARAMETERS)).prompt.startswith("a **brass gear**")


def test_sidecars_that_lead_elsewhere_or_are_too_large_are_not_read(tmp_path: Path) -> None:
    path = png(tmp_path, "a.png")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "a.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "a.json").write_text('{"prompt": "' + "x" * 70_000 + '"}')
    found = told(path)
    assert found.prompt == ""
    assert found.data == {
        "problems": ["a.json has more than 64 KiB and was not read.", "a.txt is a link and was left out."]
    }


def test_problems_of_the_picture_and_of_what_lies_beside_it_are_both_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(photo(64, 48), xmp=BOMB))
    (tmp_path / "a.jpg.json").write_text("[]")
    (tmp_path / "a.txt").mkdir()
    document, beside, folder = told(tmp_path / "a.jpg").data["problems"]
    assert "document type" in document
    assert beside == "a.jpg.json is not a JSON object and was left out."
    assert folder == "a.txt is no ordinary file and was left out."


@pytest.mark.parametrize("text", ["0 0.51 0.44 0.1 0.2\n1 0.2 0.3 1e-3 0.1\n", "-1", "3\t4"])
def test_boxes_beside_a_picture_are_no_words_about_it(tmp_path: Path, text: str) -> None:
    path = png(tmp_path)
    (tmp_path / "a.txt").write_text(text)
    assert told(path) == Told()
    (tmp_path / "a.png.txt").write_text("E")
    assert told(path).prompt == "E", "a letter of numbers alone is a word"


@pytest.mark.parametrize("is_wide", [False, True])
def test_a_text_that_is_too_long_costs_neither_the_picture_nor_its_prompt(tmp_path: Path, is_wide: bool) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", PARAMETERS, zip=True)
    add = info.add_itxt if is_wide else info.add_text
    add("workflow", "x" * (2 << 20), zip=True)
    photo(64, 48).save(tmp_path / "a.png", pnginfo=info)
    found = told(tmp_path / "a.png")
    assert found.prompt.startswith("a **brass gear**")
    assert found.data["problems"] == [png_texts.LEFT_OUT]
    glanced = glance(tmp_path / "a.png", Limits())
    assert isinstance(glanced, Glanced)
    assert (glanced.width, glanced.height) == (64, 48)


@pytest.mark.parametrize("chunk", [b"a\0\1nonsense", b"a\0\0nonsense", b"a\0", b"a", b""])
def test_a_text_that_is_no_text_never_costs_the_picture(tmp_path: Path, chunk: bytes) -> None:
    content = png(tmp_path).read_bytes()
    broken = len(chunk).to_bytes(4, "big") + b"zTXt" + chunk + zlib.crc32(b"zTXt" + chunk).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(content[:33] + broken + content[33:])
    assert told(tmp_path / "a.png").prompt == ""


@given(st.binary(max_size=80))
def test_a_file_without_such_a_text_stays_as_it_is(rest: bytes) -> None:
    assert png_texts.without_long(rest) is None
    assert png_texts.without_long(b"\x89PNG\r\n\x1a\n\0\0\0\0IEND" + rest) is None


def test_what_is_kept_is_bounded() -> None:
    huge = {"texts": {f"{number}": "€" * 2000 for number in range(200)}, "camera": "x"}
    found = metadata.fitting("p" * 100_000, huge)
    assert len(found.prompt) == 40_000
    assert found.data == {"camera": "x", "problems": ["Too much to keep: texts was left out."]}


def test_long_lines_cost_no_more_than_their_length() -> None:
    began = time.process_time()
    for line in ("Steps: 1" + "a" * 40_000, "Steps: " + "a b-" * 10_000, "Steps: 1, " + 'k: "' * 10_000):
        metadata_prompts.from_parameters(f"prompt\n{line}")
    assert time.process_time() - began < 1


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    found = metadata_words.clean(text)
    assert all(character == "\n" or character.isprintable() for character in found)
    assert len(found) <= metadata_words.LONGEST


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_becomes_shallow_json(value: Any) -> None:
    found = metadata_words.bounded(value)
    assert _depth(found) <= metadata_words.DEEPEST
    json.dumps(found, allow_nan=False)


def test_it_comes_through_a_worker_process(tmp_path: Path, pool: DecodePool) -> None:
    outcome = pool.decode_one(png(tmp_path, parameters=PARAMETERS))
    assert isinstance(outcome, Decoded)
    assert outcome.told.data["parameters"]["Seed"] == "123"
    assert outcome.told.prompt.startswith("a **brass gear**")
