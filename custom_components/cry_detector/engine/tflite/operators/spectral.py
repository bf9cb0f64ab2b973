"""RFFT2D and the absolute value of what it gives: the front end of YAMNet."""

import math

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array


def _rfft2d(node: Node) -> Kernel:
    """Build RFFT2D: the transform of the last two dimensions, cut or filled with zeros to `fft_length` (input 1)."""
    source = node.floating(0)
    lengths = node.integers(1)
    node.require(
        len(lengths) == 2 and len(source.shape) >= 2, f"lengths {list(lengths)}"
    )
    height, width = lengths
    node.require(height > 0 and width > 0, f"lengths {list(lengths)}")
    shape = (*source.shape[:-2], height, width // 2 + 1)
    node.reserve((*shape, 2), np.complex64)
    node.spend(shape, 40.0 + math.log2(height * width) * 4)
    if source.shape[-2] == height == 1:
        return lambda values, _: np.fft.rfft(values, width).astype(np.complex64)
    return lambda values, _: np.fft.rfft2(values, lengths).astype(np.complex64)


def _complex_abs(node: Node) -> Kernel:
    source = node.input(0)
    node.require(source.dtype == np.complex64, f"an input of type {source.dtype}")
    output = node.scratch(source.shape)
    node.spend(source.shape, 8.0)

    def run(values: Array) -> Array:
        return np.abs(values, out=output)

    return run


BUILDERS: dict[str, Builder] = {
    "RFFT2D": _rfft2d,
    "COMPLEX_ABS": _complex_abs,
}
