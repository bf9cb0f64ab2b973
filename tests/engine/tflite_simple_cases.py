"""The operators without weights, with random parameters, as in `tflite_cases`."""

from collections.abc import Callable
import math
from typing import Any

import numpy as np

from .tflite_builder import Array, ModelBuilder
from .tflite_cases import (
    ACTIVATIONS,
    Case,
    CaseMaker,
    Generator,
    Reals,
    Step,
    activate,
    floats,
    real,
    step,
    stored,
)

type Unary = Callable[[Reals], Reals]
type Binary = Callable[[Reals, Reals], Reals]

_erf = np.vectorize(math.erf)

UNARY: dict[str, Unary] = {
    "RELU": lambda x: np.maximum(x, 0),
    "RELU6": lambda x: np.clip(x, 0, 6),
    "RELU_N1_TO_1": lambda x: np.clip(x, -1, 1),
    "RELU_0_TO_1": lambda x: np.clip(x, 0, 1),
    "ELU": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "HARD_SWISH": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "TANH": np.tanh,
    "EXP": np.exp,
    "LOG": np.log,
    "SQRT": np.sqrt,
    "RSQRT": lambda x: 1 / np.sqrt(x),
    "SQUARE": np.square,
    "ABS": np.abs,
    "NEG": np.negative,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND": np.round,
    "SIN": np.sin,
    "COS": np.cos,
    "GELU": lambda x: x * (1 + _erf(x / math.sqrt(2))) / 2,
}
POSITIVE = ("LOG", "SQRT", "RSQRT")

BINARY: dict[str, Binary] = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "DIV": np.divide,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "POW": lambda x, y: np.abs(x) ** y,
    "SQUARED_DIFFERENCE": lambda x, y: (x - y) ** 2,
}
FUSED = ("ADD", "SUB", "MUL", "DIV")

REDUCTIONS: dict[str, Callable[..., Reals]] = {
    "MEAN": np.mean,
    "SUM": np.sum,
    "REDUCE_MAX": np.max,
    "REDUCE_MIN": np.min,
    "REDUCE_PROD": np.prod,
}


def unary(name: str) -> CaseMaker:
    """Return the case of a function of one number."""

    def make(rng: Generator) -> Case:
        values = floats(rng, 2, 3, 5, 7)
        if name in POSITIVE:
            values = np.abs(values) + np.float32(0.1)
        builder = ModelBuilder()
        builder.operator(name, [builder.input(values.shape)])
        return Case(builder, (values,), (UNARY[name](values.astype(np.float64)),))

    return make


def quantized_unary(name: str) -> CaseMaker:
    """Return the case of an activation in int8; two of them have the output that LiteRT insists on."""

    def make(rng: Generator) -> Case:
        source = step(rng)
        target = {"LOGISTIC": Step(1 / 256, -128), "TANH": Step(1 / 128, 0)}.get(
            name, step(rng)
        )
        values = rng.integers(-128, 128, (3, 50)).astype(np.int8)
        builder = ModelBuilder()
        builder.operator(
            name,
            [builder.input(values.shape, np.int8, source.scale, source.zero_point)],
            np.int8,
            target.scale,
            target.zero_point,
        )
        return Case(
            builder, (values,), (stored(UNARY[name](real(values, source)), target),)
        )

    return make


def leaky_relu(rng: Generator) -> Case:
    """LEAKY_RELU."""
    values, alpha = floats(rng, 4, 9), float(np.float32(rng.uniform(0, 0.5)))
    builder = ModelBuilder()
    builder.operator("LEAKY_RELU", [builder.input(values.shape)], alpha=alpha)
    return Case(
        builder,
        (values,),
        (np.where(values > 0, values, values.astype(np.float64) * alpha),),
    )


def prelu(rng: Generator) -> Case:
    """PRELU."""
    values, alpha = floats(rng, 1, 4, 3, 9), floats(rng, 1, 1, 9)
    builder = ModelBuilder()
    builder.operator("PRELU", [builder.input(values.shape), builder.constant(alpha)])
    return Case(
        builder,
        (values,),
        (np.where(values >= 0, values, values.astype(np.float64) * alpha),),
    )


def approximate_gelu(rng: Generator) -> Case:
    """GELU by its approximation."""
    values = floats(rng, 4, 9)
    x = values.astype(np.float64)
    result = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    builder = ModelBuilder()
    builder.operator("GELU", [builder.input(values.shape)], approximate=True)
    return Case(builder, (values,), (result,))


