"""Source -> Detector -> observations: the one pipeline.

Live listening, replay of a file, the terminal program, evaluation and benchmarks all come
through here.
"""

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

from .arrival import Arrival
from .classifier import Classifier
from .detector import LOUD_MARGIN_DB, Detector
from .episodes import Episode, EpisodeSettings
from .errors import EngineError, SourceClosedError, SourceEndedError, SourceStalledError
from .health import Health
from .observation import Observation
from .pauses import Pauses
from .sources import PATIENCE_S, Chunk, Source

__all__ = ["PATIENCE_S", "Detector", "Health", "Listener", "Observation"]

# Of a source that is slow already, an observation may take this part of that.
_SLOW_PART = 0.375


class Listener:
    """Listens to a source: iterate over it for the observations.

    Iterating opens the source and closes it however it ends; `close`, from any thread, ends
    the iteration at once. A file's end ends it too; a loss is raised.

    `settings`, `gain_db`, `loud_margin_db` and `test_alarm` are those of the Detector: they may
    be used at any time, from any thread.
    """

    def __init__(
        self,
        source: Source,
        classifier: Classifier,
        settings: EpisodeSettings | None = None,
        *,
        patience_s: float = PATIENCE_S,
        first_patience_s: float | None = None,
        gain_db: float = 0.0,
        loud_margin_db: float = LOUD_MARGIN_DB,
        pauses: Pauses | None = None,
    ) -> None:
        """Tie a source to a classifier.

        Args:
            source: delivers at the sample rate of the classifier's manifest.
            classifier: the model.
            settings: of the episodes; by default those of medium sensitivity.
            patience_s: seconds without sound, or without enough of it for an observation, after
                which the source is given up.
            first_patience_s: the same before the first sound; `patience_s` by default. A source
                that takes longer must have been told so, too.
            gain_db: what the sound is amplified by before all else.
            loud_margin_db: how far a sound must stand out of the noise floor to be loud.
            pauses: what has been learnt of how this source is silent, when it was listened to
                before; it is learnt on.

        Raises:
            ValueError: the sample rates differ.
        """
        if source.sample_rate != classifier.manifest.sample_rate:
            raise ValueError(
                f"{source.name} delivers {source.sample_rate} Hz,"
                f" the model listens at {classifier.manifest.sample_rate}"
            )
        self._source = source
        self._detector = Detector(
            classifier,
            settings,
            gain_db=gain_db,
            loud_margin_db=loud_margin_db,
            kind=source.kind,
            pauses=pauses,
        )
        self._arrival = Arrival()
        self._patience_s = patience_s
        self._first_patience_s = first_patience_s or patience_s
        self._observed_at_s = 0.0
        self._lost = False

    @property
    def settings(self) -> EpisodeSettings:
        """When crying begins and when it is over."""
        return self._detector.settings

    @settings.setter
    def settings(self, settings: EpisodeSettings) -> None:
        self._detector.settings = settings

    @property
    def gain_db(self) -> float:
        """What the sound is amplified by before all else."""
        return self._detector.gain_db

    @gain_db.setter
    def gain_db(self, gain_db: float) -> None:
        self._detector.gain_db = gain_db

    @property
    def loud_margin_db(self) -> float:
        """How far a sound must stand out of the noise floor to be loud."""
        return self._detector.loud_margin_db

    @loud_margin_db.setter
    def loud_margin_db(self, margin_db: float) -> None:
        self._detector.loud_margin_db = margin_db

    def test_alarm(self, seconds: float) -> None:
        """Take the confidence to be 1 until an episode has gone on for so many seconds of sound: made up, the real way."""
        self._detector.test_alarm(seconds)

    def __iter__(self) -> Iterator[Observation]:
        """Yield an observation for each hop, or fewer where a live source leaves no time for all.

        Raises:
            SourceUnavailableError: the source cannot be opened, or was lost.
            SourceStalledError: it is open, and no sound comes, or next to none.
            ModelError: the model fails on what it hears.
        """
        try:
            with self._source:
                self._observed_at_s = monotonic()
                while True:
                    chunk = self._source.read()
                    if len(chunk.samples) and not chunk.time:
                        # However long the first sound took: from now on more must come.
                        self._observed_at_s = chunk.arrived_s
                    yield from self._observe(chunk)
                    self._check_patience(chunk)
        except SourceEndedError:
            yield from self._detector.flush()
        except SourceClosedError:
            return
        except EngineError:
            self._lost = True
            raise

    def _check_patience(self, chunk: Chunk) -> None:
        is_first = not (chunk.time or len(chunk.samples))
        patience_s = self._first_patience_s if is_first else self._patience_s
        silent_s = chunk.arrived_s - self._observed_at_s
        part = _SLOW_PART if self._arrival.slow else 1.0
        if chunk.waited_s >= patience_s:
            what = f"no sound for {chunk.waited_s:.0f} s"
        elif self._source.live and silent_s >= patience_s * part:
            what = f"next to no sound for {silent_s:.0f} s"
        else:
            return
        raise SourceStalledError(f"{self._source.name}: {what}")

    def _observe(self, chunk: Chunk) -> Iterator[Observation]:
        if not self._source.live:
            yield from self._detector.push(chunk.samples)
            return
        arrival = self._arrival
        arrival.update(chunk.arrived_s, len(chunk.samples) / self._source.sample_rate)
        for observation in self._detector.push(
            chunk.samples, live=True, slow=arrival.slow
        ):
            now_s = self._observed_at_s = monotonic()
            yield replace(
                observation,
                lost_s=arrival.lost_s,
                behind_s=arrival.age_s(now_s, observation.time),
            )

    def finish(self) -> Episode | None:
        """End the episode that is going on, if any, once the iteration is over; return it.

        It says so (`lost`) when the iteration was ended by a loss.
        """
        return self._detector.finish(lost=self._lost)

    def close(self) -> None:
        """End the iteration and close the source; may be called from any thread."""
        self._source.close()
