"""Write small `.tflite` files, for the tests of the interpreter: a flatbuffer writer of a few lines.

Tables are written top down, each child behind its parent, and every offset is filled in when its child is placed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import struct
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cry_engine.tflite.names import ACTIVATIONS, BUILTIN_OPERATORS, DTYPES, TENSOR_TYPES
from cry_engine.tflite.options import OPTIONS

# Where LiteRT does not take version 1 of an operator.
_VERSIONS = {"BROADCAST_TO": 2}

type Array = NDArray[Any]


@dataclass
class Scalar:
    """A number in a struct format."""

    fmt: str
    value: float


@dataclass
class Octets:
    """A vector of numbers, or a string, as bytes."""

    data: bytes
    item_bytes: int
    terminated: bool = False


type Node = Scalar | Octets | dict[int, Node] | list[dict[int, Node]]


def numbers(values: object, dtype: DTypeLike) -> Octets:
    """Return a vector of numbers."""
    array = np.asarray(values, dtype)
    return Octets(array.tobytes(), array.itemsize)


def text(value: str) -> Octets:
    """Return a string."""
    return Octets(value.encode(), 1, terminated=True)


class _Writer:
    def __init__(self) -> None:
        self.data = bytearray(8)

    def _align(self, size: int, ahead: int = 0) -> None:
        while (len(self.data) + ahead) % size:
            self.data.append(0)

    def place(self, node: Node, slot: int) -> None:
        """Write a node at the end, and its offset at `slot`."""
        if isinstance(node, dict):
            position = self._table(node)
        elif isinstance(node, list):
            position = self._tables(node)
        else:
            assert isinstance(node, Octets)
            # Buffers are read in place by LiteRT, which wants them on 16 bytes.
            self._align(16, ahead=4)
            position = len(self.data)
            length = len(node.data) // node.item_bytes
            self.data += struct.pack("<I", length) + node.data + b"\0" * node.terminated
            struct.pack_into("<I", self.data, slot, position - slot)
            return
        struct.pack_into("<I", self.data, slot, position - slot)

    def _tables(self, nodes: list[dict[int, Node]]) -> int:
        self._align(4)
        position = len(self.data)
        self.data += struct.pack("<I", len(nodes)) + bytes(4 * len(nodes))
        for index, node in enumerate(nodes):
            self.place(node, position + 4 + 4 * index)
        return position

    def _table(self, fields: dict[int, Node]) -> int:
        count = max(fields, default=-1) + 1
        offsets: dict[int, int] = {}
        size = 4
        for number, node in fields.items():
            width = struct.calcsize(node.fmt) if isinstance(node, Scalar) else 4
            size += -size % width
            offsets[number] = size
            size += width
        vtable_bytes = 4 + 2 * count
        self._align(8, ahead=vtable_bytes)
        vtable = len(self.data)
        self.data += struct.pack("<HH", vtable_bytes, size)
        for number in range(count):
            self.data += struct.pack("<H", offsets.get(number, 0))
        position = len(self.data)
        self.data += struct.pack("<i", position - vtable) + bytes(size - 4)
        for number, node in fields.items():
            if isinstance(node, Scalar):
                struct.pack_into(
                    f"<{node.fmt}", self.data, position + offsets[number], node.value
                )
        for number, node in fields.items():
            if not isinstance(node, Scalar):
                self.place(node, position + offsets[number])
        return position


def write_flatbuffer(root: dict[int, Node], identifier: bytes = b"TFL3") -> bytes:
    """Return a file with `root` as its root table."""
    writer = _Writer()
    writer.data[4:8] = identifier
    writer.place(root, 0)
    return bytes(writer.data)


@dataclass
class TensorSpec:
    """A tensor to be written; tests change what they want to be wrong."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    data: Array | None = None
    scales: Sequence[float] = ()
    zero_points: Sequence[int] = ()
    axis: int = 0
    signature: tuple[int, ...] = ()
    extra: Mapping[int, Node] = field(default_factory=dict)
    """Further fields of the schema's table, or others instead."""


@dataclass
class OperatorSpec:
    """An operator to be written."""

    name: str
    inputs: list[int]
    outputs: list[int]
    options: Mapping[str, Any] = field(default_factory=dict)


