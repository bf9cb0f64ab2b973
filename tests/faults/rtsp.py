"""A camera that misbehaves on command, and its faults."""

from collections.abc import Callable
import os
from typing import override

from cry_engine.errors import SourceStalledError
from cry_engine.health import Health
from tests.streams import SDP, RtspStream, Samples

from . import sound
from .fault import UNAVAILABLE, Fault, Report, room
from .server import ServerStage, heal


class BrokenRtsp(RtspStream):
    """Answers like a camera, or otherwise."""

    def __init__(self, port: int = 0) -> None:
        """Serve the noise of a quiet room on a port (0 is any that is free)."""
        self.answers: Callable[[str, bytes], bytes] = lambda method, answer: answer
        """What becomes of the answer to each method."""
        self.frames: Callable[[bytes], bytes] = lambda frame: frame
        """What becomes of each packet as it is sent."""
        super().__init__(room(), port)

    def heal(self) -> None:
        """Behave again."""
        self.answers = lambda method, answer: answer
        self.frames = lambda frame: frame
        heal(self)

    @override
    def answer_to(self, method: str, target: str, number: str) -> bytes:
        answer = super().answer_to(method, target, number)
        return self.answers(method, answer.replace(b"CSeq: 0", b""))

    @override
    def frame(self, number: int, packet: Samples) -> bytes:
        return self.frames(super().frame(number, packet))


def _instead(method: str, status: str, *headers: str) -> Callable[[BrokenRtsp], None]:
    """Return what makes a server give one method another answer."""

    def answers(asked: str, answer: bytes) -> bytes:
        if asked != method:
            return answer
        number = answer.split(b"CSeq: ")[1].split(b"\r\n")[0].decode()
        lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers, "", ""]
        return "\r\n".join(lines).encode()

    return lambda server: setattr(server, "answers", answers)


def _mute(method: str) -> Callable[[BrokenRtsp], None]:
    return lambda server: setattr(
        server, "answers", lambda asked, answer: b"" if asked == method else answer
    )


def _pictures_only(server: BrokenRtsp) -> None:
    def answers(method: str, answer: bytes) -> bytes:
        if method != "DESCRIBE":
            return answer
        head = answer.partition(b"Content-Length")[0].decode()
        return f"{head}Content-Length: {len(SDP)}\r\n\r\n{SDP}".encode()

    server.answers = answers


def _huge(method: str, answer: bytes) -> bytes:
    head = answer.partition(b"Content-Length")[0]
    return head + b"Content-Length: 2000000000\r\n\r\nv=0\r\n"


def _fault(
    name: str,
    says: str,
    breaks: Callable[[BrokenRtsp], object],
    reported: tuple[Report, ...] = UNAVAILABLE,
    *,
    from_start: bool = False,
) -> Fault:
    return Fault(
        name=f"rtsp {name}",
        says=says,
        stage=lambda: ServerStage(BrokenRtsp, breaks, str),
        reported=reported,
        from_start=from_start,
    )


def _disturbing(
    name: str, says: str, disturb: Callable[[Samples], Samples], health: Health
) -> Fault:
    return _fault(
        name, says, lambda server: setattr(server, "disturb", disturb), (health,)
    )


def _setting(name: str, value: object) -> Callable[[BrokenRtsp], None]:
    return lambda server: setattr(server, name, value)


def _reboot(server: BrokenRtsp) -> None:
    """Be gone as a camera is that loses its power: without a word."""
    server.cut(reset=True)
    server.close()


RTSP_FAULTS: tuple[Fault, ...] = (
    _fault("refused", "nothing listens on the port", BrokenRtsp.close, from_start=True),
    _fault(
        "401",
        "it asks for a password",
        _instead("DESCRIBE", "401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'),
        from_start=True,
    ),
    _fault(
        "404",
        "there is no such stream",
        _instead("DESCRIBE", "404 Not Found"),
        from_start=True,
    ),
    _fault(
        "453",
        "it has no bandwidth left",
        _instead("SETUP", "453 Not Enough Bandwidth"),
        from_start=True,
    ),
    _fault("mute", "it takes the call and is mute", _mute("OPTIONS"), from_start=True),
    _fault(
        "mute at PLAY", "it never says that it plays", _mute("PLAY"), from_start=True
    ),
    _fault("pictures only", "it has no sound", _pictures_only, from_start=True),
    _fault(
        "garbage",
        "its answers mean nothing",
        _setting("answers", lambda method, answer: os.urandom(200)),
        from_start=True,
    ),
    _fault(
        "huge description",
        "it announces a description of 2 GB",
        lambda server: setattr(
            server,
            "answers",
            lambda method, answer: (
                _huge(method, answer) if method == "DESCRIBE" else answer
            ),
        ),
        from_start=True,
    ),
    _fault(
        "redirect to a file",
        "it sends ffmpeg to a local file",
        _instead("DESCRIBE", "302 Found", "Location: file:///etc/passwd"),
        from_start=True,
    ),
    _fault(
        "plays nothing",
        "it says that it plays, and does not",
        lambda server: server.stalled.set(),
        from_start=True,
    ),
    _fault(
        "stalls",
        "open, but nothing comes",
        lambda server: server.stalled.set(),
        (SourceStalledError,),
    ),
    _fault(
        "drips",
        "sound at a third of its speed",
        _setting("speed", 0.33),
        (Health.SLOW,),
    ),
    _fault("reset", "the connection is reset", lambda server: server.cut(reset=True)),
    _fault("hangs up", "the connection is closed in good order", BrokenRtsp.cut),
    _fault("reboots", "the camera is gone, and comes back", _reboot),
    _fault(
        "broken frames",
        "what comes between the packets' marks is cut short",
        _setting("frames", lambda frame: frame[: len(frame) // 2]),
        (*UNAVAILABLE, Health.SLOW, Health.CLIPPING),
    ),
    _fault(
        "garbage in the stream",
        "bytes that mean nothing come in place of packets",
        _setting("frames", lambda frame: os.urandom(len(frame))),
        (*UNAVAILABLE, SourceStalledError, Health.SLOW),
    ),
    _disturbing("silence", "pure digital silence", sound.silent, Health.SILENT),
    _disturbing("stuck", "one value for ever", sound.stuck, Health.STUCK),
)
