"""Asks a PulseAudio server, or PipeWire in its place, which number a source has: a corner of its native protocol.

A number is never given twice: a source that has another one than before was gone meanwhile. The
client library is not used, since one that hangs would hold up this whole process.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
import os
from pathlib import Path
import re
import socket
import struct
import time
from typing import Self

# Of PulseAudio's src/pulsecore/native-common.h.
_ERROR, _REPLY, _AUTH, _SET_CLIENT_NAME, _LOOKUP_SOURCE = 0, 2, 8, 9, 11
_NO_SUCH_ENTITY = 5
# Before version 30 there is no shared memory to be agreed on.
_VERSION = 13

_COOKIE_BYTES = 256
_HEADER = struct.Struct(">5I")
_CONTROL = 0xFFFFFFFF
# What is asked here has answers of some dozen bytes.
_LONGEST_ANSWER = 1 << 16

# It is on this machine, and answers at once or hangs.
_TIMEOUT_S = 0.5


class PulseServer:
    """A connection to a server; what fails raises OSError."""

    def __init__(self, path: Path, cookie: bytes) -> None:
        """Connect.

        Args:
            path: of its socket.
            cookie: what proves that this may, 256 bytes; a user's own server does not ask for it.
        """
        self._tag = 0
        self._deadline_s = 0.0
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(_TIMEOUT_S)
            self._socket.connect(str(path))
            self._ask(_AUTH, _number(_VERSION) + _bytes(cookie))
            name = b"Cry Detector\0"
            properties = _text("application.name") + _number(len(name)) + _bytes(name)
            self._ask(_SET_CLIENT_NAME, b"P" + properties + b"N")
        except BaseException:
            self.close()
            raise

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Connect to the server that PulseAudio's own library would."""
        path = next((path for path in _paths(environment) if path.is_socket()), None)
        if path is None:
            raise FileNotFoundError("there is no PulseAudio on this machine")
        return cls(path, _cookie(environment))

    def index_of(self, source: str) -> int | None:
        """Return the number of a source, or None where there is none of that name."""
        answer = self._ask(_LOOKUP_SOURCE, _text(source))
        return None if answer is None else _read_number(answer, 0)

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()

    def _ask(self, command: int, arguments: bytes) -> bytes | None:
        """Return what is answered, or None where there is no such thing."""
        self._tag += 1
        self._deadline_s = time.monotonic() + _TIMEOUT_S
        packet = _number(command) + _number(self._tag) + arguments
        header = _HEADER.pack(len(packet), _CONTROL, 0, 0, 0)
        self._socket.sendall(header + packet)
        while True:
            length, channel, *_ = _HEADER.unpack(self._receive(_HEADER.size))
            if length > _LONGEST_ANSWER:
                raise OSError("PulseAudio answers with more than was asked for")
            answer = self._receive(length)
            # What belongs to another question, or is told without one.
            if channel != _CONTROL or _read_number(answer, 5) != self._tag:
                continue
            kind = _read_number(answer, 0)
            if kind == _ERROR and _read_number(answer, 10) == _NO_SUCH_ENTITY:
                return None
            if kind != _REPLY:
                raise OSError("PulseAudio refuses to answer")
            return answer[10:]

    def _receive(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            if (left_s := self._deadline_s - time.monotonic()) <= 0.0:
                raise TimeoutError("PulseAudio does not answer")
            self._socket.settimeout(left_s)
            if not (piece := self._socket.recv(length - len(received))):
                raise ConnectionResetError("PulseAudio has hung up")
            received += piece
        return received


def _number(value: int) -> bytes:
    return struct.pack(">cI", b"L", value)


def _text(value: str) -> bytes:
    return b"t" + value.encode() + b"\0"


def _bytes(value: bytes) -> bytes:
    return struct.pack(">cI", b"x", len(value)) + value


def _read_number(packet: bytes, at: int) -> int:
    if packet[at : at + 1] != b"L" or len(packet) < at + 5:
        raise OSError("PulseAudio answers with something else")
    return int.from_bytes(packet[at + 1 : at + 5])


def _paths(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield where a server's socket may be, as the client library looks for it."""
    servers = environment.get("PULSE_SERVER") or _configured(
        environment, "default-server"
    )
    if servers:
        # "{machine-id}unix:/path unix:/path tcp:host": one on another machine is not asked.
        for server in servers.split():
            address = re.sub(r"^\{[^}]*\}", "", server)
            if address.startswith(("/", "unix:")):
                yield Path(address.removeprefix("unix:"))
        return
    if folder := environment.get("PULSE_RUNTIME_PATH"):
        yield Path(folder) / "native"
    if folder := environment.get("XDG_RUNTIME_DIR"):
        yield Path(folder) / "pulse" / "native"
    yield Path("/run/user") / str(os.getuid()) / "pulse" / "native"
    yield Path("/run/pulse/native")


def _cookie(environment: Mapping[str, str]) -> bytes:
    """Return the cookie, or one that is none where there is none."""
    named = environment.get("PULSE_COOKIE") or _configured(environment, "cookie-file")
    home = Path(environment.get("HOME", "/"))
    places = [Path(named)] if named else []
    places += [home / ".config" / "pulse" / "cookie", home / ".pulse-cookie"]
    for place in places:
        with suppress(OSError):
            return place.read_bytes()[:_COOKIE_BYTES].ljust(_COOKIE_BYTES, b"\0")
    return bytes(_COOKIE_BYTES)


def _configured(environment: Mapping[str, str], key: str) -> str | None:
    """Return what the client library's configuration says, the user's before the machine's."""
    home = Path(environment.get("HOME", "/"))
    places = [
        home / ".config" / "pulse" / "client.conf",
        *sorted(Path("/etc/pulse/client.conf.d").glob("*.conf"), reverse=True),
        Path("/etc/pulse/client.conf"),
    ]
    if named := environment.get("PULSE_CLIENTCONFIG"):
        places = [Path(named)]
    for place in places:
        with suppress(OSError):
            text = place.read_text(errors="replace")
            if found := re.search(rf"^\s*{key}\s*=\s*(\S.*?)\s*$", text, re.MULTILINE):
                return found[1].strip('"')
    return None
