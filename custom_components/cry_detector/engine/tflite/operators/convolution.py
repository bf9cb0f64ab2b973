"""CONV_2D: the patches under each window, laid out as rows, times the weights: one matrix product."""

import math

import numpy as np

from ..node import Kernel, Node
from ..quantization import Array
from .linear import Linear, Sums, linear, product
from .windows import Windows, windows

# Below this many numbers in a row, patches are laid out in columns: copies are then long along the image instead.
_SHORT_RUN = 8


def convolution(node: Node) -> Kernel:
    """Build CONV_2D. Input [batch, height, width, channels], weights [outputs, height, width, channels / groups]."""
    shape = node.input(0).shape
    weights = linear(node, channel_axis=0)
    node.require(
        len(shape) == weights.weights.ndim == 4, f"an input of shape {list(shape)}"
    )
    batch, height, width, channels = shape
    outputs, kernel_h, kernel_w, depth = weights.weights.shape
    node.require(
        channels % depth == 0 and outputs % (channels // depth) == 0,
        f"{depth} weights for {channels} channels",
    )
    rows = windows(node, "h", height, kernel_h, node.option("dilation_h"))
    columns = windows(node, "w", width, kernel_w, node.option("dilation_w"))
    matrix = _matrix(node, weights, channels)
    output_shape = (batch, rows.count, columns.count, outputs)
    if kernel_h == kernel_w == rows.stride == columns.stride == 1:
        return _pointwise(node, weights, matrix, output_shape)
    return _by_patches(node, weights, matrix, rows, columns, output_shape)


def _matrix(node: Node, weights: Linear, channels: int) -> Array:
    """Return the weights as [patch, outputs]; those that groups leave out are zero."""
    outputs, kernel_h, kernel_w, depth = weights.weights.shape
    if depth == channels:
        return weights.weights.reshape(outputs, -1).T
    node.reserve((kernel_h, kernel_w, channels, outputs), weights.dtype)
    full = np.zeros((kernel_h, kernel_w, channels, outputs), weights.dtype)
    each = outputs // (channels // depth)
    for group in range(channels // depth):
        inside = slice(group * each, (group + 1) * each)
        full[:, :, group * depth : (group + 1) * depth, inside] = weights.weights[
            inside
        ].transpose(1, 2, 3, 0)
    return full.reshape(-1, outputs)


def _pointwise(
    node: Node, weights: Linear, matrix: Array, output_shape: tuple[int, ...]
) -> Kernel:
    places = (math.prod(output_shape[:-1]), matrix.shape[0])
    sums = Sums(node, weights, output_shape)
    flat = sums.array.reshape(-1, output_shape[-1])
    multiply = product(node, matrix, places[0])
    if node.input(0).dtype == weights.dtype:

        def run(values: Array, *_: Array) -> Array:
            multiply(values.reshape(places), flat)
            return sums.finish()

        return run

    converted = node.scratch(node.input(0).shape, weights.dtype)
    patches = converted.reshape(places)

    def run_converted(values: Array, *_: Array) -> Array:
        np.copyto(converted, values)
        multiply(patches, flat)
        return sums.finish()

    return run_converted


def _by_patches(
    node: Node,
    weights: Linear,
    matrix: Array,
    rows: Windows,
    columns: Windows,
    output_shape: tuple[int, ...],
) -> Kernel:
    batch, channels = output_shape[0], node.input(0).shape[-1]
    padded = node.keep(
        (batch, rows.padded, columns.padded, channels), weights.dtype, weights.zero
    )
    inside = padded[
        :,
        rows.before : rows.before + rows.size,
        columns.before : columns.before + columns.size,
    ]
    step = padded.strides
    # The patch under each window, without a copy: [batch, row, column, kernel row, kernel column, channel].
    view = np.lib.stride_tricks.as_strided(
        padded,
        (batch, rows.count, columns.count, rows.kernel, columns.kernel, channels),
        (
            step[0],
            step[1] * rows.stride,
            step[2] * columns.stride,
            step[1] * rows.dilation,
            step[2] * columns.dilation,
            step[3],
        ),
        writeable=False,
    )
    in_columns = columns.kernel * channels < _SHORT_RUN
    if in_columns:
        view = view.transpose(3, 4, 5, 0, 1, 2)
    copied = node.scratch(view.shape, weights.dtype)
    node.spend(view.shape, 3.0)
    depth = matrix.shape[0]
    patches = copied.reshape(depth, -1).T if in_columns else copied.reshape(-1, depth)
    sums = Sums(node, weights, output_shape)
    flat = sums.array.reshape(-1, output_shape[-1])
    multiply = product(node, matrix, patches.shape[0])

    def run(values: Array, *_: Array) -> Array:
        np.copyto(inside, values)
        np.copyto(copied, view)
        multiply(patches, flat)
        return sums.finish()

    return run
