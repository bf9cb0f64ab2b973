"""Functions of one number: activations, and the arithmetic that converters leave around them."""

from collections.abc import Callable
import functools

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array
from .eight_bit import table
from .fused import RANGES

type Function = Callable[[Array, Array], object]
"""Writes its results for the first array into the second."""


def _elementwise(make: Callable[[Node], Function], cost_ns: float = 4.0) -> Builder:
    def build(node: Node) -> Kernel:
        function = make(node)
        source = node.input(0)
        if source.quantized:

            def whole(values: Array) -> Array:
                results = np.empty_like(values)
                function(values, results)
                return results

            return table(node, whole)
        node.floating(0)
        output = node.scratch(source.shape)
        node.reserve(source.shape)
        node.spend(source.shape, cost_ns)

        def run(values: Array) -> Array:
            function(values, output)
            return output

        return run

    return build


def _plain(function: Function, cost_ns: float = 4.0) -> Builder:
    return _elementwise(lambda _: function, cost_ns)


def _clamp(name: str) -> Builder:
    low, high = (np.float32(edge) for edge in RANGES[name])
    return _plain(lambda values, out: np.clip(values, low, high, out=out))


def _logistic(values: Array, out: Array) -> None:
    np.negative(values, out=out)
    np.exp(out, out=out)
    np.add(out, np.float32(1), out=out)
    np.reciprocal(out, out=out)


def _hard_swish(values: Array, out: Array) -> None:
    np.add(values, np.float32(3), out=out)
    np.clip(out, np.float32(0), np.float32(6), out=out)
    np.multiply(out, values, out=out)
    np.multiply(out, np.float32(1 / 6), out=out)


def _elu(values: Array, out: Array) -> None:
    np.minimum(values, np.float32(0), out=out)
    np.expm1(out, out=out)
    np.copyto(out, values, where=values > 0)


def _rsqrt(values: Array, out: Array) -> None:
    np.sqrt(values, out=out)
    np.reciprocal(out, out=out)


def _leaky_relu(node: Node) -> Function:
    alpha = np.float32(node.real_option("alpha"))

    def function(values: Array, out: Array) -> None:
        np.multiply(values, alpha, out=out)
        np.copyto(out, values, where=values > 0)

    return function


def _gelu(node: Node) -> Function:
    return _gelu_by_tanh if node.option("approximate") else _gelu_by_erf


def _gelu_by_tanh(values: Array, out: Array) -> None:
    real = values.astype(np.float64)
    inner = np.sqrt(2 / np.pi) * (real + 0.044715 * real**3)
    np.copyto(out, 0.5 * real * (1 + np.tanh(inner)), casting="same_kind")


def _gelu_by_erf(values: Array, out: Array) -> None:
    # Numpy has no erf: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26, off by 1.5e-7 at most.
    real = values.astype(np.float64)
    argument = np.abs(real) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * argument)
    coefficients = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    polynomial = (
        functools.reduce(lambda sum_, coefficient: sum_ * t + coefficient, coefficients)
        * t
    )
    erf = np.copysign(1 - polynomial * np.exp(-argument * argument), real)
    np.copyto(out, 0.5 * real * (1 + erf), casting="same_kind")


BUILDERS: dict[str, Builder] = {
    "RELU": _plain(lambda values, out: np.maximum(values, np.float32(0), out=out)),
    "RELU6": _clamp("RELU6"),
    "RELU_N1_TO_1": _clamp("RELU_N1_TO_1"),
    "RELU_0_TO_1": _plain(
        lambda values, out: np.clip(values, np.float32(0), np.float32(1), out=out)
    ),
    "LEAKY_RELU": _elementwise(_leaky_relu),
    "ELU": _plain(_elu, 20.0),
    "GELU": _elementwise(_gelu, 60.0),
    "HARD_SWISH": _plain(_hard_swish),
    "LOGISTIC": _plain(_logistic, 8.0),
    "TANH": _plain(np.tanh, 8.0),
    "EXP": _plain(np.exp, 8.0),
    "LOG": _plain(np.log, 8.0),
    "SQRT": _plain(np.sqrt),
    "RSQRT": _plain(_rsqrt),
    "SQUARE": _plain(np.square),
    "ABS": _plain(np.abs),
    "NEG": _plain(np.negative),
    "FLOOR": _plain(np.floor),
    "CEIL": _plain(np.ceil),
    "ROUND": _plain(np.rint),
    "SIN": _plain(np.sin, 20.0),
    "COS": _plain(np.cos, 20.0),
}
