"""Samples -> level, noise floor, features -> classifier -> episodes -> Observation: the pipeline behind the source."""

from collections.abc import Iterator
from dataclasses import replace
import math
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from .classifier import Classifier
from .episodes import Episode, EpisodeSettings, EpisodeTracker
from .health import Health, HealthMonitor, Verdict
from .level import LevelMeter
from .noise_floor import LoudSound, NoiseFloor
from .observation import Observation
from .pace import Pace
from .pauses import Pauses
from .sensitivity import episode_settings
from .sources import SourceKind
from .window import Window

# How far a sound must stand out of the noise floor to be called loud, unless told otherwise.
LOUD_MARGIN_DB = 15.0

_NOTHING = np.zeros(0, np.float32)


class Detector:
    """The pipeline behind the source: push samples, get an observation for each hop.

    `settings`, `gain_db` and `loud_margin_db` may be set, and `test_alarm` called, at any time
    and from any thread; they hold from the next hop on.
    """

    def __init__(
        self,
        classifier: Classifier,
        settings: EpisodeSettings | None = None,
        *,
        gain_db: float = 0.0,
        loud_margin_db: float = LOUD_MARGIN_DB,
        kind: SourceKind = SourceKind.RECORDING,
        pauses: Pauses | None = None,
    ) -> None:
        """Start out in silence and calm.

        Args:
            classifier: the model.
            settings: of the episodes; by default those of medium sensitivity.
            gain_db: what the sound is amplified by before all else.
            loud_margin_db: how far a sound must stand out of the noise floor to be loud.
            kind: of the source, which decides what its silence means.
            pauses: what has been learnt of that before.
        """
        manifest = classifier.manifest
        self.gain_db = gain_db
        self._classifier = classifier
        self._sample_rate = manifest.sample_rate
        self._hop = manifest.hop_samples
        self._window = Window(manifest)
        self._meter = LevelMeter(manifest.sample_rate)
        self._health = HealthMonitor(manifest.sample_rate, kind, pauses)
        self._floor = NoiseFloor()
        self._loud = LoudSound(loud_margin_db)
        self._tracker = EpisodeTracker(settings or episode_settings(manifest))
        self._pace = Pace(manifest.hop_s)
        self._heard = 0
        self._observed = 0
        self._waiting = _NOTHING
        # How much has come since the last observation that is no evidence, in samples.
        self._doubtful = 0
        # The seconds that a test alarm was asked for; how long it is, and when it ends, in samples.
        self._alarm_s: float | None = None
        self._alarm = 0
        self._alarm_until = 0.0

    @property
    def settings(self) -> EpisodeSettings:
        """When crying begins and when it is over."""
        return self._tracker.settings

    @settings.setter
    def settings(self, settings: EpisodeSettings) -> None:
        self._tracker.settings = settings

    @property
    def loud_margin_db(self) -> float:
        """How far a sound must stand out of the noise floor to be loud."""
        return self._loud.margin_db

    @loud_margin_db.setter
    def loud_margin_db(self, margin_db: float) -> None:
        self._loud.margin_db = margin_db

    def test_alarm(self, seconds: float) -> None:
        """Take the confidence to be 1 until an episode has gone on for so many seconds of sound: made up, the real way."""
        self._alarm_s = seconds

    def push(
        self, samples: NDArray[np.float32], *, live: bool = False, slow: bool = False
    ) -> Iterator[Observation]:
        """Take samples of shape (n,), full scale -1 to 1; yield what each hop gives.

        Iterate to the end: what is not asked for is not heard.

        Args:
            samples: the next of the stream.
            live: whether windows are left out when there is no time for all that wait; all
                samples are heard all the same.
            slow: whether they arrive too slowly to be trusted.
        """
        hops = (len(self._waiting) + len(samples)) // self._hop
        stride = self._pace.stride(hops) if live else 1
        busy_s = 0.0
        for left in reversed(range(hops)):
            started_s = perf_counter()
            # Hop by hop: all that may have waited would be a megabyte more.
            missing = self._hop - len(self._waiting)
            hop = np.concatenate([self._waiting, samples[:missing]])
            self._waiting, samples = _NOTHING, samples[missing:]
            verdict = self._hear(hop)
            if left % stride == 0:
                observation = self._observe(verdict, slow)
                self._pace.note(busy_s + perf_counter() - started_s, observation.span_s)
                busy_s = 0.0
                yield observation
            else:
                busy_s += perf_counter() - started_s
        self._waiting = np.concatenate([self._waiting, samples])

    def flush(self) -> Iterator[Observation]:
        """Yield what the rest gives that is shorter than a hop, at the end of a stream."""
        if len(self._waiting):
            hop, self._waiting = self._waiting, _NOTHING
            yield self._observe(self._hear(hop), slow=False)

    def finish(self, *, lost: bool = False) -> Episode | None:
        """End the episode that is going on, if any, with what is known; return it.

        Args:
            lost: whether it ends because the sound was lost.
        """
        return self._tracker.finish(lost=lost)

    def _hear(self, hop: NDArray[np.float32]) -> Verdict:
        """Take a hop into all that remembers; what came in is judged before it is amplified."""
        verdict = self._health.update(hop)
        if gain_db := self.gain_db:
            amplified = hop * np.float32(10.0 ** (gain_db / 20.0))
            hop = amplified.clip(-1.0, 1.0)
        self._heard += len(hop)
        self._meter.add(hop)
        self._window.push(hop)
        if not verdict.is_evidence:
            self._doubtful += len(hop)
        return verdict

    def _observe(self, verdict: Verdict, slow: bool) -> Observation:
        time = self._heard / self._sample_rate
        span_s = (self._heard - self._observed) / self._sample_rate
        self._observed = self._heard
        health = Health.SLOW if slow and verdict.health.alive else verdict.health
        level = self._meter.take()
        scores = self._classifier.score(self._window.read())
        is_evidence = verdict.is_evidence and not slow
        episode, is_crying, is_test = self._follow(
            time, scores.confidence, health, is_evidence
        )
        floor_dbfs = self._floor.update(
            span_s,
            level.trough_dbfs,
            # What may be crying does not become the room, be it called an episode or not.
            frozen=not is_evidence
            or is_crying
            or scores.confidence >= self.settings.off_threshold,
        )
        return Observation(
            time=time,
            level=level,
            scores=replace(scores, confidence=1.0) if self._alarm_sounds() else scores,
            crying=is_crying,
            episode=episode,
            health=health,
            noise_floor_dbfs=floor_dbfs,
            loud=self._loud.update(span_s, level, floor_dbfs),
            test=is_test,
            span_s=span_s,
            load=self._pace.load,
        )

    def _follow(
        self, time: float, confidence: float, health: Health, is_evidence: bool
    ) -> tuple[Episode | None, bool, bool]:
        """Return the episode that this is in or that it ended, whether one goes on, and whether it is a test."""
        before = self._tracker.current
        alarm = self._begin_alarm()
        self._tracker.pass_over(self._doubtful / self._sample_rate)
        self._doubtful = 0
        if alarm or is_evidence:
            self._tracker.update(time, confidence if is_evidence else 0.0, alarm=alarm)
        elif not health.alive:
            # Whether it went on is not known any more.
            self._tracker.finish(lost=True)
        now = self._tracker.current
        if now and self._alarm_until == math.inf:
            # Its time begins with its episode, which the settings of the moment may have put off.
            self._alarm_until = self._observed + self._alarm
        episode = self._tracker.finished if before and not now else now
        return episode, now is not None, alarm or bool(episode and episode.test)

    def _begin_alarm(self) -> bool:
        """Begin the test alarm that was asked for, if any; return whether one sounds."""
        if (seconds := self._alarm_s) is not None:
            self._alarm_s = None
            # At least one hop, however short the alarm.
            self._alarm = max(1, round(seconds * self._sample_rate))
            self._alarm_until = math.inf
        return self._alarm_sounds()

    def _alarm_sounds(self) -> bool:
        return self._observed < self._alarm_until
