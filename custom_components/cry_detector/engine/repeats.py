"""Finds sound that repeats itself sample by sample, as a driver does that hands out one buffer for ever."""

import numpy as np
from numpy.typing import NDArray

# A buffer of a sound card, or several that together make whole samples at the model's rate.
_LONGEST_LAG_S = 2.0

# Under four steps of 16 bits, few values are left: chance repeats them.
_QUIETEST = 4.0 / 2.0**15

# What a resampler makes of the same samples differs by rounding alone.
_TOLERANCE = 1e-5

# The search for a lag costs more than all else of health: so often is enough.
_HOPS_A_SEARCH = 4

# How far behind the loudest sample others are looked at before a whole hop is compared.
_PROBES = (1, 7, 23, 61)
_MOST_CANDIDATES = 8


class RepeatFinder:
    """Compares a stream with itself some time ago."""

    def __init__(self, sample_rate: int) -> None:
        """Start out without a past."""
        self._past = np.zeros(round(_LONGEST_LAG_S * sample_rate), np.float32)
        self._lag = 0
        self._hops = 0

    def update(self, hop: NDArray[np.float32]) -> bool:
        """Take the next samples, shape (n,); return whether they are the same as those a lag before them.

        The lag is found first, on every fourth hop; then it must stay what it is.
        """
        self._hops += 1
        stream = np.concatenate([self._past, hop])
        self._past = stream[len(hop) :]
        if not self._matches(stream, len(hop), self._lag):
            self._lag = 0
            if self._hops % _HOPS_A_SEARCH == 0:
                self._lag = self._search(stream, len(hop))
        return self._lag > 0

    @staticmethod
    def _matches(stream: NDArray[np.float32], length: int, lag: int) -> bool:
        if not 0 < lag <= len(stream) - length:
            return False
        start = len(stream) - length
        hop, before = stream[start:], stream[start - lag : len(stream) - lag]
        peak = float(np.abs(hop).max())
        return peak > _QUIETEST and bool(
            np.abs(hop - before).max() <= _TOLERANCE * peak
        )

    def _search(self, stream: NDArray[np.float32], length: int) -> int:
        """Return the smallest lag at which the last samples repeat, or 0."""
        start = len(stream) - length
        searched = np.abs(stream[start : len(stream) - _PROBES[-1]])
        if not len(searched) or (peak := float(searched.max())) <= _QUIETEST:
            return 0
        # The loudest sample is the rarest value: few places look like it.
        at = start + int(searched.argmax())
        tolerance = _TOLERANCE * peak
        near = np.abs(stream[:at] - stream[at]) <= tolerance
        candidates = np.flatnonzero(near)
        for probe in _PROBES:
            there = stream[candidates + probe]
            candidates = candidates[np.abs(there - stream[at + probe]) <= tolerance]
        for candidate in candidates[::-1][:_MOST_CANDIDATES]:
            if self._matches(stream, length, lag := at - int(candidate)):
                return lag
        return 0
