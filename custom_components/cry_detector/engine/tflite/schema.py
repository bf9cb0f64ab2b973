"""A `.tflite` file as data: its tensors and operators, checked for what can be known without running it."""

from dataclasses import dataclass
import math

import numpy as np

from ..errors import ModelError
from .flatbuffer import Table
from .limits import MAX_FILE_BYTES, MAX_OPERATORS, MAX_RANK, MAX_TENSORS
from .names import DTYPES, operator_name, type_name
from .options import Options, read_options
from .quantization import Array, Quantization

_IDENTIFIER = b"TFL3"
_VERSION = 3
_CUSTOM = 32
_MAX_DIMENSION = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor as the file declares it."""

    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    """The shape with -1 for each dimension that may change; empty where none may."""
    dtype: np.dtype[np.generic]
    quantization: Quantization | None
    data: Array | None
    """The values of a constant, a view of the file."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as the file declares it."""

    name: str
    options: Options
    inputs: tuple[int, ...]
    """Numbers of tensors; -1 for an input that is left out."""
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """What the file computes: operators in the order in which they run."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(content: bytes) -> Graph:
    """Return the graph in the bytes of a `.tflite` file.

    Raises:
        ModelError: the file is damaged, of another format or version, or uses what is not supported.

    """
    if len(content) > MAX_FILE_BYTES:
        raise ModelError(
            f"the file has {len(content)} bytes; at most {MAX_FILE_BYTES} are allowed"
        )
    if content[4:8] != _IDENTIFIER:
        raise ModelError(
            "not a TensorFlow Lite model: bytes 4 to 8 of the file should read TFL3"
        )
    model = Table.root(memoryview(content))
    if (version := model.integer(0, "I")) != _VERSION:
        raise ModelError(
            f"a TensorFlow Lite model of schema version {version}; version {_VERSION} is supported"
        )
    subgraphs = model.tables(2, at_most=MAX_OPERATORS)
    if len(subgraphs) != 1:
        raise ModelError(
            f"a model of {len(subgraphs)} subgraphs (control flow); exactly one is supported"
        )
    names = [_operator_name(code) for code in model.tables(1, at_most=MAX_OPERATORS)]
    buffers = [_buffer(table) for table in model.tables(4, at_most=MAX_TENSORS)]
    subgraph = subgraphs[0]
    tensors = tuple(
        _tensor(table, buffers) for table in subgraph.tables(0, at_most=MAX_TENSORS)
    )
    operators = tuple(
        _operator(table, names) for table in subgraph.tables(3, at_most=MAX_OPERATORS)
    )
    graph = Graph(tensors, operators, subgraph.integers(1), subgraph.integers(2))
    _check_references(graph)
    return graph


def _operator_name(code: Table) -> str:
    # The number outgrew its first field, a byte, which newer files fill with a placeholder.
    number = max(code.integer(0, "b"), code.integer(3))
    return (
        f"custom operator {code.string(1)!r}"
        if number == _CUSTOM
        else operator_name(number)
    )


def _buffer(table: Table) -> memoryview:
    if table.integer(1, "Q") > 1:
        raise ModelError(
            "the model keeps its weights behind the flatbuffer, as files over 2 GB do; that is not supported"
        )
    return table.octets(0)


def _tensor(table: Table, buffers: list[memoryview]) -> Tensor:
    name = table.string(3)
    kind = type_name(table.integer(1, "b"))
    if kind not in DTYPES:
        raise ModelError(
            f"tensor {name!r} is of type {kind}, which is not supported; supported are {', '.join(DTYPES)}"
        )
    if table.table(6) is not None:
        raise ModelError(f"tensor {name!r} is sparse, which is not supported")
    if table.number(5, "?"):
        raise ModelError(
            f"tensor {name!r} is a variable: models that keep a state are not supported"
        )
    shape = table.integers(0)
    if len(shape) > MAX_RANK or any(not 0 <= size <= _MAX_DIMENSION for size in shape):
        raise ModelError(
            f"tensor {name!r} has the shape {list(shape)}, which is not supported"
        )
    number = table.integer(2, "I")
    if number >= len(buffers):
        raise ModelError(
            f"the file is damaged: tensor {name!r} refers to buffer {number} of {len(buffers)}"
        )
    dtype = DTYPES[kind]
    data = _constant(name, buffers[number], shape, dtype)
    quantization = _quantization(name, table.table(4), shape)
    return Tensor(name, shape, table.integers(7), dtype, quantization, data)


def _constant(
    name: str, buffer: memoryview, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> Array | None:
    """Return the values that a tensor has in the file, or None where it gets them from an operator."""
    size = math.prod(shape)
    if not buffer:
        # An empty list of numbers, as the shape of a scalar is, is a constant too.
        return np.empty(0, dtype) if shape == (0,) else None
    if len(buffer) != size * dtype.itemsize:
        raise ModelError(
            f"the file is damaged: tensor {name!r} of {size} {dtype} has {len(buffer)} bytes of data,"
            f" and should have {size * dtype.itemsize}"
        )
    return (
        np.frombuffer(buffer, dtype.newbyteorder("<"))
        .reshape(shape)
        .astype(dtype, copy=False)
    )


def _quantization(
    name: str, table: Table | None, shape: tuple[int, ...]
) -> Quantization | None:
    if table is None:
        return None
    scales = table.array(2, np.float32).astype(np.float32)
    if not scales.size:
        return None
    zero_points = table.array(3, np.int64).astype(np.int64)
    if not zero_points.size:
        zero_points = np.zeros(scales.size, np.int64)
    axis = table.integer(6)
    if zero_points.size == 1:
        zero_points = np.repeat(zero_points, scales.size)
    if scales.size > 1 and not (0 <= axis < len(shape) and shape[axis] == scales.size):
        raise ModelError(
            f"the file is damaged: {scales.size} scales do not fit tensor {name!r} of shape {list(shape)}"
        )
    if (
        zero_points.size != scales.size
        or not np.isfinite(scales).all()
        or (scales < np.finfo(np.float32).tiny).any()
        or (scales > np.float32(1e30)).any()
        or (np.abs(zero_points) > np.iinfo(np.uint8).max).any()
    ):
        raise ModelError(
            f"the file is damaged: the quantisation of tensor {name!r} cannot be right"
        )
    return Quantization(scales, zero_points, axis)


def _operator(table: Table, names: list[str]) -> Operator:
    number = table.integer(0, "I")
    if number >= len(names):
        raise ModelError(
            f"the file is damaged: an operator is of kind {number} of {len(names)}"
        )
    options = read_options(names[number], table.integer(3, "B"), table.table(4))
    return Operator(names[number], options, table.integers(1), table.integers(2))


def _check_references(graph: Graph) -> None:
    """Check that every tensor is there, is filled once, and is filled before it is used."""
    count = len(graph.tensors)
    filled = {
        index for index, tensor in enumerate(graph.tensors) if tensor.data is not None
    }
    if not graph.inputs or not graph.outputs:
        raise ModelError("the model has no input or no output")
    for index in graph.inputs:
        _fill(index, filled, count, "an input of the model")
    for operator in graph.operators:
        for index in operator.inputs:
            if index != -1 and index not in filled:
                raise ModelError(
                    f"the file is damaged: {operator.name} uses tensor {index} before it has a value"
                )
        for index in operator.outputs:
            _fill(index, filled, count, f"an output of {operator.name}")
    for index in graph.outputs:
        if index not in filled:
            raise ModelError(
                f"the file is damaged: output {index} of the model never has a value"
            )


def _fill(index: int, filled: set[int], count: int, role: str) -> None:
    if not 0 <= index < count:
        raise ModelError(f"the file is damaged: {role} is tensor {index} of {count}")
    if index in filled:
        raise ModelError(
            f"the file is damaged: {role} is tensor {index}, which already has a value"
        )
    filled.add(index)
