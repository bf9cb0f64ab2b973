"""Run a model: the one class that the rest of the engine uses."""

from dataclasses import dataclass
from pathlib import Path
import threading

import numpy as np

from ..errors import ModelError
from .limits import FAULTS, MAX_FILE_BYTES
from .plan import compile_plan
from .quantization import Array, Quantization
from .schema import Graph, Tensor, read_graph


@dataclass(frozen=True, slots=True, eq=False)
class TensorDetails:
    """An input or output of a model."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    quantization: Quantization | None
    """How 8-bit values stand for real ones; None where they are what they are."""


class Interpreter:
    """A `.tflite` model, loaded and compiled.

    It may be used from several threads; they take turns.
    """

    inputs: tuple[TensorDetails, ...]
    outputs: tuple[TensorDetails, ...]

    def __init__(self, model: bytes | Path) -> None:
        """Load a model from a file, or from the bytes of one.

        Raises:
            ModelError: the file cannot be read, is damaged or foreign, or asks for an operator, a type, or more memory
                or time than is supported.

        """
        try:
            graph = read_graph(_content(model))
        except FAULTS as err:
            raise ModelError(f"the file is damaged: {err}") from err
        self.inputs = tuple(_input(graph.tensors[index]) for index in graph.inputs)
        plan = compile_plan(graph)
        self.outputs = tuple(
            _details(graph.tensors[index], plan.shapes[index])
            for index in graph.outputs
        )
        self._graph: Graph = graph
        self._steps = plan.steps
        self._values = plan.values
        # The kernels share buffers.
        self._lock = threading.Lock()

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the model's outputs for its inputs, in the order of `outputs` and `inputs`.

        Raises:
            ModelError: an input is not of the shape or type that the model takes, or the model reads outside of its own
                tables with this input.

        """
        self._check(inputs)
        with self._lock, np.errstate(all="ignore"):
            values = list(self._values)
            for index, value in zip(self._graph.inputs, inputs, strict=True):
                values[index] = np.ascontiguousarray(value).reshape(value.shape)
            for step in self._steps:
                try:
                    results = step.kernel(*[values[slot] for slot in step.inputs])
                except FAULTS as err:
                    raise ModelError(
                        f"the model cannot be run on this input: {step.name}: {err}"
                    ) from err
                if isinstance(results, tuple):
                    for slot, result in zip(step.outputs, results, strict=True):
                        values[slot] = result
                else:
                    values[step.outputs[0]] = results
            return tuple(np.array(values[index]) for index in self._graph.outputs)

    def _check(self, inputs: tuple[Array, ...]) -> None:
        if len(inputs) != len(self.inputs):
            raise ModelError(
                f"the model takes {len(self.inputs)} inputs, and was given {len(inputs)}"
            )
        for details, value in zip(self.inputs, inputs, strict=True):
            if value.shape != details.shape or value.dtype != details.dtype:
                raise ModelError(
                    f"input {details.name!r} must be {details.dtype} of shape {list(details.shape)},"
                    f" and is {value.dtype} of shape {list(value.shape)}"
                )


def _content(model: bytes | Path) -> bytes:
    if isinstance(model, bytes):
        return model
    try:
        # One byte more than is allowed is enough to know that a file is too large.
        with model.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as err:
        raise ModelError(
            f"the model {model} cannot be read: {err.strerror or err}"
        ) from err


def _input(tensor: Tensor) -> TensorDetails:
    # A batch of one is what is stored, and all that is asked for; any other open dimension would have to be guessed.
    if any(size < 1 for size in tensor.shape) or any(
        size < 0 for size in tensor.shape_signature[1:]
    ):
        raise ModelError(
            f"input {tensor.name!r} has the open shape {list(tensor.shape_signature or tensor.shape)}:"
            " convert the model with a fixed input shape"
        )
    return _details(tensor, tensor.shape)


def _details(tensor: Tensor, shape: tuple[int, ...]) -> TensorDetails:
    return TensorDetails(tensor.name, shape, tensor.dtype, tensor.quantization)
