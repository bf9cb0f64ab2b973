"""AVERAGE_POOL_2D and MAX_POOL_2D."""

import math

import numpy as np

from ..node import Kernel, Node
from ..quantization import Array
from .eight_bit import through_float
from .fused import fused_activation
from .windows import Windows, windows


@through_float
def average_pool(node: Node) -> Kernel:
    """Build AVERAGE_POOL_2D: the mean of what lies under each window, without the padding."""
    padded, inside, view, rows, columns = _windows_of(node, fill=0.0)
    batch, channels = padded.shape[0], padded.shape[-1]
    output = node.scratch((batch, rows.count, columns.count, channels))
    counts = np.outer(_covered(rows), _covered(columns)).astype(np.float32)[:, :, None]
    activation = fused_activation(node)

    def run(values: Array) -> Array:
        np.copyto(inside, values)
        np.add.reduce(view, axis=(3, 4), out=output)
        np.divide(output, counts, out=output)
        if activation:
            activation(output)
        return output

    return run


@through_float
def max_pool(node: Node) -> Kernel:
    """Build MAX_POOL_2D: the highest of what lies under each window."""
    padded, inside, view, rows, columns = _windows_of(node, fill=-np.inf)
    output = node.scratch(
        (padded.shape[0], rows.count, columns.count, padded.shape[-1])
    )
    activation = fused_activation(node)

    def run(values: Array) -> Array:
        np.copyto(inside, values)
        np.maximum.reduce(view, axis=(3, 4), out=output)
        if activation:
            activation(output)
        return output

    return run


def _windows_of(
    node: Node, fill: float
) -> tuple[Array, Array, Array, Windows, Windows]:
    """Return the padded image, the part that takes the input, and [batch, row, column, kernel row, kernel column, channel]."""
    shape = node.floating(0).shape
    node.require(len(shape) == 4, f"an input of shape {list(shape)}")
    rows = windows(node, "h", shape[1], node.option("kernel_h"))
    columns = windows(node, "w", shape[2], node.option("kernel_w"))
    padded = node.keep(
        (shape[0], rows.padded, columns.padded, shape[3]), np.float32, fill
    )
    inside = padded[
        :,
        rows.before : rows.before + rows.size,
        columns.before : columns.before + columns.size,
    ]
    step = padded.strides
    view = np.lib.stride_tricks.as_strided(
        padded,
        (shape[0], rows.count, columns.count, rows.kernel, columns.kernel, shape[3]),
        (step[0], step[1] * rows.stride, step[2] * columns.stride, *step[1:]),
        writeable=False,
    )
    # Numpy pays for each run of channels.
    node.spend((math.prod(view.shape[:-1]),), 10.0 + shape[3])
    return padded, inside, view, rows, columns


def _covered(axis: Windows) -> Array:
    """Return how many numbers of the input lie under each window."""
    first = np.arange(axis.count) * axis.stride - axis.before
    covered: Array = np.minimum(first + axis.kernel, axis.size) - np.maximum(first, 0)
    return covered
