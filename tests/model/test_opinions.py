"""A second opinion says where in a recording there is crying, and what is far more like a cry than its label says."""

import numpy as np
import pytest

pytest.importorskip(
    "tensorflow", reason="TensorFlow is not installed: nothing can be trained"
)

from opinions import opinions
from recordings import Recording
from stems import Bank

from .synthetic import recording

WINDOWS, FRAMES = 12, 324
BABIES = 80


def bank_of(knows_cry: list[list[bool]]) -> Bank:
    """Return a bank of a stem a recording; the teacher knows one thing where it hears a cry, and another elsewhere."""
    rng = np.random.default_rng(2)
    knows = rng.integers(0, 40, (len(knows_cry) * WINDOWS, 1_024)).astype(np.uint8)
    heard = np.array(knows_cry).reshape(-1)
    knows[heard, :64] += 150
    knows[~heard, 64:128] += 150
    return Bank(
        frames=np.full((len(knows_cry) * FRAMES, 64), -5.0, np.float16),
        scores=np.zeros((len(knows), 521), np.uint8),
        embeddings=knows,
        stems=np.array(
            [
                (n, n * FRAMES, FRAMES, n * WINDOWS, WINDOWS)
                for n in range(len(knows_cry))
            ]
        ),
    )


@pytest.fixture(scope="module")
def judged() -> np.ndarray:
    """Return the opinions of 80 cries, one of which is none, 80 fans, one of which cries, and one of each set aside."""
    recordings: list[Recording] = []
    for n in range(BABIES):
        recordings += [
            recording(f"cry{n}", "crying", split="train"),
            recording(f"fan{n}", "household", split="train"),
        ]
    recordings += [recording("other", "crying"), recording("hum", "household")]
    # In the second half of a cry the baby is silent, and somebody talks.
    cry, none = [True] * 6 + [False] * 6, [False] * WINDOWS
    sounds = [cry, none] * (BABIES + 1)
    sounds[0], sounds[1] = none, cry
    return opinions(recordings, bank_of(sounds), seed=1).reshape(-1, WINDOWS)


def test_it_says_where_in_a_recording_there_is_crying(judged: np.ndarray) -> None:
    """Of a recording that was learnt by other heads, and of those set aside."""
    for cries in (judged[2:-2:2], judged[-2:-1]):
        assert (cries[:, :6].min(axis=1) > cries[:, 6:].max(axis=1) + 0.1).all()
    assert judged[3::2].max() < judged[2::2, :6].min()


def test_it_does_not_believe_a_label_that_nothing_speaks_for(
    judged: np.ndarray,
) -> None:
    """A cry that is none, and a fan that cries: each judged by what has not learnt it."""
    assert judged[0].max() < judged[2::2, :6].min()
    assert judged[1, :6].min() > judged[3::2].max()


def test_without_a_teacher_there_is_no_opinion() -> None:
    """Nothing is known of anything then."""
    bank = Bank(
        frames=np.zeros((FRAMES, 64), np.float16),
        scores=np.zeros((0, 521), np.uint8),
        embeddings=np.zeros((0, 1_024), np.uint8),
        stems=np.array([(0, 0, FRAMES, 0, 0)]),
    )
    assert len(opinions([recording("cry", "crying")], bank, seed=1)) == 0
