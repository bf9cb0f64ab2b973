"""What ships, from recordings to a model that the engine loads: small networks, few steps, two processes."""

from pathlib import Path
import subprocess
import sys

import pytest

pytest.importorskip(
    "tensorflow", reason="TensorFlow is not installed: nothing can be trained"
)

import keras
import numpy as np

from cry_engine.classifier import Classifier

from .conftest import MODEL
from .synthetic import recording
from .test_evaluate import write_recordings


def ship(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the program on recordings in data/; put what it makes into training/ and what ships into out/."""
    return subprocess.run(
        [
            sys.executable, MODEL / "ship.py", "--data_dir", folder / "data", "--train_dir", folder / "training",
            "--out_dir", folder / "out", "--common=1", "--scarce=1", "--calls=2", "--cries=2", "--batch=2",
            "--steps", "100", "100", "--learning_rate", "2e-3", "1e-3", "--warp", "0", "1",
            "--widths", "2", "2", "2", "4", "--head=4", "--blocks=1", *options,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_networks_are_trained_side_by_side_and_their_mean_ships(tmp_path: Path) -> None:
    """And again from two of their files, without training."""
    (tmp_path / "data").mkdir()
    more = [
        recording("dog", "animal"),
        recording("cry-trained-on", "crying", split="train"),
        recording("room-trained-on", "silence", split="train"),
        recording("fan-trained-on", "household", "fan", split="train"),
    ]
    write_recordings(tmp_path / "data", more)
    trained = ship(tmp_path, "--members=3")
    assert trained.returncode == 0, trained.stderr
    for number in (1, 2, 3):
        for stage in (1, 2):
            name = f"network {number} of 3, stage {stage} of 2"
            assert f"{name}: step 100 of 100: loss " in trained.stdout
    three = Classifier.load(tmp_path / "out/cry.tflite").manifest.training
    assert three["members"] == 3
    assert three["steps"] == 200
    first, last, mean = (
        keras.models.load_model(tmp_path / f"training/{name}.keras", compile=False)
        for name in ("cry_1_stage_1", "cry_1_stage_2", "cry_1")
    )
    for one, other, both in zip(
        first.get_weights(), last.get_weights(), mean.get_weights(), strict=True
    ):
        assert not np.array_equal(one, other)
        np.testing.assert_allclose(both, (one + other) / 2, rtol=1e-6)
    files = [str(tmp_path / f"training/cry_{number}.keras") for number in (0, 2)]
    again = ship(tmp_path, "--networks", *files)
    assert again.returncode == 0, again.stderr
    assert "step" not in again.stdout
    two = Classifier.load(tmp_path / "out/cry.tflite").manifest.training
    assert two["members"] == 2
    # The same layers, one network less; the softmax and the mean have none.
    assert 3 * two["weights"] == 2 * three["weights"]
    unread = ship(tmp_path, "--networks", str(tmp_path / "data/manifest.csv"))
    assert unread.returncode == 1
    assert "manifest.csv: no network of ship.py's" in unread.stderr


def test_a_stage_that_lacks_something_is_refused(tmp_path: Path) -> None:
    """Before anything is read."""
    lacks = ship(tmp_path, "--warp", "0")
    assert lacks.returncode == 2
    assert "one value a stage each" in lacks.stderr
