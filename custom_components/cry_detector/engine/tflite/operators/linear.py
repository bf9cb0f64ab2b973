"""What convolutions and dense layers share: their weights made ready, and what is done with their sums.

Quantised sums are computed in floating point, where BLAS is fast, and are exact all the same: products of 8-bit numbers
are whole, and as long as no sum can reach 2**24 a float32 holds it (2**53 for float64, which is taken otherwise). They
are scaled to the output as XNNPACK does it, which runs these operators in LiteRT: one multiplication in float32, ties to
even.
"""

from collections.abc import Callable
from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray

from ...blas import Product, matmul
from ..node import Node
from ..quantization import Array, dequantize, limits_of
from .fused import InPlace, fused_activation, stored_range

_EXACT_IN_FLOAT32 = 2**24
_ROW = 4096
_FEW_PLACES, _MANY_WEIGHTS = 16, 2**16
_MULTIPLY_NS = 0.06
"""What a multiplication in a matrix product takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """The weights of an operator whose outputs are sums of weighted inputs, one weight set an output channel."""

    weights: NDArray[np.floating]
    """In the shape of the file. Real numbers; where the operator is quantised, whole ones less their zero point."""
    bias: NDArray[np.floating]
    """What is added to each channel's sums of stored inputs; the input's zero point is taken care of here."""
    scale: NDArray[np.float32] | None
    """What makes sums to steps of a quantised output, for each channel; None in float."""
    zero: int
    """What stands for zero in the input, and so in its padding."""

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The type to sum in."""
        return self.weights.dtype


def linear(node: Node, channel_axis: int) -> Linear:
    """Return the weights (input 1) and the bias (input 2) of an operator; `channel_axis` counts its output channels."""
    data, weights = node.constant(1), node.input(1)
    node.require(0 <= channel_axis < data.ndim, f"weights of shape {list(data.shape)}")
    channels = data.shape[channel_axis]
    node.reserve(data.shape, np.float32)
    node.spend(data.shape, 5.0)
    if not node.input(0).quantized:
        node.floating(0)
        node.require(
            node.output.dtype == np.float32,
            f"the output is of type {node.output.dtype}",
        )
        if weights.quantized and weights.quantization:
            data = dequantize(data, weights.quantization)
        node.require(
            data.dtype == np.float32, f"weights of type {data.dtype} are not supported"
        )
        bias = _bias(node, channels, np.dtype(np.float32))
        return Linear(data.astype(np.float32), bias.astype(np.float32), None, 0)
    return _quantized(node, data, channel_axis)


def _bias(node: Node, channels: int, dtype: np.dtype[np.generic]) -> Array:
    if node.optional(2) is None:
        return np.zeros(channels, dtype)
    bias = node.constant(2)
    node.require(
        bias.dtype == dtype, f"a bias of type {bias.dtype} where {dtype} is needed"
    )
    node.require(bias.size == channels, f"{bias.size} biases for {channels} channels")
    return bias.ravel()


def _quantized(node: Node, data: Array, channel_axis: int) -> Linear:
    source, weights, target = (
        node.input(0).quantization,
        node.input(1).quantization,
        node.output.quantization,
    )
    if (
        source is None
        or weights is None
        or target is None
        or not node.output.quantized
        or not node.input(1).quantized
    ):
        raise node.error(
            "input, weights and output must all be quantised to 8 bits, or all be float"
        )
    node.require(
        not weights.per_channel or weights.axis == channel_axis,
        f"weights with scales along axis {weights.axis}",
    )
    along = [1] * data.ndim
    along[channel_axis] = -1
    zero_points = weights.zero_points.reshape(
        along if weights.per_channel else [1] * data.ndim
    )
    stored = np.subtract(data, zero_points, dtype=np.int16, casting="unsafe")
    others = tuple(axis for axis in range(data.ndim) if axis != channel_axis)
    largest = max(map(abs, limits_of(node.input(0).dtype)))
    exact = (
        int(np.abs(stored).sum(axis=others, dtype=np.int64).max()) * largest
        < _EXACT_IN_FLOAT32
    )
    sums = stored.sum(axis=others, dtype=np.int64)
    bias = (
        _bias(node, sums.size, np.dtype(np.int32)).astype(np.int64)
        - source.zero_point * sums
    )
    scale = np.float32(source.scale) * weights.scales / np.float32(target.scale)
    dtype = np.dtype(np.float32 if exact else np.float64)
    if not exact:
        node.reserve(data.shape, np.float32)
    scales = np.broadcast_to(scale, sums.shape).astype(np.float32)
    return Linear(stored.astype(dtype), bias.astype(dtype), scales, source.zero_point)


def product(node: Node, matrix: Array, places: int) -> Callable[[Array, Array], object]:
    """Return what multiplies rows, [places, depth], by the weights, [depth, outputs], into its second argument."""
    depth, outputs = matrix.shape
    node.spend((places, depth, outputs), _MULTIPLY_NS * matrix.itemsize / 4)
    node.reserve(matrix.shape, matrix.dtype)
    if places > _FEW_PLACES or matrix.size < _MANY_WEIGHTS:
        return Product(matrix, places, node.scratch)
    # Reading the weights is what takes the time here, and OpenBLAS reads them once, and twice as fast, on the left.
    turned = np.ascontiguousarray(matrix.T)
    columns = node.scratch((outputs, places), matrix.dtype)

    def multiply(rows: Array, out: Array) -> None:
        matmul(turned, rows.T, columns)
        np.copyto(out, columns.T)

    return multiply


class Sums:
    """The sums of an operator, and what makes them its output: bias, scale, activation.

    An operator writes its sums to `array` (shape of the output) and returns what `finish` returns.
    """

    def __init__(self, node: Node, weights: Linear, shape: tuple[int, ...]) -> None:
        """Allocate the output of `shape`, whose last dimension counts the channels."""
        channels = shape[-1]
        places = math.prod(shape[:-1])
        # Numpy is fast along long rows only, and channels are few: one row holds as many places as divide evenly.
        together = max(
            count
            for count in range(1, max(_ROW // channels, 1) + 1)
            if places % count == 0
        )
        self._bias = np.tile(weights.bias, together)
        self._activation: InPlace | None = None
        if weights.scale is None:
            self._output = self.array = node.scratch(shape)
            self._activation = fused_activation(node)
            self.finish = self._finish_float
        else:
            self.array = node.scratch(shape, weights.dtype)
            self._output = node.scratch(shape, node.output.dtype)
            zero_point = (
                node.output.quantization.zero_point if node.output.quantization else 0
            )
            low, high = stored_range(node, node.output)
            self._scale = np.tile(weights.scale, together)
            self._zero_point = weights.dtype.type(zero_point)
            self._range = (
                weights.dtype.type(low - zero_point),
                weights.dtype.type(high - zero_point),
            )
            self.finish = self._finish_quantized
        rows = (places // together, together * channels)
        self._rows = self.array.reshape(rows)
        self._output_rows = self._output.reshape(rows)
        node.spend(shape, 2.0)

    def _finish_float(self) -> Array:
        np.add(self._rows, self._bias, out=self._rows)
        if self._activation:
            self._activation(self._rows)
        return self._output

    def _finish_quantized(self) -> Array:
        sums = self._rows
        np.add(sums, self._bias, out=sums)
        np.multiply(sums, self._scale, out=sums)
        np.rint(sums, out=sums)
        np.clip(sums, *self._range, out=sums)
        np.add(sums, self._zero_point, out=self._output_rows, casting="unsafe")
        return self._output
