"""What is wrong with a file is said, with the name of what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from cry_engine.errors import ModelError
from cry_engine.tflite import Interpreter, limits

from .tflite_builder import ModelBuilder, Octets, Scalar, write_flatbuffer


def relu(shape: tuple[int, ...] = (1, 4)) -> ModelBuilder:
    """Return a model of one operator."""
    builder = ModelBuilder()
    builder.operator("RELU", [builder.input(shape)])
    return builder


def refused(model: bytes | Path, message: str) -> None:
    """Assert that a model is refused with a message."""
    with pytest.raises(ModelError, match=message):
        Interpreter(model)


def test_a_model_says_what_it_takes_and_gives() -> None:
    """Names, shapes, types and quantisation are those of the file."""
    builder = ModelBuilder()
    source = builder.input((2, 3), np.int8, 0.5, -3)
    builder.operator("DEQUANTIZE", [source])
    interpreter = Interpreter(builder.build())
    (taken,), (given,) = interpreter.inputs, interpreter.outputs
    assert (taken.name, taken.shape) == ("tensor_0", (2, 3))
    assert taken.dtype == np.int8
    assert taken.quantization is not None
    assert (taken.quantization.scale, taken.quantization.zero_point) == (0.5, -3)
    assert (given.name, given.shape) == ("tensor_1", (2, 3))
    assert given.dtype == np.float32
    assert given.quantization is None


def test_a_model_is_read_from_a_file(tmp_path: Path) -> None:
    """A path does as well as bytes."""
    path = tmp_path / "relu.tflite"
    path.write_bytes(relu().build())
    (result,) = Interpreter(path).run(np.array([[-1, 2, -3, 4]], np.float32))
    np.testing.assert_array_equal(result, [[0, 2, 0, 4]])


def test_results_are_the_callers_own() -> None:
    """A later run does not change what an earlier one returned."""
    interpreter = Interpreter(relu().build())
    (first,) = interpreter.run(np.ones((1, 4), np.float32))
    interpreter.run(np.zeros((1, 4), np.float32))
    np.testing.assert_array_equal(first, np.ones((1, 4)))


def test_buffers_are_not_shared_by_values_that_are_both_needed() -> None:
    """A value that is used again at the end is still what it was."""
    builder = ModelBuilder()
    source = builder.input((1, 8))
    kept = builder.operator("RELU", [source])
    view = builder.operator("RESHAPE", [kept], new_shape=(8, 1))
    value = view
    for _ in range(5):
        value = builder.operator("NEG", [builder.operator("EXP", [value])])
    value = builder.operator("RESHAPE", [value], new_shape=(1, 8))
    builder.operator(
        "MUL", [value, builder.operator("RESHAPE", [view], new_shape=(1, 8))]
    )
    values = np.linspace(-1, 1, 8, dtype=np.float32)[None]
    expected = np.maximum(values, 0).astype(np.float64)
    for _ in range(5):
        expected = -np.exp(expected)
    expected *= np.maximum(values, 0)
    np.testing.assert_allclose(
        Interpreter(builder.build()).run(values)[0], expected, rtol=1e-5
    )


@pytest.mark.parametrize("content", [b"", b"TFL3", b"RIFF....WAVEfmt ", b"\0" * 100])
def test_a_foreign_file_is_refused(content: bytes) -> None:
    """What is no model is said to be none."""
    refused(content, "not a TensorFlow Lite model")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message has the path, and what the system says."""
    refused(tmp_path / "none.tflite", "none.tflite cannot be read: No such file")


def test_a_file_cut_short_is_refused_wherever_it_is_cut() -> None:
    """No length of a model's beginning is a model, or crashes."""
    content = relu().build()
    for length in range(len(content) - 1):
        try:
            Interpreter(content[:length])
        except ModelError:
            continue
        # The last bytes are padding, or a string's end.
        assert length > len(content) - 16


def test_another_version_of_the_format_is_refused() -> None:
    """Schema versions other than 3 are named."""
    builder = relu()
    builder.version = 4
    refused(builder.build(), "schema version 4")


@pytest.mark.parametrize(
    ("operator", "name"),
    [
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
        ("FlexErf", "custom operator 'FlexErf'"),
    ],
)
def test_an_operator_that_is_not_supported_is_named(operator: str, name: str) -> None:
    """Builtin operators by their name, custom ones by their code."""
    builder = relu()
    builder.operator(operator, [builder.outputs[0]])
    refused(builder.build(), f"does not have: {name}")


def test_a_type_that_is_not_supported_is_named() -> None:
    """The tensor and its type are named."""
    builder = relu()
    builder.tensors[0].extra = {1: Scalar("b", 7)}
    refused(builder.build(), "'tensor_0' is of type INT16")


def test_several_subgraphs_are_refused() -> None:
    """Control flow is not supported."""
    content = write_flatbuffer({0: Scalar("I", 3), 2: [{}, {}]})
    refused(content, "2 subgraphs")


def test_variables_and_sparse_tensors_are_refused() -> None:
    """Neither states nor sparse weights are supported."""
    for extra, message in (({5: Scalar("?", True)}, "variable"), ({6: {}}, "sparse")):
        builder = relu()
        builder.tensors[0].extra = extra
        refused(builder.build(), message)


def test_an_open_batch_is_one_and_other_open_dimensions_are_refused() -> None:
    """A shape signature may leave open the first dimension only."""
    builder = relu()
    builder.tensors[0].signature = (-1, 4)
    assert Interpreter(builder.build()).inputs[0].shape == (1, 4)
    builder.tensors[0].signature = (1, -1)
    refused(builder.build(), "open shape")