def binary(name: str) -> CaseMaker:
    """Return the case of a function of two numbers, with broadcasting and a fused activation."""

    def make(rng: Generator) -> Case:
        shapes = [
            ((2, 3, 4, 5), (2, 3, 4, 5)),
            ((2, 3, 4, 5), (1, 1, 1, 5)),
            ((2, 3, 4, 5), (5,)),
            ((1, 3, 1), (2, 3, 4)),
        ]
        first, second = shapes[rng.integers(len(shapes))]
        x, y = floats(rng, *first), floats(rng, *second)
        x = np.abs(x) if name == "POW" else x
        y = y + np.sign(y) if name == "DIV" else y
        result = BINARY[name](x.astype(np.float64), y.astype(np.float64))
        options: dict[str, Any] = {}
        if name in FUSED:
            options["activation"] = str(rng.choice(ACTIVATIONS[:3]))
            result = activate(result, str(options["activation"]))
        builder = ModelBuilder()
        builder.operator(
            name, [builder.input(x.shape), builder.input(y.shape)], **options
        )
        return Case(builder, (x, y), (result,))

    return make


def quantized_binary(name: str) -> CaseMaker:
    """Return the case of ADD, SUB or MUL in int8; one operand is a constant."""

    def make(rng: Generator) -> Case:
        first, second, target = (
            step(rng),
            step(rng),
            step(rng, 40 if name == "MUL" else 14),
        )
        x = rng.integers(-128, 128, (1, 4, 5, 6)).astype(np.int8)
        y = rng.integers(-128, 128, (1, 1, 1, 6)).astype(np.int8)
        builder = ModelBuilder()
        builder.operator(
            name,
            [
                builder.input(x.shape, np.int8, first.scale, first.zero_point),
                builder.constant(y, np.int8, second.scale, second.zero_point),
            ],
            np.int8,
            target.scale,
            target.zero_point,
        )
        return Case(
            builder,
            (x,),
            (stored(BINARY[name](real(x, first), real(y, second)), target),),
        )

    return make


def whole_numbers(rng: Generator) -> Case:
    """ADD, MUL and SUB of 32-bit integers."""
    name = str(rng.choice(["ADD", "MUL", "SUB"]))
    x, y = (rng.integers(-99, 99, (4, 5)).astype(np.int32) for _ in range(2))
    builder = ModelBuilder()
    builder.operator(
        name,
        [builder.input(x.shape, np.int32), builder.input(y.shape, np.int32)],
        np.int32,
    )
    return Case(builder, (x, y), (BINARY[name](x, y),))  # type: ignore[arg-type]


def reduction(name: str) -> CaseMaker:
    """Return the case of a reduction over random axes."""

    def make(rng: Generator) -> Case:
        values = floats(rng, 2, 3, 4, 5)
        axes = [(1, 2), (-1,), (0, 2), (3, 1), (1,), (0, 1, 2, 3)][rng.integers(6)]
        keep = bool(rng.integers(2))
        result = REDUCTIONS[name](values.astype(np.float64), axis=axes, keepdims=keep)
        builder = ModelBuilder()
        builder.operator(
            name,
            [builder.input(values.shape), builder.constant(axes, np.int32)],
            keep_dims=keep,
        )
        return Case(builder, (values,), (np.asarray(result),))

    return make


def quantized_mean(rng: Generator) -> Case:
    """MEAN in int8 over the image, from one scale to another."""
    source, target = step(rng), step(rng, 2)
    values = rng.integers(-128, 128, (1, 5, 4, 8)).astype(np.int8)
    builder = ModelBuilder()
    builder.operator(
        "MEAN",
        [
            builder.input(values.shape, np.int8, source.scale, source.zero_point),
            builder.constant((1, 2), np.int32),
        ],
        np.int8,
        target.scale,
        target.zero_point,
        keep_dims=True,
    )
    mean = real(values, source).mean(axis=(1, 2), keepdims=True)
    return Case(builder, (values,), (stored(mean, target),))


def softmax(rng: Generator) -> Case:
    """SOFTMAX in float."""
    values, beta = floats(rng, 3, 4, 6), float(np.float32(rng.uniform(0.5, 2)))
    builder = ModelBuilder()
    builder.operator("SOFTMAX", [builder.input(values.shape)], beta=beta)
    powers = np.exp(values.astype(np.float64) * beta)
    return Case(builder, (values,), (powers / powers.sum(-1, keepdims=True),))


def quantized_softmax(rng: Generator) -> Case:
    """SOFTMAX in int8."""
    source, target = step(rng), Step(1 / 256, -128)
    values = rng.integers(-128, 128, (3, 10)).astype(np.int8)
    builder = ModelBuilder()
    builder.operator(
        "SOFTMAX",
        [builder.input(values.shape, np.int8, source.scale, source.zero_point)],
        np.int8,
        target.scale,
        target.zero_point,
        beta=1.0,
    )
    powers = np.exp(real(values, source))
    return Case(
        builder, (values,), (stored(powers / powers.sum(-1, keepdims=True), target),)
    )


