"""A stage with a server on it."""

from collections.abc import Callable
from typing import Protocol, Self, override

from tests.streams import Server

from .fault import Stage


class Breakable(Protocol):
    """A server that can be told to misbehave."""

    port: int

    @property
    def is_closed(self) -> bool:
        """Whether it serves no more."""

    @property
    def url(self) -> str:
        """Where it can be heard."""

    def heal(self) -> None:
        """Behave again; connections that are open go on where they can."""

    def close(self) -> None:
        """Stop listening and cut every connection."""


# What must not be seen anywhere: a password with a character that is encoded, and a token.
PASSWORD = "s3cr@tpw"
_PASSWORD_IN_URL = "s3cr%40tpw"
TOKEN = "t0k3nt0k3n"


def with_secrets(url: str) -> str:
    """Return a URL with a user name, a password and a token in it."""
    return url.replace("//", f"//parent:{_PASSWORD_IN_URL}@") + f"?token={TOKEN}"


class ServerStage[ServerT: Breakable](Stage):
    """A server of the bench, and what breaks it; it is mended by healing it, or by starting it anew where it is gone."""

    def __init__(
        self,
        serve: Callable[[int], ServerT],
        breaks: Callable[[ServerT], object],
        url: Callable[[str], str],
    ) -> None:
        """Prepare a server on a port (0 is any), what breaks it, and how its URL is written."""
        self.serve = serve
        """Starts a server on a port; may be another one until the stage is entered."""
        self._breaks = breaks
        self._url = url
        self.server: ServerT

    @override
    def breaks(self) -> None:
        self._breaks(self.server)

    @override
    def mends(self) -> None:
        if self.server.is_closed:
            self.server = self.serve(self.server.port)
        else:
            self.server.heal()

    @override
    def __enter__(self) -> Self:
        self.server = self.serve(0)
        self.data = {
            "source": "stream",
            "url": with_secrets(self._url(self.server.url)),
        }
        return self

    @override
    def __exit__(self, *_: object) -> None:
        self.server.close()


def heal(server: Server) -> None:
    """Let a server's packets go out as they should."""
    server.disturb = lambda packet: packet
    server.speed = 1.0
    server.stalled.clear()
