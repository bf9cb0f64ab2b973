"""The interpreter beside LiteRT, over every operator and over a published model, on noise and on recordings.

LiteRT runs operators in one of two ways: by XNNPACK, which is its default on CPUs, and by kernels of its own. The two
differ from each other by a step in int8. The interpreter follows XNNPACK.
"""

import csv
from pathlib import Path
import shutil
import subprocess

import numpy as np
import pytest

import cry_engine.tflite
from cry_engine.tflite import Interpreter

from .test_tflite_operators import MAKERS, hash_of
from .tflite_builder import Array

litert = pytest.importorskip(
    "ai_edge_litert.interpreter", reason="LiteRT is not installed"
)

MODELS = Path(cry_engine.tflite.__file__).parents[1] / "models"
DRAWS = 6
KERNELS = ["XNNPACK", "builtin"]


def run_litert(
    model: bytes, inputs: tuple[Array, ...], kernels: str
) -> tuple[Array, ...]:
    """Return what LiteRT makes of a model."""
    resolvers = litert.OpResolverType
    resolver = (
        resolvers.AUTO
        if kernels == "XNNPACK"
        else resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter = litert.Interpreter(
        model_content=model, num_threads=1, experimental_op_resolver_type=resolver
    )
    interpreter.allocate_tensors()
    for details, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(details["index"], value)
    interpreter.invoke()
    return tuple(
        interpreter.get_tensor(details["index"])
        for details in interpreter.get_output_details()
    )


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", MAKERS)
def test_an_operator_equals_litert(name: str, kernels: str) -> None:
    """Float results are equal to 1e-5, 8-bit ones to a step, whole numbers exactly."""
    rng = np.random.default_rng(hash_of(name) + 1)
    for _ in range(DRAWS):
        case = MAKERS[name](rng)
        if not case.litert:
            continue
        model = case.builder.build()
        theirs = run_litert(model, case.inputs, kernels)
        ours = Interpreter(model).run(*case.inputs)
        for our, their in zip(ours, theirs, strict=True):
            assert our.shape == their.shape
            assert our.dtype == their.dtype
            if our.dtype == np.float32:
                scale = max(1.0, float(np.abs(their).max()))
                np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-5 * scale)
            elif our.dtype in (np.int8, np.uint8):
                assert np.abs(our.astype(int) - their.astype(int)).max() <= 1
            else:
                np.testing.assert_array_equal(our, their)


@pytest.mark.parametrize("kernels", KERNELS)
def test_eight_bit_weights_are_close_to_litert(kernels: str) -> None:
    """LiteRT rounds the input to 8 bits as well, in a way of either kind of kernel: half a step of 127 is allowed for."""
    rng = np.random.default_rng(5)
    for _ in range(DRAWS):
        case = MAKERS["eight_bit_weights"](rng)
        model = case.builder.build()
        (ours,), (theirs,) = (
            Interpreter(model).run(*case.inputs),
            run_litert(model, case.inputs, kernels),
        )
        (values,) = case.inputs
        step = float(np.ptp(values)) / 127
        weight = 127 * 0.01
        assert np.abs(ours - theirs).max() <= values.shape[1] * step / 2 * weight


@pytest.mark.parametrize(
    "path", sorted(MODELS.glob("*.tflite")), ids=lambda path: path.stem
)
def test_the_shipped_models_equal_litert(path: Path) -> None:
    """The scores of random inputs, from faint to loud, are equal to 1e-5."""
    model = path.read_bytes()
    interpreter = Interpreter(model)
    rng = np.random.default_rng(3)
    for level in (0.1, 1.0, 4.0):
        inputs = tuple(
            (rng.normal(size=details.shape) * level).astype(details.dtype)
            for details in interpreter.inputs
        )
        for ours, theirs in zip(
            interpreter.run(*inputs), run_litert(model, inputs, "XNNPACK"), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_yamnet_equals_litert_on_noise(yamnet: Path) -> None:
    """Every score of noise at levels from loud to faint is within one of the steps, of 1/256, that they come in."""
    rng = np.random.default_rng(1)
    interpreter = Interpreter(yamnet)
    for level in (1.0, 0.3, 0.03, 0.001):
        samples = (rng.normal(size=15600) * level).clip(-1, 1).astype(np.float32)
        (ours,), (theirs,) = (
            interpreter.run(samples),
            run_litert(yamnet.read_bytes(), (samples,), "XNNPACK"),
        )
        assert np.abs(ours - theirs).max() <= 1 / 256


def test_yamnet_equals_litert_on_recordings(yamnet: Path, shared_audio: Path) -> None:
    """The same on recordings of every kind, two of each label, at 16 kHz.

    One may differ by more: where the model's own front end, in float, lands on the edge between two steps, the last
    digit decides, and one step at the input of a sigmoid is many at its output. It happens in 2 windows of 1,000.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    interpreter = Interpreter(yamnet)
    recordings = recordings_of(shared_audio, each=2)
    assert len(recordings) >= 10
    differing = []
    for recording in recordings:
        command = [
            ffmpeg,
            "-v",
            "error",
            "-i",
            str(recording),
            "-ac",
            "1",
            "-ar",
            "16000",
            "-f",
            "f32le",
            "-",
        ]
        decoded = subprocess.run(command, check=True, capture_output=True).stdout
        samples = np.zeros(15600, np.float32)
        heard = np.frombuffer(decoded, np.float32)[:15600]
        samples[: heard.size] = heard
        (ours,), (theirs,) = (
            interpreter.run(samples),
            run_litert(yamnet.read_bytes(), (samples,), "XNNPACK"),
        )
        if np.abs(ours - theirs).max() > 1 / 256:
            differing.append(recording.name)
    assert len(differing) <= 1, differing


def recordings_of(folder: Path, each: int) -> list[Path]:
    """Return the first `each` validation recordings of every label."""
    chosen: dict[str, list[Path]] = {}
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (
                row["split"] == "val"
                and len(chosen.setdefault(row["label"], [])) < each
            ):
                chosen[row["label"]].append(folder / row["path"])
    return [recording for recordings in chosen.values() for recording in recordings]