class ModelBuilder:
    """Collects tensors and operators, and writes them as a file."""

    def __init__(self) -> None:
        """Start with an empty graph."""
        self.tensors: list[TensorSpec] = []
        self.operators: list[OperatorSpec] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.version = 3

    def tensor(
        self,
        shape: Sequence[int],
        dtype: DTypeLike = np.float32,
        data: Array | None = None,
        scales: Sequence[float] | float = (),
        zero_points: Sequence[int] | int = (),
        axis: int = 0,
    ) -> int:
        """Add a tensor; return its number."""
        self.tensors.append(
            TensorSpec(
                f"tensor_{len(self.tensors)}",
                tuple(shape),
                np.dtype(dtype),
                data,
                np.atleast_1d(scales).tolist(),
                np.atleast_1d(zero_points).tolist(),
                axis,
            )
        )
        return len(self.tensors) - 1

    def input(
        self,
        shape: Sequence[int],
        dtype: DTypeLike = np.float32,
        scale: float = 0,
        zero_point: int = 0,
    ) -> int:
        """Add an input of the model."""
        number = self.tensor(
            shape, dtype, None, *((scale, zero_point) if scale else ())
        )
        self.inputs.append(number)
        return number

    def constant(
        self,
        data: object,
        dtype: DTypeLike = np.float32,
        scales: Sequence[float] | float = (),
        zero_points: Sequence[int] | int = (),
        axis: int = 0,
    ) -> int:
        """Add a constant."""
        array: Array = np.asarray(data, dtype)
        return self.tensor(array.shape, dtype, array, scales, zero_points, axis)

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        dtype: DTypeLike = np.float32,
        scale: float = 0,
        zero_point: int = 0,
        outputs: int = 1,
        **options: Any,
    ) -> int:
        """Add an operator whose outputs are the model's until another operator takes them; return the first one."""
        made = [
            self.tensor((), dtype, None, *((scale, zero_point) if scale else ()))
            for _ in range(outputs)
        ]
        self.operators.append(OperatorSpec(name, list(inputs), made, options))
        self.outputs = [
            number for number in self.outputs if number not in inputs
        ] + made
        return made[0]

    def build(self) -> bytes:
        """Return the model as a file."""
        codes = list(dict.fromkeys(operator.name for operator in self.operators))
        buffers: list[dict[int, Node]] = [{}]
        tensors: list[dict[int, Node]] = []
        for tensor in self.tensors:
            if tensor.data is not None:
                buffers.append({0: Octets(tensor.data.tobytes(), 1)})
            tensors.append(
                _tensor_fields(
                    tensor, len(buffers) - 1 if tensor.data is not None else 0
                )
            )
        subgraph: dict[int, Node] = {
            0: tensors,
            1: numbers(self.inputs, np.int32),
            2: numbers(self.outputs, np.int32),
            3: [
                _operator_fields(operator, codes.index(operator.name))
                for operator in self.operators
            ],
        }
        return write_flatbuffer(
            {
                0: Scalar("I", self.version),
                1: [_code_fields(name) for name in codes],
                2: [subgraph],
                4: buffers,
            }
        )


def _tensor_fields(tensor: TensorSpec, buffer: int) -> dict[int, Node]:
    names = {dtype: name for name, dtype in DTYPES.items()}
    fields: dict[int, Node] = {
        0: numbers(tensor.shape, np.int32),
        1: Scalar("b", TENSOR_TYPES.index(names[tensor.dtype])),
        2: Scalar("I", buffer),
        3: text(tensor.name),
    }
    if tensor.scales:
        fields[4] = {
            2: numbers(tensor.scales, np.float32),
            3: numbers(tensor.zero_points, np.int64),
            6: Scalar("i", tensor.axis),
        }
    if tensor.signature:
        fields[7] = numbers(tensor.signature, np.int32)
    # Without this LiteRT takes a tensor without dimensions for one whose shape is not known.
    fields[8] = Scalar("?", True)
    return fields | dict(tensor.extra)


def _code_fields(name: str) -> dict[int, Node]:
    if name in BUILTIN_OPERATORS:
        number = BUILTIN_OPERATORS.index(name)
        return {
            0: Scalar("b", min(number, 127)),
            2: Scalar("i", _VERSIONS.get(name, 1)),
            3: Scalar("i", number),
        }
    return {0: Scalar("b", 32), 1: text(name), 3: Scalar("i", 32)}


def _operator_fields(operator: OperatorSpec, code: int) -> dict[int, Node]:
    fields: dict[int, Node] = {
        0: Scalar("I", code),
        1: numbers(operator.inputs, np.int32),
        2: numbers(operator.outputs, np.int32),
    }
    known = OPTIONS.get(operator.name)
    if known is not None:
        table: dict[int, Node] = {}
        for name, value in operator.options.items():
            option = known.fields[name]
            if option.fmt == "[i":
                table[option.number] = numbers(value, np.int32)
            else:
                number = ACTIVATIONS.index(value) if isinstance(value, str) else value
                table[option.number] = Scalar(option.fmt, number)
        fields[3] = Scalar("B", known.number)
        fields[4] = table
    return fields
