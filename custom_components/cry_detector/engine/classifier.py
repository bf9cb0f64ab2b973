"""A model and its manifest -> a score for each label."""

from collections.abc import Mapping
from dataclasses import dataclass
import importlib
from importlib.metadata import PackageNotFoundError, version
import math
from pathlib import Path
import threading
from types import ModuleType
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError
from .manifest import Manifest, read_model
from .tflite import Interpreter, TensorDetails

MODELS = Path(__file__).parent / "models"
DEFAULT_MODEL = MODELS / "cry.tflite"

# Where LiteRT may be installed: its name today, and the one under which older systems
# have it.
LITERT = {
    "ai_edge_litert.interpreter": "ai-edge-litert",
    "tflite_runtime.interpreter": "tflite-runtime",
}

type RuntimeName = Literal["litert", "numpy"]


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model makes of one window."""

    by_label: Mapping[str, float]
    """A score from 0 to 1 for each label."""
    confidence: float
    """How sure it is of crying, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """How a model takes its input or gives its output."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    def encode(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """Return real values in the shape and type of the tensor."""
        if self.dtype != np.float32:
            limits = np.iinfo(self.dtype)
            steps = np.rint(values / self.scale) + self.zero_point
            values = steps.clip(limits.min, limits.max)
        return values.reshape(self.shape).astype(self.dtype, copy=False)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the real values of the tensor, in one row."""
        row = values.reshape(-1).astype(np.float64)
        return row if self.dtype == np.float32 else (row - self.zero_point) * self.scale


class Runtime(Protocol):
    """Something that runs a model on its one input, for its first output."""

    name: str
    input: Tensor
    output: Tensor

    def run(self, window: NDArray[Any]) -> NDArray[Any]:
        """Return the output for an input, both as the model's tensors hold them."""


class _NumpyRuntime:
    """The engine's own interpreter."""

    def __init__(self, model: bytes) -> None:
        self.name = f"numpy {np.__version__}"
        self._interpreter = Interpreter(model)
        if len(self._interpreter.inputs) != 1 or not self._interpreter.outputs:
            raise ModelError("it must have one input and an output")
        self.input = self._tensor(self._interpreter.inputs[0])
        self.output = self._tensor(self._interpreter.outputs[0])

    @staticmethod
    def _tensor(details: TensorDetails) -> Tensor:
        scale, zero_point = 0.0, 0
        if (quantization := details.quantization) is not None:
            scale, zero_point = quantization.scale, quantization.zero_point
        return Tensor(details.shape, details.dtype, scale, zero_point)

    def run(self, window: NDArray[Any]) -> NDArray[Any]:
        return self._interpreter.run(window)[0]


class _LiteRtRuntime:
    """LiteRT, several times faster, where it is installed."""

    def __init__(self, module: ModuleType, package: str, model: bytes) -> None:
        # It is no place for two threads at a time.
        self._lock = threading.Lock()
        try:
            self.name = f"LiteRT {version(package)}"
        except PackageNotFoundError:
            self.name = "LiteRT"
        try:
            self._interpreter = module.Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"LiteRT cannot run it: {error}") from error
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        if len(inputs) != 1 or not outputs:
            raise ModelError("it must have one input and an output")
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self.input, self.output = self._tensor(inputs[0]), self._tensor(outputs[0])

    @staticmethod
    def _tensor(details: Mapping[str, Any]) -> Tensor:
        scale, zero_point = details["quantization"]
        return Tensor(
            tuple(map(int, details["shape"])),
            np.dtype(details["dtype"]),
            float(scale),
            int(zero_point),
        )

    def run(self, window: NDArray[Any]) -> NDArray[Any]:
        with self._lock:
            self._interpreter.set_tensor(self._input, window)
            self._interpreter.invoke()
            output: NDArray[Any] = self._interpreter.get_tensor(self._output)
        return output


class Classifier:
    """A model, loaded and ready.

    Example:
        >>> classifier = Classifier.load()
        >>> window = np.zeros(classifier.manifest.input_shape, np.float32)
        >>> sorted(classifier.score(window).by_label)
        ['_silence_', '_unknown_', 'crying', 'silence']
    """

    def __init__(self, manifest: Manifest, runtime: Runtime) -> None:
        """Join a manifest to what runs its model; `load` is the usual way.

        Raises:
            ModelError: the two do not fit together.
        """
        wanted, given = manifest.input_shape, runtime.input.shape
        if math.prod(wanted) != math.prod(given):
            raise ModelError(f"it takes {given}, its manifest describes {wanted}")
        if math.prod(runtime.output.shape) != len(manifest.labels):
            raise ModelError(
                f"it gives {runtime.output.shape} for {len(manifest.labels)} labels"
            )
        for tensor in (runtime.input, runtime.output):
            if tensor.dtype != np.float32 and not (
                tensor.dtype in (np.int8, np.uint8) and tensor.scale > 0.0
            ):
                raise ModelError(f"float32 or 8 bits are asked for, not {tensor.dtype}")
        self.manifest = manifest
        self.runtime = runtime.name
        """What runs the model: `LiteRT 2.3.0`, `numpy 2.3.2`."""
        self._runtime = runtime

    @classmethod
    def load(
        cls, model: Path = DEFAULT_MODEL, *, runtime: RuntimeName | None = None
    ) -> Self:
        """Load a model and the manifest beside it; it takes some tenths of a second.

        Args:
            model: the `.tflite` file.
            runtime: `numpy` or `litert`; by default LiteRT where it is installed.

        Raises:
            ModelError: a file is missing, damaged or does not fit the other, or LiteRT is
                asked for and not installed.
        """
        manifest = Manifest.load(model)
        content = read_model(model, manifest)
        try:
            return cls(manifest, _runtime(content, runtime))
        except ModelError as error:
            raise ModelError(f"{model.name}: {error}") from error

    def score(self, window: NDArray[np.float32]) -> Scores:
        """Return the scores of a window.

        Args:
            window: of the manifest's `input_shape`.

        Raises:
            ModelError: the model gives what is no number.
        """
        runtime = self._runtime
        row = runtime.output.decode(runtime.run(runtime.input.encode(window)))
        if not np.isfinite(row).all():
            raise ModelError(f"{self.manifest.name} gives a score that is no number")
        scores = row.clip(0.0, 1.0).tolist()
        by_label = dict(zip(self.manifest.labels, scores, strict=True))
        return Scores(by_label, max(by_label[label] for label in self.manifest.crying))


def _runtime(model: bytes, name: RuntimeName | None) -> Runtime:
    if name != "numpy":
        for module, package in LITERT.items():
            try:
                return _LiteRtRuntime(importlib.import_module(module), package, model)
            except (ImportError, OSError):
                # Not installed, or built for another C library: numpy does as well.
                continue
    if name == "litert":
        raise ModelError(f"LiteRT is not installed: {' or '.join(LITERT.values())}")
    return _NumpyRuntime(model)
