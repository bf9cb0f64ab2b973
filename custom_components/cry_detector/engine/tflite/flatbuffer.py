"""Read tables, vectors and strings of a flatbuffer, checking every offset and length against the file's size.

Format: https://flatbuffers.dev/internals/. Numbers are little-endian; an offset counts from the place where it stands;
a table starts with the (signed) distance back to its vtable, which holds one 16-bit offset a field, 0 for a field that
has its default.
"""

import struct

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import ModelError


def read(data: memoryview, fmt: str, position: int) -> int | float | bool:
    """Return the number of struct format `fmt` at `position`."""
    if not 0 <= position <= len(data) - struct.calcsize(f"<{fmt}"):
        raise ModelError(
            f"the file is damaged: it refers to byte {position}, and has {len(data)}"
        )
    value: int | float | bool = struct.unpack_from(f"<{fmt}", data, position)[0]
    return value


class Table:
    """A table of a flatbuffer; fields are addressed by their number in the schema."""

    def __init__(self, data: memoryview, position: int) -> None:
        """Locate the table that starts at `position`, and its vtable."""
        self._data = data
        self._position = position
        self._vtable = position - int(read(data, "i", position))
        self._vtable_bytes = int(read(data, "H", self._vtable))
        read(data, "H", self._vtable + 2)

    @classmethod
    def root(cls, data: memoryview) -> "Table":
        """Return the table that a file begins with."""
        return cls(data, int(read(data, "I", 0)))

    def _field(self, number: int) -> int | None:
        slot = 4 + 2 * number
        if slot + 2 > self._vtable_bytes:
            return None
        offset = int(read(self._data, "H", self._vtable + slot))
        return self._position + offset if offset else None

    def number(self, number: int, fmt: str, default: float = 0) -> int | float | bool:
        """Return a scalar field, or its default."""
        position = self._field(number)
        return default if position is None else read(self._data, fmt, position)

    def integer(self, number: int, fmt: str = "i", default: int = 0) -> int:
        """Return a field that holds a whole number, or its default."""
        return int(self.number(number, fmt, default))

    def table(self, number: int) -> "Table | None":
        """Return a field that is a table, or None where it is absent."""
        position = self._field(number)
        return None if position is None else self._follow(position)

    def _follow(self, position: int) -> "Table":
        return Table(self._data, position + int(read(self._data, "I", position)))

    def _vector(self, number: int, item_bytes: int) -> tuple[int, int]:
        """Return where the items of a vector start, and how many there are; (0, 0) where it is absent."""
        position = self._field(number)
        if position is None:
            return 0, 0
        position += int(read(self._data, "I", position))
        length = int(read(self._data, "I", position))
        if length * item_bytes > len(self._data) - position - 4:
            raise ModelError(
                f"the file is damaged: a list of {length} items does not fit into {len(self._data)} bytes"
            )
        return position + 4, length

    def array(self, number: int, dtype: DTypeLike) -> NDArray[np.generic]:
        """Return a vector of numbers as a read-only view of the file; empty where it is absent."""
        little_endian = np.dtype(dtype).newbyteorder("<")
        start, length = self._vector(number, little_endian.itemsize)
        return (
            np.frombuffer(self._data, little_endian, length, start)
            if length
            else np.empty(0, little_endian)
        )

    def integers(self, number: int) -> tuple[int, ...]:
        """Return a vector of 32-bit integers."""
        return tuple(int(value) for value in self.array(number, np.int32))

    def octets(self, number: int) -> memoryview:
        """Return a vector of bytes as a view of the file."""
        start, length = self._vector(number, 1)
        return self._data[start : start + length]

    def string(self, number: int) -> str:
        """Return a string; empty where it is absent."""
        return bytes(self.octets(number)).decode("utf-8", "replace")

    def tables(self, number: int, at_most: int) -> "list[Table]":
        """Return a vector of tables; a longer one than `at_most` is an error."""
        start, length = self._vector(number, 4)
        if length > at_most:
            raise ModelError(
                f"a list of {length} entries; at most {at_most} are supported"
            )
        return [self._follow(start + 4 * index) for index in range(length)]
