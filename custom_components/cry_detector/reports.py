"""What the entities show, and when they are told: seldom enough for the recorder, and at once what matters."""

from dataclasses import dataclass, replace
from typing import Final

from .engine.listener import Health, Observation

# How often the figure changes that says how the detector itself does.
_SLOW_INTERVAL_S: Final = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The most of an interval, so that no short cry is lost."""

    amplitude_dbfs: float
    """Highest RMS level of a hop."""
    peak_dbfs: float
    """Largest sample."""
    noise_floor_dbfs: float
    """What the room sounds like between sounds, at the end of the interval."""
    confidence: float
    """Highest confidence that there is crying, 0 to 1."""
    crying: bool
    """Whether there is crying now."""
    loud: bool
    """Whether a sound stands out of the room now."""
    health: Health
    load: float
    """The part of real time that the engine takes: 1 is all that there is."""
    lost_s: float
    """Seconds not heard that should have been, since Home Assistant started."""
    behind_s: float
    """How old the sound was that was reported."""


class Reporter:
    """Gathers observations into reports.

    Crying is reported at once, both ways. A loud sound's beginning is, too; its end waits for
    the next report, so that a lively room has no more changes than reports.
    """

    def __init__(self) -> None:
        """Start with nothing gathered."""
        self._next: Report | None = None
        self._last: Report | None = None
        self._reported_at_s = 0.0
        self._slow_at_s = 0.0

    def forget(self) -> None:
        """Begin anew: sound was lost."""
        self._next = self._last = None

    def heard(
        self, observation: Observation, now_s: float, lost_s: float, interval_s: float
    ) -> Report | None:
        """Take an observation; return a report if one is due.

        Args:
            observation: what was heard.
            now_s: a monotonic clock's time.
            lost_s: seconds not heard that should have been.
            interval_s: how often to report while nothing changes.
        """
        gathered = self._gather(observation, lost_s)
        last = self._last
        if (
            last is None
            or last.crying is not gathered.crying
            or now_s - self._reported_at_s >= interval_s
        ):
            return self._report(gathered, now_s)
        if gathered.loud and not last.loud:
            # Nothing else is told: the rest of the interval is still to come.
            self._last = replace(last, loud=True)
            return self._last
        return None

    def _gather(self, observation: Observation, lost_s: float) -> Report:
        before = self._next
        level = observation.level
        self._next = Report(
            amplitude_dbfs=level.rms_dbfs
            if before is None
            else max(before.amplitude_dbfs, level.rms_dbfs),
            peak_dbfs=level.peak_dbfs
            if before is None
            else max(before.peak_dbfs, level.peak_dbfs),
            noise_floor_dbfs=observation.noise_floor_dbfs,
            confidence=observation.confidence
            if before is None
            else max(before.confidence, observation.confidence),
            crying=observation.crying,
            loud=observation.loud,
            health=observation.health,
            load=observation.load,
            lost_s=lost_s,
            behind_s=observation.behind_s,
        )
        return self._next

    def _report(self, report: Report, now_s: float) -> Report:
        if (
            self._last is None
            # It has not been measured yet.
            or not self._last.load
            or now_s - self._slow_at_s >= _SLOW_INTERVAL_S
        ):
            self._slow_at_s = now_s
        else:
            report = replace(report, load=self._last.load)
        self._reported_at_s = now_s
        self._next, self._last = None, report
        return report
