"""PAD, PADV2 and MIRROR_PAD."""

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array

_REFLECT, _SYMMETRIC = 0, 1


def _paddings(node: Node) -> list[tuple[int, int]]:
    """Return how much is added before and behind along each dimension."""
    rank = len(node.input(0).shape)
    amounts = node.integers(1)
    node.require(
        len(amounts) == 2 * rank and min(amounts, default=0) >= 0,
        f"paddings {list(amounts)} of {rank} axes",
    )
    return list(zip(amounts[::2], amounts[1::2], strict=True))


def _padded_shape(node: Node, paddings: list[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(
        size + sum(amounts)
        for size, amounts in zip(node.input(0).shape, paddings, strict=True)
    )


def _pad(node: Node) -> Kernel:
    source = node.input(0)
    paddings = _paddings(node)
    fill: float = (
        source.quantization.zero_point
        if source.quantized and source.quantization
        else 0
    )
    if node.optional(2) is not None:
        value = node.constant(2)
        node.require(
            value.size == 1 and value.dtype == source.dtype,
            "one value of the input's type is needed",
        )
        fill = value.reshape(-1)[0]
    padded = node.keep(_padded_shape(node, paddings), source.dtype, fill)
    node.spend(padded.shape)
    inside = padded[
        tuple(
            slice(amounts[0], amounts[0] + size)
            for amounts, size in zip(paddings, source.shape, strict=True)
        )
    ]

    def run(values: Array, *_: Array) -> Array:
        np.copyto(inside, values)
        return padded

    return run


def _mirror_pad(node: Node) -> Kernel:
    source = node.input(0)
    paddings = _paddings(node)
    mode = node.option("mode")
    node.require(mode in (_REFLECT, _SYMMETRIC), f"the mode {mode} is not known")
    # Where the edge itself is not repeated, there is one number less to mirror.
    edge = 1 if mode == _REFLECT else 0
    for size, amounts in zip(source.shape, paddings, strict=True):
        node.require(
            max(amounts) <= size - edge,
            f"{size} numbers cannot be mirrored {max(amounts)} wide",
        )
    shape = _padded_shape(node, paddings)
    node.reserve(shape, source.dtype)
    node.spend(shape, 8.0)
    if mode == _REFLECT:
        return lambda values, _: np.pad(values, paddings, "reflect")
    return lambda values, _: np.pad(values, paddings, "symmetric")


BUILDERS: dict[str, Builder] = {
    "PAD": _pad,
    "PADV2": _pad,
    "MIRROR_PAD": _mirror_pad,
}
