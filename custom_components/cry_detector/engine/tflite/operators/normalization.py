"""SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION: over the last dimension."""

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array
from .eight_bit import through_float

# What LiteRT takes for the length of a vector that is shorter.
_SHORTEST = np.float32(1e-6)


@through_float
def _softmax(node: Node) -> Kernel:
    shape = node.floating(0).shape
    node.require(shape, "a scalar has no last dimension")
    beta = np.float32(node.real_option("beta"))
    output = node.scratch(shape)
    node.spend(shape, 10.0)

    def run(values: Array) -> Array:
        np.subtract(values, values.max(axis=-1, keepdims=True), out=output)
        np.multiply(output, beta, out=output)
        np.exp(output, out=output)
        np.divide(output, output.sum(axis=-1, keepdims=True), out=output)
        return output

    return run


@through_float
def _log_softmax(node: Node) -> Kernel:
    shape = node.floating(0).shape
    node.require(shape, "a scalar has no last dimension")
    output = node.scratch(shape)
    node.reserve(shape)
    node.spend(shape, 10.0)

    def run(values: Array) -> Array:
        np.subtract(values, values.max(axis=-1, keepdims=True), out=output)
        total = np.exp(output).sum(axis=-1, keepdims=True)
        np.subtract(output, np.log(total), out=output)
        return output

    return run


@through_float
def _l2_normalization(node: Node) -> Kernel:
    shape = node.floating(0).shape
    node.require(shape, "a scalar has no last dimension")
    output = node.scratch(shape)
    node.spend(shape, 6.0)

    def run(values: Array) -> Array:
        np.square(values, out=output)
        length = np.sqrt(output.sum(axis=-1, keepdims=True))
        np.divide(values, np.maximum(length, _SHORTEST), out=output)
        return output

    return run


BUILDERS: dict[str, Builder] = {
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": _log_softmax,
    "L2_NORMALIZATION": _l2_normalization,
}
