"""Every operator against what it should compute, worked out the plain way: with numpy alone."""

import zlib

import numpy as np
import pytest

from cry_engine.tflite import Interpreter
from cry_engine.tflite.operators import BUILDERS

from . import tflite_cases, tflite_shape_cases, tflite_simple_cases
from .tflite_cases import CaseMaker

MAKERS: dict[str, CaseMaker] = {
    **tflite_cases.MAKERS,
    **tflite_simple_cases.MAKERS,
    **tflite_shape_cases.MAKERS,
}
DRAWS = 12


@pytest.mark.parametrize("name", MAKERS)
def test_an_operator_computes_what_it_should(name: str) -> None:
    """Float results are right to 1e-5, 8-bit ones to a step, whole numbers exactly; a second run gives the same."""
    rng = np.random.default_rng(hash_of(name))
    for _ in range(DRAWS):
        case = MAKERS[name](rng)
        interpreter = Interpreter(case.builder.build())
        first = interpreter.run(*case.inputs)
        second = interpreter.run(*case.inputs)
        assert len(first) == len(case.expected)
        for result, again, expected, details in zip(
            first, second, case.expected, interpreter.outputs, strict=True
        ):
            assert result.shape == expected.shape == details.shape
            assert result.dtype == details.dtype
            np.testing.assert_array_equal(result, again)
            if result.dtype == np.float32:
                scale = max(1.0, float(np.abs(expected).max()))
                np.testing.assert_allclose(
                    result, expected, rtol=1e-5, atol=1e-5 * scale
                )
            elif details.quantization is not None:
                assert np.abs(result.astype(int) - expected.astype(int)).max() <= 1
            else:
                np.testing.assert_array_equal(result, expected)


def test_every_operator_is_tested() -> None:
    """No operator is offered that no case above uses."""
    rng = np.random.default_rng(0)
    used = {
        operator.name
        for make in MAKERS.values()
        for _ in range(DRAWS)
        for operator in make(rng).builder.operators
    }
    assert set(BUILDERS) == used


def hash_of(name: str) -> int:
    """Return a seed that is the same in every process."""
    return zlib.crc32(name.encode())
