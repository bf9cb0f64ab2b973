"""What the builder of an operator sees: its operands and options, and where its memory comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import DTypeLike

from ..errors import ModelError
from .arena import Arena
from .names import ACTIVATIONS
from .options import Options
from .quantization import Array, Quantization, is_eight_bit

type Kernel = Callable[..., Array | tuple[Array, ...]]
"""Computes an operator: takes the arrays of all its inputs (None for one left out), returns its output or outputs."""

type Builder = Callable[["Node"], Kernel]
"""Checks an operator, prepares all that does not depend on its input, and returns its kernel."""


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """An input or output of an operator."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    quantization: Quantization | None = None
    data: Array | None = None
    """The values, where they are known when the model is loaded."""

    @property
    def quantized(self) -> bool:
        """Whether its integers stand for real numbers."""
        return self.quantization is not None and is_eight_bit(self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An operator that is being compiled. The shape of an output is what its kernel makes it."""

    name: str
    options: Options
    inputs: Sequence[Operand | None]
    outputs: Sequence[Operand]
    arena: Arena

    def error(self, message: str) -> ModelError:
        """Return an error that names the operator and its output."""
        return ModelError(
            f"{self.name} of {self.outputs[0].name!r}: {message}"
            if self.outputs
            else f"{self.name}: {message}"
        )

    def require(self, condition: object, message: str) -> None:
        """Raise the error `message` unless the condition holds."""
        if not condition:
            raise self.error(message)

    def optional(self, index: int) -> Operand | None:
        """Return an input, or None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def input(self, index: int) -> Operand:
        """Return an input that must be there."""
        operand = self.optional(index)
        if operand is None:
            raise self.error(f"input {index} is missing")
        return operand

    def floating(self, index: int) -> Operand:
        """Return an input that must be of real numbers."""
        operand = self.input(index)
        self.require(
            operand.dtype == np.float32,
            f"input {index} is of type {operand.dtype}, which is not supported",
        )
        return operand

    def constant(self, index: int) -> Array:
        """Return the values of an input that must be known when the model is loaded."""
        data = self.input(index).data
        if data is None:
            raise self.error(f"input {index} must be a constant")
        return data

    def integers(self, index: int) -> tuple[int, ...]:
        """Return the whole numbers of a constant input: a shape, axes, paddings."""
        data = self.constant(index)
        self.require(
            data.dtype.kind == "i" and data.size <= 64,
            f"input {index} must be a few whole numbers",
        )
        return tuple(int(value) for value in data.ravel())

    @property
    def output(self) -> Operand:
        """The first output."""
        self.require(self.outputs, "it has no output")
        return self.outputs[0]

    def option(self, name: str) -> int:
        """Return an option that is a whole number."""
        value = self.options[name]
        return int(value) if not isinstance(value, tuple) else 0

    def real_option(self, name: str) -> float:
        """Return an option that is a real number."""
        value = self.options[name]
        return float(value) if not isinstance(value, tuple) else 0.0

    @property
    def activation(self) -> str:
        """The name of the activation that is fused into the operator."""
        number = self.option("activation")
        self.require(
            0 <= number < len(ACTIVATIONS), f"activation {number} is not known"
        )
        return ACTIVATIONS[number]

    def axis(self, value: int, rank: int) -> int:
        """Return an axis counted from the front; one that is given from the end is negative."""
        self.require(-rank <= value < rank, f"axis {value} of {rank}")
        return value % rank

    def scratch(self, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> Array:
        """Return an array for results: its content lasts until the last use of the node's outputs."""
        return self.arena.take(shape, dtype)

    def keep(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, fill: float = 0
    ) -> Array:
        """Return an array that only this node ever writes to."""
        self.reserve(shape, dtype)
        return np.full(shape, fill, dtype)

    def reserve(self, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        """Account for an array that the kernel, or numpy under it, allocates by itself."""
        self.require(
            all(size > 0 for size in shape),
            f"a result would have the shape {list(shape)}",
        )
        self.arena.budget.take(shape, dtype)

    def spend(self, shape: tuple[int, ...], cost_ns: float = 2.0) -> None:
        """Account for the time that each element of `shape` takes."""
        self.arena.budget.spend(math.prod(shape) * cost_ns)
