"""Clips as a network takes them: read, shifted in time, mixed with background noise, and made into log-mel frames.

Nothing is kept but what a batch holds, so that memory does not grow with the data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cry_engine.features import LogMel
from settings import ModelSettings
from wavs import read_part
from words import SILENCE_INDEX, Example, Examples

type Floats = NDArray[np.float32]
type Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Augmentation:
    """How training clips are changed; the tutorial's defaults."""

    background_frequency: float = 0.8
    """Part of the clips that background noise is mixed into."""
    background_volume: float = 0.1
    """The loudest that it is, as a part of how it was recorded."""
    time_shift_ms: float = 100.0
    """Furthest that a clip is moved to and fro."""


class Batches:
    """Draws training batches, and goes through the other sets in order."""

    def __init__(
        self,
        examples: Examples,
        settings: ModelSettings,
        augmentation: Augmentation,
        *,
        seed: int,
        step: int = 0,
    ) -> None:
        """Set up.

        Args:
            examples: to draw from.
            settings: of the frames.
            augmentation: of what is drawn to learn from.
            seed: of everything drawn.
            step: from which a run goes on: it must not draw again what it began with.
        """
        self._examples, self._settings = examples, settings
        self._augmentation = augmentation
        self._seed = seed
        self._rng = np.random.default_rng(seed + step)
        rate = settings.features.sample_rate
        self._furthest = int(augmentation.time_shift_ms * rate / 1e3)

    def draw(self, size: int) -> tuple[Floats, Labels]:
        """Draw examples from the training set.

        Returns:
            Log-mel frames (size, frames, bands) and labels (size,).

        Raises:
            DataError: a clip cannot be read any more; the message names it.
        """
        training = self._examples.sets["training"]
        chosen = [training[n] for n in self._rng.integers(0, len(training), size)]
        return self._batch([self._changed(example) for example in chosen], chosen)

    def in_order(self, name: str, size: int) -> Iterator[tuple[Floats, Labels]]:
        """Yield a whole set in batches, unchanged and each time the same.

        Raises:
            DataError: a clip cannot be read any more; the message names it.
        """
        # Drawn anew from the same seed each time: `_silence_` is the same noise in every evaluation, also where a run goes on.
        rng = np.random.default_rng((self._seed, 1))
        examples = self._examples.sets[name]
        for start in range(0, len(examples), size):
            chosen = examples[start : start + size]
            sounds = [self._silence(rng) if e.path is None else self._read(e.path) for e in chosen]  # fmt: skip
            yield self._batch(sounds, chosen)

    def _batch(
        self, sounds: list[Floats], examples: list[Example] | tuple[Example, ...]
    ) -> tuple[Floats, Labels]:
        frames = [LogMel(self._settings.features).push(sound) for sound in sounds]
        labels = np.array([example.label for example in examples], np.int64)
        return np.stack(frames), labels

    def _read(self, path: Path) -> Floats:
        return read_part(path, 0, self._settings.clip_samples)

    def _noise(self, rng: np.random.Generator) -> Floats:
        background = self._examples.background
        path, length = background[rng.integers(len(background))]
        count = self._settings.clip_samples
        return read_part(path, int(rng.integers(0, length - count + 1)), count)

    def _silence(self, rng: np.random.Generator) -> Floats:
        """Return background noise at any volume, or nothing at all where there is none."""
        if not self._examples.background:
            return np.zeros(self._settings.clip_samples, np.float32)
        return self._noise(rng) * np.float32(rng.random())

    def _changed(self, example: Example) -> Floats:
        rng = self._rng
        if example.label == SILENCE_INDEX or example.path is None:
            return self._silence(rng)
        sound = self._read(example.path)
        if self._furthest:
            sound = shifted(sound, int(rng.integers(-self._furthest, self._furthest)))
        if (
            self._examples.background
            and rng.random() < self._augmentation.background_frequency
        ):
            volume = np.float32(rng.uniform(0.0, self._augmentation.background_volume))
            sound = np.clip(sound + volume * self._noise(rng), -1.0, 1.0)
        return sound


def shifted(sound: Floats, later: int) -> Floats:
    """Return a sound that begins so many samples later (earlier where negative), silence where there was none, as long."""
    out = np.zeros_like(sound)
    if later >= 0:
        out[later:] = sound[: len(sound) - later]
    else:
        out[:later] = sound[-later:]
    return out
