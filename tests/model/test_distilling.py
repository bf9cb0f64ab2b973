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
        crying_weight=1.0, tag_weight=20.0, embedding_weight=100.0, checkpoint=tmp_path / "cry.keras",
        name="network 1 of 2",
    )  # fmt: skip
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("network 1 of 2: step 100 of 100: loss ")
    assert line.endswith(", 0.0 min left")
    assert ("tags_loss" in line, "embeddings_loss" in line) == (taught, taught)
    assert all(
        (old != new).any() for old, new in zip(before, model.get_weights(), strict=True)
    )
    saved = keras.models.load_model(tmp_path / "cry.keras", compile=False)
    for weights, again in zip(model.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, again)


def test_crying_is_learnt_at_each_step() -> None:
    """A loss for each window: 0 where the answer is right at all steps."""
    likely = np.float32([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    logits = np.where(likely > 0, 20.0, -20.0).astype(np.float32)
    right = np.array(distilling.crying_loss(likely, logits))
    wrong = np.array(distilling.crying_loss(likely, -logits))
    assert right.shape == (2,)
    assert (right < 1e-3).all()
    assert (wrong > 10.0).all()
