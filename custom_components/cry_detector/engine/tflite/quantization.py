"""8-bit numbers that stand for real ones: real = scale * (stored - zero point).

https://ai.google.dev/edge/litert/models/quantization_spec
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError

# The types of tensors are known when a model is loaded, and checked there.
type Array = NDArray[Any]
type Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Quantization:
    """How the stored integers of a tensor stand for real numbers."""

    scales: Floats
    """One for the whole tensor, or one for each index along `axis`."""
    zero_points: NDArray[np.int64]
    """The integers that stand for 0.0, as many as there are scales."""
    axis: int = 0
    """The dimension that the scales run along, where there are several."""

    @property
    def per_channel(self) -> bool:
        """Whether each index along `axis` has a scale of its own."""
        return self.scales.size > 1

    @property
    def scale(self) -> float:
        """The scale of a tensor that has one."""
        if self.per_channel:
            raise ModelError(
                "activations must have one scale, and here they have one a channel"
            )
        return float(self.scales[0])

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor that has one scale."""
        return int(self.zero_points[0])


def is_eight_bit(dtype: np.dtype[np.generic]) -> bool:
    """Return whether a type can hold quantised numbers."""
    return dtype in (np.dtype(np.int8), np.dtype(np.uint8))


def limits_of(dtype: np.dtype[np.generic]) -> tuple[int, int]:
    """Return the lowest and the highest number of an integer type."""
    info = np.iinfo(dtype)  # type: ignore[type-var]
    return int(info.min), int(info.max)


def dequantize(values: Array, quantization: Quantization) -> Floats:
    """Return the real numbers that stored ones stand for; the shape stays."""
    scales, zero_points = quantization.scales, quantization.zero_points
    shape = [1] * values.ndim
    if quantization.per_channel:
        shape[quantization.axis] = scales.size
    scales, zero_points = scales.reshape(shape), zero_points.reshape(shape)
    real = values.astype(np.float32)
    real -= zero_points.astype(np.float32)
    real *= scales
    return real


def quantizer(
    quantization: Quantization, dtype: np.dtype[np.generic]
) -> Callable[[Array], Array]:
    """Return the function that rounds real numbers to stored ones, and holds those that do not fit at the nearest.

    Ties go to the even number, as in XNNPACK, which runs LiteRT's quantised operators on CPUs.
    """
    inverse = np.float32(1.0) / np.float32(quantization.scale)
    zero_point = np.float32(quantization.zero_point)
    low, high = (np.float32(limit) for limit in limits_of(dtype))

    def quantize(values: Array) -> Array:
        stored = np.multiply(values, inverse, dtype=np.float32)
        np.rint(stored, out=stored)
        stored += zero_point
        np.clip(stored, low, high, out=stored)
        return stored.astype(dtype)

    return quantize
