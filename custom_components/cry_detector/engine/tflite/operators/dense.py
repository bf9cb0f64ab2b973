"""FULLY_CONNECTED and BATCH_MATMUL."""

import math

import numpy as np

from ...blas import matmul
from ..node import Kernel, Node
from ..quantization import Array
from .eight_bit import through_float
from .fused import fused_activation
from .linear import Sums, linear, product

_MULTIPLY_NS = 0.15


def fully_connected(node: Node) -> Kernel:
    """Build FULLY_CONNECTED. Input [..., depth], weights [outputs, depth]."""
    node.require(
        node.option("weights_format") == 0, "shuffled weights are not supported"
    )
    if node.input(1).data is None:
        return _computed_weights(node)
    weights = linear(node, channel_axis=0)
    node.require(
        weights.weights.ndim == 2, f"weights of shape {list(weights.weights.shape)}"
    )
    outputs, depth = weights.weights.shape
    shape = _output_shape(node, outputs, depth)
    sums = Sums(node, weights, shape)
    flat = sums.array.reshape(-1, outputs)
    multiply = product(node, weights.weights.T, flat.shape[0])
    node.reserve(node.input(0).shape, weights.dtype)

    def run(values: Array, *_: Array) -> Array:
        multiply(values.reshape(-1, depth).astype(weights.dtype, copy=False), flat)
        return sums.finish()

    return run


def _output_shape(node: Node, outputs: int, depth: int) -> tuple[int, ...]:
    shape = node.input(0).shape
    node.require(
        depth > 0 and math.prod(shape) % depth == 0,
        f"{depth} weights for an input of shape {list(shape)}",
    )
    if not node.option("keep_num_dims"):
        return (math.prod(shape) // depth, outputs)
    node.require(
        shape and shape[-1] == depth,
        f"{depth} weights for an input of shape {list(shape)}",
    )
    return (*shape[:-1], outputs)


@through_float
def _computed_weights(node: Node) -> Kernel:
    """Build a FULLY_CONNECTED whose weights another operator computes, as attention has them."""
    node.floating(0)
    weights = node.floating(1)
    node.require(len(weights.shape) == 2, f"weights of shape {list(weights.shape)}")
    outputs, depth = weights.shape
    shape = _output_shape(node, outputs, depth)
    has_bias = node.optional(2) is not None
    if has_bias:
        node.require(
            node.floating(2).shape == (outputs,),
            "a bias of another length than the output",
        )
    activation = fused_activation(node)
    result = node.scratch(shape)
    flat = result.reshape(-1, outputs)
    node.spend((math.prod(shape), depth), _MULTIPLY_NS)

    def run(values: Array, matrix: Array, bias: Array | None = None) -> Array:
        matmul(values.reshape(-1, depth), matrix.T, flat)
        if bias is not None:
            np.add(flat, bias, out=flat)
        if activation:
            activation(flat)
        return result

    return run


@through_float
def batch_matmul(node: Node) -> Kernel:
    """Build BATCH_MATMUL. Inputs [..., n, k] and [..., k, m], either of them transposed if its option says so."""
    flip_x, flip_y = node.option("adjoint_x"), node.option("adjoint_y")
    x, y = list(node.floating(0).shape), list(node.floating(1).shape)
    node.require(len(x) >= 2 and len(y) >= 2, f"inputs of shapes {x} and {y}")
    if flip_x:
        x[-2:] = x[:-3:-1]
    if flip_y:
        y[-2:] = y[:-3:-1]
    node.require(x[-1] == y[-2], f"inputs of shapes {x} and {y}")
    shape = (*np.broadcast_shapes(tuple(x[:-2]), tuple(y[:-2])), x[-2], y[-1])
    result = node.scratch(shape)
    node.spend((math.prod(shape), x[-1]), _MULTIPLY_NS)

    def run(left: Array, right: Array) -> Array:
        left = left.swapaxes(-1, -2) if flip_x else left
        right = right.swapaxes(-1, -2) if flip_y else right
        return np.matmul(left, right, out=result)

    return run
