"""What the engine reports, once a hop."""

from dataclasses import dataclass

from .classifier import Scores
from .episodes import Episode
from .health import Health
from .level import FLOOR_DBFS, Level


@dataclass(frozen=True, slots=True)
class Observation:
    """What was heard, once a hop; more seldom where the machine is too slow for that."""

    time: float
    """Seconds of sound since the source was opened, this hop included."""
    level: Level
    """How loud it was since the last observation."""
    scores: Scores
    """What the model makes of the window that ends here."""
    crying: bool
    """Whether an episode is going on."""
    episode: Episode | None
    """The episode that is going on, or that this observation ended (its end is set)."""
    health: Health
    """Whether the sound can be trusted; while it is not alive, no episode goes on."""
    noise_floor_dbfs: float = FLOOR_DBFS
    """The level of the room between sounds; it stays what it was during an episode."""
    loud: bool = False
    """Whether some sound, whatever it is, stands out of the noise floor."""
    test: bool = False
    """Whether a test alarm sounds, or the episode is one's."""
    span_s: float = 0.0
    """Seconds of sound since the last observation: more than a hop where windows were left out."""
    load: float = 0.0
    """The part of real time that the pipeline takes, smoothed; 1 is all of it."""
    lost_s: float = 0.0
    """Seconds of sound that were lost on the way since the source was opened."""
    behind_s: float = 0.0
    """How long ago, by the clock, the newest of this sound was made."""

    @property
    def confidence(self) -> float:
        """How sure the model is of crying, 0 to 1; 1 while a test alarm sounds."""
        return self.scores.confidence
