"""What the sources have in common: waiting for file descriptors, and being closed from another thread."""

from abc import ABC, abstractmethod
import contextlib
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceClosedError
from . import READ_TIMEOUT_S, Chunk, SourceKind

_NOTHING = np.zeros(0, np.float32)


def cleaned(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return floats as samples of -1 to 1, in their place: they may be many.

    What is broken, or means ill, can send numbers that are none, or so large that they would
    poison every average that they enter.
    """
    np.clip(samples, -1.0, 1.0, out=samples)
    samples[np.isnan(samples)] = 0.0
    return samples


class PolledSource(ABC):
    """A source that waits on file descriptors, and on a socket by which `close` wakes it.

    A subclass starts in `_start`, which registers what to wait for with `self._selector`; takes what is there in
    `_take`, without blocking; and frees everything in `_stop`.
    """

    def __init__(
        self, name: str, sample_rate: int, kind: SourceKind, *, live: bool = True
    ) -> None:
        """Set up, without opening anything."""
        self.name = name
        self.sample_rate = sample_rate
        self.kind = kind
        self.live = live
        # Held while the source is opened, read or torn down: `close` wakes the reader, then waits for it to be out.
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._selector: selectors.BaseSelector | None = None
        # Sockets, not a bare pipe: one that is closed refuses a write, where a descriptor may have become another's.
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._delivered = 0
        self._last_sound = 0.0

    @abstractmethod
    def _start(self, selector: selectors.BaseSelector) -> None:
        """Open the device or process and register what to wait for."""

    @abstractmethod
    def _take(self, ready: list[selectors.SelectorKey]) -> NDArray[np.float32]:
        """Return the samples that are there, maybe none; raise SourceError when there will be no more."""

    @abstractmethod
    def _stop(self) -> None:
        """Free everything that `_start` took, also when it failed half-way."""

    def open(self) -> None:
        """Start listening, without waiting for the first sound.

        Raises:
            SourceUnavailableError: it cannot be opened.
            SourceClosedError: it has been closed; a source is opened once.
        """
        with self._lock:
            if self._closing.is_set() or self._selector is not None:
                raise SourceClosedError(
                    f"{self.name} has been opened before: make a new source"
                )
            # Not epoll, which refuses some of the descriptors that ALSA's plugins wait on.
            self._selector = selectors.PollSelector()
            self._wake = socket.socketpair()
            self._selector.register(self._wake[0], selectors.EVENT_READ)
            self._last_sound = time.monotonic()
            try:
                self._start(self._selector)
            except BaseException:
                self._tear_down()
                raise

    def read(self) -> Chunk:
        """Return the next sound, or an empty chunk when none came for a second.

        Raises:
            SourceUnavailableError: it was lost, or turned out not to open.
            SourceEndedError: a file has played to its end.
            SourceClosedError: `close` was called, or it was never opened.
        """
        with self._lock:
            if self._selector is None or self._closing.is_set():
                raise SourceClosedError(f"{self.name} is closed")
            deadline = time.monotonic() + READ_TIMEOUT_S
            while (left := deadline - time.monotonic()) > 0:
                ready = [key for key, _ in self._selector.select(left)]
                if self._closing.is_set():
                    raise SourceClosedError(f"{self.name} was closed")
                samples = self._take(ready)
                if len(samples):
                    before_s = self._delivered / self.sample_rate
                    self._delivered += len(samples)
                    self._last_sound = now = time.monotonic()
                    return Chunk(before_s, samples, arrived_s=now)
            now = time.monotonic()
            before_s = self._delivered / self.sample_rate
            return Chunk(before_s, _NOTHING, now - self._last_sound, now)

    def close(self) -> None:
        """Stop listening and free everything; a `read` in another thread ends at once."""
        self._closing.set()
        if (wake := self._wake) is not None:
            # It may be gone already when two threads close at once.
            with contextlib.suppress(OSError):
                wake[1].send(b"\0")
        with self._lock:
            self._tear_down()

    def _tear_down(self) -> None:
        self._closing.set()
        try:
            self._stop()
        finally:
            if self._selector is not None:
                self._selector.close()
                self._selector = None
            if self._wake is not None:
                for end in self._wake:
                    end.close()
                self._wake = None

    def __enter__(self) -> Self:
        """Open it."""
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
