"""Functions of two arrays, whose shapes are broadcast against each other."""

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array
from .eight_bit import through_float
from .fused import fused_activation

_WHOLE = (np.dtype(np.int32), np.dtype(np.int64))


def _binary(function: np.ufunc, *, whole: bool = True) -> Builder:
    """Return the builder of an operator; `whole` says whether it takes integers, as the arithmetic of shapes does."""

    @through_float
    def build(node: Node) -> Kernel:
        left, right = node.input(0), node.input(1)
        node.require(
            left.dtype == right.dtype
            and (left.dtype == np.float32 or (whole and left.dtype in _WHOLE)),
            f"inputs of types {left.dtype} and {right.dtype} are not supported",
        )
        shape = np.broadcast_shapes(left.shape, right.shape)
        output = node.scratch(shape, left.dtype)
        node.spend(shape)
        activation = fused_activation(node) if "activation" in node.options else None
        node.require(
            activation is None or left.dtype == np.float32,
            "an activation on integers is not supported",
        )

        def run(left: Array, right: Array) -> Array:
            function(left, right, out=output)
            if activation:
                activation(output)
            return output

        return run

    return build


@through_float
def _squared_difference(node: Node) -> Kernel:
    shape = np.broadcast_shapes(node.floating(0).shape, node.floating(1).shape)
    output = node.scratch(shape)
    node.spend(shape)

    def run(left: Array, right: Array) -> Array:
        np.subtract(left, right, out=output)
        return np.square(output, out=output)

    return run


@through_float
def _prelu(node: Node) -> Kernel:
    source, alpha = node.floating(0), node.floating(1)
    node.require(
        np.broadcast_shapes(source.shape, alpha.shape) == source.shape,
        f"a slope of shape {list(alpha.shape)}",
    )
    output = node.scratch(source.shape)
    node.reserve(source.shape, np.bool_)
    node.spend(source.shape, 4.0)

    def run(values: Array, slope: Array) -> Array:
        np.multiply(values, slope, out=output)
        np.copyto(output, values, where=values >= 0)
        return output

    return run


BUILDERS: dict[str, Builder] = {
    "ADD": _binary(np.add),
    "SUB": _binary(np.subtract),
    "MUL": _binary(np.multiply),
    "DIV": _binary(np.divide, whole=False),
    "MAXIMUM": _binary(np.maximum),
    "MINIMUM": _binary(np.minimum),
    "POW": _binary(np.power, whole=False),
    "SQUARED_DIFFERENCE": _squared_difference,
    "PRELU": _prelu,
}
