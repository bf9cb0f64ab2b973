"""What some seconds of a source sounded like, and a plain verdict on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
import math

from .engine.classifier import Scores
from .engine.health import Health
from .engine.level import FLOOR_DBFS, SILENCE_DBFS
from .engine.manifest import CRYING
from .engine.observation import Observation

# Speech at arm's length comes to some -25 dBFS by the usual gain of a microphone; a room
# that is louder than that all the time drowns what is farther away.
LOUD_DBFS = -25.0
# From here down it is about as loud as a microphone's own noise in a calm room.
QUIET_DBFS = -40.0
# The last two or three bits of 16: what can be heard is lost in the steps.
FAINT_DBFS = -80.0

# One clap may clip; a gain that is too high does it again and again.
_CLIPPING_PART = 0.1


class Verdict(StrEnum):
    """What a user should know about a source; the names are keys of translations."""

    SILENT = "silent"
    """Only digital silence: muted, or the wrong one."""
    STUCK = "stuck"
    """The same again and again, as from a driver that hangs."""
    SLOW = "slow"
    """It arrives slower than it should."""
    CRYING = "crying"
    CLIPPING = "clipping"
    """Too loud for the input."""
    LOUD = "loud"
    FAINT = "faint"
    """So quiet that a baby far away would not be heard."""
    QUIET = "quiet"
    LIVELY = "lively"
    """Between quiet and loud."""

    @property
    def usable(self) -> bool:
        """Whether a baby would be heard."""
        return self not in (Verdict.SILENT, Verdict.STUCK)


@dataclass(frozen=True, slots=True)
class Impression:
    """What was heard of a source while it was tried."""

    verdict: Verdict
    level_dbfs: float
    """RMS over all of it."""
    noise_floor_dbfs: float
    """How loud it was between the sounds."""
    label: str
    """What the model takes it for."""
    confidence: float
    """How sure it is of that, 0 to 1."""


def impression_of(observations: Sequence[Observation], window_s: float) -> Impression:
    """Sum up what was observed, at least one hop of it.

    Args:
        observations: in the order of time, from the opening of the source on.
        window_s: seconds of sound that a score of the model is about.
    """
    level_dbfs = _mean_level([one.level.rms_dbfs for one in observations])
    if any(one.crying for one in observations):
        label, confidence = CRYING, max(one.confidence for one in observations)
    else:
        # Before its window is filled the model hears the silence before the beginning,
        # too.
        filled = [one.scores for one in observations if one.time >= window_s]
        label, confidence = _surest(filled or [observations[-1].scores])
    return Impression(
        verdict=_verdict(observations, level_dbfs),
        level_dbfs=level_dbfs,
        noise_floor_dbfs=observations[-1].noise_floor_dbfs,
        label=label,
        confidence=confidence,
    )


def _mean_level(levels_dbfs: Sequence[float]) -> float:
    """Return the RMS level of hops of the same length together."""
    power = sum(10.0 ** (level_dbfs / 10.0) for level_dbfs in levels_dbfs)
    return max(FLOOR_DBFS, 10.0 * math.log10(power / len(levels_dbfs)))


def _surest(scores: Sequence[Scores]) -> tuple[str, float]:
    """Return the label with the highest score on average, and that."""
    means = {
        label: sum(one.by_label[label] for one in scores) / len(scores)
        for label in scores[0].by_label
    }
    return max(means.items(), key=lambda item: item[1])


def _verdict(observations: Sequence[Observation], level_dbfs: float) -> Verdict:
    """Return what matters most to somebody who is about to trust this source."""
    health = observations[-1].health
    if max(one.level.peak_dbfs for one in observations) <= SILENCE_DBFS:
        return Verdict.SILENT
    if health is Health.STUCK:
        return Verdict.STUCK
    if health is Health.SLOW:
        return Verdict.SLOW
    clipping = sum(one.health is Health.CLIPPING for one in observations)
    if clipping > 1 and clipping >= _CLIPPING_PART * len(observations):
        return Verdict.CLIPPING
    if any(one.crying for one in observations):
        return Verdict.CRYING
    if level_dbfs >= LOUD_DBFS:
        return Verdict.LOUD
    if level_dbfs <= FAINT_DBFS:
        return Verdict.FAINT
    return Verdict.QUIET if level_dbfs <= QUIET_DBFS else Verdict.LIVELY
