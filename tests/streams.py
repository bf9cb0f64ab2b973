"""Servers on loopback that stream sound at the speed of the clock: HTTP and RTSP."""

from collections.abc import Callable, Iterator
import contextlib
from functools import partial
import itertools
import re
import socket
import struct
import threading
import time
from typing import Self, override

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]

# G.711 and its packets of 20 ms, as cameras send them.
RATE = 8_000
PACKET = 160


def mu_law(samples: Samples) -> bytes:
    """Encode samples of full scale -1 to 1 as G.711 mu-law (ITU-T G.711, table 2a)."""
    biased = np.minimum(np.abs(samples) * 32_768.0, 32_635.0).astype(np.int32) + 0x84
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0.0, 0x80, 0)
    encoded: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(
        np.uint8
    )
    return encoded.tobytes()


class Server:
    """Accepts connections on a loopback port, a thread for each."""

    def __init__(self, samples: Samples, port: int = 0) -> None:
        """Serve samples at 8 kHz, over and over, on a port (0 is any that is free)."""
        self.samples = samples
        self.requests: list[str] = []
        """The head of every request, as it came."""
        self.stalled = threading.Event()
        """Set, it keeps connections open and sends nothing more."""
        self.held = threading.Event()
        """Set, it holds back what is to be sent, as a network does that is gone for a moment; then all goes out at once."""
        self.speed = 1.0
        """How fast it sends, relative to the clock."""
        self.disturb: Callable[[Samples], Samples | None] = lambda packet: packet
        """What becomes of each packet; None leaves it out, as a codec does in silence."""
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        self._connections: set[socket.socket] = set()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._closed.is_set():
                connection, _ = self._listening.accept()
                self._connections.add(connection)
                self._start(partial(self._serve_safely, connection))

    def _serve_safely(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), connection:
            self._serve(connection)
        self._connections.discard(connection)

    def _serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until it is closed; return whether it is."""
        return self._closed.wait(seconds)

    def _packets(self) -> Iterator[Samples | None]:
        """Yield the samples in packets, for ever, each when its time has come; None for one that is left out."""
        due = time.monotonic()
        for number in itertools.count():
            if self._closed.wait(max(0.0, due - time.monotonic())):
                return
            while self.stalled.is_set():
                if self._closed.wait(0.05):
                    return
                due = time.monotonic()
            while self.held.is_set():
                if self._closed.wait(0.05):
                    return
            due += PACKET / RATE / self.speed
            yield self.disturb(self.packet(number))

    def packet(self, number: int) -> Samples:
        """Return the packet that a connection gets as its `number`-th, counted from 0: the samples from their start."""
        first = number * PACKET % (len(self.samples) // PACKET * PACKET)
        return self.samples[first : first + PACKET]

    @property
    def is_closed(self) -> bool:
        """Whether it serves no more."""
        return self._closed.is_set()

    def cut(self, *, reset: bool = False) -> None:
        """Cut every connection, politely or with a reset; new ones are served."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                if reset:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    # Who waits for a request lets go of it; the client is told nothing yet.
                    connection.shutdown(socket.SHUT_RD)
                else:
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


HTTP_OK = b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nConnection: close\r\n\r\n"
# A WAV file without end.
WAV_HEADER = (
    b"RIFF\xff\xff\xff\xffWAVE"
    + struct.pack("<4sIHHIIHH", b"fmt ", 16, 7, 1, RATE, RATE, 1, 8)
    + b"data\xff\xff\xff\xff"
)


def _head(connection: socket.socket) -> str:
    """Return the next request's head."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        # What a client sends over the RTP channels (receiver reports) is not a request.
        byte = connection.recv(1)
        if not byte:
            raise EOFError
        if not head and byte == b"$":
            length = struct.unpack(">xH", connection.recv(3, socket.MSG_WAITALL))[0]
            connection.recv(length, socket.MSG_WAITALL)
            continue
        head += byte
    return head.decode()


class HttpStream(Server):
    """An endless WAV over HTTP."""

    @property
    def url(self) -> str:
        """Where it can be heard."""
        return f"http://127.0.0.1:{self.port}/nursery.wav"

    @override
    def _serve(self, connection: socket.socket) -> None:
        self.requests.append(_head(connection))
        connection.sendall(HTTP_OK + WAV_HEADER)
        for packet in self._packets():
            if packet is not None:
                connection.sendall(mu_law(packet))


SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=nursery\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
)
SDP_AUDIO = "m=audio 0 RTP/AVP 0\r\na=control:audio\r\n"


class RtspStream(Server):
    """A camera: H.264 and PCMU, of which only the sound is really there."""

    @property
    def url(self) -> str:
        """Where it can be heard."""
        return f"rtsp://127.0.0.1:{self.port}/nursery"

    @property
    def tracks(self) -> set[str]:
        """The tracks that clients have asked for."""
        heads = [head for head in self.requests if head.startswith("SETUP ")]
        return {head.split()[1].rpartition("/")[2] for head in heads}

    @override
    def _serve(self, connection: socket.socket) -> None:
        playing = threading.Lock()
        while True:
            head = _head(connection)
            self.requests.append(head)
            method, target = head.split()[:2]
            number = re.search(r"^CSeq: *(\d+)", head, re.MULTILINE | re.IGNORECASE)
            answer = self.answer_to(method, target, number[1] if number else "0")
            with playing:
                connection.sendall(answer)
            if method == "PLAY":
                self._start(lambda: self._play(connection, playing))
            if method == "TEARDOWN":
                return

    def answer_to(self, method: str, target: str, number: str) -> bytes:
        """Return the answer to a request."""
        answer = ["RTSP/1.0 200 OK", f"CSeq: {number}", "Session: 1234"]
        body = ""
        if method == "OPTIONS":
            answer.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            body = f"{SDP}{SDP_AUDIO}"
            answer += [f"Content-Base: {target}/", "Content-Type: application/sdp"]
            answer.append(f"Content-Length: {len(body)}")
        elif method == "SETUP":
            answer.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        return ("\r\n".join([*answer, "", ""]) + body).encode()

    def frame(self, number: int, packet: Samples) -> bytes:
        """Return a packet as it is sent over the connection."""
        # RTP, RFC 3550 section 5.1: version 2, payload type 0 (PCMU, RFC 3551).
        time = number * PACKET & 0xFFFFFFFF
        header = struct.pack(">BBHII", 0x80, 0, number & 0xFFFF, time, 1)
        rtp = header + mu_law(packet)
        return b"$" + struct.pack(">BH", 0, len(rtp)) + rtp

    def _play(self, connection: socket.socket, playing: threading.Lock) -> None:
        with contextlib.suppress(OSError):
            for number, packet in enumerate(self._packets()):
                if packet is None:
                    continue
                framed = self.frame(number, packet)
                with playing:
                    connection.sendall(framed)
