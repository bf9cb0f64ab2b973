"""How many windows a machine can score without falling behind, and what part of its time that takes."""

import math

# The load is averaged over so many seconds of sound.
_SMOOTHING_S = 10.0

# How much one window's cost moves the estimate of the next one's: single delays are no trend.
_COST_PART = 0.2


class Pace:
    """Learns from what windows have cost; times come from the caller."""

    def __init__(self, hop_s: float) -> None:
        """Start out without any cost."""
        self.load = 0.0
        """The part of real time that is spent, smoothed."""
        self._hop_s = hop_s
        self._cost_s = 0.0
        self._measured = False

    def stride(self, hops: int) -> int:
        """Return that every n-th of so many waiting hops is to be scored: 1 where there is time for all.

        What waits must be done within a hop's time, or the next one would wait longer.
        """
        affordable = self._hop_s / self._cost_s if self._cost_s else math.inf
        return 1 if hops <= affordable else math.ceil(hops / max(1.0, affordable))

    def note(self, busy_s: float, span_s: float) -> None:
        """Take what scoring one window cost, and the seconds of sound since the one before."""
        if not self._measured:
            # The first window pays for what is made once.
            self._measured = True
            return
        self._cost_s += _COST_PART * (busy_s - self._cost_s)
        part = 1.0 - math.exp(-span_s / _SMOOTHING_S)
        self.load += part * (busy_s / span_s - self.load)
