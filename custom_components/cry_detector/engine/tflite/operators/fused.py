"""Activations as operators carry them within: applied in place."""

from collections.abc import Callable

import numpy as np

from ..node import Node, Operand
from ..quantization import Array, limits_of

type InPlace = Callable[[Array], object]

# The range that each activation holds its values in.
RANGES: dict[str, tuple[float, float]] = {
    "NONE": (-np.inf, np.inf),
    "RELU": (0.0, np.inf),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}


def clamp(low: float, high: float) -> InPlace | None:
    """Return what holds floats between two numbers, or None where there is nothing to do."""
    if low == -np.inf and high == np.inf:
        return None
    if high == np.inf:
        # Measured at two thirds of the time of clip.
        return lambda values: np.maximum(values, np.float32(low), out=values)
    return lambda values: np.clip(values, np.float32(low), np.float32(high), out=values)


def fused_activation(node: Node) -> InPlace | None:
    """Return the activation of an operator of floats, or None where it has none."""
    name = node.activation
    if name == "TANH":
        return lambda values: np.tanh(values, out=values)
    node.require(name in RANGES, f"the fused activation {name} is not supported")
    return clamp(*RANGES[name])


def stored_range(node: Node, output: Operand) -> tuple[int, int]:
    """Return the lowest and highest stored number of a quantised output under the operator's activation."""
    name = node.activation
    node.require(
        name in RANGES, f"the fused activation {name} is not supported on 8-bit values"
    )
    limits = limits_of(output.dtype)
    quantization = output.quantization
    if quantization is None:
        return limits
    zero_point, scale = quantization.zero_point, quantization.scale
    low, high = (
        limit
        if abs(edge) == np.inf
        else min(max(round(edge / scale) + zero_point, limits[0]), limits[1])
        for edge, limit in zip(RANGES[name], limits, strict=True)
    )
    return low, high
