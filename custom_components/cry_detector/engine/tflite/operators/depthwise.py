"""DEPTHWISE_CONV_2D: the padded image, moved by each tap of the kernel, times that tap's weights, summed.

Numpy is fast along long contiguous runs, and channels alone are short ones, so a whole row of the output is one run,
with the weights repeated along it. With a stride the columns that one tap meets are not neighbours: the padded image
keeps them by phase (column modulo stride), and they are. One `einsum` then multiplies and adds, at three times the speed
of separate calls, as each row of sums stays in the cache through all taps.
"""

import numpy as np

from ..node import Kernel, Node
from ..quantization import Array
from .linear import Linear, Sums, linear
from .windows import Windows, windows

_LONGEST_RUN = 16384
_MULTIPLY_NS = 0.2
_RUN_NS = 20.0


def depthwise_convolution(node: Node) -> Kernel:
    """Build DEPTHWISE_CONV_2D. Input [batch, height, width, channels], weights [1, height, width, outputs]."""
    shape = node.input(0).shape
    weights = linear(node, channel_axis=3)
    node.require(
        len(shape) == weights.weights.ndim == 4, f"an input of shape {list(shape)}"
    )
    batch, height, width, channels = shape
    _, kernel_h, kernel_w, outputs = weights.weights.shape
    node.require(
        weights.weights.shape[0] == 1 and outputs % channels == 0,
        f"{outputs} outputs from {channels} channels",
    )
    multiplier = node.option("depth_multiplier")
    node.require(
        multiplier in (0, outputs // channels),
        f"{outputs} outputs from {channels} channels, {multiplier} each",
    )
    rows = windows(node, "h", height, kernel_h, node.option("dilation_h"))
    columns = windows(node, "w", width, kernel_w, node.option("dilation_w"))
    taps = _taps(node, weights, columns)
    _, phases, offsets, _ = taps.shape
    # The output row in runs of `together` columns.
    fitting = range(1, max(_LONGEST_RUN // outputs, 1) + 1)
    together = max(count for count in fitting if columns.count % count == 0)
    run = together * outputs
    node.reserve((kernel_h, phases, offsets, run), weights.dtype)
    tiled = np.tile(taps, (1, 1, 1, together))
    blocks = columns.count // together
    output_shape = (batch, rows.count, columns.count, outputs)
    node.spend(
        (batch, rows.count, blocks, kernel_h, phases, offsets),
        _RUN_NS + run * _MULTIPLY_NS,
    )

    # By phase: [batch, row, phase, column / stride, channel, outputs of the channel].
    length = columns.count + _offset_step(columns) * (offsets - 1)
    padded_shape = (batch, rows.padded, phases, length, channels, outputs // channels)
    padded = node.keep(padded_shape, weights.dtype, weights.zero)
    step = padded.strides
    view = np.lib.stride_tricks.as_strided(
        padded,
        (batch, rows.count, blocks, kernel_h, phases, offsets, run),
        (
            step[0],
            step[1] * rows.stride,
            step[3] * together,
            step[1] * rows.dilation,
            step[2],
            step[3] * _offset_step(columns),
            padded.itemsize,
        ),
        writeable=False,
    )
    copies = _copies(padded, rows, columns)
    sums = Sums(node, weights, output_shape)
    target = sums.array.reshape(batch, rows.count, blocks, run)
    node.spend(padded.shape)

    def compute(values: Array, *_: Array) -> Array:
        for inside, taken in copies:
            np.copyto(inside, values[:, :, taken, :, None])
        np.einsum("nhbkpox,kpox->nhbx", view, tiled, out=target)
        return sums.finish()

    return compute


def _offset_step(columns: Windows) -> int:
    """Return how many columns of one phase lie between two offsets."""
    return columns.dilation if columns.stride == 1 else 1


def _taps(node: Node, weights: Linear, columns: Windows) -> Array:
    """Return the weights as [kernel row, phase, offset, output], zero where the kernel has no tap."""
    _, kernel_h, kernel_w, outputs = weights.weights.shape
    if columns.stride == 1:
        return weights.weights.reshape(kernel_h, 1, kernel_w, outputs)
    reach = (kernel_w - 1) * columns.dilation
    shape = (
        kernel_h,
        min(columns.stride, reach + 1),
        reach // columns.stride + 1,
        outputs,
    )
    node.reserve(shape, weights.dtype)
    taps = np.zeros(shape, weights.dtype)
    for tap in range(kernel_w):
        offset, phase = divmod(tap * columns.dilation, columns.stride)
        taps[:, phase, offset] = weights.weights[0, :, tap]
    return taps


def _copies(
    padded: Array, rows: Windows, columns: Windows
) -> list[tuple[Array, slice]]:
    """Return the part of the padded image that takes each phase of the input, and the columns that it takes."""
    copies = []
    phases, length = padded.shape[2:4]
    for phase in range(phases):
        first = (phase - columns.before) % columns.stride
        start = (first + columns.before) // columns.stride
        count = min(-(-(columns.size - first) // columns.stride), length - start)
        if first < columns.size and count > 0:
            inside = padded[
                :, rows.before : rows.before + rows.size, phase, start : start + count
            ]
            copies.append(
                (
                    inside,
                    slice(
                        first, first + (count - 1) * columns.stride + 1, columns.stride
                    ),
                )
            )
    return copies
