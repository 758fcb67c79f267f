"""Cameras behind HTTP: a real server that stalls, lies about its length, sends streams and pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from binscout_tui.capture import kinds
from binscout_tui.capture.http import Http
from binscout_tui.capture.http_config import HttpConfig
from binscout_tui.capture.http_config import check as check_http
from binscout_tui.capture.source import SourceError
from binscout_tui.errors import BinScoutError, UsageError

from ..pictures import photo
from .cameras import SECRET, UMLAUT, free_port, serving


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return photo(tmp_path_factory.mktemp("camera") / "a.jpg", 1, size=(320, 240)).read_bytes()


@pytest.fixture(scope="module")
def address(picture: bytes) -> Iterator[str]:
    with serving(picture) as url:
        yield url


def shoot(folder: Path, url: str, **options: object) -> bytes:
    config = HttpConfig(url, **options)  # type: ignore[arg-type]
    return Http(config).shoot(folder, threading.Event()).read_bytes()


@pytest.mark.parametrize("path", ["snapshot", "unlabelled", "chunked", "once_more", "stream", "stream_cut"])
def test_a_picture_comes_as_it_is(tmp_path: Path, address: str, picture: bytes, path: str) -> None:
    assert shoot(tmp_path, f"{address}/{path}") == picture


def test_pictures_of_a_stream_are_passed_over(tmp_path: Path, address: str, picture: bytes) -> None:
    assert shoot(tmp_path, f"{address}/stream", skip=3) == picture
    with pytest.raises(SourceError, match="ended its stream before a picture was whole"):
        shoot(tmp_path, f"{address}/stream_cut", skip=3)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("too_long", "ended its answer early"),
        ("says_huge", "sends more than 1 MiB"),
        ("endless", "sends more than 1 MiB"),
        ("stream_endless", "sends more than 1 MiB"),
        ("stalls", "sent nothing for 0.5 s"),
        ("silent", "sent nothing for 0.5 s"),
        ("drips", "did not give a whole picture within 1.5 s"),
        ("drips_headers", "did not give a whole picture within 1.5 s"),
        ("page", "answered with a web page instead of a picture"),
        ("hidden_page", "answered with a web page instead of a picture"),
        ("nothing", "answered with nothing"),
        ("broken", "answered HTTP 503 Service Unavailable"),
        ("missing", "answered HTTP 404 Not Found"),
        ("nonsense", "does not speak HTTP"),
        ("compressed", "compressed picture"),
        ("for_ever", "sends on more than 3 times"),
        ("elsewhere", "sends on to something that is not HTTP"),
        ("stream_ends", "ended its stream before a picture was whole"),
        ("basic", r"refuses the user \(HTTP 401\)"),
    ],
)
def test_what_is_no_picture_is_told_in_a_sentence(tmp_path: Path, address: str, path: str, sentence: str) -> None:
    begun = time.monotonic()
    with pytest.raises(SourceError, match=sentence):
        shoot(tmp_path, f"{address}/{path}", read=0.5, total=1.5, max_mb=1)
    assert time.monotonic() - begun < 20


def test_a_length_that_is_too_short_cuts_the_picture_off(tmp_path: Path, address: str, picture: bytes) -> None:
    assert shoot(tmp_path, f"{address}/too_short") == picture[: len(picture) // 2]


def test_no_redirect_is_followed_where_none_is_allowed(tmp_path: Path, address: str) -> None:
    with pytest.raises(SourceError, match="answered HTTP 302"):
        shoot(tmp_path, f"{address}/once_more", redirects=0)


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be reached"):
        shoot(tmp_path, f"http://127.0.0.1:{free_port()}/snapshot")


def test_the_process_that_leaves_does_not_wait_for_the_camera(tmp_path: Path, address: str) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SourceError) as caught:
        Http(HttpConfig(f"{address}/silent", read=60, total=60)).shoot(tmp_path, stop)
    assert caught.value.code == "stopped"


@pytest.mark.parametrize("auth", ["basic", "digest", "bearer"])
def test_secrets_come_from_the_environment_or_a_file_of_ones_own(
    tmp_path: Path, address: str, picture: bytes, auth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_SECRET", SECRET)
    options = {"auth": auth, "user": "erik"}
    assert shoot(tmp_path, f"{address}/{auth}", secret_env="CAMERA_SECRET", **options) == picture
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o640)
    with pytest.raises(SourceError, match="could be read by others"):
        shoot(tmp_path, f"{address}/{auth}", secret_file=str(file), **options)
    file.chmod(0o600)
    assert shoot(tmp_path, f"{address}/{auth}", secret_file=str(file), **options) == picture


def test_a_user_and_a_secret_need_not_be_ascii(
    tmp_path: Path, address: str, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UMLAUT", UMLAUT)
    monkeypatch.setenv("CAMERA_SECRET", SECRET)
    assert shoot(tmp_path, f"{address}/bearer_umlaut", auth="bearer", secret_env="UMLAUT") == picture
    digest = {"auth": "digest", "user": UMLAUT, "secret_env": "CAMERA_SECRET"}
    assert shoot(tmp_path, f"{address}/digest_umlaut", **digest) == picture


@pytest.mark.parametrize("hidden", ["two\nlines", "no\udcfftext"])
def test_a_secret_that_cannot_be_sent_is_told(
    tmp_path: Path, address: str, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_SECRET", hidden)
    with pytest.raises(SourceError, match="CAMERA_SECRET holds no text on one line"):
        shoot(tmp_path, f"{address}/bearer", auth="bearer", secret_env="CAMERA_SECRET")


def test_a_login_that_nobody_knows_is_told(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_SECRET", SECRET)
    with pytest.raises(SourceError, match="in a way that is not known"):
        shoot(tmp_path, f"{address}/digest_unknown", auth="digest", user="erik", secret_env="CAMERA_SECRET")


def test_a_secret_may_stand_in_the_address(
    tmp_path: Path, address: str, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_SECRET", SECRET)
    assert shoot(tmp_path, f"{address}/query?key={{secret}}", secret_env="CAMERA_SECRET") == picture


@pytest.mark.parametrize("path", ["broken", "too_long", "for_ever", "elsewhere", "silent", "nonsense", "basic"])
def test_no_secret_gets_into_a_message(
    tmp_path: Path, address: str, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CAMERA_SECRET", "hush")
    camera = Http(HttpConfig(f"{address}/{path}?key={{secret}}", auth="basic", secret_env="CAMERA_SECRET", read=0.3))
    with pytest.raises(SourceError) as caught:
        camera.shoot(tmp_path, threading.Event())
    said = [str(caught.value), caught.value.hint, camera.name, str(caught.value.__cause__), caplog.text]
    assert not [text for text in said if "hush" in text]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"url": "ftp://camera/x"}, "begins with http"),
        ({"url": "http:///x"}, "names a host"),
        ({"url": "http://camera:99999/x"}, "cannot be read"),
        ({"url": "http://erik:hushed@camera/x"}, "password in the address"),
        ({"url": "http://camera/x?user=a&pwd=hushed"}, "secret pwd=… in the address"),
        ({"url": "http://camera/x?API_KEY=hushed"}, "secret API_KEY=… in the address"),
        ({"url": "http://camera/x?key=hushed"}, "secret key=… in the address"),
        ({"url": "http://camera/x?size=1;psw=hushed"}, "secret psw=… in the address"),
        ({"url": "http://camera/loginpas=hushed/x"}, "secret loginpas=… in the address"),
        ({"url": "http://camera/x#to%6ben=hushed"}, "secret token=… in the address"),
        ({"url": "http://erik:hushed/x@camera/"}, "cannot be read"),
        ({"url": "http://camera/x", "auth": "basic"}, "secret is missing"),
        ({"url": "http://camera/x?pwd={secret}"}, "secret is missing"),
    ],
)
def test_an_address_that_would_keep_a_secret_is_refused(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        kinds.check("http", options, Path("/nowhere"))
    assert "hushed" not in str(caught.value)


def test_a_good_address_is_taken() -> None:
    check_http(HttpConfig("http://camera:8080/shot.jpg?size=large&keyframe=1&usr=erik"))
    check_http(HttpConfig("https://camera/x?pwd={secret}", secret_env="NAME"))


@pytest.mark.parametrize("missing", ["variable", "file", "empty file"])
def test_a_secret_that_is_not_there(tmp_path: Path, missing: str, address: str) -> None:
    (tmp_path / "empty").touch(0o600)
    options = {
        "variable": {"secret_env": "NO_SUCH_VARIABLE_HERE"},
        "file": {"secret_file": str(tmp_path / "none")},
        "empty file": {"secret_file": str(tmp_path / "empty")},
    }
    with pytest.raises(BinScoutError) as caught:
        shoot(tmp_path, f"{address}/snapshot", auth="bearer", **options[missing])
    assert caught.value.code == "secret"