def log_softmax(rng: Generator) -> Case:
    """LOG_SOFTMAX."""
    values = floats(rng, 4, 6)
    builder = ModelBuilder()
    builder.operator("LOG_SOFTMAX", [builder.input(values.shape)])
    x = values.astype(np.float64)
    return Case(builder, (values,), (x - np.log(np.exp(x).sum(-1, keepdims=True)),))


def l2_normalization(rng: Generator) -> Case:
    """L2_NORMALIZATION."""
    values = floats(rng, 4, 6)
    builder = ModelBuilder()
    builder.operator("L2_NORMALIZATION", [builder.input(values.shape)])
    x = values.astype(np.float64)
    return Case(builder, (values,), (x / np.sqrt((x * x).sum(-1, keepdims=True)),))


def quantize(rng: Generator) -> Case:
    """QUANTIZE."""
    values, target = floats(rng, 5, 40), step(rng, 4)
    builder = ModelBuilder()
    builder.operator(
        "QUANTIZE",
        [builder.input(values.shape)],
        np.int8,
        target.scale,
        target.zero_point,
    )
    return Case(builder, (values,), (stored(values.astype(np.float64), target),))


def requantize(rng: Generator) -> Case:
    """QUANTIZE of what is quantised already."""
    source, target = step(rng), step(rng, 4)
    values = rng.integers(-128, 128, (5, 40)).astype(np.int8)
    builder = ModelBuilder()
    builder.operator(
        "QUANTIZE",
        [builder.input(values.shape, np.int8, source.scale, source.zero_point)],
        np.int8,
        target.scale,
        target.zero_point,
    )
    return Case(builder, (values,), (stored(real(values, source), target),))


def dequantize(rng: Generator) -> Case:
    """DEQUANTIZE of int8 and of uint8."""
    source, signed = step(rng), bool(rng.integers(2))
    dtype = np.dtype(np.int8 if signed else np.uint8)
    lowest = -128 if signed else 0
    source.zero_point += lowest + 128
    values = rng.integers(lowest, lowest + 256, (5, 40)).astype(dtype)
    builder = ModelBuilder()
    builder.operator(
        "DEQUANTIZE",
        [builder.input(values.shape, dtype, source.scale, source.zero_point)],
    )
    return Case(builder, (values,), (real(values, source),))


def cast(rng: Generator) -> Case:
    """CAST."""
    dtypes = [np.int32, np.int64, np.bool_, np.float32]
    source, target = (np.dtype(dtypes[rng.integers(4)]) for _ in range(2))
    values: Array = (rng.normal(0, 5, (4, 5))).astype(source)
    builder = ModelBuilder()
    builder.operator("CAST", [builder.input(values.shape, source)], target)
    return Case(builder, (values,), (values.astype(target),))


def real_transform(rng: Generator) -> Case:
    """RFFT2D, of one row and of many, then COMPLEX_ABS."""
    height, width = [(1, 16), (4, 8), (1, 8)][rng.integers(3)]
    values = floats(rng, 3, height, width)
    builder = ModelBuilder()
    spectrum = builder.operator(
        "RFFT2D",
        [builder.input(values.shape), builder.constant((height, width), np.int32)],
        np.complex64,
    )
    builder.operator("COMPLEX_ABS", [spectrum])
    return Case(builder, (values,), (np.abs(np.fft.rfft2(values.astype(np.float64))),))


MAKERS: dict[str, CaseMaker] = {
    **{name.lower(): unary(name) for name in UNARY},
    **{
        f"quantized_{name.lower()}": quantized_unary(name)
        for name in ("LOGISTIC", "TANH", "HARD_SWISH", "ELU", "RELU")
    },
    **{name.lower(): binary(name) for name in BINARY},
    **{
        f"quantized_{name.lower()}": quantized_binary(name)
        for name in ("ADD", "SUB", "MUL")
    },
    **{name.lower(): reduction(name) for name in REDUCTIONS},
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "approximate_gelu": approximate_gelu,
    "whole_numbers": whole_numbers,
    "quantized_mean": quantized_mean,
    "softmax": softmax,
    "quantized_softmax": quantized_softmax,
    "log_softmax": log_softmax,
    "l2_normalization": l2_normalization,
    "quantize": quantize,
    "requantize": requantize,
    "dequantize": dequantize,
    "cast": cast,
    "real_transform": real_transform,
}
