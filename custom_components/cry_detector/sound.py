"""Whether sound arrives that can be trusted: a pure function of observations and a monotonic clock."""

from enum import StrEnum
from typing import Final

from .engine.level import SILENCE_DBFS
from .engine.listener import Health, Observation

# A stream that was opened again has to be well for this long where a single hop cannot
# show it: longer than the engine takes to find that it is not.
PROBATION_S: Final = 11.0

_SEEN_IN_TIME_ONLY: Final = {Health.STUCK.value, Health.SLOW.value}


class SoundState(StrEnum):
    """What is known of a detector's sound."""

    OFF = "off"
    """It is not listened to."""
    STARTING = "starting"
    """Nothing has been heard yet, and nothing has failed."""
    ARRIVING = "arriving"
    LOST = "lost"


class Sound:
    """Follows a detector's sound through its losses.

    After a loss, sound arrives again only when there is evidence of it: digital silence is
    none, nor is a stream that was stuck and has just been opened again.
    """

    def __init__(self) -> None:
        """Start out not listened to."""
        self.state = SoundState.OFF
        self.problem: str | None = None
        """Why it is lost: the key of a NoSoundError, or a Health."""
        self._well_since_s: float | None = None
        self._was_dead = False
        self._arriving_since_s = 0.0
        self._lost_since_s: float | None = None
        self._lost_s = 0.0
        self._engine_lost_s = 0.0

    @property
    def arrives(self) -> bool:
        """Return whether sound arrives that can be trusted."""
        return self.state is SoundState.ARRIVING

    def start(self) -> None:
        """Begin to wait for sound."""
        self.state, self.problem = SoundState.STARTING, None

    def stop(self, now_s: float) -> None:
        """Stop waiting for it."""
        self._end_loss(now_s)
        self.state, self.problem = SoundState.OFF, None

    def opened(self) -> None:
        """Note that the source is opened anew: nothing that was heard before speaks for it."""
        self._well_since_s = None
        self._was_dead = False
        self._engine_lost_s = 0.0

    def heard(self, observation: Observation, now_s: float) -> bool:
        """Take an observation; return whether it can be trusted."""
        if self._lost_since_s is None:
            # Else the clock counts it.
            self._lost_s += max(0.0, observation.lost_s - self._engine_lost_s)
        self._engine_lost_s = observation.lost_s
        if not observation.health.alive:
            self._was_dead = True
            self._well_since_s = None
            self.lost(observation.health.value, now_s)
            return False
        if self.arrives:
            return True
        if self._well_since_s is None:
            self._well_since_s = now_s
        if not self._is_evidence(observation, now_s - self._well_since_s):
            return False
        self._end_loss(now_s)
        self.state, self.problem = SoundState.ARRIVING, None
        self._arriving_since_s = now_s
        return True

    def lost(self, problem: str, now_s: float) -> None:
        """Take it that no sound arrives."""
        if self.arrives or self._lost_since_s is None:
            self._lost_since_s = now_s
        self.state, self.problem = SoundState.LOST, problem

    def arriving_for_s(self, now_s: float) -> float:
        """Return for how long sound has been arriving."""
        return now_s - self._arriving_since_s if self.arrives else 0.0

    def lost_s(self, now_s: float) -> float:
        """Return how many seconds were not heard, of those in which it should have been."""
        ongoing = now_s - self._lost_since_s if self._lost_since_s is not None else 0.0
        return self._lost_s + ongoing

    def _is_evidence(self, observation: Observation, well_for_s: float) -> bool:
        if self._was_dead:
            # The engine has heard this same stream change.
            return True
        if well_for_s >= PROBATION_S:
            return True
        return (
            observation.level.peak_dbfs > SILENCE_DBFS
            and self.problem not in _SEEN_IN_TIME_ONLY
        )

    def _end_loss(self, now_s: float) -> None:
        if self._lost_since_s is not None:
            self._lost_s += now_s - self._lost_since_s
            self._lost_since_s = None
