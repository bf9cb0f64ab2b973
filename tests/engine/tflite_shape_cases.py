"""The operators that move numbers and do not change them, with random parameters, as in `tflite_cases`."""

from typing import Any

import numpy as np

from cry_engine.tflite.names import TENSOR_TYPES

from .tflite_builder import Array, ModelBuilder
from .tflite_cases import Case, CaseMaker, Generator, floats, real, step, stored


def _moved(
    name: str, values: Array, result: Array, *constants: object, **options: Any
) -> Case:
    """Return the case of an operator with one input, and constants of 32-bit integers behind it."""
    builder = ModelBuilder()
    numbers = [builder.constant(constant, np.int32) for constant in constants]
    builder.operator(
        name,
        [builder.input(values.shape, values.dtype), *numbers],
        values.dtype,
        **options,
    )
    return Case(builder, (values,), (result,))


def reshape(rng: Generator) -> Case:
    """RESHAPE, with its shape as an input, one size of it open."""
    values = floats(rng, 2, 3, 4)
    shape = [(6, 4), (-1, 8), (2, 2, -1, 3), (24,)][rng.integers(4)]
    return _moved("RESHAPE", values, values.reshape(shape), shape)


def reshape_by_option(rng: Generator) -> Case:
    """RESHAPE, with its shape as an option."""
    values = floats(rng, 2, 3, 4)
    return _moved("RESHAPE", values, values.reshape(6, 4), new_shape=(6, 4))


def squeeze(rng: Generator) -> Case:
    """SQUEEZE of named axes, and of all that can be left out."""
    values = floats(rng, 1, 3, 1, 4)
    dims = [(), (0,), (-2,), (0, 2)][rng.integers(4)]
    return _moved("SQUEEZE", values, values.squeeze(dims or None), squeeze_dims=dims)


def expand_dims(rng: Generator) -> Case:
    """EXPAND_DIMS."""
    values, axis = floats(rng, 3, 4), int(rng.integers(-3, 3))
    return _moved("EXPAND_DIMS", values, np.expand_dims(values, axis), axis)


def transpose(rng: Generator) -> Case:
    """TRANSPOSE."""
    values, order = floats(rng, 2, 3, 4, 5), rng.permutation(4)
    return _moved("TRANSPOSE", values, values.transpose(order), order)


def tile(rng: Generator) -> Case:
    """TILE."""
    values, times = floats(rng, 2, 3, 4), rng.integers(1, 4, 3)
    return _moved("TILE", values, np.tile(values, times.tolist()), times)


def broadcast_to(rng: Generator) -> Case:
    """BROADCAST_TO."""
    values = floats(rng, 1, 3, 1)
    return _moved(
        "BROADCAST_TO", values, np.broadcast_to(values, (2, 3, 4)).copy(), (2, 3, 4)
    )


def pad(rng: Generator) -> Case:
    """PAD, and PADV2 with another number than zero."""
    values, amounts = floats(rng, 2, 3, 4), rng.integers(0, 4, (3, 2))
    if rng.integers(2):
        return _moved("PAD", values, np.pad(values, amounts), amounts)
    builder = ModelBuilder()
    builder.operator(
        "PADV2",
        [
            builder.input(values.shape),
            builder.constant(amounts, np.int32),
            builder.constant(2.5),
        ],
    )
    return Case(builder, (values,), (np.pad(values, amounts, constant_values=2.5),))


def quantized_pad(rng: Generator) -> Case:
    """PAD in int8, where zero is the zero point."""
    scale = step(rng)
    values, amounts = (
        rng.integers(-128, 128, (1, 3, 4, 2)).astype(np.int8),
        rng.integers(0, 4, (4, 2)),
    )
    builder = ModelBuilder()
    builder.operator(
        "PAD",
        [
            builder.input(values.shape, np.int8, scale.scale, scale.zero_point),
            builder.constant(amounts, np.int32),
        ],
        np.int8,
        scale.scale,
        scale.zero_point,
    )
    return Case(
        builder, (values,), (np.pad(values, amounts, constant_values=scale.zero_point),)
    )


def mirror_pad(rng: Generator) -> Case:
    """MIRROR_PAD with and without the edge."""
    values, amounts, mode = (
        floats(rng, 4, 5, 4),
        rng.integers(0, 4, (3, 2)),
        int(rng.integers(2)),
    )
    names = ("reflect", "symmetric")
    padded = (
        np.pad(values, amounts, "reflect")
        if names[mode] == "reflect"
        else np.pad(values, amounts, "symmetric")
    )
    return _moved("MIRROR_PAD", values, padded, amounts, mode=mode)


def concatenation(rng: Generator) -> Case:
    """CONCATENATION along any axis."""
    axis = int(rng.integers(-3, 3))
    shapes = [[2, 3, 4], [2, 3, 4]]
    shapes[1][axis] = 2
    parts = tuple(floats(rng, *shape) for shape in shapes)
    builder = ModelBuilder()
    builder.operator(
        "CONCATENATION", [builder.input(part.shape) for part in parts], axis=axis
    )
    return Case(builder, parts, (np.concatenate(parts, axis),))


def quantized_concatenation(rng: Generator) -> Case:
    """CONCATENATION of int8 inputs that have scales of their own."""
    steps = [step(rng), step(rng)]
    target = step(rng, 7)
    parts = tuple(rng.integers(-128, 128, (3, 4)).astype(np.int8) for _ in steps)
    builder = ModelBuilder()
    sources = [
        builder.input((3, 4), np.int8, scale.scale, scale.zero_point) for scale in steps
    ]
    builder.operator(
        "CONCATENATION", sources, np.int8, target.scale, target.zero_point, axis=1
    )
    whole = np.concatenate(
        [real(part, scale) for part, scale in zip(parts, steps, strict=True)], 1
    )
    return Case(builder, parts, (stored(whole, target),), litert=False)


