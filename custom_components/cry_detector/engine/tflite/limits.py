"""What a model may ask for: a file that asks for more is refused before anything is allocated or computed.

The limits stand far above what a classifier of sound needs (YAMNet, 3.7 million weights: 4 MB on disk, 20 MB in memory,
5 ms), and low enough for a damaged file to be harmless in a process that has other things to do.
"""

import math

import numpy as np
from numpy.typing import DTypeLike

from ..errors import ModelError

FAULTS = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)
"""What Python and numpy raise where a file or its graph does not fit together."""

MAX_FILE_BYTES = 32 << 20
MAX_TENSORS = 8192
MAX_OPERATORS = 4096
MAX_RANK = 6
MAX_TENSOR_BYTES = 16 << 20
MAX_MEMORY_BYTES = 96 << 20
"""Everything the compiled model holds: converted weights, buffers, folded constants."""
MAX_COST_NS = 250e6
"""Estimated time of one run on one core of a desktop machine."""


class Budget:
    """Counts what a model asks for, and refuses what is too much."""

    def __init__(self) -> None:
        """Start with nothing spent."""
        self.memory_bytes = 0
        self.cost_ns = 0.0

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> int:
        """Account for an array of `shape`; return its size in bytes."""
        if len(shape) > MAX_RANK:
            raise ModelError(
                f"a tensor of {len(shape)} dimensions; at most {MAX_RANK} are supported"
            )
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size > MAX_TENSOR_BYTES:
            raise ModelError(
                f"a tensor of shape {list(shape)} takes {size} bytes; at most {MAX_TENSOR_BYTES} are allowed"
            )
        self.memory_bytes += size
        if self.memory_bytes > MAX_MEMORY_BYTES:
            raise ModelError(
                f"the model needs more than {MAX_MEMORY_BYTES} bytes of memory"
            )
        return size

    def spend(self, cost_ns: float) -> None:
        """Account for time."""
        self.cost_ns += cost_ns
        if not self.cost_ns <= MAX_COST_NS:
            raise ModelError(
                f"the model would need more than {MAX_COST_NS / 1e6:.0f} ms for a run on a desktop machine"
            )
