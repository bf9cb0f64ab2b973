"""Matrix products that stay on the thread that asked for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# OpenBLAS, which numpy's wheels carry, starts its threads for products of more
# multiplications than this (interface/gemm.c: SMP_THRESHOLD_MIN times
# GEMM_MULTITHREAD_THRESHOLD). For matrices as small as the engine's they give little on an
# idle machine. On a busy one each product waits for all of them: 14 times as long was
# measured for a window beside two other programs, and they would spin on all cores of a
# Raspberry Pi. There is no way to ask for one thread that does not change every other user
# of numpy in the process.
_LARGEST = 4 * 65_536


def rows_at_a_time(columns: int, depth: int) -> int:
    """Return how many rows of a product may be computed in one call."""
    return max(1, _LARGEST // max(1, columns * depth))


def matmul(
    left: NDArray[Any], right: NDArray[Any], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Return left @ right, shapes (m, k) and (k, n), computed some rows at a time.

    Args:
        left: its rows may overlap in memory.
        right: the matrix that all rows are multiplied with.
        out: where to put the result, shape (m, n).
    """
    if out is None:
        shape = (left.shape[0], right.shape[1])
        out = np.empty(shape, np.result_type(left, right))
    rows = rows_at_a_time(right.shape[1], right.shape[0])
    for start in range(0, len(left), rows):
        np.matmul(left[start : start + rows], right, out=out[start : start + rows])
    return out
