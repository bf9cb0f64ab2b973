"""A published audio tagger, YAMNet, as a teacher: what it hears in a sound. Nothing of it is in what ships."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment import Samples, resample
from recordings import DataError

CLASSES = 521
EMBEDDING = 1_024
"""What the tagger knows of a window before it names it: so many numbers, none under 0."""
EMBEDDING_FULL = 6.0
"""The number that is kept as 255: hardly any is higher."""
CRYING = slice(19, 22)
"""Crying, sobbing; baby cry, infant cry; whimper."""
HOP_S = 0.5
RATE = 16_000
WINDOW = 15_600


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What the teacher heard in the windows of a sound."""

    scores: NDArray[np.uint8]
    """Its scores, 0 to 255: (windows, CLASSES)."""
    embeddings: NDArray[np.uint8]
    """What it knows before it names it, EMBEDDING_FULL at 255: (windows, EMBEDDING)."""


NOTHING_HEARD = Heard(
    scores=np.zeros((0, CLASSES), np.uint8),
    embeddings=np.zeros((0, EMBEDDING), np.uint8),
)
"""Where there is no teacher."""


class Teacher:
    """Scores a sound every HOP_S."""

    def __init__(self, path: Path) -> None:
        """Load the tagger's .tflite file.

        Raises:
            DataError: LiteRT is not installed, or the file cannot be read or is another model's.
        """
        try:
            # Here, as only training with a teacher needs it.
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise DataError(
                f"--teacher: LiteRT, which runs it, is not installed ({error}): set up with scripts/setup --model"
            ) from error
        try:
            self._interpreter: Any = Interpreter(
                str(path), num_threads=1, experimental_preserve_all_tensors=True
            )
            self._interpreter.allocate_tensors()
        except (OSError, ValueError, RuntimeError) as error:
            raise DataError(
                f"--teacher: {path} cannot be read as a .tflite file: give YAMNet's, or leave --teacher out ({error})"
            ) from error
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        # The mean over the last convolution's places: of the tensors with one number each, the last.
        embeddings = [
            tensor
            for tensor in self._interpreter.get_tensor_details()
            if tensor["shape"].tolist() in ([1, 1, 1, EMBEDDING], [1, EMBEDDING])
        ]
        if not embeddings or self._output["shape"].tolist()[-1] != CLASSES:
            raise DataError(
                f"--teacher: {path} is another model than YAMNet: it has no {CLASSES} classes over {EMBEDDING:,} numbers"
            )
        self._embedding = embeddings[-1]

    def hear(self, samples: Samples, sample_rate: int) -> Heard:
        """Return what it hears in each window of a sound.

        Window n covers n * HOP_S to n * HOP_S + 0.975 s; a shorter sound is repeated, so that it fills the window.
        """
        rates = Fraction(RATE, sample_rate)
        sound = resample(samples, rates.numerator, rates.denominator)
        if len(sound) < WINDOW:
            sound = np.resize(sound, WINDOW)
        hop = int(HOP_S * RATE)
        windows = range(0, len(sound) - WINDOW + 1, hop)
        heard = [self._window(sound[start : start + WINDOW]) for start in windows]
        return Heard(
            scores=np.stack([scores for scores, _ in heard]),
            embeddings=np.stack([embedding for _, embedding in heard]),
        )

    def _window(self, sound: Samples) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        tensor = sound.reshape(self._input["shape"])
        if self._input["dtype"] != np.float32:
            scale, zero = self._input["quantization"]
            tensor = np.clip(np.round(tensor / scale) + zero, -128, 127).astype(
                self._input["dtype"]
            )
        self._interpreter.set_tensor(self._input["index"], tensor)
        self._interpreter.invoke()
        scores = self._values(self._output)
        embedding = self._values(self._embedding)
        return _steps(scores, 1.0), _steps(embedding, EMBEDDING_FULL)

    def _values(self, tensor: dict[str, Any]) -> NDArray[np.float32]:
        values = self._interpreter.get_tensor(tensor["index"]).reshape(-1)
        if values.dtype != np.float32:
            scale, zero = tensor["quantization"]
            values = (values.astype(np.float32) - zero) * scale
        floats: NDArray[np.float32] = values
        return floats


def _steps(values: NDArray[np.float32], full: float) -> NDArray[np.uint8]:
    return np.clip(np.round(values * (255.0 / full)), 0, 255).astype(np.uint8)
