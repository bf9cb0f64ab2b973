"""From a stream of scores to episodes of crying: smoothing, two thresholds, a time to confirm and a hold.

There is no clock in here: time comes with the scores, so a recording is judged the same at any speed.
"""

from collections import deque
from dataclasses import dataclass, replace
import math

SUSTAINED_S = 12.0
"""How long crying that never reaches the on threshold must be likely to be an episode; chosen on nights, as thresholds are."""
_SUSTAINED_PART = 0.6
"""Of the on threshold: how likely."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeSettings:
    """When crying begins and when it is over."""

    on_threshold: float = 0.6
    """Smoothed confidence (0 to 1) from which on it counts as crying."""
    off_threshold: float = 0.4
    """Smoothed confidence under which it is calm; between the two, what was goes on."""
    smoothing_s: float = 1.0
    """The confidence is averaged over this many seconds; 0 takes each score as it is."""
    confirm_s: float = 0.0
    """The smoothed confidence must stay at or over the on threshold for this long before an episode starts."""
    hold_s: float = 6.0
    """An episode is over when it has been calm for this long: babies breathe, and gather strength, between cries."""
    sustained_s: float = 0.0
    """An episode starts, too, when the confidence has averaged the sustained threshold for so many seconds: of a baby who
    is hard to hear, or whimpers, no single second is sure. 0 for never."""

    def __post_init__(self) -> None:
        """Refuse settings that make no sense.

        Raises:
            ValueError: a threshold is not within 0 to 1, off is over on, or a time is negative.
        """
        if not 0.0 < self.off_threshold <= self.on_threshold <= 1.0:
            raise ValueError(
                "thresholds must be over 0 and up to 1, off not over on:"
                f" on {self.on_threshold:g}, off {self.off_threshold:g}"
            )
        times = (self.smoothing_s, self.confirm_s, self.hold_s, self.sustained_s)
        if not all(0.0 <= time < math.inf for time in times):
            raise ValueError(
                "smoothing, confirmation, hold and the sustained time must be 0 seconds or more"
            )

    @property
    def sustained_threshold(self) -> float:
        """Average confidence that starts an episode when it is sustained."""
        return max(self.off_threshold, _SUSTAINED_PART * self.on_threshold)


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode of crying; times are seconds on the clock of the stream it was heard in."""

    start: float
    """When the smoothed confidence reached the on threshold, or it had been sustained."""
    end: float | None
    """When it was last at or over the off threshold; None while the episode goes on."""
    last: float
    """The latest time at which crying was still heard: the end that the episode would have if nothing more came."""
    peak: float
    """The highest smoothed confidence in it, 0 to 1; under the on threshold where it was only sustained."""
    test: bool = False
    """Whether it is that of a test alarm, and nothing real has been heard in it."""
    lost: bool = False
    """Whether it ended because the sound was lost: how long it really was, nobody knows."""

    @property
    def duration(self) -> float:
        """Seconds from the start to the end, or to when crying was last heard."""
        return self.last - self.start


