"""How sound arrives, by the clock: in time, late, too slowly, or not at all.

Sources say when each chunk came; there is no clock in here.
"""

from collections import deque

# Two clocks of sound cards and computers differ by less than this; what is more is lost or late.
_DRIFT = 1e-3

# What has been missing for so long will not come any more: it is lost.
_LOST_AFTER_S = 10.0
# Less than this is the jitter of buffers.
_LEAST_LOSS_S = 0.25

# Over this long, at least this part of the sound must have come: the one is short enough to be
# noticed in time, the other leaves room for a hiccup of two seconds.
_SLOW_WINDOW_S = 7.0
_SLOW_PART = 0.7
# In the beginning, so much of the window must do.
_SLOW_FROM_S = 5.0
# It must stay so for a moment: the first of a segment that comes at once looks like little.
_SLOW_FOR_S = 1.0
# When nothing has come at all for so long, that is no slowness: all of it may still come at once.
# How long that is waited for is the listener's patience.
_PAUSE_S = 1.5

# How far apart progress is noted: what drips byte by byte must not fill the memory.
_NOTE_S = 0.05


class Arrival:
    """Compares the sound that has come with the time that has passed."""

    def __init__(self) -> None:
        """Start before the first sound."""
        self.lost_s = 0.0
        """Seconds of sound that should have come since the first, and never did."""
        self.slow = False
        """Whether sound arrives clearly slower than the clock."""
        self._heard_s = 0.0
        self._sounded_s = 0.0
        # When the sound's first sample would have come, had all come as fast as the fastest.
        self._epoch_s: float | None = None
        self._last_s = 0.0
        # (when, how much was missing then), over _LOST_AFTER_S, with growing amounts.
        self._missing: deque[tuple[float, float]] = deque()
        self._missing_since_s = 0.0
        # (when, seconds heard by then), over _SLOW_WINDOW_S and one older.
        self._progress: deque[tuple[float, float]] = deque()
        self._slow_since_s: float | None = None

    def update(self, now_s: float, span_s: float) -> None:
        """Take so many seconds of sound, perhaps none, that arrived at a time by the clock."""
        self._heard_s += span_s
        if span_s:
            self._sounded_s = now_s
        if not self._heard_s:
            return
        sounding_since_s = now_s - self._heard_s
        if self._epoch_s is None:
            self._epoch_s, self._missing_since_s = sounding_since_s, now_s
        else:
            drift_s = _DRIFT * (now_s - self._last_s)
            self._epoch_s = min(sounding_since_s, self._epoch_s + drift_s)
        self._last_s = now_s
        self._note_missing(now_s, sounding_since_s - self._epoch_s)
        self._note_progress(now_s)

    def age_s(self, now_s: float, heard_s: float) -> float:
        """Return how long ago, by the clock, the sound was made that ends `heard_s` seconds into the stream."""
        if self._epoch_s is None:
            return 0.0
        return max(0.0, now_s - self._epoch_s - heard_s)

    def _note_missing(self, now_s: float, missing_s: float) -> None:
        # The least that was missing at any time of the window: as in a sliding minimum, what is
        # older and more will never be it.
        while self._missing and self._missing[-1][1] >= missing_s:
            self._missing.pop()
        self._missing.append((now_s, missing_s))
        while self._missing[0][0] < now_s - _LOST_AFTER_S:
            self._missing.popleft()
        waited_s = now_s - self._missing_since_s
        least_s = self._missing[0][1]
        if waited_s >= _LOST_AFTER_S and least_s >= _LEAST_LOSS_S:
            self.lost_s += least_s
            assert self._epoch_s is not None
            self._epoch_s += least_s
            self._missing.clear()
            self._missing_since_s = now_s

    def _note_progress(self, now_s: float) -> None:
        if len(self._progress) > 1 and now_s - self._progress[-2][0] < _NOTE_S:
            self._progress.pop()
        self._progress.append((now_s, self._heard_s))
        oldest_s = now_s - _SLOW_WINDOW_S
        while len(self._progress) > 2 and self._progress[1][0] <= oldest_s:
            self._progress.popleft()
        since_s, heard_s = self._progress[0]
        passed_s = now_s - since_s
        if passed_s < _SLOW_FROM_S or (
            self._heard_s - heard_s >= _SLOW_PART * passed_s
        ):
            self._slow_since_s = None
        elif self._slow_since_s is None and now_s - self._sounded_s < _PAUSE_S:
            self._slow_since_s = now_s
        self.slow = (
            self._slow_since_s is not None and now_s - self._slow_since_s >= _SLOW_FOR_S
        )
