"""A network learns the labels, and what the teacher heard at each step."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip(
    "tensorflow", reason="TensorFlow is not installed: nothing can be trained"
)

import keras

import distilling
import network
from recordings import DataError

from .test_mixtures import PLAIN, STEP_FRAMES, mixtures


def test_only_steps_at_which_the_teacher_heard_something_are_learnt() -> None:
    """A loss for each step, 0 where the answer is right."""
    heard = np.zeros((2, 3, 4), np.uint8)
    heard[0, 1] = 255
    values = np.sqrt(heard / 255.0).astype(np.float32)
    loss = np.array(distilling.embeddings_loss(heard, values))
    np.testing.assert_allclose(loss, np.zeros((2, 3)), atol=1e-6)
    logits = np.where(heard > 0, 20.0, -20.0).astype(np.float32)
    right = np.array(distilling.tags_loss(heard, logits))
    wrong = np.array(distilling.tags_loss(heard, -logits))
    assert right.shape == (2, 3)
    assert (right < 1e-3).all()
    assert (wrong > 10.0).all()


@pytest.mark.parametrize("taught", [True, False])
def test_what_was_learnt_is_told_and_saved(
    taught: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With and without a teacher."""
    model = network.build(
        248, 64, (2, 2, 2, 4), 4, 0, dropout=0.0, decay=0.0, tags=taught
    )
    assert network.step_frames((2, 2, 2, 4)) == STEP_FRAMES
    before = [weights.copy() for weights in model.get_weights()]
    distilling.learn(
        model, mixtures(PLAIN, taught=taught), steps=100, batch=2, learning_rate=3e-3,
        tag_weight=20.0, embedding_weight=100.0, checkpoint=tmp_path / "cry.keras",
    )  # fmt: skip
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("step 100 of 100: loss ")
    assert line.endswith(", 0.0 min left")
    assert ("tags_loss" in line, "embeddings_loss" in line) == (taught, taught)
    assert all(
        (old != new).any() for old, new in zip(before, model.get_weights(), strict=True)
    )
    saved = keras.models.load_model(tmp_path / "cry.keras", compile=False)
    for weights, again in zip(model.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, again)


def test_training_can_start_from_a_model(tmp_path: Path) -> None:
    """With or without the teacher's heads; one of another shape is refused."""
    first, second = (
        network.build(248, 64, (4, 6), 8, 1, dropout=0.0, decay=0.0, tags=tags)
        for tags in (False, True)
    )
    first.save(tmp_path / "first.keras")
    network.start_from(second, tmp_path / "first.keras")
    window = np.random.default_rng(0).uniform(-20, -3, (1, 248, 64)).astype(np.float32)
    np.testing.assert_allclose(
        second(window)["labels"], first(window)["labels"], atol=1e-5
    )
    other = network.build(248, 64, (4, 8), 8, 1, dropout=0.0, decay=0.0, tags=False)
    with pytest.raises(DataError, match="its network is another"):
        network.start_from(other, tmp_path / "first.keras")
    (tmp_path / "no.keras").write_bytes(b"none")
    with pytest.raises(DataError, match="no model to start from"):
        network.start_from(other, tmp_path / "no.keras")
