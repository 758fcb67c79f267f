"""Passwords never show."""

from __future__ import annotations

import pytest

from binscout_tui.masking import masked, masked_config, names_secret, secrets_in


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:hunter2@cam/1: no route", "rtsp://***@cam/1: no route"),
        ("rtsp://admin:p@ss@cam/1", "rtsp://***@cam/1"),
        ("at https://token@host", "at https://***@host"),
        ("http://cam/?key=abc&size=3&psw=def#x", "http://cam/?key=***&size=3&psw=***#x"),
        ("GET /x?loginpas=q failed", "GET /x?loginpas=*** failed"),
        ("http://cam:80/keyframe=1?pwd={secret}", "http://cam:80/keyframe=1?pwd={secret}"),
        ("erik@example.org wrote 3 = 3", "erik@example.org wrote 3 = 3"),
        ("--password=x --api_key=y", "--password=*** --api_key=***"),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


def test_the_secrets_of_a_command_are_found_where_programs_take_them() -> None:
    argv = ["curl", "-u", "erik:hu", "--password", "p1", "-H", "Authorization: Bearer b1", "rtsp://a:c%20d@h/"]
    assert {"hu", "p1", "b1", "c%20d"} <= secrets_in(argv)
    assert secrets_in(["gphoto2", "--filename", "{output}", "-o", "-", "--key", "--other"]) == set()
    assert masked("said p1, b1, hu and c d, but not hut", secrets_in(argv)) == "said ***, ***, *** and ***, but not hut"


def test_a_configuration_is_shown_without_them() -> None:
    argv = ["ffmpeg", "-i", "rtsp://admin:hunter2@cam/1", "-frames", "1", "{output}"]
    shown = masked_config({"argv": argv, "timeout": 30, "extension": ".jpg"})
    assert shown["argv"] == ["ffmpeg", "-i", "rtsp://***@cam/1", "-frames", "1", "{output}"]
    assert (shown["timeout"], masked_config({"path": "/srv/in"})) == (30, {"path": "/srv/in"})


@pytest.mark.parametrize("name", ["pwd", "psw", "apiKey", "key", "access_token", "loginpas", "--password", "x-pin"])
def test_names_of_secrets(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize("name", ["user", "size", "keyframe", "spin", "signal", "quality", ""])
def test_names_of_other_things(name: str) -> None:
    assert not names_secret(name)
