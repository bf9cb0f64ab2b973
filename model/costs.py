"""What a model costs: milliseconds a window, bytes, parameters."""

import math
from pathlib import Path
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cry_engine.classifier import Classifier
from cry_engine.errors import ModelError
from cry_engine.tflite.schema import read_graph

_RUNS, _WINDOWS = 7, 40


def parameters(content: bytes) -> int:
    """Return how many numbers were learnt: those of the constants that are no shapes or axes."""
    return sum(
        math.prod(tensor.shape)
        for tensor in read_graph(content).tensors
        if tensor.data is not None
        and tensor.data.size
        and (np.issubdtype(tensor.dtype, np.floating) or tensor.quantization)
    )


def milliseconds(classifier: Classifier) -> float:
    """Return what one window takes, on one core; the best run counts, as other work can only make one slower."""
    drawn = np.random.default_rng(0).normal(-8.0, 3.0, classifier.manifest.input_shape)
    window: NDArray[np.float32] = drawn.astype(np.float32)
    best = math.inf
    for _ in range(_RUNS):
        start = time.perf_counter()
        for _ in range(_WINDOWS):
            classifier.score(window)
        best = min(best, time.perf_counter() - start)
    return 1e3 * best / _WINDOWS


def cost(path: Path) -> dict[str, Any]:
    """Return the costs of a .tflite file with its manifest.

    Raises:
        ModelError: it cannot be loaded.
    """
    figures: dict[str, Any] = {
        "bytes": path.stat().st_size,
        "parameters": parameters(path.read_bytes()),
        "ms_a_window_numpy": round(
            milliseconds(Classifier.load(path, runtime="numpy")), 3
        ),
    }
    try:
        litert = Classifier.load(path, runtime="litert")
    except ModelError:
        return figures
    figures["ms_a_window_litert"] = round(milliseconds(litert), 3)
    figures["numpy_over_litert"] = round(
        figures["ms_a_window_numpy"] / max(1e-3, figures["ms_a_window_litert"]), 1
    )
    return figures
