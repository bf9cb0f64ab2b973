"""How loud it is: RMS, peak and RMS trough (the noise floor) in dBFS, as `sox FILE -n stats` prints them."""

from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

# What silence reads: below the -96 dB that 16 bits can express, and a number, so that it can be drawn and averaged.
FLOOR_DBFS = -120.0

# A peak this low is no sound at all: half a step of 16-bit samples, less than the noise of
# any microphone.
SILENCE_DBFS = -96.0

# The time constant of the moving RMS, as in SoX's stats effect.
WINDOW_S = 0.05

# SoX lets the moving RMS settle for this many time constants before it looks for its highest and lowest.
_SETTLING = 5

# The moving average is computed in pieces this many time constants long: within one its weights grow to e^20, which a
# 64-bit float carries without losing the newest sample.
_PIECE = 20


@dataclass(frozen=True, slots=True)
class Level:
    """The level of a stretch of sound, in dB relative to full scale."""

    rms_dbfs: float
    """Root mean square over the stretch; a full-scale square wave is 0, a full-scale sine -3.01."""
    peak_dbfs: float
    """The largest sample."""
    rms_peak_dbfs: float
    """The highest the moving RMS (50 ms) came to."""
    trough_dbfs: float
    """The lowest the moving RMS (50 ms) came to: the noise floor between sounds."""


def dbfs(amplitude: float) -> float:
    """Return an amplitude (full scale is 1) in dBFS, silence as FLOOR_DBFS."""
    if amplitude <= 0.0:
        return FLOOR_DBFS
    return max(FLOOR_DBFS, 20.0 * math.log10(amplitude))


class LevelMeter:
    """Measures a stream: add samples in pieces of any size, take the level of what came since the last take.

    The moving RMS runs on from one stretch to the next, so a stretch can be shorter than the time that it takes to
    settle; only a stream's first quarter of a second is kept out of the highest and lowest.
    """

    def __init__(self, sample_rate: int) -> None:
        """Prepare for a stream of so many samples a second."""
        time_constant = WINDOW_S * sample_rate
        self._decay = math.exp(-1.0 / time_constant)
        self._settling = int(_SETTLING * time_constant + 0.5)
        piece = int(_PIECE * time_constant)
        # y[n] = decay * y[n-1] + (1 - decay) * x[n]^2 unrolls to decay^n * (y[0] + sum of x[k]^2 * (1 - decay) / decay^k),
        # which is one cumulative sum instead of a loop over samples.
        self._powers = self._decay ** np.arange(1, piece + 1, dtype=np.float64)
        self._moving = 0.0
        self._seen = 0
        self._start_stretch()

    def _start_stretch(self) -> None:
        self._count = 0
        self._squares = 0.0
        self._peak = 0.0
        self._highest = -math.inf
        self._lowest = math.inf

    def add(self, samples: NDArray[np.float32]) -> None:
        """Add samples of shape (n,), full scale -1 to 1, to the current stretch."""
        for start in range(0, len(samples), len(self._powers)):
            self._add_piece(samples[start : start + len(self._powers)])

    def _add_piece(self, samples: NDArray[np.float32]) -> None:
        squares = np.square(samples, dtype=np.float64)
        powers = self._powers[: len(squares)]
        moving = powers * (
            self._moving + np.cumsum(squares / powers) * (1.0 - self._decay)
        )
        settled = moving[max(0, self._settling - self._seen) :]
        if len(settled):
            self._highest = max(self._highest, float(settled.max()))
            self._lowest = min(self._lowest, float(settled.min()))
        self._moving = float(moving[-1])
        self._seen += len(squares)
        self._count += len(squares)
        self._squares += float(squares.sum())
        self._peak = max(self._peak, math.sqrt(float(squares.max())))

    def take(self) -> Level:
        """Return the level since the last take, and start a new stretch; of no samples at all it is silence."""
        mean_square = self._squares / self._count if self._count else 0.0
        settled = self._highest >= self._lowest
        level = Level(
            rms_dbfs=dbfs(math.sqrt(mean_square)),
            peak_dbfs=dbfs(self._peak),
            rms_peak_dbfs=dbfs(math.sqrt(self._highest if settled else mean_square)),
            trough_dbfs=dbfs(math.sqrt(self._lowest if settled else mean_square)),
        )
        self._start_stretch()
        return level


def measure(samples: NDArray[np.float32], sample_rate: int) -> Level:
    """Return the level of samples of shape (n,), full scale -1 to 1.

    Example:
        >>> measure(np.full(22_050, 0.5, np.float32), 22_050).rms_dbfs
        -6.020599913279624
    """
    meter = LevelMeter(sample_rate)
    meter.add(samples)
    return meter.take()
