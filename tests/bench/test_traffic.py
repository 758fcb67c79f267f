"""What is recognised in the bytes that programs send."""

from __future__ import annotations

from pathlib import Path

import pytest

from binscout_tui.bench.area import Area
from binscout_tui.bench.comparing import request_for
from binscout_tui.bench.peers import PEERS, Peer, timed
from binscout_tui.bench.traffic import Shown, has_picture, shown_in
from binscout_tui.cli.bench_rows import sent
from binscout_tui.terminal.graphics import Protocol
from binscout_tui.terminal.payload import Quality, encode, scale
from tests.pictures import photo

AREA = Area(40, 10)
# 4:3 in 400x200 pixels: 27 columns of 10 pixels, and sixel in whole bands of 6.
DOTS = {Protocol.KITTY: (270, 200), Protocol.SIXEL: (270, 198), Protocol.HALFBLOCK: (27, 20)}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    photo(tmp_path / "p.jpg", 1, size=(640, 480))
    return tmp_path / "p.jpg"


@pytest.mark.parametrize("protocol", DOTS)
def test_our_own_pictures(picture: Path, protocol: Protocol) -> None:
    request = request_for(picture, protocol, AREA, Quality.FINE)
    data = sent(encode(scale(request), request))
    assert shown_in(data) == Shown(protocol, DOTS[protocol])
    assert has_picture(data, protocol)
    assert not any(has_picture(data, other) for other in DOTS if other is not protocol)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.who)
@pytest.mark.parametrize("protocol", DOTS)
def test_pictures_of_peers(picture: Path, peer: Peer, protocol: Protocol) -> None:
    if not peer.is_there:
        pytest.skip(f"{peer.program} is not installed")
    if protocol not in peer.options:
        pytest.skip(f"{peer.who} is for other protocols")
    if peer.program == "timg" and protocol is Protocol.SIXEL:
        pytest.skip("older versions of timg show half blocks instead")
    _, data = timed(peer.command(protocol, picture, AREA), AREA)
    shown = shown_in(data)
    assert shown is not None
    assert shown.protocol is protocol
    assert shown.size is not None
    assert all(abs(a - b) <= 0.05 * b for a, b in zip(shown.size, DOTS[protocol], strict=True)), shown.size


def test_placeholders_alone_are_a_picture() -> None:
    assert has_picture("\x1b[38;2;1;2;3m\U0010eeee\u0305\u0305".encode(), Protocol.KITTY)


@pytest.mark.parametrize("data", [b"", b"\x1b[2J\x1b[1;1Hwords", "▀▄ a meter".encode(), b"\x1b_Gi=3,a=d,d=I\x1b\\"])
def test_what_is_no_picture(data: bytes) -> None:
    assert not any(has_picture(data, protocol) for protocol in DOTS)
