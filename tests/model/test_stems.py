"""Stems are variations of a recording, and more of what is scarce."""

from pathlib import Path

import numpy as np
import pytest

from cry_engine.features import LogMelParameters
from recordings import Recording
from stems import glides, stem_samples, variants

PARAMETERS = LogMelParameters()


def recording(label: str, sublabel: str, split: str = "train") -> Recording:
    """Return a row of a manifest."""
    return Recording(
        path=Path("x.ogg"),
        label=label,
        sublabel=sublabel,
        group="x",
        split=split,
        quality="ok",
        source="test",
        licence="CC0",
        seconds=3.0,
    )


def test_cries_and_what_is_taken_for_them_get_more_stems() -> None:
    """And what is set aside is left as it is."""
    assert variants(recording("crying", "crying_baby"), 2, 6) == 6
    assert variants(recording("animal", "cat"), 2, 6) == 6
    assert variants(recording("household", "fan"), 2, 6) == 2
    assert variants(recording("crying", "crying_baby", "val"), 2, 6) == 1


@pytest.mark.parametrize(
    ("label", "sublabel", "spread"),
    [("crying", "crying_baby", 0.1), ("animal", "cat", 0.45)],
)
def test_a_stem_is_a_finite_sound_of_about_its_length(
    label: str, sublabel: str, spread: float
) -> None:
    """A cry stays a baby's; a cat may become a smaller or a larger one."""
    sound = np.sin(np.arange(3 * PARAMETERS.sample_rate) * 0.1).astype(np.float32)
    lengths = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        stem = stem_samples(
            rng, sound, recording(label, sublabel), PARAMETERS.sample_rate
        )
        assert np.isfinite(stem).all()
        assert stem.any()
        lengths.append(np.log2(len(sound) / len(stem)))
    assert 0.5 * spread < np.max(np.abs(lengths)) < spread + 0.02


def test_glides_are_stems_of_their_own() -> None:
    """As many as asked for, of five seconds and more, the same for the same seed."""
    made = glides(PARAMETERS, 3, seed=1)
    assert len(made) == 3
    for frames, again in zip(made, glides(PARAMETERS, 3, seed=1), strict=True):
        assert len(frames) >= 240
        assert np.isfinite(frames).all()
        np.testing.assert_array_equal(frames, again)
