"""The last seconds of a stream, as a model is fed with them."""

import math

import numpy as np
from numpy.typing import NDArray

from .features import POWER_OFFSET, LogMel
from .manifest import Manifest


class Window:
    """Holds the newest window of a stream: push samples, then read it.

    Before a stream is as long as the window, what is missing stands in front as digital
    silence; the models are trained on that.
    """

    def __init__(self, manifest: Manifest) -> None:
        """Start out in silence."""
        self._features = LogMel(manifest.features) if manifest.features else None
        silence = 0.0 if self._features is None else math.log(POWER_OFFSET)
        self._content = np.full(manifest.input_shape, silence, np.float32)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n,), full scale -1 to 1."""
        newest = samples if self._features is None else self._features.push(samples)
        length = len(self._content)
        newest = newest[-length:]
        if len(newest):
            self._content[: length - len(newest)] = self._content[len(newest) :]
            self._content[length - len(newest) :] = newest

    def read(self) -> NDArray[np.float32]:
        """Return the window, of the manifest's input shape; valid until the next push."""
        return self._content
