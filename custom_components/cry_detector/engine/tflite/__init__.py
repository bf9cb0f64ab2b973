"""Read a `.tflite` file and run it in numpy.

The reader is our own, over `struct` and `memoryview`, rather than the `flatbuffers` and `tflite` packages: their
Python runtime has no verifier, so that every access to a file nobody has vouched for would need its own check written
around it, and the engine has to run with numpy alone. What the file may ask for in memory and in time is bounded too
(`limits.py`): whatever is wrong with a file or with its graph is a `ModelError`, never a crash or a hang.

A model is compiled when it is loaded: weights are laid out for the matrix product, paddings and windows are computed,
what depends on constants alone is folded, and buffers are shared between the operators. `Interpreter.run` is then a
loop over numpy calls.

    >>> interpreter = Interpreter(Path("cry.tflite"))
    >>> interpreter.inputs[0].shape
    (1, 248, 64, 1)
    >>> (scores,) = interpreter.run(log_mel)

Results are those of LiteRT: to 1e-5 in float, to one step where activations are 8-bit. The exception is a model whose
weights alone are 8-bit ("dynamic range"): LiteRT rounds the activations to 8 bits on the way, this interpreter does
not, and is the more exact of the two.
"""

from .interpreter import Interpreter, TensorDetails
from .quantization import Quantization

__all__ = ["Interpreter", "Quantization", "TensorDetails"]
