"""Where the windows of a convolution or a pooling lie, in one dimension."""

from dataclasses import dataclass

from ..node import Node

_SAME, _VALID = 0, 1


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows along one dimension of the input."""

    size: int
    """Length of the input."""
    kernel: int
    stride: int
    dilation: int
    count: int
    """Length of the output."""
    before: int
    """Padding ahead of the input."""
    padded: int
    """Length of the input with its padding."""


def windows(
    node: Node, dimension: str, size: int, kernel: int, dilation: int = 1
) -> Windows:
    """Return the windows along `dimension` ("h" or "w") of an operator with padding and stride among its options."""
    stride = node.option(f"stride_{dimension}")
    padding = node.option("padding")
    node.require(padding in (_SAME, _VALID), f"padding {padding} is not known")
    node.require(
        min(stride, dilation, kernel) > 0,
        f"kernel {kernel}, stride {stride}, dilation {dilation}",
    )
    extent = (kernel - 1) * dilation + 1
    if padding == _SAME:
        count = -(-size // stride)
        missing = max((count - 1) * stride + extent - size, 0)
        return Windows(
            size, kernel, stride, dilation, count, missing // 2, size + missing
        )
    node.require(
        extent <= size, f"a kernel that spans {extent} does not fit into {size}"
    )
    return Windows(
        size, kernel, stride, dilation, (size - extent) // stride + 1, 0, size
    )
