"""A published audio tagger, YAMNet, as a teacher: what it hears in a sound. Nothing of it is in what ships."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment import Samples, resample

CLASSES = 521
CRYING = slice(19, 22)
"""Crying, sobbing; baby cry, infant cry; whimper."""
HOP_S = 0.5
RATE = 16_000
WINDOW = 15_600


class Teacher:
    """Scores a sound every HOP_S."""

    def __init__(self, path: Path) -> None:
        """Load the tagger's .tflite file."""
        from ai_edge_litert.interpreter import (
            Interpreter,  # Here, as only training with a teacher needs it.
        )

        self._interpreter: Any = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    def scores(self, samples: Samples, sample_rate: int) -> NDArray[np.uint8]:
        """Return its scores, 0 to 255, of each window: shape (windows, CLASSES).

        Window n covers n * HOP_S to n * HOP_S + 0.975 s; a shorter sound is repeated, so that it fills the window.
        """
        rates = Fraction(RATE, sample_rate)
        sound = resample(samples, rates.numerator, rates.denominator)
        if len(sound) < WINDOW:
            sound = np.resize(sound, WINDOW)
        hop = int(HOP_S * RATE)
        windows = range(0, len(sound) - WINDOW + 1, hop)
        return np.stack(
            [self._window(sound[start : start + WINDOW]) for start in windows]
        )

    def _window(self, sound: Samples) -> NDArray[np.uint8]:
        tensor = sound.reshape(self._input["shape"])
        if self._input["dtype"] != np.float32:
            scale, zero = self._input["quantization"]
            tensor = np.clip(np.round(tensor / scale) + zero, -128, 127).astype(
                self._input["dtype"]
            )
        self._interpreter.set_tensor(self._input["index"], tensor)
        self._interpreter.invoke()
        scores = self._interpreter.get_tensor(self._output["index"]).reshape(-1)
        if scores.dtype != np.float32:
            scale, zero = self._output["quantization"]
            scores = (scores.astype(np.float32) - zero) * scale
        steps: NDArray[np.uint8] = np.clip(np.round(scores * 255.0), 0, 255).astype(
            np.uint8
        )
        return steps
