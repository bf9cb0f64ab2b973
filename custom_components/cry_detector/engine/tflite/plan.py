"""Compile a graph: one kernel an operator, tried once, so that what cannot run is refused when it is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ModelError
from .arena import Arena
from .limits import FAULTS, Budget
from .node import Kernel, Node, Operand
from .operators import BUILDERS
from .quantization import Array
from .schema import Graph, Operator, Tensor


@dataclass(frozen=True, slots=True)
class Step:
    """One operator, ready to run."""

    name: str
    kernel: Kernel
    inputs: tuple[int, ...]
    """Slots of the values it takes; the last slot of all is always None."""
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled graph."""

    steps: tuple[Step, ...]
    values: tuple[Array | None, ...]
    """The value of each slot before a run: that of a constant, else None."""
    shapes: tuple[tuple[int, ...], ...]
    """The shape of each tensor that has a value after a run."""


def compile_plan(graph: Graph) -> Plan:
    """Return the plan of a graph.

    Raises:
        ModelError: it has an operator that is not supported, or one whose operands do not fit together, or it needs too
            much memory or time.

    """
    missing = sorted({operator.name for operator in graph.operators} - BUILDERS.keys())
    if missing:
        raise ModelError(
            f"the model uses what this interpreter does not have: {', '.join(missing)}"
        )
    return _Compiler(graph).compile()


class _Compiler:
    """Runs through the operators once, with zeros for the model's inputs."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._arena = Arena(Budget())
        self._constants: dict[int, Array] = {}
        self._values: dict[int, Array] = {}
        for index, tensor in enumerate(graph.tensors):
            if tensor.data is not None:
                self._constants[index] = tensor.data
        for index in graph.inputs:
            tensor = graph.tensors[index]
            self._arena.budget.take(tensor.shape, tensor.dtype)
            self._values[index] = np.zeros(tensor.shape, tensor.dtype)
        self._shapes: dict[int, tuple[int, ...]] = {}

    def compile(self) -> Plan:
        graph = self._graph
        last_use = {
            index: number
            for number, operator in enumerate(graph.operators)
            for index in operator.inputs
        }
        last_use |= dict.fromkeys(graph.outputs, len(graph.operators))
        steps = []
        for number, operator in enumerate(graph.operators):
            step = self._step(operator)
            if step is not None:
                steps.append(step)
            self._values = {
                index: value
                for index, value in self._values.items()
                if last_use.get(index, -1) > number
            }
            self._arena.reclaim(self._values.values())
        none = len(graph.tensors)
        slots = tuple(self._constants.get(index) for index in range(none + 1))
        for index, value in (self._constants | self._values).items():
            self._shapes[index] = value.shape
        return Plan(
            tuple(steps),
            slots,
            tuple(self._shapes.get(index, ()) for index in range(none)),
        )

    def _step(self, operator: Operator) -> Step | None:
        """Compile and try one operator; one that depends on constants alone leaves constants, and no step."""
        inputs = [
            None if index == -1 else self._operand(index) for index in operator.inputs
        ]
        outputs = [self._declared(index) for index in operator.outputs]
        node = Node(operator.name, operator.options, inputs, outputs, self._arena)
        node.require(outputs, "it has no output")
        arrays = [
            None if index == -1 else self._value(index) for index in operator.inputs
        ]
        try:
            kernel = BUILDERS[operator.name](node)
            with np.errstate(all="ignore"):
                results = kernel(*arrays)
        except ModelError:
            raise
        except FAULTS as err:
            raise node.error(f"its operands do not fit together ({err})") from err
        made: Sequence[Array] = results if isinstance(results, tuple) else (results,)
        self._check(node, made)
        if operator.name == "SHAPE" or all(
            operand is None or operand.data is not None for operand in inputs
        ):
            for index, value in zip(operator.outputs, made, strict=True):
                node.reserve(value.shape, value.dtype)
                self._constants[index] = np.array(value, order="C")
            return None
        self._values.update(zip(operator.outputs, made, strict=True))
        none = len(self._graph.tensors)
        slots = tuple(none if index == -1 else index for index in operator.inputs)
        return Step(operator.name, kernel, slots, operator.outputs)

    def _check(self, node: Node, made: Sequence[Array]) -> None:
        node.require(
            len(made) == len(node.outputs),
            f"it has {len(node.outputs)} outputs, and should have {len(made)}",
        )
        for value, operand in zip(made, node.outputs, strict=True):
            node.require(
                value.dtype == operand.dtype,
                f"the file says that {operand.name!r} is of type {operand.dtype}; computed is {value.dtype}",
            )

    def _value(self, index: int) -> Array:
        return (
            self._constants[index] if index in self._constants else self._values[index]
        )

    def _declared(self, index: int) -> Operand:
        tensor = self._graph.tensors[index]
        return Operand(tensor.name, tensor.shape, tensor.dtype, tensor.quantization)

    def _operand(self, index: int) -> Operand:
        tensor: Tensor = self._graph.tensors[index]
        shape = self._value(index).shape
        return Operand(
            tensor.name,
            shape,
            tensor.dtype,
            tensor.quantization,
            self._constants.get(index),
        )
