"""An HTTP server that misbehaves on command, and its faults."""

from collections.abc import Callable
import itertools
import os
import socket
import time
from typing import override

from cry_engine.errors import EngineError, SourceStalledError
from cry_engine.health import Health
from tests.streams import HTTP_OK, WAV_HEADER, HttpStream, Samples, mu_law

from . import sound
from .fault import UNAVAILABLE, Fault, Report, room
from .server import ServerStage, heal

type Answer = Callable[["BrokenHttp", socket.socket], None]


class BrokenHttp(HttpStream):
    """Serves an endless WAV, or something else entirely."""

    def __init__(self, port: int = 0, samples: Samples | None = None) -> None:
        """Serve samples, or the noise of a quiet room, on a port (0 is any that is free)."""
        self.answers: Answer | None = None
        """What new connections get in place of sound."""
        super().__init__(room() if samples is None else samples, port)

    def heal(self) -> None:
        """Behave again."""
        self.answers = None
        heal(self)

    @override
    def _serve(self, connection: socket.socket) -> None:
        if (answers := self.answers) is None:
            super()._serve(connection)
        else:
            # The request, lest closing an unread connection resets it.
            connection.recv(4096)
            answers(self, connection)

    def broken(self) -> bool:
        """Return whether it still is to misbehave, after a short while."""
        return not self.wait(0.05) and self.answers is not None


def _status(line: str, *headers: str, body: bytes = b"") -> Answer:
    head = [f"HTTP/1.1 {line}", *headers, f"Content-Length: {len(body)}"]
    answer = "\r\n".join([*head, "Connection: close", "", ""]).encode() + body
    return lambda server, connection: connection.sendall(answer)


def _then_nothing(start: bytes) -> Answer:
    def answers(server: BrokenHttp, connection: socket.socket) -> None:
        connection.sendall(start)
        while server.broken():
            pass

    return answers


def _then_on_and_on(start: bytes, piece: bytes, pause_s: float) -> Answer:
    def answers(server: BrokenHttp, connection: socket.socket) -> None:
        connection.sendall(start)
        due = time.monotonic()
        while server.broken():
            if time.monotonic() >= due:
                connection.sendall(piece)
                due += pause_s

    return answers


