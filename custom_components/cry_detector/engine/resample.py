"""Streaming resampling by a rational factor, without aliasing: a polyphase Kaiser-windowed sinc.

A source that records at what its device offers (48, 44.1, 16 kHz) becomes the model's rate here. ffmpeg resamples what
comes through it; this serves devices that are read directly. Neither numpy nor the standard library has a resampler, and
the ones on PyPI need a compiler or SciPy, which Home Assistant OS cannot be asked for.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .blas import matmul

# Stop-band attenuation: aliases stay under the noise of 16-bit samples.
_ATTENUATION_DB = 90.0

# The transition band, as a part of the lower of the two Nyquist frequencies.
_TRANSITION = 0.1

# The largest term of the ratio of the two rates: it bounds the size of the matrix. Rates in use stay under 1,000.
_LARGEST_TERM = 2_000

# Samples that one matrix multiplication takes in at least: small blocks would pay more for the call than for the work.
_BLOCK = 256


def _prototype(up: int, down: int) -> NDArray[np.float64]:
    """Return an odd-length low-pass at the rate that both rates divide, with a gain of `up` in the pass band.

    Length and shape after Kaiser: Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., section 7.6.
    """
    nyquist = 1.0 / max(up, down)
    width = _TRANSITION * nyquist
    beta = 0.1102 * (_ATTENUATION_DB - 8.7)
    half = math.ceil((_ATTENUATION_DB - 7.95) / (2.285 * math.pi * width) / 2.0)
    # The transition ends at the lower Nyquist frequency, so that nothing folds back.
    cutoff = nyquist - width / 2.0
    taps = np.arange(-half, half + 1)
    return up * cutoff * np.sinc(cutoff * taps) * np.kaiser(2 * half + 1, beta)


class Resampler:
    """Resamples a stream: push samples in pieces of any size, get what they make at the new rate.

    Output sample n lies at the time of input sample n * from_rate / to_rate: the filter's delay is taken out, which
    costs a wait of half its length (1 to 3 ms). `flush` gives what is still on its way at the end of a stream.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        """Prepare the filter.

        Raises:
            ValueError: a rate is not positive, or the two have too little in common.
        """
        if from_rate <= 0 or to_rate <= 0:
            raise ValueError(
                f"sample rates must be positive, not {from_rate} and {to_rate}"
            )
        divisor = math.gcd(from_rate, to_rate)
        up, down = to_rate // divisor, from_rate // divisor
        if max(up, down) > _LARGEST_TERM:
            raise ValueError(
                f"cannot resample {from_rate} to {to_rate} Hz: record at 48000, 44100 or 16000 Hz"
            )
        self._same = up == down
        if self._same:
            return
        prototype = _prototype(up, down)
        half = len(prototype) // 2
        # A block takes `_step` input samples and makes `_made` output samples, in a whole number of periods.
        periods = math.ceil(_BLOCK / down)
        self._step, self._made = periods * down, periods * up
        before = half // up
        after = (half + (self._made - 1) * down) // up + 1
        # Weight of input sample i (relative to the block's first, less `before`) in output sample n of the block.
        reach = np.arange(before + after)[:, None] - before
        tap = half + np.arange(self._made) * down - reach * up
        inside = (tap >= 0) & (tap < len(prototype))
        weights = np.where(inside, prototype[np.clip(tap, 0, len(prototype) - 1)], 0.0)
        self._weights: NDArray[np.float32] = weights.astype(np.float32)
        self._ratio = to_rate / from_rate
        self._taken = 0
        self._given = 0
        # The first output sample needs `before` samples of the silence in front of the stream.
        self._waiting = np.zeros(before, np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next samples, shape (n,); return those that are complete at the new rate, shape (m,)."""
        if self._same:
            return samples
        self._taken += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        length = len(self._weights)
        count = (len(self._waiting) - length) // self._step + 1
        if count <= 0:
            return np.zeros(0, np.float32)
        blocks = sliding_window_view(self._waiting, length)[:: self._step][:count]
        self._waiting = self._waiting[count * self._step :].copy()
        made = matmul(blocks, self._weights).reshape(-1)
        self._given += len(made)
        return made

    def flush(self) -> NDArray[np.float32]:
        """Return the rest of a stream that has ended, so that as much time came out as went in."""
        if self._same:
            return np.zeros(0, np.float32)
        missing = max(0, round(self._taken * self._ratio) - self._given)
        return self.push(np.zeros(len(self._weights) + self._step, np.float32))[
            :missing
        ]
