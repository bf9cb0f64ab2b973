"""Where sound comes from: one small protocol for microphones, cameras, streams and files."""

from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

# The longest that a read waits before it says that nothing came.
READ_TIMEOUT_S = 1.0

# A source from which no sound comes for this long is given up: with the second that a read may
# take, a dead one is noticed within ten.
PATIENCE_S = 8.0

# What stands in a stream, sample by sample, for sound that never came: too low to be heard, and no
# codec's silence, since it is neither 0 nor a step of 16 or 24 bits.
MISSING = -1e-7


class SourceKind(StrEnum):
    """What is at the other end, which decides what silence means."""

    DEVICE = "device"
    """A microphone: it always hears its own noise."""
    STREAM = "stream"
    """A codec on the way, which may send nothing while it is quiet."""
    RECORDING = "recording"
    """A file: whatever is in it is meant."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of sound as it came from a source."""

    time: float
    """Seconds of sound before this one, since the source was opened."""
    samples: NDArray[np.float32]
    """Mono, shape (n,), full scale is -1 to 1; empty when nothing came within READ_TIMEOUT_S."""
    waited_s: float = 0.0
    """Seconds by the clock since sound last came; 0 when samples are here."""
    arrived_s: float = 0.0
    """When the read returned, in seconds of the monotonic clock."""


class Source(Protocol):
    """Something to listen to.

    `read` and `open` belong to one thread; `close` may be called from any, at any time and more than once.
    """

    name: str
    """What to call it in messages and logs: it never holds a password."""
    sample_rate: int
    """Samples a second that `read` delivers."""
    kind: SourceKind
    """What is at the other end."""
    live: bool
    """Whether it delivers at the speed of the clock, and must be kept up with; else as fast as it is read."""

    def open(self) -> None:
        """Start listening, without waiting for the first sound.

        Raises:
            SourceUnavailableError: it cannot be opened.
        """

    def read(self) -> Chunk:
        """Return the next sound, or an empty chunk when none came for READ_TIMEOUT_S.

        Raises:
            SourceUnavailableError: it was lost, or turned out not to open.
            SourceEndedError: a file has played to its end.
            SourceClosedError: `close` was called.
        """

    def close(self) -> None:
        """Stop listening and free everything; a `read` in another thread ends at once with SourceClosedError."""

    def __enter__(self) -> Self:
        """Open it."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
