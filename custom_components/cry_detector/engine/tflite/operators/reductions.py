"""MEAN and the other reductions over axes."""

import math

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array
from .eight_bit import through_float

_WHOLE = (np.dtype(np.int32), np.dtype(np.int64))


def _reduction(function: np.ufunc, *, mean: bool = False) -> Builder:
    @through_float
    def build(node: Node) -> Kernel:
        source = node.input(0)
        node.require(
            source.dtype == np.float32 or (source.dtype in _WHOLE and not mean),
            f"type {source.dtype} is not supported",
        )
        rank = len(source.shape)
        axes = tuple(sorted({node.axis(axis, rank) for axis in node.integers(1)}))
        keep = bool(node.option("keep_dims"))
        node.reserve(source.shape, source.dtype)
        node.spend(source.shape, 4.0)
        share = (
            np.float32(1 / math.prod(source.shape[axis] for axis in axes))
            if mean
            else None
        )

        if source.dtype == np.float32 and function is np.add and _are_rows(axes, rank):
            return _sum_of_rows(source.shape, axes, keep=keep, share=share)

        def run(values: Array, _: Array) -> Array:
            result = np.asarray(
                function.reduce(values, axis=axes, keepdims=keep, dtype=values.dtype)
            )
            return result if share is None else result * share

        return run

    return build


def _are_rows(axes: tuple[int, ...], rank: int) -> bool:
    return (
        bool(axes)
        and rank - 1 not in axes
        and axes == tuple(range(axes[0], axes[-1] + 1))
    )


def _sum_of_rows(
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    *,
    keep: bool,
    share: np.float32 | None,
) -> Kernel:
    """Return the sum, or the mean, over neighbouring dimensions that the last is not among: BLAS is fast at it."""
    first, last = axes[0], axes[-1] + 1
    outer, summed, inner = (
        math.prod(shape[:first]),
        math.prod(shape[first:last]),
        math.prod(shape[last:]),
    )
    weights = np.full((1, summed), 1 if share is None else share, np.float32)
    kept = (1,) * len(axes) if keep else ()
    result_shape = (*shape[:first], *kept, *shape[last:])
    return lambda values, _: np.matmul(
        weights, values.reshape(outer, summed, inner)
    ).reshape(result_shape)


BUILDERS: dict[str, Builder] = {
    "MEAN": _reduction(np.add, mean=True),
    "SUM": _reduction(np.add),
    "REDUCE_MAX": _reduction(np.maximum),
    "REDUCE_MIN": _reduction(np.minimum),
    "REDUCE_PROD": _reduction(np.multiply),
}
