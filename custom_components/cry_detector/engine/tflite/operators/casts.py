"""QUANTIZE, DEQUANTIZE and CAST: between types."""

import numpy as np

from ..node import Builder, Kernel, Node
from ..quantization import Array, dequantize, quantizer
from .eight_bit import table


def _quantize(node: Node) -> Kernel:
    source, target = node.input(0), node.output
    if source.quantized:
        return table(node, lambda values: values)
    node.floating(0)
    if target.quantization is None or not target.quantized:
        raise node.error(f"an output of type {target.dtype} is not supported")
    node.reserve(source.shape)
    node.spend(source.shape, 5.0)
    return quantizer(target.quantization, target.dtype)


def _dequantize(node: Node) -> Kernel:
    source = node.input(0)
    quantization = source.quantization
    node.reserve(source.shape)
    node.spend(source.shape, 4.0)
    if source.dtype == np.float16:
        return lambda values: values.astype(np.float32)
    if quantization is None or not source.quantized:
        raise node.error(f"an input of type {source.dtype} is not supported")
    return lambda values: dequantize(values, quantization)


def _cast(node: Node) -> Kernel:
    source, target = node.input(0), node.output
    node.require(
        source.dtype.kind != "c" or target.dtype.kind == "c",
        f"{source.dtype} to {target.dtype} is not supported",
    )
    node.reserve(source.shape, target.dtype)
    node.spend(source.shape, 4.0)
    dtype = target.dtype

    def run(values: Array) -> Array:
        return values.astype(dtype)

    return run


BUILDERS: dict[str, Builder] = {
    "QUANTIZE": _quantize,
    "DEQUANTIZE": _dequantize,
    "CAST": _cast,
}
