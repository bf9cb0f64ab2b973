"""From observations to the journal, and to what is told of an episode: started, still crying, ended."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from .engine.episodes import Episode
from .engine.listener import Observation
from .journal import Journal, JournalEpisode


class CryEventKind(StrEnum):
    """What can be told of an episode."""

    STARTED = "started"
    STILL_CRYING = "still_crying"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CryEvent:
    """Something happened that a parent wants to know."""

    kind: CryEventKind
    episode: JournalEpisode
    duration_s: float
    """How long the episode has lasted."""


class Cries:
    """Follows the engine's episodes into the journal.

    Their times are seconds of sound; the wall's clock is looked at once, when one starts, so
    that one that is put forward or back during an episode makes it neither longer nor shorter.
    """

    def __init__(self, journal: Journal) -> None:
        """Start out calm."""
        self._journal = journal
        self._engine_start_s: float | None = None
        self._reminded_s = 0.0

    def heard(
        self, observation: Observation, now: datetime, reminder_s: float
    ) -> list[CryEvent]:
        """Take an observation; return what is to be told, mostly nothing.

        Args:
            observation: what was heard.
            now: the time (UTC) at which it was.
            reminder_s: how often an episode that goes on is told of again; 0 for never.
        """
        episode = observation.episode
        if episode is None:
            return self.close()
        events = []
        if self._engine_start_s != episode.start:
            events += self.close()
            if not observation.crying:
                return events
            events.append(self._start(observation, episode, now))
        was_test = self._journal.current is not None and self._journal.current.test
        current = self._follow(observation, episode)
        duration_s = current.duration.total_seconds()
        if was_test and not current.test:
            # A baby has joined in: who does not mind tests has heard nothing yet.
            events.append(CryEvent(CryEventKind.STARTED, current, duration_s))
        if not observation.crying:
            return events + self.close(sound_lost=episode.lost)
        if reminder_s and duration_s >= self._reminded_s + reminder_s:
            self._reminded_s = duration_s // reminder_s * reminder_s
            events.append(CryEvent(CryEventKind.STILL_CRYING, current, duration_s))
        return events

    def close(self, *, sound_lost: bool = False) -> list[CryEvent]:
        """End the episode that goes on, if any, with what is known; return what is to be told."""
        self._engine_start_s = None
        closed = self._journal.close(sound_lost=sound_lost)
        if closed is None:
            return []
        return [CryEvent(CryEventKind.ENDED, closed, closed.duration.total_seconds())]

    def _start(
        self, observation: Observation, episode: Episode, now: datetime
    ) -> CryEvent:
        ago_s = observation.behind_s + observation.time - episode.start
        started = JournalEpisode(
            start=now - timedelta(seconds=ago_s),
            peak_confidence=episode.peak,
            loudest_dbfs=observation.level.rms_dbfs,
            test=episode.test,
        )
        self._journal.follow(started)
        self._engine_start_s = episode.start
        self._reminded_s = 0.0
        started = self._follow(observation, episode)
        return CryEvent(CryEventKind.STARTED, started, started.duration.total_seconds())

    def _follow(self, observation: Observation, episode: Episode) -> JournalEpisode:
        current = self._journal.current
        assert current is not None
        lasted = timedelta(seconds=episode.last - episode.start)
        current = replace(
            current,
            last=current.start + lasted,
            peak_confidence=max(current.peak_confidence, episode.peak),
            loudest_dbfs=max(current.loudest_dbfs, observation.level.rms_dbfs),
            test=episode.test,
        )
        self._journal.follow(current)
        return current
