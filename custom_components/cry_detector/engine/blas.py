"""Matrix products that stay on the thread that asked for them."""

from collections.abc import Callable
from functools import lru_cache
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

# What a product costs beside its multiplications, in ns: for each number of the left and of the
# right matrix that is read again for another piece, for each piece, and for each number that is
# summed afterwards. Fitted on one core of an AMD EPYC to 8 shapes in 700 divisions: what is
# chosen by it takes 1.1 times as long as the fastest.
_LEFT_NS, _RIGHT_NS, _PIECE_NS, _SUM_NS = 0.13, 0.3, 850.0, 0.22
_MOST_PARTS = 32


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


def _parts(size: int) -> list[int]:
    return [parts for parts in range(1, _MOST_PARTS + 1) if size % parts == 0]


@lru_cache(maxsize=256)
def piece(rows: int, depth: int, columns: int) -> tuple[int, int, int] | None:
    """Return the rows, depth and columns of the pieces that a product is fastest in, or None where none divide it evenly.

    Rows alone need not be divided evenly.
    """
    if rows * depth * columns <= _LARGEST:
        return rows, depth, columns
    best: tuple[float, int, int, int] | None = None
    for in_depth in _parts(depth):
        for in_columns in _parts(columns):
            each = (depth // in_depth) * (columns // in_columns)
            if not (fitting := min(rows, _LARGEST // each)):
                continue
            in_rows = -(-rows // fitting)
            cost_ns = (
                _LEFT_NS * rows * depth * in_columns
                + _RIGHT_NS * depth * columns * in_rows
                + _PIECE_NS * in_rows * in_depth * in_columns
                + _SUM_NS * rows * columns * (in_depth if in_depth > 1 else 0)
            )
            found = (
                cost_ns,
                -(-rows // in_rows),
                depth // in_depth,
                columns // in_columns,
            )
            best = found if best is None else min(best, found)
    return best[1:] if best else None


class Product:
    """Rows times a matrix that stays the same, in pieces along all three axes.

    Pieces of whole rows alone (`matmul`) would be so flat that the matrix is read anew for every few of them.
    """

    def __init__(
        self,
        right: NDArray[Any],
        rows: int,
        take: Callable[[tuple[int, ...], Any], NDArray[Any]] = np.empty,
    ) -> None:
        """Lay the matrix out for it.

        Args:
            right: the matrix, shape (k, n).
            rows: how many there are to be multiplied with it.
            take: returns an array of a shape and a type, for sums on their way.
        """
        depth, columns = right.shape
        self._right = np.ascontiguousarray(right)
        self._piece = piece(rows, depth, columns)
        self._sums: NDArray[Any] | None = None
        if self._piece is None:
            return
        _, piece_depth, piece_columns = self._piece
        in_depth, in_columns = depth // piece_depth, columns // piece_columns
        # [part of the depth, 1, part of the columns, depth, columns]
        self._right = np.ascontiguousarray(
            right.reshape(in_depth, piece_depth, in_columns, piece_columns).transpose(
                0, 2, 1, 3
            )[:, None]
        )
        if in_depth > 1:
            self._sums = take((in_depth * rows * columns,), right.dtype)

    def __call__(self, left: NDArray[Any], out: NDArray[Any]) -> None:
        """Multiply rows, shape (m, k), at most as many as were told; the result is put into `out`, shape (m, n)."""
        if self._piece is None:
            matmul(left, self._right, out)
            return
        rows = min(self._piece[0], len(left))
        even = len(left) // rows * rows
        self._multiply(left[:even], out[:even], rows)
        if even < len(left):
            self._multiply(left[even:], out[even:], len(left) - even)

    def _multiply(self, left: NDArray[Any], out: NDArray[Any], rows: int) -> None:
        in_depth, _, in_columns, depth, columns = self._right.shape
        in_rows = len(left) // rows
        pieces = left.reshape(in_rows, rows, in_depth, depth).transpose(2, 0, 1, 3)
        pieces = pieces[:, :, None]
        result = out.reshape(in_rows, rows, in_columns, columns).transpose(0, 2, 1, 3)
        if self._sums is None:
            np.matmul(pieces, self._right, out=result[None])
            return
        sums = self._sums[: in_depth * out.size].reshape(in_depth, *result.shape)
        np.matmul(pieces, self._right, out=sums)
        np.add.reduce(sums, axis=0, out=result)