def pack(rng: Generator) -> Case:
    """PACK."""
    axis = int(rng.integers(0, 3))
    parts = (floats(rng, 2, 3), floats(rng, 2, 3))
    builder = ModelBuilder()
    builder.operator(
        "PACK",
        [builder.input((2, 3)), builder.input((2, 3))],
        values_count=2,
        axis=axis,
    )
    return Case(builder, parts, (np.stack(parts, axis),))


def unpack(rng: Generator) -> Case:
    """UNPACK."""
    axis = int(rng.integers(0, 3))
    values = floats(rng, 2, 3, 4)
    count = values.shape[axis]
    builder = ModelBuilder()
    builder.operator(
        "UNPACK", [builder.input(values.shape)], outputs=count, num=count, axis=axis
    )
    return Case(builder, (values,), tuple(np.moveaxis(values, axis, 0)))


def split(rng: Generator) -> Case:
    """SPLIT into equal parts."""
    values = floats(rng, 4, 6)
    axis = int(rng.integers(-2, 2))
    builder = ModelBuilder()
    builder.operator(
        "SPLIT",
        [builder.constant(axis, np.int32), builder.input(values.shape)],
        outputs=2,
        num_splits=2,
    )
    return Case(builder, (values,), tuple(np.split(values, 2, axis)))


def split_by_sizes(rng: Generator) -> Case:
    """SPLIT_V into parts of given sizes, one of them open."""
    values = floats(rng, 4, 6)
    builder = ModelBuilder()
    builder.operator(
        "SPLIT_V",
        [
            builder.input(values.shape),
            builder.constant((1, -1, 2), np.int32),
            builder.constant(1, np.int32),
        ],
        outputs=3,
        num_splits=3,
    )
    return Case(builder, (values,), tuple(np.split(values, (1, 4), 1)))


def slice_(rng: Generator) -> Case:
    """SLICE."""
    values = floats(rng, 5, 6, 7)
    start = rng.integers(0, 3, 3)
    sizes = np.array([2, -1, 3])
    a, b, c = (int(number) for number in start)
    return _moved("SLICE", values, values[a : a + 2, b:, c : c + 3], start, sizes)


def strided_slice(rng: Generator) -> Case:
    """STRIDED_SLICE with masks, steps, and an axis that goes."""
    values = floats(rng, 5, 6, 7)
    choices: list[tuple[Array, tuple[object, ...], dict[str, Any]]] = [
        (values[1:4, :, ::2], ((1, 0, 0), (4, 6, 7), (1, 1, 2)), {}),
        (
            values[:3, 2:],
            ((1, 2, 0), (3, 0, 7), (1, 1, 1)),
            {"begin_mask": 1, "end_mask": 2},
        ),
        (
            values[-2, :, 3],
            ((-2, 0, 3), (-1, 6, 4), (1, 1, 1)),
            {"shrink_axis_mask": 5},
        ),
        (
            values[::-1, -4:-1],
            ((0, -4), (0, -1), (-1, 1)),
            {"begin_mask": 1, "end_mask": 1},
        ),
    ]
    result, constants, options = choices[rng.integers(len(choices))]
    return _moved("STRIDED_SLICE", values, result, *constants, **options)


def gather(rng: Generator) -> Case:
    """GATHER along any axis, with indices that are known and that are not."""
    values, axis = floats(rng, 5, 6, 7), int(rng.integers(0, 3))
    indices = rng.integers(0, 5, (2, 3)).astype(np.int32)
    result = np.take(values, indices, axis)
    if rng.integers(2):
        return _moved("GATHER", values, result, indices, axis=axis)
    builder = ModelBuilder()
    builder.operator(
        "GATHER",
        [builder.input(values.shape), builder.input(indices.shape, np.int32)],
        axis=axis,
    )
    return Case(builder, (values, indices), (result,))


def flatten_by_shape(rng: Generator) -> Case:
    """SHAPE, STRIDED_SLICE, PACK, RESHAPE: how converters write a flatten."""
    values = floats(rng, 2, 3, 4)
    builder = ModelBuilder()
    source = builder.input(values.shape)
    shape = builder.operator(
        "SHAPE", [source], np.int32, out_type=TENSOR_TYPES.index("INT32")
    )
    ends = [builder.constant((number,), np.int32) for number in (0, 1, 1)]
    batch = builder.operator(
        "STRIDED_SLICE", [shape, *ends], np.int32, shrink_axis_mask=1
    )
    wanted = builder.operator(
        "PACK", [batch, builder.constant(-1, np.int32)], np.int32, values_count=2
    )
    builder.operator("RESHAPE", [source, wanted])
    return Case(builder, (values,), (values.reshape(2, -1),))


def fill(rng: Generator) -> Case:
    """FILL, then ADD."""
    values = floats(rng, 2, 3)
    builder = ModelBuilder()
    filled = builder.operator(
        "FILL", [builder.constant((2, 3), np.int32), builder.constant(1.5)]
    )
    builder.operator("ADD", [builder.input((2, 3)), filled])
    return Case(builder, (values,), (values + np.float32(1.5),))


MAKERS: dict[str, CaseMaker] = {
    maker.__name__.rstrip("_"): maker
    for maker in (
        reshape,
        reshape_by_option,
        squeeze,
        expand_dims,
        transpose,
        tile,
        broadcast_to,
        pad,
        quantized_pad,
        mirror_pad,
        concatenation,
        quantized_concatenation,
        pack,
        unpack,
        split,
        split_by_sizes,
        slice_,
        strided_slice,
        gather,
        flatten_by_shape,
        fill,
    )
}
