"""Operators that change the shape of a tensor, or tell it."""

import math

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array


def _reshaped(node: Node, shape: tuple[int, ...]) -> Kernel:
    source = node.input(0).shape
    node.require(
        math.prod(shape) == math.prod(source),
        f"{list(source)} cannot become {list(shape)}",
    )
    # Where the input is a view that is not contiguous, numpy makes a copy.
    node.reserve(shape, node.input(0).dtype)
    node.spend(shape, 1.0)
    return lambda values, *_: values.reshape(shape)


def _reshape(node: Node) -> Kernel:
    wanted = node.optional(1)
    if wanted is not None and (
        wanted.data is not None or not node.options["new_shape"]
    ):
        shape = node.integers(1)
    else:
        option = node.options["new_shape"]
        shape = option if isinstance(option, tuple) else ()
    if shape.count(-1) == 1:
        rest = -math.prod(shape)
        node.require(rest > 0, f"the shape {list(shape)}")
        shape = tuple(
            math.prod(node.input(0).shape) // rest if size == -1 else size
            for size in shape
        )
    return _reshaped(node, shape)


def _squeeze(node: Node) -> Kernel:
    source = node.input(0).shape
    option = node.options["squeeze_dims"]
    axes = (
        {node.axis(axis, len(source)) for axis in option}
        if isinstance(option, tuple)
        else set()
    )
    node.require(
        all(source[axis] == 1 for axis in axes),
        f"axes {sorted(axes)} of {list(source)} cannot be left out",
    )
    kept = (
        size
        for axis, size in enumerate(source)
        if (axis not in axes if axes else size != 1)
    )
    return _reshaped(node, tuple(kept))


def _expand_dims(node: Node) -> Kernel:
    source = list(node.input(0).shape)
    axes = node.integers(1)
    node.require(len(axes) == 1, "more than one axis")
    source.insert(node.axis(axes[0], len(source) + 1), 1)
    return _reshaped(node, tuple(source))


def _shape(node: Node) -> Kernel:
    shape = np.array(node.input(0).shape, node.output.dtype)
    return lambda _: shape


def _transpose(node: Node) -> Kernel:
    source = node.input(0)
    order = node.integers(1)
    node.require(
        sorted(order) == list(range(len(source.shape))),
        f"the order {list(order)} of {len(source.shape)} axes",
    )
    output = node.scratch(tuple(source.shape[axis] for axis in order), source.dtype)
    node.spend(output.shape, 4.0)

    def run(values: Array, _: Array) -> Array:
        np.copyto(output, values.transpose(order))
        return output

    return run


def _tile(node: Node) -> Kernel:
    source = node.input(0)
    times = node.integers(1)
    node.require(
        len(times) == len(source.shape),
        f"{len(times)} repetitions of {len(source.shape)} axes",
    )
    shape = tuple(size * count for size, count in zip(source.shape, times, strict=True))
    node.reserve(shape, source.dtype)
    node.spend(shape, 4.0)
    return lambda values, _: np.tile(values, times)


def _broadcast_to(node: Node) -> Kernel:
    shape = node.integers(1)
    node.reserve(shape, node.input(0).dtype)
    node.spend(shape, 4.0)
    return lambda values, _: np.array(np.broadcast_to(values, shape))


def _fill(node: Node) -> Kernel:
    shape = node.integers(0)
    node.reserve(shape, node.input(1).dtype)
    node.spend(shape)
    return lambda _, value: np.full(shape, value.reshape(()))


BUILDERS: dict[str, Builder] = {
    "RESHAPE": _reshape,
    "SQUEEZE": _squeeze,
    "EXPAND_DIMS": _expand_dims,
    "SHAPE": _shape,
    "TRANSPOSE": _transpose,
    "TILE": _tile,
    "BROADCAST_TO": _broadcast_to,
    "FILL": _fill,
}
