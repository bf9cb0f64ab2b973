"""One source is one source, however it is written; and two are two."""

from itertools import combinations
from typing import Any

import pytest

from custom_components.cry_detector.source_key import source_key
from custom_components.cry_detector.stream_url import user_of, with_credentials

SAME: list[list[dict[str, Any]]] = [
    [{"source": "microphone", "device": "default"}],
    [
        {"source": "microphone", "device": name}
        for name in ("hw:CARD=Device,DEV=0", "plughw:Device,0", "hw:Device")
    ],
    [{"source": "microphone", "device": "hw:CARD=Device,DEV=1"}],
    [{"source": "microphone", "device": "pulse:alsa_input.usb"}],
    [
        {"source": "stream", "url": url}
        for url in (
            "rtsp://cam.lan:554/nursery",
            "rtsp://parent:secret@cam.lan:554/nursery",
            "rtsp://CAM.lan:554/nursery",
            "rtsp://cam.lan/nursery",
            "rtsp://p%40x@cam.lan:554/nursery",
        )
    ],
    [{"source": "stream", "url": "rtsp://cam.lan:554/Nursery"}],
    [{"source": "stream", "url": "rtsp://cam.lan:554/nursery?channel=2"}],
    [{"source": "stream", "url": "rtsp://cam.lan:8554/nursery"}],
    [{"source": "stream", "url": "rtsp://cam.lan:5554/nursery"}],
    [{"source": "stream", "url": "http://cam.lan:554/nursery"}],
    [
        {"source": "stream", "url": url}
        for url in ("http://cam.lan", "http://cam.lan/", "http://cam.lan:80/")
    ],
    [{"source": "stream", "url": "https://cam.lan:80/"}],
    [{"source": "stream", "url": "udp://cam.lan:554"}],
    [
        {"source": "file", "path": path, "loop": loop}
        for path in (
            "/media/room.wav",
            "/media/./x/../room.wav",
            "/media//room.wav",
            "//media/room.wav",
        )
        for loop in (True, False)
    ],
    [{"source": "camera", "entity_id": "camera.nursery"}],
]


@pytest.mark.parametrize("same", SAME, ids=lambda same: str(source_key(same[0])))
def test_ways_to_write_one_source(same: list[dict[str, Any]]) -> None:
    assert len({source_key(data) for data in same}) == 1


def test_different_sources() -> None:
    for one, other in combinations(SAME, 2):
        assert source_key(one[0]) != source_key(other[0])


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        ("parent", "neu", "rtsp://parent:neu@[fe80::1]:554/a?b=c"),
        ("p@x", "a/b:c", "rtsp://p%40x:a%2Fb%3Ac@[fe80::1]:554/a?b=c"),
        ("parent", "", "rtsp://parent@[fe80::1]:554/a?b=c"),
        ("", "token", "rtsp://:token@[fe80::1]:554/a?b=c"),
        ("", "", "rtsp://[fe80::1]:554/a?b=c"),
    ],
)
def test_other_credentials_leave_the_rest(
    user: str, password: str, expected: str
) -> None:
    url = with_credentials("rtsp://old:x%40y@[fe80::1]:554/a?b=c", user, password)
    assert url == expected
    assert user_of(url) == user
