"""The level of the room between sounds, and which sounds stand out of it.

Pure functions of levels and of the seconds of sound that they are about: there is no clock in here.
"""

from bisect import bisect_left, insort
from collections import deque

from .level import FLOOR_DBFS, Level

# A white-noise machine that is turned on becomes the room after four fifths of this.
WINDOW_S = 75.0

# The part of the window that is quieter than the floor: speech, music and crying that nobody
# recognised have pauses at least this often, and a machine has none.
_QUIETER = 0.2

# Under this a floor is the microphone's own affair: no sound is loud for standing out of it.
QUIETEST_ROOM_DBFS = -75.0

# A loud sound is over when it has come this much closer to the floor ...
_HYSTERESIS_DB = 3.0
# ... and stayed there for this long: footsteps are one sound.
_HOLD_S = 2.0


class NoiseFloor:
    """Follows the noise floor: the level that the quietest moments of the last minute or so seldom fall below.

    It is taken from each hop's trough (the lowest RMS over 50 ms), so that a baby's breaths
    between cries keep it down. Hops that are frozen, as those of an episode are, do not enter,
    and no time passes for it then.

    Example:
        >>> floor = NoiseFloor()
        >>> [floor.update(0.5, level_dbfs) for level_dbfs in (-50.0, -20.0, -20.0)]
        [-50.0, -50.0, -50.0]
    """

    def __init__(self) -> None:
        """Start out knowing nothing of the room."""
        self._recent: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []
        self._held_s = 0.0
        self._floor_dbfs = FLOOR_DBFS

    def update(
        self, span_s: float, trough_dbfs: float, *, frozen: bool = False
    ) -> float:
        """Take the trough of so many seconds of sound; return the floor in dBFS."""
        if not frozen:
            self._recent.append((span_s, trough_dbfs))
            insort(self._sorted, trough_dbfs)
            self._held_s += span_s
            while self._held_s > WINDOW_S and len(self._recent) > 1:
                old_s, old_dbfs = self._recent.popleft()
                self._held_s -= old_s
                del self._sorted[bisect_left(self._sorted, old_dbfs)]
            self._floor_dbfs = self._sorted[int(_QUIETER * len(self._sorted))]
        return self._floor_dbfs


class LoudSound:
    """Tells whether a sound stands out of the noise floor, and goes on telling so for a moment after it.

    Example:
        >>> loud = LoudSound(margin_db=15.0)
        >>> loud.update(0.5, Level(-50.0, -40.0, -48.0, -52.0), floor_dbfs=-52.0)
        False
        >>> loud.update(0.5, Level(-30.0, -20.0, -28.0, -45.0), floor_dbfs=-52.0)
        True
    """

    def __init__(self, margin_db: float) -> None:
        """Start out with nothing loud."""
        self.margin_db = margin_db
        """How far over the floor, in dB, the highest RMS over 50 ms must come."""
        self._loud = False
        self._quiet_s = 0.0

    def update(self, span_s: float, level: Level, floor_dbfs: float) -> bool:
        """Take the level of so many seconds of sound; return whether a loud sound is going on."""
        over_db = level.rms_peak_dbfs - max(floor_dbfs, QUIETEST_ROOM_DBFS)
        if over_db >= self.margin_db:
            self._loud, self._quiet_s = True, 0.0
        elif self._loud and over_db >= self.margin_db - _HYSTERESIS_DB:
            self._quiet_s = 0.0
        else:
            self._quiet_s += span_s
            self._loud = self._loud and self._quiet_s < _HOLD_S
        return self._loud
