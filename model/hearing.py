"""What a detector hears in a long recording, and when it would say so: through the engine's own pipeline."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment import Samples
from cry_engine.classifier import Classifier
from cry_engine.episodes import EpisodeSettings, EpisodeTracker
from cry_engine.listener import Detector
from cry_engine.resample import Resampler

GRACE_S = 5.0
"""So long after crying has ended an alarm may still be one at it: a model looks back over a window."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a detector made of a recording, hop by hop: arrays of shape (hops,)."""

    times_s: NDArray[np.float64]
    """When the hop was over."""
    confidence: NDArray[np.float64]
    """Of crying, not smoothed."""
    rms_dbfs: NDArray[np.float64]
    """Level of the hop."""

    def gated(self, least_rms_dbfs: float) -> "Heard":
        """Return the same, deaf to hops that are less loud."""
        loud = self.rms_dbfs >= least_rms_dbfs
        return Heard(
            times_s=self.times_s,
            confidence=np.where(loud, self.confidence, 0.0),
            rms_dbfs=self.rms_dbfs,
        )


@dataclass(frozen=True, slots=True)
class Alarm:
    """A stretch of time in which the sensor says crying; seconds from the recording's beginning."""

    on_s: float
    """When it began to say so."""
    last_s: float
    """When crying was last heard."""
    off_s: float
    """When it said calm again, or the recording ended."""


class Ear:
    """Listens to a recording with a classifier: push its pieces, then take what was heard."""

    def __init__(self, classifier: Classifier, sample_rate: int) -> None:
        """Prepare for samples at a rate; where the model's is another, they are resampled as a source does it."""
        rate = classifier.manifest.sample_rate
        self._resampler = None if rate == sample_rate else Resampler(sample_rate, rate)
        self._detector = Detector(classifier)
        self._hops: list[tuple[float, float, float]] = []

    def push(self, samples: Samples) -> None:
        """Hear samples of shape (n,), full scale -1 to 1."""
        if self._resampler:
            samples = self._resampler.push(samples)
        for seen in self._detector.push(samples):
            self._hops.append((seen.time, seen.confidence, seen.level.rms_dbfs))

    def finish(self) -> Heard:
        """Hear the rest that is shorter than a hop, and return everything."""
        if self._resampler:
            self.push_resampled(self._resampler.flush())
        for seen in self._detector.flush():
            self._hops.append((seen.time, seen.confidence, seen.level.rms_dbfs))
        hops = np.array(self._hops, np.float64).reshape(-1, 3)
        return Heard(times_s=hops[:, 0], confidence=hops[:, 1], rms_dbfs=hops[:, 2])

    def push_resampled(self, samples: Samples) -> None:
        """Hear samples that have the model's rate already."""
        for seen in self._detector.push(samples):
            self._hops.append((seen.time, seen.confidence, seen.level.rms_dbfs))


def hear(classifier: Classifier, pieces: Iterable[Samples], sample_rate: int) -> Heard:
    """Return what a classifier hears in a recording that comes in pieces."""
    ear = Ear(classifier, sample_rate)
    for piece in pieces:
        ear.push(piece)
    return ear.finish()


def peak(heard: Heard, smoothing_s: float = 1.0) -> float:
    """Return a recording's score: the highest smoothed confidence in it, as the engine's episodes have it."""
    settings = EpisodeSettings(
        on_threshold=1e-12, off_threshold=1e-12, smoothing_s=smoothing_s
    )
    tracker = EpisodeTracker(settings)
    for time_s, confidence in zip(
        heard.times_s.tolist(), heard.confidence.tolist(), strict=True
    ):
        tracker.update(time_s, confidence)
    episode = tracker.finish()
    return 0.0 if episode is None else episode.peak


def alarms(heard: Heard, settings: EpisodeSettings) -> list[Alarm]:
    """Return when the engine says crying, with these settings of its episodes."""
    tracker = EpisodeTracker(settings)
    found: list[Alarm] = []
    on_s: float | None = None
    for time_s, confidence in zip(
        heard.times_s.tolist(), heard.confidence.tolist(), strict=True
    ):
        episode = tracker.update(time_s, confidence)
        if episode and on_s is None:
            on_s = time_s
        elif episode is None and on_s is not None and tracker.finished:
            found.append(Alarm(on_s, tracker.finished.last, time_s))
            on_s = None
    rest = tracker.finish()
    if rest and on_s is not None:
        found.append(Alarm(on_s, rest.last, float(heard.times_s[-1])))
    return found
