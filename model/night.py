"""A night, planned: what is heard when, as truth and as sound."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment import Samples, mu_law
from house import RATE

type Kind = Literal["mixed", "noise", "g711", "confusers"]

KINDS: tuple[Kind, ...] = ("mixed", "noise", "g711", "confusers")
"""As it is; over a white-noise machine as loud as the cry; through 8 kHz G.711; without any crying."""

_PIECE = 60 * RATE


@dataclass(frozen=True, kw_only=True, slots=True)
class Crying:
    """One episode of crying as it is; times are seconds from the night's beginning."""

    start_s: float
    """Where crying begins to be heard."""
    end_s: float
    """Where the last of it ends."""
    snr_db: float
    """Over the background, both as RMS, the cry's over its active parts."""
    background: str
    """What it is heard over."""
    baby: str
    """The group of its recordings."""
    reverberant: bool

    @property
    def duration_s(self) -> float:
        """How long it lasts, breaths and pauses included."""
        return self.end_s - self.start_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Confuser:
    """One sound that is no cry; times are seconds from the night's beginning."""

    start_s: float
    end_s: float
    kind: str
    name: str
    """Its recording's file name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """What is heard all the time, until the next one begins."""

    start_s: float
    scene: str
    name: str
    """Its recording's file name, or what it is synthesised as."""
    rms: float
    """Full scale is 1."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A sound to come."""

    start: int
    """Its first sample, counted from the night's beginning."""
    make: Callable[[], Samples]


@dataclass(frozen=True, kw_only=True, slots=True)
class Night:
    """A night; `nights.plan` plans one."""

    kind: Kind
    seed: int
    hours: float
    crying: tuple[Crying, ...]
    """Its episodes, in order."""
    spans_s: NDArray[np.float64]
    """Where in them it really cries, pauses left out: (spans, 2), seconds, in order."""
    confusers: tuple[Confuser, ...]
    """What else is heard, in order."""
    backgrounds: tuple[Background, ...]
    """What is heard under it all, in order."""
    placed: tuple[Placed, ...]
    """All its sounds, in order."""

    def pieces(self) -> Iterator[Samples]:
        """Yield its sound, 22,050 Hz, full scale -1 to 1, in pieces of about a minute."""
        pieces = self._mixed()
        return telephone(pieces) if self.kind == "g711" else pieces

    def _mixed(self) -> Iterator[Samples]:
        total = round(self.hours * 3600.0 * RATE)
        waiting = list(reversed(self.placed))
        # What sounds begun before this piece go on with: the sample at which each starts in it, and its samples.
        sounding: list[tuple[int, Samples]] = []
        for begin in range(0, total, _PIECE):
            size = min(_PIECE, total - begin)
            while waiting and waiting[-1].start < begin + size:
                placed = waiting.pop()
                sounding.append((placed.start - begin, placed.make()))
            out = np.zeros(size, np.float32)
            for start, sound in sounding:
                first = max(0, start)
                part = sound[first - start : size - start]
                out[first : first + len(part)] += part
            yield np.clip(out, -1.0, 1.0)
            sounding = [
                (start - size, sound)
                for start, sound in sounding
                if start + len(sound) > size
            ]

    def crying_s(
        self, times_s: NDArray[np.float64], window_s: float
    ) -> NDArray[np.float64]:
        """Return how many seconds of real crying lie in the window that ends at each time."""
        edges = np.concatenate([[0.0], self.spans_s.reshape(-1)])
        lengths = self.spans_s[:, 1] - self.spans_s[:, 0]
        heard = np.concatenate([[0.0], np.repeat(np.cumsum(lengths), 2)])
        heard[1::2] -= lengths
        until: NDArray[np.float64] = np.interp(times_s, edges, heard)
        before: NDArray[np.float64] = np.interp(times_s - window_s, edges, heard)
        return until - before


def telephone(pieces: Iterator[Samples]) -> Iterator[Samples]:
    """Send pieces through 8 kHz G.711, each together with a second of its neighbours, so that there are no seams."""
    held, before = np.zeros(0, np.float32), 0
    for piece in pieces:
        held = np.concatenate([held, piece])
        if len(held) > 3 * RATE:
            end = len(held) - RATE
            yield mu_law(held, RATE)[before:end]
            held, before = held[end - RATE :], RATE
    if len(held) > before:
        yield mu_law(held, RATE)[before:]
