"""Every operator with random parameters: a model, an input, and what should come out, computed the plain way."""

from collections.abc import Callable
from dataclasses import dataclass
import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tflite_builder import Array, ModelBuilder

type Generator = np.random.Generator
type Reals = NDArray[np.float64]
type CaseMaker = Callable[[Generator], Case]

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1", "TANH")
RANGES = {
    "NONE": (-np.inf, np.inf),
    "RELU": (0, np.inf),
    "RELU6": (0, 6),
    "RELU_N1_TO_1": (-1, 1),
    "TANH": (-np.inf, np.inf),
}


@dataclass
class Case:
    """A model, its inputs and its outputs."""

    builder: ModelBuilder
    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]
    litert: bool = True
    """Whether LiteRT takes this model too."""


@dataclass
class Step:
    """How 8-bit numbers stand for real ones."""

    scale: float
    zero_point: int


def step(rng: Generator, widest: float = 6.0) -> Step:
    """Return a random one, for int8, that reaches `widest`."""
    return Step(
        float(np.float32(widest * rng.uniform(0.8, 1.2) / 128)),
        int(rng.integers(-40, 40)),
    )


def real(values: Array, scale: Step) -> Reals:
    """Return what stored numbers stand for."""
    return (values.astype(np.float64) - scale.zero_point) * scale.scale


def stored(values: Reals, scale: Step, dtype: type[np.generic] = np.int8) -> Array:
    """Return the stored numbers that are nearest."""
    info = np.iinfo(dtype)  # type: ignore[type-var]
    return np.clip(
        np.rint(values / scale.scale) + scale.zero_point, info.min, info.max
    ).astype(dtype)


def activate(values: Reals, activation: str) -> Reals:
    """Apply a fused activation."""
    return (
        np.tanh(values)
        if activation == "TANH"
        else np.clip(values, *RANGES[activation])
    )


def floats(rng: Generator, *shape: int) -> NDArray[np.float32]:
    """Return random numbers around zero."""
    return rng.normal(0, 2, shape).astype(np.float32)


