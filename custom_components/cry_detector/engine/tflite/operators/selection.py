"""Operators that take tensors apart and put them together."""

from collections.abc import Callable
from itertools import accumulate, pairwise

import numpy as np

from ..node import Builder, Kernel, Node, Operand
from ..quantization import Array
from .eight_bit import through_float
from .fused import fused_activation


def _concatenation(node: Node) -> Kernel:
    if _steps_differ([*node.inputs, node.output]):
        return _concatenation_of_floats(node)
    return _concatenate(node)


def _steps_differ(operands: list[Operand | None]) -> bool:
    """Return whether 8-bit operands stand for real numbers in different ways."""
    steps = {
        (operand.quantization.scale, operand.quantization.zero_point)
        for operand in operands
        if operand and operand.quantized and operand.quantization
    }
    return len(steps) > 1


def _concatenate(node: Node) -> Kernel:
    sources = [node.input(index) for index in range(len(node.inputs))]
    node.require(sources, "it has no input")
    shape = list(sources[0].shape)
    axis = node.axis(node.option("axis"), len(shape))
    for source in sources:
        others = (*source.shape[:axis], *source.shape[axis + 1 :])
        node.require(
            others == (*shape[:axis], *shape[axis + 1 :])
            and source.dtype == sources[0].dtype,
            f"{source.dtype} of shape {list(source.shape)} does not go with {sources[0].dtype} of shape {shape}",
        )
    shape[axis] = sum(source.shape[axis] for source in sources)
    activation = fused_activation(node)
    node.require(
        activation is None or sources[0].dtype == np.float32,
        "an activation on integers is not supported",
    )
    output = node.scratch(tuple(shape), sources[0].dtype)
    node.spend(output.shape)

    def run(*arrays: Array) -> Array:
        np.concatenate(arrays, axis, out=output)
        if activation:
            activation(output)
        return output

    return run


_concatenation_of_floats = through_float(_concatenate)


def _pack(node: Node) -> Kernel:
    sources = [node.input(index) for index in range(len(node.inputs))]
    node.require(
        sources and len({(source.shape, source.dtype) for source in sources}) == 1,
        "its inputs differ in shape",
    )
    axis = node.axis(node.option("axis"), len(sources[0].shape) + 1)
    node.reserve((len(sources), *sources[0].shape), sources[0].dtype)
    node.spend((len(sources), *sources[0].shape), 4.0)
    return lambda *arrays: np.stack(arrays, axis)


def _unpack(node: Node) -> Kernel:
    source = node.input(0)
    axis = node.axis(node.option("axis"), len(source.shape))
    node.require(
        source.shape[axis] == len(node.outputs),
        f"{source.shape[axis]} parts for {len(node.outputs)} outputs",
    )
    return lambda values: tuple(
        np.moveaxis(values, axis, 0)[index, ...] for index in range(len(node.outputs))
    )


def _split(node: Node) -> Kernel:
    source = node.input(1)
    parts = len(node.outputs)
    axis = _single_axis(node, 0, len(source.shape))
    node.require(
        node.option("num_splits") == parts and source.shape[axis] % parts == 0,
        f"{source.shape[axis]} cannot be cut into {parts}",
    )
    cut = _cutter(axis, [source.shape[axis] // parts] * parts)
    return lambda _, values: cut(values)


def _split_v(node: Node) -> Kernel:
    source = node.input(0)
    axis = _single_axis(node, 2, len(source.shape))
    sizes = list(node.integers(1))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = source.shape[axis] - sum(sizes) - 1
    node.require(
        min(sizes, default=0) > 0 and sum(sizes) == source.shape[axis],
        f"{source.shape[axis]} cannot be cut into {sizes}",
    )
    cut = _cutter(axis, sizes)
    return lambda values, *_: cut(values)


def _single_axis(node: Node, index: int, rank: int) -> int:
    axes = node.integers(index)
    node.require(len(axes) == 1, f"{len(axes)} axes")
    return node.axis(axes[0], rank)


def _cutter(axis: int, sizes: list[int]) -> Callable[[Array], tuple[Array, ...]]:
    before = (slice(None),) * axis
    places = [
        (*before, slice(start, end))
        for start, end in pairwise(accumulate(sizes, initial=0))
    ]
    return lambda values: tuple(values[place] for place in places)


def _slice(node: Node) -> Kernel:
    source = node.input(0)
    starts, sizes = node.integers(1), node.integers(2)
    node.require(
        len(starts) == len(sizes) == len(source.shape),
        f"{len(starts)} starts for {len(source.shape)} axes",
    )
    place = []
    for start, size, length in zip(starts, sizes, source.shape, strict=True):
        end = length if size == -1 else start + size
        node.require(0 <= start < end <= length, f"{start} to {end} of {length}")
        place.append(slice(start, end))
    index = tuple(place)
    return lambda values, *_: values[index]


def _strided_slice(node: Node) -> Kernel:
    starts, ends, steps = (node.integers(index) for index in (1, 2, 3))
    node.require(
        len(starts) == len(ends) == len(steps),
        "starts, ends and steps differ in number",
    )
    node.require(0 not in steps, "a step of 0")
    index: list[int | slice | None] = []
    for number, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True)):
        bit = 1 << number
        node.require(
            not node.option("ellipsis_mask") & bit, "an ellipsis is not supported"
        )
        if node.option("offset"):
            end += start
        if node.option("new_axis_mask") & bit:
            index.append(None)
        elif node.option("shrink_axis_mask") & bit:
            index.append(start)
        else:
            index.append(
                slice(
                    None if node.option("begin_mask") & bit else start,
                    None if node.option("end_mask") & bit else end,
                    step,
                )
            )
    place = tuple(index)

    def run(values: Array, *_: Array) -> Array:
        taken = np.asarray(values[place])
        if not taken.size:
            raise ValueError("nothing is left")
        return taken

    return run


def _gather(node: Node) -> Kernel:
    source, indices = node.input(0), node.input(1)
    node.require(node.option("batch_dims") == 0, "batch dimensions are not supported")
    node.require(
        indices.dtype.kind == "i" and indices.dtype != np.int8,
        f"indices of type {indices.dtype}",
    )
    axis = node.axis(node.option("axis"), len(source.shape))
    shape = (*source.shape[:axis], *indices.shape, *source.shape[axis + 1 :])
    node.reserve(shape, source.dtype)
    node.reserve(indices.shape, np.int64)
    node.spend(shape, 4.0)

    def run(values: Array, places: Array) -> Array:
        # Numpy would count a negative index from the end.
        if places.min() < 0:
            raise IndexError(f"the index {places.min()} is negative")
        return np.take(values, places, axis)

    return run


BUILDERS: dict[str, Builder] = {
    "CONCATENATION": _concatenation,
    "PACK": _pack,
    "UNPACK": _unpack,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "GATHER": _gather,
}
