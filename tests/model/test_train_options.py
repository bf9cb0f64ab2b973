"""The command line is the tutorial's: its options, its defaults, and words on what cannot be."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cry_engine.errors import ModelError
from cry_engine.features import LogMel, LogMelParameters
from recordings import DataError
from settings import ModelSettings, cosine_transform, features_for
from train_options import (
    augmentation_of,
    check_counts,
    parser,
    rate_at,
    schedule_of,
    settings_of,
    words_of,
)

THE_SERIES = [
    "--data_url=",
    "--data_dir=./data",
    "--wanted_words=silence,crying",
    "--sample_rate=22050",
    "--clip_duration_ms=5000",
    "--how_many_training_steps=1000,200",
    "--learning_rate=0.001,0.0001",
    "--train_dir=./training",
]


def options(*arguments: str) -> argparse.Namespace:
    """Read a command line."""
    return parser("").parse_args(arguments)


def test_the_command_of_the_series_is_taken_as_it_stands() -> None:
    given = options(*THE_SERIES)
    settings = settings_of(given)

    assert settings.architecture == "conv"
    assert settings.labels == ("_silence_", "_unknown_", "silence", "crying")
    assert settings.preprocess == "mfcc"
    assert settings.features == LogMelParameters(
        sample_rate=22_050,
        frame_length=675,
        frame_step=220,
        bands=40,
        low_hz=20.0,
        high_hz=4_000.0,
    )
    assert settings.clip_samples == 110_250
    assert settings.frames == 499
    assert schedule_of(given) == [(1_000, 0.001), (200, 0.0001)]
    assert given.train_dir == Path("training")


def test_the_defaults_are_those_of_the_tutorial() -> None:
    given = options()
    defaults: dict[str, Any] = {
        "background_volume": 0.1,
        "background_frequency": 0.8,
        "silence_percentage": 10.0,
        "unknown_percentage": 10.0,
        "time_shift_ms": 100.0,
        "testing_percentage": 10.0,
        "validation_percentage": 10.0,
        "sample_rate": 16_000,
        "clip_duration_ms": 1_000,
        "how_many_training_steps": "15000,3000",
        "learning_rate": "0.001,0.0001",
        "batch_size": 100,
        "eval_step_interval": 400,
        "save_step_interval": 100,
        "start_checkpoint": "",
        "model_architecture": "conv",
        "check_nans": False,
    }
    assert {name: getattr(given, name) for name in defaults} == defaults
    settings = settings_of(given)
    assert (settings.features.frame_length, settings.features.frame_step) == (480, 160)
    assert (settings.features.bands, settings.preprocess) == (40, "mfcc")


def test_ours_is_fed_as_the_model_that_ships() -> None:
    """Unless something else is asked for."""
    ours = [*THE_SERIES, "--model_architecture=cry"]

    assert settings_of(options(*ours)).features == LogMelParameters()
    assert settings_of(options(*ours)).preprocess == "log_mel"
    assert settings_of(options(*ours, "--feature_bin_count=32")).features.bands == 32


def test_the_band_ends_where_the_sample_rate_does() -> None:
    settings = settings_of(options("--sample_rate=8000", "--model_architecture=cry"))

    assert settings.features.high_hz == 4_000.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preprocess=micro"], "--preprocess=micro.*take mfcc or log_mel"),
        (["--feature_bin_count=200"], "--feature_bin_count=200 is too many"),
        (["--clip_duration_ms=20"], "--clip_duration_ms=20"),
        (["--clip_duration_ms=70000"], "--clip_duration_ms=70000"),
        (["--sample_rate=100"], "sample_rate must be 1000"),
        (["--window_size_ms=1"], "frame_step must be 1 to frame_length"),
        (["--wanted_words=crying,"], "--wanted_words=crying,"),
    ],
)
def test_what_no_model_can_be_made_of_is_refused(
    arguments: list[str], words: str
) -> None:
    with pytest.raises((DataError, ModelError), match=words):
        settings_of(options(*arguments))


@pytest.mark.parametrize(
    ("steps", "rates", "words"),
    [
        ("1000,200", "0.001", "equal length, but are 2 and 1 long"),
        ("many", "0.001", "numbers parted by commas"),
        ("0", "0.001", "there must be steps"),
        ("-1,5", "0.1,0.1", "there must be steps"),
        ("10", "0", "rates be over 0"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused(
    steps: str, rates: str, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        schedule_of(options(f"--how_many_training_steps={steps}", f"--learning_rate={rates}"))  # fmt: skip


def test_each_phase_has_its_rate() -> None:
    schedule = [(2, 0.1), (0, 0.5), (3, 0.01)]

    assert [rate_at(schedule, step) for step in range(1, 7)] == [0.1, 0.1, 0.01, 0.01, 0.01, 0.01]  # fmt: skip


@pytest.mark.parametrize(
    "argument",
    ["--batch_size=0", "--eval_step_interval=0", "--save_step_interval=-1", "--unknown_percentage=-1"],
)  # fmt: skip
def test_what_cannot_be_counted_by_is_refused(argument: str) -> None:
    with pytest.raises(DataError, match=argument.partition("=")[0]):
        check_counts(options(argument))


@pytest.mark.parametrize(
    "argument",
    ["--background_volume=1.5", "--background_frequency=-0.1", "--time_shift_ms=1000", "--time_shift_ms=-1"],
)  # fmt: skip
def test_an_augmentation_out_of_range_is_refused(argument: str) -> None:
    with pytest.raises(DataError, match=argument.partition("=")[0]):
        augmentation_of(options(argument))


@pytest.mark.parametrize(
    ("arguments", "checked"),
    [
        (["--check_nans"], True),
        (["--check_nans", "--seed=1"], True),
        (["--check_nans=True"], True),
        (["--check_nans", "false"], False),
        (["--check_nans=FALSE"], False),
    ],
)
def test_nans_are_checked_as_the_tutorial_asks_for_it(
    arguments: list[str], checked: bool
) -> None:
    """But for False, which it takes for true."""
    assert options(*arguments).check_nans is checked


def test_a_truth_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--check_nans=perhaps")
    assert "--check_nans: must be true or false, not 'perhaps'" in capsys.readouterr().err  # fmt: skip


def test_words_count_in_lower_case_as_folders_do() -> None:
    assert words_of(options("--wanted_words=Silence,CRYING")) == ["silence", "crying"]


def test_settings_survive_being_written() -> None:
    settings = settings_of(options(*THE_SERIES))

    assert ModelSettings.from_dict(settings.as_dict()) == settings


def test_a_frame_is_lengthened_to_what_is_quickly_transformed() -> None:
    """661 samples are a prime."""
    features = features_for(
        sample_rate=22_050, window_size_ms=30.0, window_stride_ms=10.0, feature_bin_count=40,
        lower_frequency_hz=20.0, upper_frequency_hz=4_000.0,
    )  # fmt: skip

    assert (features.frame_length, features.frame_step) == (675, 220)


def test_the_cosine_transform_is_the_one_of_the_mfcc() -> None:
    """Orthogonal, but for the first coefficient's scale; and of magnitudes, half of power's logarithm."""
    matrix, offset = cosine_transform(LogMelParameters(bands=40, frame_length=800))
    expected = np.eye(40)
    expected[0, 0] = 2.0
    np.testing.assert_allclose(4.0 * matrix.T @ matrix, expected, atol=1e-5)

    # A magnitude of 3 in all bands, with the gain of a window of 800 samples.
    coefficients = np.full(40, np.log(3.0**2)) @ matrix + offset
    first = np.sqrt(2.0 / 40.0) * 40.0 * np.log(3.0 * 200.0)
    assert coefficients[0] == pytest.approx(first, rel=1e-5)
    np.testing.assert_allclose(coefficients[1:], 0.0, atol=1e-4)


def test_the_mfcc_are_those_of_tensorflow_s_operators() -> None:
    """Where a frame needs no lengthening, but for what mel filters of magnitudes and of power differ by."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    features = features_for(
        sample_rate=16_000, window_size_ms=32.0, window_stride_ms=10.0, feature_bin_count=40,
        lower_frequency_hz=20.0, upper_frequency_hz=4_000.0,
    )  # fmt: skip
    sound = np.random.default_rng(0).normal(0.0, 0.1, 16_000).astype(np.float32)
    spectrum = tf.raw_ops.AudioSpectrogram(
        input=sound[:, None], window_size=512, stride=160, magnitude_squared=True
    )
    theirs = tf.raw_ops.Mfcc(
        spectrogram=spectrum, sample_rate=16_000, dct_coefficient_count=40
    ).numpy()[0]
    matrix, offset = cosine_transform(features)
    ours = LogMel(features).push(sound) @ matrix + offset

    assert ours.shape == theirs.shape
    assert np.abs(ours[:, 0] - theirs[:, 0]).mean() < 4.0
    assert np.corrcoef(ours[:, 1:13].ravel(), theirs[:, 1:13].ravel())[0, 1] > 0.9
