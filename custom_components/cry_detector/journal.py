"""The record of a detector's episodes, and the day's figures: pure functions of the times in it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from homeassistant.util import dt as dt_util

KEPT_FOR = timedelta(days=30)
MOST_EPISODES = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEpisode:
    """One episode of crying by the clock on the wall."""

    start: datetime
    """When it began (UTC)."""
    end: datetime | None = None
    """When crying was last heard in it (UTC); None while it goes on."""
    last: datetime | None = None
    """The latest time (UTC) at which crying was heard, while it goes on."""
    peak_confidence: float
    """The highest smoothed confidence in it, 0 to 1."""
    loudest_dbfs: float
    """The RMS level of its loudest hop."""
    test: bool = False
    """It was made up by the test alarm, and counts for nothing."""
    sound_lost: bool = False
    """It may have gone on after its end: that is when the sound was lost, or Home Assistant stopped."""

    @property
    def until(self) -> datetime:
        """Return its end, as far as that is known."""
        return self.end or self.last or self.start

    @property
    def duration(self) -> timedelta:
        """Return how long it lasted, or has lasted so far."""
        return self.until - self.start

    def overlap(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of it lies between two times."""
        return max(timedelta(0), min(self.until, end) - max(self.start, start))

    def touches(self, start: datetime, end: datetime) -> bool:
        """Return whether any of it lies between two times, the end not included."""
        return self.start < end and (self.until > start or self.start >= start)

    def closed(self, *, sound_lost: bool) -> Self:
        """Return it with the end that is known now."""
        return replace(self, end=self.until, last=None, sound_lost=sound_lost)

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "start": self.start.isoformat(),
            "end": self.until.isoformat(),
            "peak_confidence": round(self.peak_confidence, 3),
            "loudest_dbfs": round(self.loudest_dbfs, 1),
            "sound_lost": self.sound_lost,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return what was stored, as an episode that is over.

        Raises:
            KeyError, TypeError, ValueError: it is damaged.
        """
        start = datetime.fromisoformat(stored["start"])
        end = datetime.fromisoformat(stored["end"])
        if start.tzinfo is None or end.tzinfo is None or end < start:
            raise ValueError(f"an episode from {start} to {end}")
        return cls(
            start=dt_util.as_utc(start),
            end=dt_util.as_utc(end),
            peak_confidence=float(stored["peak_confidence"]),
            loudest_dbfs=float(stored["loudest_dbfs"]),
            sound_lost=bool(stored["sound_lost"]),
        )


def today() -> tuple[datetime, datetime]:
    """Return when the local day began, and when the next one does (UTC).

    A day may have 23 or 25 hours, and need not have a midnight: where the clock is put
    forward then, it begins when that is done.
    """
    now = dt_util.now()
    start = dt_util.start_of_local_day(now.date())
    end = dt_util.start_of_local_day(now.date() + timedelta(days=1))
    return dt_util.as_utc(start), dt_util.as_utc(end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What the journal says at one moment."""

    crying_today: timedelta
    episodes_today: int
    current: timedelta
    """How long the episode lasts that is going on; 0 while it is calm."""
    last_start: datetime | None
    """When the last episode began that is over (UTC)."""
    last_duration: timedelta | None


class Journal:
    """The episodes of the last 30 days, 5,000 at most; what the test alarm makes up is not in it."""

    def __init__(self, episodes: Iterable[JournalEpisode] = ()) -> None:
        """Start with the episodes that were recorded before, in their order."""
        self._episodes = list(episodes)
        self.current: JournalEpisode | None = None
        """The episode that is going on, also a made-up one."""

    @property
    def last(self) -> JournalEpisode | None:
        """Return the latest episode that is over."""
        return self._episodes[-1] if self._episodes else None

    @property
    def episodes_today(self) -> int:
        """Return how many episodes the local day has had; one over midnight is in both days."""
        return len(self.episodes(*today()))

    @property
    def crying_today(self) -> timedelta:
        """Return how long there has been crying in the local day, the episode that goes on included."""
        start, end = today()
        parts = [episode.overlap(start, end) for episode in self.episodes(start, end)]
        return sum(parts, timedelta(0))

    def episodes(self, start: datetime, end: datetime) -> list[JournalEpisode]:
        """Return what was recorded between two times (aware), also in part, and what goes on."""
        return [episode for episode in self._all() if episode.touches(start, end)]

    def figures(self) -> Figures:
        """Return the figures of this moment."""
        last = self.last
        return Figures(
            crying_today=self.crying_today,
            episodes_today=self.episodes_today,
            current=self.current.duration if self.current else timedelta(0),
            last_start=last.start if last else None,
            last_duration=last.duration if last else None,
        )

    def follow(self, episode: JournalEpisode) -> None:
        """Take what is known of the episode that is going on."""
        self.current = episode

    def close(self, *, sound_lost: bool = False) -> JournalEpisode | None:
        """End the episode that is going on, if any, with what is known; return it."""
        if self.current is None:
            return None
        closed = self.current.closed(sound_lost=sound_lost)
        self.current = None
        if not closed.test:
            self._episodes.append(closed)
            self._forget()
        return closed

    def as_list(self) -> list[dict[str, Any]]:
        """Return it as it is stored; the episode that goes on as one whose end was not heard.

        That is what it will be if it is ever read: Home Assistant ended without a word.
        """
        stored = [episode.as_dict() for episode in self._episodes]
        if self.current and not self.current.test:
            stored.append(self.current.closed(sound_lost=True).as_dict())
        return stored

    def _all(self) -> list[JournalEpisode]:
        if self.current is None or self.current.test:
            return self._episodes
        return [*self._episodes, self.current]

    def _forget(self) -> None:
        """Forget what is too old or too much, but nothing of today: its figures only rise."""
        start, _ = today()
        oldest = dt_util.utcnow() - KEPT_FOR
        surplus = len(self._episodes) - MOST_EPISODES
        self._episodes = [
            episode
            for number, episode in enumerate(self._episodes)
            if episode.until >= start or (episode.until >= oldest and number >= surplus)
        ]