class EpisodeTracker:
    """Follows a stream of scores and tells which episode it is in.

    Example:
        >>> tracker = EpisodeTracker(EpisodeSettings(smoothing_s=0, hold_s=2))
        >>> [tracker.update(float(t), score) is not None for t, score in enumerate([0.1, 0.9, 0.1, 0.9, 0.1, 0.1, 0.1])]
        [False, True, True, True, True, True, False]
        >>> tracker.finished
        Episode(start=1.0, end=3.0, last=3.0, peak=0.9, test=False, lost=False)
    """

    def __init__(self, settings: EpisodeSettings) -> None:
        """Start out calm."""
        self.settings = settings
        self.current: Episode | None = None
        """The episode that is going on."""
        self.finished: Episode | None = None
        """The last episode that is over."""
        self._recent: deque[tuple[float, float]] = deque()
        self._sustained = _Sustained()
        # The start and the peak of what may become an episode once it has lasted long enough;
        # and the same of what is real in it.
        self._candidate: tuple[float, float] | None = None
        self._real: tuple[float, float] | None = None
        # Seconds since crying was last heard of which nothing is known.
        self._unknown_s = 0.0

    def pass_over(self, seconds: float) -> None:
        """Let so many seconds go by, before the next score, of which nobody knows what was to be heard.

        They are no crying, and no calm either: an episode's hold waits until they are over.
        """
        self._unknown_s += seconds

    def update(
        self, time: float, confidence: float, *, alarm: bool = False
    ) -> Episode | None:
        """Take the score at a time (seconds, never earlier than the last); return the episode that it is in, if any.

        Args:
            time: on the clock of the stream.
            confidence: 0 to 1.
            alarm: whether a test alarm sounds, as if the confidence were 1. An episode of its
                making is a test, until there is in it what would have been an episode by itself.
        """
        # Settings may be changed from another thread: one update has one of them.
        settings = self.settings
        smoothed = self._smooth(settings, time, confidence)
        is_sustained = self._sustained.update(settings, time, confidence)
        # What was sustained must be heard still.
        starts = smoothed >= settings.on_threshold or (
            is_sustained and smoothed >= settings.off_threshold
        )
        self._real = _going_on(self._real, time, smoothed, starts)
        is_real = _is_confirmed(self._real, settings, time)
        sounding = 1.0 if alarm else smoothed
        if self.current is None:
            self._watch(settings, time, sounding, starts or alarm, is_real)
        else:
            self._follow(settings, self.current, time, sounding, is_real)
        return self.current

    def finish(self, *, lost: bool = False) -> Episode | None:
        """End the episode that is going on, if any, with what is known, and return it.

        Args:
            lost: whether the sound was lost. What comes after it is not averaged with what was
                before.
        """
        if lost:
            self._recent.clear()
            self._sustained.clear()
            self._candidate = self._real = None
        if self.current is None:
            return None
        return self._end(self.current, lost=lost)

    def _smooth(
        self, settings: EpisodeSettings, time: float, confidence: float
    ) -> float:
        self._recent.append((time, confidence))
        while (
            len(self._recent) > 1 and self._recent[0][0] <= time - settings.smoothing_s
        ):
            self._recent.popleft()
        return sum(score for _, score in self._recent) / len(self._recent)

    def _watch(
        self,
        settings: EpisodeSettings,
        time: float,
        sounding: float,
        starts: bool,
        is_real: bool,
    ) -> None:
        self._candidate = _going_on(self._candidate, time, sounding, starts)
        if self._candidate is None or not _is_confirmed(
            self._candidate, settings, time
        ):
            return
        start, peak = self._candidate
        self.current = Episode(
            start=start, end=None, last=time, peak=peak, test=not is_real
        )
        self._candidate = None
        self._unknown_s = 0.0

    def _follow(
        self,
        settings: EpisodeSettings,
        episode: Episode,
        time: float,
        sounding: float,
        is_real: bool,
    ) -> None:
        if sounding >= settings.off_threshold:
            self._unknown_s = 0.0
            self.current = replace(
                episode,
                last=time,
                peak=max(episode.peak, sounding),
                test=episode.test and not is_real,
            )
        elif time - episode.last - self._unknown_s >= settings.hold_s:
            self._end(episode)

    def _end(self, episode: Episode, *, lost: bool = False) -> Episode:
        self.finished = replace(episode, end=episode.last, lost=lost)
        self.current = None
        # What is over starts no other.
        self._sustained.clear()
        return self.finished


class _Sustained:
    """Tells when the confidence has averaged the sustained threshold for long."""

    def __init__(self) -> None:
        self._scores: deque[tuple[float, float]] = deque()
        self._since: float | None = None

    def clear(self) -> None:
        self._scores.clear()
        self._since = None

    def update(self, settings: EpisodeSettings, time: float, confidence: float) -> bool:
        """Take a score; return whether it is so now."""
        span_s = settings.sustained_s
        if not span_s:
            self.clear()
            return False
        # A few scores with a hole between them are no long time.
        if self._scores and time - self._scores[-1][0] > span_s / 2.0:
            self.clear()
        if self._since is None:
            self._since = time
        self._scores.append((time, confidence))
        while self._scores[0][0] <= time - span_s:
            self._scores.popleft()
        if time - self._since < span_s:
            return False
        total = sum(score for _, score in self._scores)
        return total >= settings.sustained_threshold * len(self._scores)


def _going_on(
    candidate: tuple[float, float] | None, time: float, smoothed: float, starts: bool
) -> tuple[float, float] | None:
    """Return the start and the peak of the stretch, in which each score would start an episode, that a time is in, if any."""
    if not starts:
        return None
    start, peak = candidate or (time, smoothed)
    return start, max(peak, smoothed)


def _is_confirmed(
    candidate: tuple[float, float] | None, settings: EpisodeSettings, time: float
) -> bool:
    """Whether a stretch has lasted long enough to be an episode."""
    return candidate is not None and time - candidate[0] >= settings.confirm_s
