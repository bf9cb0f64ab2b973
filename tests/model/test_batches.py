"""Clips become batches: shifted, mixed with noise, and framed as the engine frames them."""

from pathlib import Path

import numpy as np
import pytest

from batches import Augmentation, Batches, shifted
from cry_engine.features import LogMel
from settings import ModelSettings, features_for
from wavs import read_part
from words import Example, Examples, find_examples

from .sounds import RATE, tone, write_nursery

SETTINGS = ModelSettings(
    architecture="tiny_conv",
    labels=("_silence_", "_unknown_", "silence", "crying"),
    features=features_for(
        sample_rate=RATE,
        window_size_ms=30.0,
        window_stride_ms=20.0,
        feature_bin_count=20,
        lower_frequency_hz=20.0,
        upper_frequency_hz=4_000.0,
    ),
    preprocess="mfcc",
    clip_duration_ms=1_000,
)
UNCHANGED = Augmentation(background_frequency=0.0, time_shift_ms=0.0)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Return the examples of a small data set."""
    folder = tmp_path_factory.mktemp("data")
    write_nursery(folder)
    return find_examples(
        folder, ["silence", "crying"], sample_rate=RATE, clip_samples=RATE,
        silence_percentage=25.0, unknown_percentage=25.0,
        validation_percentage=30.0, testing_percentage=10.0, seed=1,
    )  # fmt: skip


def only(examples: Examples, *chosen: Example) -> Examples:
    """Return examples that training draws nothing but these from."""
    return Examples(
        examples.labels, examples.sets | {"training": chosen}, examples.background
    )


def log_mel(path: Path) -> np.ndarray:
    """Return what the engine makes of a clip."""
    return LogMel(SETTINGS.features).push(read_part(path, 0, RATE))


@pytest.mark.parametrize("later", [0, 3, -3])
def test_a_shift_moves_sound_and_fills_with_silence(later: int) -> None:
    sound = np.arange(1.0, 9.0, dtype=np.float32)
    moved = shifted(sound, later)

    assert len(moved) == len(sound)
    for place in range(8):
        expected = sound[place - later] if 0 <= place - later < 8 else 0.0
        assert moved[place] == expected


def test_a_set_comes_whole_in_order_and_the_same_each_time(examples: Examples) -> None:
    """Also the noise that _silence_ is made of; the sound as the engine would frame it."""
    batches = Batches(examples, SETTINGS, Augmentation(), seed=3)
    batches.draw(4)
    first = list(batches.in_order("validation", 7))
    again = list(batches.in_order("validation", 7))
    features = np.concatenate([batch for batch, _ in first])
    labels = np.concatenate([labels for _, labels in first])
    validation = examples.sets["validation"]

    assert labels.tolist() == [example.label for example in validation]
    np.testing.assert_array_equal(features, np.concatenate([b for b, _ in again]))
    assert features.shape[1:] == (SETTINGS.frames, 20)
    for frames, example in zip(features, validation, strict=True):
        if example.path:
            np.testing.assert_array_equal(frames, log_mel(example.path))


def test_a_run_that_goes_on_measures_with_the_same_and_learns_from_others(
    examples: Examples,
) -> None:
    """Else an accuracy before and one after could not be compared."""
    begun, going_on = (
        Batches(examples, SETTINGS, Augmentation(), seed=3, step=step)
        for step in (0, 100)
    )
    ((before, _),) = begun.in_order("validation", 1_000)
    ((after, _),) = going_on.in_order("validation", 1_000)

    np.testing.assert_array_equal(before, after)
    assert not np.array_equal(begun.draw(8)[0], going_on.draw(8)[0])


def test_training_clips_are_drawn_and_come_with_their_labels(
    examples: Examples,
) -> None:
    """Unchanged where nothing is to be changed."""
    crying = next(e for e in examples.sets["training"] if e.label == 3)
    batches = Batches(only(examples, crying), SETTINGS, UNCHANGED, seed=3)
    features, labels = batches.draw(3)

    assert labels.tolist() == [3, 3, 3]
    for frames in features:
        assert crying.path is not None
        np.testing.assert_array_equal(frames, log_mel(crying.path))


def test_background_noise_is_mixed_in_as_often_and_as_loud_as_asked(
    examples: Examples,
) -> None:
    """Half of the clips here; and none is louder by more than the noise at its loudest."""
    crying = next(e for e in examples.sets["training"] if e.label == 3)
    mixed = Augmentation(background_frequency=0.5, background_volume=1.0, time_shift_ms=0.0)  # fmt: skip
    features, _ = Batches(only(examples, crying), SETTINGS, mixed, seed=3).draw(60)
    assert crying.path is not None
    changed = [not np.array_equal(frames, log_mel(crying.path)) for frames in features]

    assert 15 < sum(changed) < 45


def test_a_clip_is_shifted_no_further_than_asked(examples: Examples) -> None:
    """And to either side."""
    crying = next(e for e in examples.sets["training"] if e.label == 3)
    moved = Augmentation(background_frequency=0.0, time_shift_ms=250.0)
    batches = Batches(only(examples, crying), SETTINGS, moved, seed=3)
    features, _ = batches.draw(30)
    quiet = (features.max(axis=2) < -20.0).sum(axis=1)

    assert 0 < quiet.max() <= 13
    assert any(frames[0].max() < -20.0 for frames in features)
    assert any(frames[-1].max() < -20.0 for frames in features)


def test_silence_is_background_noise_at_any_volume(examples: Examples) -> None:
    silence = only(examples, Example(None, 0))
    features, labels = Batches(silence, SETTINGS, UNCHANGED, seed=3).draw(20)
    levels = features.mean(axis=(1, 2))

    assert set(labels.tolist()) == {0}
    assert levels.max() - levels.min() > 3.0


def test_without_background_noise_silence_is_no_sound(examples: Examples) -> None:
    """The tutorial's would fail."""
    silence = Examples(examples.labels, {"training": (Example(None, 0),)}, ())
    features, _ = Batches(silence, SETTINGS, Augmentation(), seed=3).draw(2)

    np.testing.assert_allclose(features, np.log(1e-10), atol=1e-3)


def test_another_seed_draws_other_clips(examples: Examples) -> None:
    draws = [
        Batches(examples, SETTINGS, Augmentation(), seed=seed).draw(8)[0]
        for seed in (1, 1, 2)
    ]

    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_a_tone_keeps_its_pitch_in_the_frames() -> None:
    """Frames are the engine's: the loudest band is the tone's."""
    frames = LogMel(SETTINGS.features).push(tone(1.0, 1_000.0))

    assert len(set(frames.argmax(axis=1).tolist())) == 1
