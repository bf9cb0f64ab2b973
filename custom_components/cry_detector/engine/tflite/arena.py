"""Memory for results, used again as soon as what it held is no longer needed: what is small stays in the cache."""

from collections.abc import Iterable
import math

import numpy as np
from numpy.typing import DTypeLike

from .limits import Budget
from .quantization import Array


class Arena:
    """Hands out arrays, and takes back those that no live array overlaps."""

    def __init__(self, budget: Budget) -> None:
        """Start with no memory; what is allocated is counted in `budget`."""
        self.budget = budget
        self._free: list[Array] = []
        self._used: list[Array] = []

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return an array of arbitrary content."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        fitting = [block for block in self._free if block.nbytes >= size]
        if fitting:
            block = min(fitting, key=lambda block: block.nbytes)
            self._free = [other for other in self._free if other is not block]
        else:
            block = np.empty(self.budget.take(shape, dtype), np.uint8)
        self._used.append(block)
        return block[:size].view(dtype).reshape(shape)

    def reclaim(self, live: Iterable[Array]) -> None:
        """Free every block that no array of `live` lies in."""
        live = list(live)
        used, self._used = self._used, []
        for block in used:
            needed = any(np.may_share_memory(block, array) for array in live)
            (self._used if needed else self._free).append(block)