def _garbage(server: BrokenHttp, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while server.broken():
        # A first byte that no format begins with, and no frame that could be one.
        connection.sendall(os.urandom(800))


def _redirect_loop(server: BrokenHttp, connection: socket.socket) -> None:
    number = next(_REDIRECTS)
    _status("302 Found", f"Location: {server.url}?{number}")(server, connection)


_REDIRECTS = itertools.count()
_PLAYLIST = (
    b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n"
    b"#EXTINF:5,\nfile:///proc/self/environ\n"
)
_CONCAT_SCRIPT = (
    b"ffconcat version 1.0\nfile 'file:///etc/passwd'\n"
    b"option protocol_whitelist file\nstream\n"
)
_LOGIN_PAGE = b"<!DOCTYPE html><title>Camera</title><form>Password" + b" " * 4096

# Sound in which a packet is half there, and the connection is reset in the midst of it.
_HALF = HTTP_OK + WAV_HEADER[:20]


def _half_a_packet(server: BrokenHttp) -> None:
    cut = itertools.count()

    def disturb(packet: Samples) -> Samples:
        if next(cut) == 1:
            server.cut(reset=True)
        return packet[:77]

    server.disturb = disturb
    server.answers = lambda server, connection: None


def _fault(
    name: str,
    says: str,
    breaks: Callable[[BrokenHttp], object],
    reported: tuple[Report, ...] = UNAVAILABLE,
    *,
    from_start: bool = False,
    recovers: bool = True,
    url: Callable[[str], str] = str,
) -> Fault:
    return Fault(
        name=f"http {name}",
        says=says,
        stage=lambda: ServerStage(BrokenHttp, breaks, url),
        reported=reported,
        from_start=from_start,
        recovers=recovers,
    )


def _answering(name: str, says: str, answers: Answer) -> Fault:
    def breaks(server: BrokenHttp) -> None:
        server.answers = answers

    return _fault(name, says, breaks, from_start=True)


def _disturbing(
    name: str,
    says: str,
    disturb: Callable[[], Callable[[Samples], Samples | None]],
    *reported: type[EngineError] | Health,
) -> Fault:
    def breaks(server: BrokenHttp) -> None:
        server.disturb = disturb()

    return _fault(name, says, breaks, reported)


def _at_speed(speed: float) -> Callable[[BrokenHttp], None]:
    def breaks(server: BrokenHttp) -> None:
        server.speed = speed

    return breaks


HTTP_FAULTS: tuple[Fault, ...] = (
    _fault("refused", "nothing listens on the port", BrokenHttp.close, from_start=True),
    _fault(
        "unknown host",
        "the host's name leads nowhere",
        lambda server: None,
        from_start=True,
        recovers=False,
        url=lambda url: url.replace("127.0.0.1", "nursery.invalid"),
    ),
    _answering("closes", "it hangs up at once", lambda server, connection: None),
    _answering("never answers", "it takes the call and is mute", _then_nothing(b"")),
    _answering("401", "it asks for a password", _status("401 Unauthorized")),
    _answering("404", "there is no such stream", _status("404 Not Found")),
    _answering("503", "it has no room for one more", _status("503 Unavailable")),
    _answering(
        "endless headers",
        "its headers have no end",
        _then_on_and_on(
            b"HTTP/1.1 200 OK\r\n", b"X-Header: and one more\r\n" * 50, 0.0
        ),
    ),
    _answering(
        "slow loris",
        "its answer comes byte by byte",
        _then_on_and_on(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", 0.5),
    ),
    _answering(
        "redirect to a file",
        "it sends ffmpeg to a local file",
        _status("302 Found", "Location: file:///etc/passwd"),
    ),
    _answering("redirect loop", "it sends ffmpeg round and round", _redirect_loop),
    _answering(
        "playlist of files",
        "its playlist names local files",
        _status(
            "200 OK", "Content-Type: application/vnd.apple.mpegurl", body=_PLAYLIST
        ),
    ),
    _answering(
        "script with options",
        "it sends an ffmpeg script that widens the protocols",
        _status("200 OK", body=_CONCAT_SCRIPT),
    ),
    _answering(
        "login page",
        "it sends a page for people",
        _status("200 OK", "Content-Type: text/html", body=_LOGIN_PAGE),
    ),
    _answering("garbage", "it sends bytes that mean nothing", _garbage),
    _answering(
        "empty", "it sends nothing and says that this was all", _status("200 OK")
    ),
    _answering("half a header", "the WAV header breaks off", _then_nothing(_HALF)),
    _answering(
        "header alone",
        "the header is there, the sound is not",
        _then_nothing(HTTP_OK + WAV_HEADER),
    ),
    _answering(
        "one second",
        "a second of sound, then nothing",
        _then_nothing(HTTP_OK + WAV_HEADER + mu_law(room(1.0))),
    ),
    _fault(
        "stalls",
        "open, but nothing comes",
        lambda server: server.stalled.set(),
        (SourceStalledError,),
    ),
    _fault("drips", "sound at a third of its speed", _at_speed(0.33), (Health.SLOW,)),
    _fault(
        "trickles",
        "a packet every two seconds",
        _at_speed(0.01),
        (Health.SLOW, SourceStalledError),
    ),
    _disturbing(
        "gusts",
        "a fifth of a second, every two seconds",
        sound.in_gusts,
        Health.SLOW,
        SourceStalledError,
    ),
    _fault(
        "half the rate",
        "it goes on with half as many samples a second",
        _at_speed(0.5),
        (Health.SLOW,),
    ),
    _fault("reset", "the connection is reset", lambda server: server.cut(reset=True)),
    _fault("hangs up", "the connection is closed in good order", BrokenHttp.cut),
    _fault("half a packet", "it is reset within a packet", _half_a_packet),
    _fault("server gone", "the server is shut down, and comes back", BrokenHttp.close),
    _disturbing("silence", "pure digital silence", lambda: sound.silent, Health.SILENT),
    _disturbing("stuck", "one value for ever", lambda: sound.stuck, Health.STUCK),
    _disturbing("repeats", "one buffer for ever", sound.repeating, Health.STUCK),
    _disturbing(
        "overdriven", "all is at full scale", lambda: sound.overdriven, Health.CLIPPING
    ),
)
