"""Source -> level, features -> classifier -> episodes -> Observation: the one pipeline.

Live listening, replay of a file, the terminal program, evaluation and benchmarks all come
through here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .classifier import Classifier, Scores
from .episodes import Episode, EpisodeSettings, EpisodeTracker
from .errors import SourceClosedError, SourceEndedError, SourceStalledError
from .level import SILENCE_DBFS, Level, LevelMeter
from .sources import Source
from .window import Window

# A source from which no sound comes for this long is given up.
PATIENCE_S = 10.0

# A microphone hears its own noise, and a codec's silence is made of pauses: for digital
# silence this long the one is muted, or the other sends nothing.
_SILENT_S = 10.0

# From this peak on, the loudest samples were cut off.
_CLIPPING_DBFS = -0.1


class Health(StrEnum):
    """What can be said of the sound itself."""

    OK = "ok"
    SILENT = "silent"
    """Pure digital silence, for ten seconds or more: muted, or the wrong device."""
    CLIPPING = "clipping"
    """Too loud for the input: turn its gain down."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What was heard, once a hop."""

    time: float
    """Seconds of sound since the source was opened, this hop included."""
    level: Level
    """How loud the hop was."""
    scores: Scores
    """What the model makes of the window that ends here."""
    crying: bool
    """Whether an episode is going on."""
    episode: Episode | None
    """The episode that is going on, or that this observation ended (its end is set)."""
    health: Health

    @property
    def confidence(self) -> float:
        """How sure the model is of crying, 0 to 1."""
        return self.scores.confidence


class Detector:
    """The pipeline behind the source: push samples, get an observation for each hop."""

    def __init__(
        self, classifier: Classifier, settings: EpisodeSettings | None = None
    ) -> None:
        """Start out in silence and calm."""
        manifest = classifier.manifest
        self.settings = settings or EpisodeSettings(
            on_threshold=manifest.on_threshold, off_threshold=manifest.off_threshold
        )
        self._classifier = classifier
        self._sample_rate = manifest.sample_rate
        self._hop = manifest.hop_samples
        self._window = Window(manifest)
        self._meter = LevelMeter(manifest.sample_rate)
        self._tracker = EpisodeTracker(self.settings)
        self._heard = 0
        self._silent = 0
        self._waiting = np.zeros(0, np.float32)

    def push(self, samples: NDArray[np.float32]) -> Iterator[Observation]:
        """Take samples of shape (n,), full scale -1 to 1; yield what each hop gives.

        Iterate to the end: what is not asked for is not heard.
        """
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= self._hop:
            hop, self._waiting = np.split(self._waiting, [self._hop])
            yield self._observe(hop)

    def flush(self) -> Iterator[Observation]:
        """Yield what the rest gives that is shorter than a hop, at the end of a stream."""
        if len(self._waiting):
            hop, self._waiting = self._waiting, np.zeros(0, np.float32)
            yield self._observe(hop)

    def finish(self) -> Episode | None:
        """End the episode that is going on, if any, with what is known; return it."""
        return self._tracker.finish()

    def _observe(self, hop: NDArray[np.float32]) -> Observation:
        self._heard += len(hop)
        time = self._heard / self._sample_rate
        self._meter.add(hop)
        level = self._meter.take()
        self._window.push(hop)
        scores = self._classifier.score(self._window.read())
        before = self._tracker.current
        episode = self._tracker.update(time, scores.confidence)
        return Observation(
            time=time,
            level=level,
            scores=scores,
            crying=episode is not None,
            episode=self._tracker.finished if before and not episode else episode,
            health=self._health(level, len(hop)),
        )

    def _health(self, level: Level, samples: int) -> Health:
        if level.peak_dbfs > SILENCE_DBFS:
            self._silent = 0
        else:
            self._silent += samples
        if self._silent >= _SILENT_S * self._sample_rate:
            return Health.SILENT
        return Health.CLIPPING if level.peak_dbfs >= _CLIPPING_DBFS else Health.OK


class Listener:
    """Listens to a source: iterate over it for the observations.

    Iterating opens the source and closes it however it ends; `close`, from any thread, ends
    the iteration at once. A file's end ends it too; a loss is raised.
    """

    def __init__(
        self,
        source: Source,
        classifier: Classifier,
        settings: EpisodeSettings | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Tie a source to a classifier.

        Args:
            source: delivers at the sample rate of the classifier's manifest.
            classifier: the model.
            settings: of the episodes; by default with the thresholds of the model.
            patience_s: seconds without sound after which the source is given up.

        Raises:
            ValueError: the sample rates differ.
        """
        if source.sample_rate != classifier.manifest.sample_rate:
            raise ValueError(
                f"{source.name} delivers {source.sample_rate} Hz,"
                f" the model listens at {classifier.manifest.sample_rate}"
            )
        self._source = source
        self._detector = Detector(classifier, settings)
        self._patience_s = patience_s

    def __iter__(self) -> Iterator[Observation]:
        """Yield an observation for each hop.

        Raises:
            SourceUnavailableError: the source cannot be opened, or was lost.
            SourceStalledError: it is open, and no sound comes.
            ModelError: the model fails on what it hears.
        """
        try:
            with self._source:
                while True:
                    chunk = self._source.read()
                    if chunk.waited_s >= self._patience_s:
                        raise SourceStalledError(
                            f"{self._source.name}: no sound for {chunk.waited_s:.0f} s"
                        )
                    yield from self._detector.push(chunk.samples)
        except SourceEndedError:
            yield from self._detector.flush()
        except SourceClosedError:
            return

    def finish(self) -> Episode | None:
        """End the episode that is going on, if any, once the iteration is over; return it."""
        return self._detector.finish()

    def close(self) -> None:
        """End the iteration and close the source; may be called from any thread."""
        self._source.close()