def _window(
    size: int, kernel: int, stride: int, dilation: int, padding: int
) -> tuple[int, int]:
    """Return how many windows there are, and where the first starts."""
    extent = (kernel - 1) * dilation + 1
    if padding == 1:
        return (size - extent) // stride + 1, 0
    count = math.ceil(size / stride)
    return count, -(max((count - 1) * stride + extent - size, 0) // 2)


@dataclass
class Geometry:
    """A random convolution or pooling."""

    batch: int
    height: int
    width: int
    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    padding: int

    @classmethod
    def draw(cls, rng: Generator, dilated: bool = True) -> "Geometry":
        """Draw one; a stride and a dilation exclude each other, as in TensorFlow."""
        strides = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        free = dilated and strides == (1, 1)
        dilations = (
            (int(rng.integers(1, 4)), int(rng.integers(1, 4))) if free else (1, 1)
        )
        kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        return cls(
            int(rng.integers(1, 3)),
            int(rng.integers(13, 20)),
            int(rng.integers(13, 20)),
            kernel,
            strides,
            dilations,
            int(rng.integers(2)),
        )

    @property
    def options(self) -> dict[str, Any]:
        """The options of the schema."""
        return {
            "padding": self.padding,
            "stride_h": self.strides[0],
            "stride_w": self.strides[1],
            "dilation_h": self.dilations[0],
            "dilation_w": self.dilations[1],
        }

    def taps(self, image: Reals) -> tuple[Reals, NDArray[np.bool_]]:
        """Return [batch, row, column, kernel row, kernel column, channel], and which of them lie in the image."""
        rows, top = _window(
            self.height,
            self.kernel[0],
            self.strides[0],
            self.dilations[0],
            self.padding,
        )
        columns, left = _window(
            self.width, self.kernel[1], self.strides[1], self.dilations[1], self.padding
        )
        values = np.zeros((image.shape[0], rows, columns, *self.kernel, image.shape[3]))
        inside = np.zeros((rows, columns, *self.kernel), np.bool_)
        for row, column, i, j in itertools.product(
            range(rows), range(columns), *map(range, self.kernel)
        ):
            y = top + row * self.strides[0] + i * self.dilations[0]
            x = left + column * self.strides[1] + j * self.dilations[1]
            if 0 <= y < self.height and 0 <= x < self.width:
                values[:, row, column, i, j] = image[:, y, x]
                inside[row, column, i, j] = True
        return values, inside


def convolution(rng: Generator) -> Case:
    """CONV_2D in float, with groups."""
    geometry = Geometry.draw(rng)
    groups = int(rng.choice([1, 1, 2]))
    depth, each = int(rng.integers(1, 7)), int(rng.integers(1, 6))
    activation = str(rng.choice(ACTIVATIONS[:4]))
    image = floats(rng, geometry.batch, geometry.height, geometry.width, depth * groups)
    weights, bias = (
        floats(rng, each * groups, *geometry.kernel, depth),
        floats(rng, each * groups),
    )
    taps, _ = geometry.taps(image.astype(np.float64))
    sums = [
        np.einsum("nhwijc,oijc->nhwo", part, weights[group * each : (group + 1) * each])
        for group, part in enumerate(np.split(taps, groups, axis=-1))
    ]
    builder = ModelBuilder()
    builder.operator(
        "CONV_2D",
        [builder.input(image.shape), builder.constant(weights), builder.constant(bias)],
        activation=activation,
        **geometry.options,
    )
    return Case(
        builder, (image,), (activate(np.concatenate(sums, -1) + bias, activation),)
    )


def pointwise(rng: Generator) -> Case:
    """CONV_2D of one pixel, with many weights for few places and with few for many."""
    height, depth, outputs = [(2, 300, 300), (40, 5, 7)][rng.integers(2)]
    image, weights = floats(rng, 1, height, 3, depth), floats(rng, outputs, 1, 1, depth)
    builder = ModelBuilder()
    # LiteRT wants a bias here.
    operands = [builder.input(image.shape), builder.constant(weights)]
    operands.append(builder.constant(np.zeros(outputs)))
    builder.operator("CONV_2D", operands, stride_h=1, stride_w=1)
    expected = image.astype(np.float64) @ weights[:, 0, 0].T.astype(np.float64)
    return Case(builder, (image,), (expected,))


def depthwise(rng: Generator) -> Case:
    """DEPTHWISE_CONV_2D in float."""
    geometry = Geometry.draw(rng)
    channels, multiplier = int(rng.integers(1, 9)), int(rng.choice([1, 1, 1, 2, 3]))
    activation = str(rng.choice(ACTIVATIONS[:4]))
    image = floats(rng, geometry.batch, geometry.height, geometry.width, channels)
    weights, bias = (
        floats(rng, 1, *geometry.kernel, channels * multiplier),
        floats(rng, channels * multiplier),
    )
    taps, _ = geometry.taps(image.astype(np.float64))
    sums = np.einsum("nhwijc,ijc->nhwc", np.repeat(taps, multiplier, -1), weights[0])
    builder = ModelBuilder()
    # The multiplier, which the interpreter takes from the shapes, LiteRT takes from the options.
    builder.operator(
        "DEPTHWISE_CONV_2D",
        [builder.input(image.shape), builder.constant(weights), builder.constant(bias)],
        depth_multiplier=multiplier,
        activation=activation,
        **geometry.options,
    )
    return Case(builder, (image,), (activate(sums + bias, activation),))


def _quantized_weights(
    rng: Generator, shape: tuple[int, ...], axis: int, per_channel: bool
) -> tuple[Array, NDArray[np.float32], Array]:
    channels = shape[axis]
    weights = rng.integers(-127, 128, shape).astype(np.int8)
    scales = rng.uniform(0.002, 0.01, channels if per_channel else 1).astype(np.float32)
    return weights, scales, rng.integers(-2000, 2000, channels).astype(np.int32)


def _quantized_output(
    sums: Reals,
    source: Step,
    scales: NDArray[np.float32],
    activation: str,
    target: Step,
) -> Array:
    return stored(
        activate(sums * source.scale * scales.astype(np.float64), activation), target
    )


def quantized_convolution(rng: Generator) -> Case:
    """CONV_2D and DEPTHWISE_CONV_2D in int8, a scale for each channel or one for all."""
    geometry = Geometry.draw(rng)
    channels, outputs = int(rng.integers(1, 7)), int(rng.integers(1, 9))
    deep = bool(rng.integers(2))
    activation = str(rng.choice(ACTIVATIONS[:3]))
    image = rng.integers(
        -128, 128, (geometry.batch, geometry.height, geometry.width, channels)
    ).astype(np.int8)
    source, target = step(rng), step(rng, 30)
    shape = (
        (outputs, *geometry.kernel, channels)
        if deep
        else (1, *geometry.kernel, channels)
    )
    axis = 0 if deep else 3
    weights, scales, bias = _quantized_weights(
        rng, shape, axis, per_channel=not deep or bool(rng.integers(2))
    )
    # Padding stands for zero: the zero point is taken off before, and what lies outside stays 0.
    taps, _ = geometry.taps(image.astype(np.float64) - source.zero_point)
    equation = "nhwijc,oijc->nhwo" if deep else "nhwijc,xijc->nhwc"
    sums = np.einsum(equation, taps, weights.astype(np.float64)) + bias
    builder = ModelBuilder()
    zeros = [0] * scales.size
    builder.operator(
        "CONV_2D" if deep else "DEPTHWISE_CONV_2D",
        [
            builder.input(image.shape, np.int8, source.scale, source.zero_point),
            builder.constant(weights, np.int8, scales.tolist(), zeros, axis),
            builder.constant(
                bias, np.int32, (scales * np.float32(source.scale)).tolist(), zeros
            ),
        ],
        np.int8,
        target.scale,
        target.zero_point,
        activation=activation,
        **({} if deep else {"depth_multiplier": 1}),
        **geometry.options,
    )
    return Case(
        builder,
        (image,),
        (_quantized_output(sums, source, scales, activation, target),),
    )


def fully_connected(rng: Generator) -> Case:
    """FULLY_CONNECTED in float."""
    depth, outputs = int(rng.integers(1, 40)), int(rng.integers(1, 20))
    keep = bool(rng.integers(2))
    activation = str(rng.choice(ACTIVATIONS[:4]))
    values, weights, bias = (
        floats(rng, 3, 2, depth),
        floats(rng, outputs, depth),
        floats(rng, outputs),
    )
    builder = ModelBuilder()
    builder.operator(
        "FULLY_CONNECTED",
        [
            builder.input(values.shape),
            builder.constant(weights),
            builder.constant(bias),
        ],
        activation=activation,
        keep_num_dims=keep,
    )
    result = activate(
        values.astype(np.float64) @ weights.T.astype(np.float64) + bias, activation
    )
    return Case(builder, (values,), (result if keep else result.reshape(-1, outputs),))


def quantized_fully_connected(rng: Generator) -> Case:
    """FULLY_CONNECTED in int8."""
    depth, outputs = int(rng.choice([3, 50, 2000])), int(rng.integers(1, 20))
    activation = str(rng.choice(ACTIVATIONS[:3]))
    values = rng.integers(-128, 128, (2, depth)).astype(np.int8)
    source, target = step(rng), step(rng, 30 * math.sqrt(depth))
    weights, scales, bias = _quantized_weights(
        rng, (outputs, depth), 0, per_channel=False
    )
    sums = (values.astype(np.float64) - source.zero_point) @ weights.T.astype(
        np.float64
    ) + bias
    builder = ModelBuilder()
    builder.operator(
        "FULLY_CONNECTED",
        [
            builder.input(values.shape, np.int8, source.scale, source.zero_point),
            builder.constant(weights, np.int8, scales.tolist(), [0]),
            builder.constant(
                bias, np.int32, (scales * np.float32(source.scale)).tolist(), [0]
            ),
        ],
        np.int8,
        target.scale,
        target.zero_point,
        activation=activation,
    )
    return Case(
        builder,
        (values,),
        (_quantized_output(sums, source, scales, activation, target),),
    )


def legacy_fully_connected(rng: Generator) -> Case:
    """FULLY_CONNECTED in uint8, whose weights have a zero point of their own."""
    depth, outputs = int(rng.integers(3, 60)), int(rng.integers(1, 20))
    source, target = step(rng), step(rng, 30 * math.sqrt(depth))
    inner = Step(
        float(np.float32(rng.uniform(0.002, 0.01))), int(rng.integers(90, 160))
    )
    source.zero_point += 128
    target.zero_point += 128
    values = rng.integers(0, 256, (2, depth)).astype(np.uint8)
    weights = rng.integers(1, 256, (outputs, depth)).astype(np.uint8)
    bias = rng.integers(-2000, 2000, outputs).astype(np.int32)
    builder = ModelBuilder()
    operands = [
        builder.input(values.shape, np.uint8, source.scale, source.zero_point),
        builder.constant(weights, np.uint8, inner.scale, inner.zero_point),
        builder.constant(bias, np.int32, inner.scale * source.scale, 0),
    ]
    builder.operator(
        "FULLY_CONNECTED", operands, np.uint8, target.scale, target.zero_point
    )
    sums = (
        real(values, source) @ real(weights, inner).T
        + bias * inner.scale * source.scale
    )
    return Case(builder, (values,), (stored(sums, target, np.uint8),))


def eight_bit_weights(rng: Generator) -> Case:
    """FULLY_CONNECTED in float with int8 weights; LiteRT would round its input to 8 bits too."""
    depth, outputs = int(rng.integers(3, 60)), int(rng.integers(1, 20))
    values = floats(rng, 2, depth)
    weights, scales, _ = _quantized_weights(rng, (outputs, depth), 0, per_channel=True)
    builder = ModelBuilder()
    operands = [
        builder.input(values.shape),
        builder.constant(weights, np.int8, scales.tolist(), [0] * outputs),
        builder.constant(np.zeros(outputs)),
    ]
    builder.operator("FULLY_CONNECTED", operands)
    whole = weights.astype(np.float64) * scales.astype(np.float64)[:, None]
    return Case(
        builder, (values,), (values.astype(np.float64) @ whole.T,), litert=False
    )


def half_precision_weights(rng: Generator) -> Case:
    """FULLY_CONNECTED whose float16 weights go through DEQUANTIZE."""
    values, weights = floats(rng, 4, 9), rng.normal(0, 1, (5, 9)).astype(np.float16)
    builder = ModelBuilder()
    source = builder.input(values.shape)
    whole = builder.operator("DEQUANTIZE", [builder.constant(weights, np.float16)])
    builder.operator("FULLY_CONNECTED", [source, whole, builder.constant(np.zeros(5))])
    return Case(
        builder, (values,), (values.astype(np.float64) @ weights.T.astype(np.float64),)
    )


def computed_weights(rng: Generator) -> Case:
    """BATCH_MATMUL of two inputs, either of them transposed."""
    n, k, m = (int(size) for size in rng.integers(1, 9, 3))
    flip_x, flip_y = (bool(flag) for flag in rng.integers(0, 2, 2))
    x, y = floats(rng, 3, n, k), floats(rng, 3, k, m)
    result = x.astype(np.float64) @ y.astype(np.float64)
    x, y = (
        np.ascontiguousarray(a.swapaxes(1, 2)) if flip else a
        for a, flip in ((x, flip_x), (y, flip_y))
    )
    builder = ModelBuilder()
    builder.operator(
        "BATCH_MATMUL",
        [builder.input(x.shape), builder.input(y.shape)],
        adjoint_x=flip_x,
        adjoint_y=flip_y,
    )
    return Case(builder, (x, y), (result,))


def attention(rng: Generator) -> Case:
    """FULLY_CONNECTED whose weights are an input."""
    values, weights = floats(rng, 4, 9), floats(rng, 5, 9)
    builder = ModelBuilder()
    builder.operator(
        "FULLY_CONNECTED",
        [builder.input(values.shape), builder.input(weights.shape), -1],
    )
    return Case(
        builder,
        (values, weights),
        (values.astype(np.float64) @ weights.T.astype(np.float64),),
    )


def pooling(rng: Generator) -> Case:
    """AVERAGE_POOL_2D and MAX_POOL_2D."""
    geometry = Geometry.draw(rng, dilated=False)
    name = str(rng.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
    activation = str(rng.choice(ACTIVATIONS[:3]))
    image = floats(
        rng, geometry.batch, geometry.height, geometry.width, int(rng.integers(1, 6))
    )
    taps, inside = geometry.taps(image.astype(np.float64))
    if name == "MAX_POOL_2D":
        result = np.where(inside[None, ..., None], taps, -np.inf).max(axis=(3, 4))
    else:
        result = taps.sum(axis=(3, 4)) / inside.sum(axis=(2, 3))[None, ..., None]
    options = {
        name: value
        for name, value in geometry.options.items()
        if "dilation" not in name
    }
    builder = ModelBuilder()
    builder.operator(
        name,
        [builder.input(image.shape)],
        kernel_h=geometry.kernel[0],
        kernel_w=geometry.kernel[1],
        activation=activation,
        **options,
    )
    return Case(builder, (image,), (activate(result, activation),))


def quantized_pooling(rng: Generator) -> Case:
    """MAX_POOL_2D and AVERAGE_POOL_2D in int8."""
    scale = step(rng)
    name = str(rng.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
    image = rng.integers(-128, 128, (1, 8, 6, 3)).astype(np.int8)
    blocks = real(image, scale).reshape(1, 4, 2, 3, 2, 3)
    result = (
        blocks.max(axis=(2, 4)) if name == "MAX_POOL_2D" else blocks.mean(axis=(2, 4))
    )
    builder = ModelBuilder()
    builder.operator(
        name,
        [builder.input(image.shape, np.int8, scale.scale, scale.zero_point)],
        np.int8,
        scale.scale,
        scale.zero_point,
        stride_h=2,
        stride_w=2,
        kernel_h=2,
        kernel_w=2,
        padding=1,
    )
    return Case(builder, (image,), (stored(result, scale),))


MAKERS: dict[str, CaseMaker] = {
    "convolution": convolution,
    "pointwise": pointwise,
    "depthwise": depthwise,
    "quantized_convolution": quantized_convolution,
    "fully_connected": fully_connected,
    "quantized_fully_connected": quantized_fully_connected,
    "legacy_fully_connected": legacy_fully_connected,
    "eight_bit_weights": eight_bit_weights,
    "half_precision_weights": half_precision_weights,
    "computed_weights": computed_weights,
    "attention": attention,
    "pooling": pooling,
    "quantized_pooling": quantized_pooling,
}