def test_constants_must_have_the_size_of_their_shape() -> None:
    """Weights that are cut short are noticed when the model is loaded."""
    builder = relu()
    builder.operator("ADD", [builder.outputs[0], builder.constant(np.ones(4))])
    builder.tensors[-2].shape = (5,)
    refused(builder.build(), "16 bytes of data, and should have 20")


def test_the_order_of_operators_is_checked() -> None:
    """A value is not used before there is one, nor made twice, nor asked for in vain."""
    builder = relu()
    builder.operator("RELU", [builder.outputs[0]])
    builder.operators.reverse()
    refused(builder.build(), "uses tensor 1 before it has a value")
    builder = relu()
    builder.operators[0].outputs = [0]
    refused(builder.build(), "already has a value")
    builder = relu()
    builder.operators[0].inputs = [77]
    refused(builder.build(), "uses tensor 77 before")
    builder = relu()
    builder.outputs = [77]
    refused(builder.build(), "output 77 of the model never has a value")


def test_operands_that_do_not_fit_are_refused() -> None:
    """The operator and its output are named."""
    builder = ModelBuilder()
    builder.operator("ADD", [builder.input((2, 3)), builder.input((4,))])
    refused(builder.build(), "ADD of 'tensor_2': its operands do not fit together")
    builder = ModelBuilder()
    weights, bias = builder.constant(np.ones((5, 3))), builder.constant(np.ones(4))
    builder.operator("FULLY_CONNECTED", [builder.input((1, 3)), weights, bias])
    refused(builder.build(), "4 biases for 5 channels")


def test_the_options_must_be_the_operators_own() -> None:
    """Options of another operator are a sign of damage."""
    builder = ModelBuilder()
    builder.operator("SOFTMAX", [builder.input((1, 4))], beta=1.0)
    content = builder.build()
    # In a file this small only the options' type has the number of SOFTMAX's options beside that of its code.
    damaged = [
        content[:i] + b"\x1e" + content[i + 1 :]
        for i in range(len(content))
        if content[i] == 9
    ]
    messages = []
    for model in damaged:
        try:
            Interpreter(model)
        except ModelError as err:
            messages.append(str(err))
    assert any(
        "carries the options of another operator (30)" in message
        for message in messages
    )


def test_a_model_that_asks_for_too_much_is_refused_before_it_gets_it() -> None:
    """Tensors, memory, time and length of the file are limited."""
    refused(relu((1, limits.MAX_TENSOR_BYTES)).build(), "a tensor of shape")
    builder = relu((1, limits.MAX_TENSOR_BYTES // 4))
    for _ in range(8):
        builder.operator("TILE", [0, builder.constant((1, 1), np.int32)])
    refused(builder.build(), "bytes of memory")
    builder = ModelBuilder()
    weights = builder.constant(np.zeros((64, 8, 8, 64)))
    builder.operator(
        "CONV_2D", [builder.input((1, 120, 120, 64)), weights], stride_h=1, stride_w=1
    )
    refused(builder.build(), "a tensor of shape|of memory|ms for a run")
    builder = ModelBuilder()
    operands = [builder.input((1, 2000, 1000)), builder.input((1, 1000, 1500))]
    builder.operator("BATCH_MATMUL", operands)
    refused(builder.build(), "more than 250 ms")
    refused(b"\0\0\0\0TFL3" + bytes(limits.MAX_FILE_BYTES), "at most")


def test_a_wrong_input_is_refused() -> None:
    """The message says what is expected and what came."""
    interpreter = Interpreter(relu().build())
    with pytest.raises(
        ModelError,
        match=r"must be float32 of shape \[1, 4\], and is float64 of shape \[4\]",
    ):
        interpreter.run(np.ones(4))
    with pytest.raises(ModelError, match="takes 1 inputs, and was given 2"):
        interpreter.run(np.ones((1, 4), np.float32), np.ones((1, 4), np.float32))


def test_an_index_that_leads_outside_is_an_error_of_the_run() -> None:
    """GATHER checks the indices that come with the input, from both sides."""
    builder = ModelBuilder()
    builder.operator(
        "GATHER", [builder.constant(np.arange(4)), builder.input((1,), np.int32)]
    )
    interpreter = Interpreter(builder.build())
    assert interpreter.run(np.array([3], np.int32))[0] == 3
    for index in (4, -1):
        with pytest.raises(ModelError, match="cannot be run on this input: GATHER"):
            interpreter.run(np.array([index], np.int32))


def test_constants_are_folded() -> None:
    """What depends on constants alone is computed when the model is loaded."""
    builder = ModelBuilder()
    total = builder.operator(
        "ADD", [builder.constant(np.ones(3)), builder.constant(np.ones(3))]
    )
    builder.operator("MUL", [builder.input((3,)), total])
    interpreter = Interpreter(builder.build())
    assert [step.name for step in interpreter._steps] == ["MUL"]
    np.testing.assert_array_equal(interpreter.run(np.ones(3, np.float32))[0], [2, 2, 2])


def test_an_offset_or_length_beyond_the_end_is_damage() -> None:
    """Vectors that claim more than there is are refused by what they claim."""
    content = write_flatbuffer({0: Scalar("I", 3), 4: Octets(b"\0" * 4, 4)})
    at = content.rindex(b"\1\0\0\0")
    refused(
        content[:at] + b"\xff\xff\xff\x7f" + content[at + 4 :], "subgraphs|does not fit"
    )
