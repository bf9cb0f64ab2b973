"""Recordings are changed as they say, and the figures name what is confused with what."""

import numpy as np
import pytest

from clips import CONDITIONS, calibration, changed, judged, measure, windows_of
from hearing import Heard

from .synthetic import RATE, quiet, recording, tone


def rms(samples: np.ndarray) -> float:
    """Return the RMS."""
    return float(np.sqrt(np.mean(np.square(samples))))


def test_quiet_is_55_dbfs_in_16_bits() -> None:
    """Whatever the level was."""
    for amplitude in (1e-4, 0.9):
        sound = changed(tone(1.0, amplitude=amplitude), "quiet", 0)
        assert 20.0 * np.log10(rms(sound)) == pytest.approx(-55.0, abs=0.1)
        steps = sound * 32_768.0
        assert np.array_equal(steps, np.round(steps))


def test_noise_is_as_loud_as_the_sound_and_each_recording_has_its_own() -> None:
    """At 0 dB."""
    sound = tone(1.0)
    noisy = changed(sound, "noise", 1)
    assert rms(noisy - sound) == pytest.approx(rms(sound), rel=0.03)
    assert np.array_equal(noisy, changed(sound, "noise", 1))
    assert not np.array_equal(noisy, changed(sound, "noise", 2))


def test_g711_has_a_real_8_khz_band() -> None:
    """What lies over it is gone, not folded into it."""
    sound = tone(1.0, 1_000.0) + tone(1.0, 6_000.0)
    power = np.abs(np.fft.rfft(changed(sound, "g711", 0))) ** 2
    hz = np.fft.rfftfreq(RATE, 1.0 / RATE)
    assert power[hz > 4_100.0].sum() < 1e-6 * power.sum()
    assert power[abs(hz - 1_000.0) < 5.0].sum() > 0.99 * power.sum()


@pytest.mark.parametrize("condition", CONDITIONS)
def test_silence_survives_every_condition(condition: str) -> None:
    """There are such recordings."""
    assert rms(changed(quiet(1.0), condition, 0)) < 1e-4


def test_windows_of_a_cry_count_where_it_cries() -> None:
    """Those before it, and those with little of it, are left out."""
    sound = np.concatenate([quiet(3.0), tone(3.0), quiet(1.0)])
    heard = Heard(
        times_s=np.arange(1.0, 8.0),
        confidence=np.arange(1.0, 8.0) / 10.0,
        rms_dbfs=np.zeros(7),
    )
    cry = windows_of(recording("cry", "crying"), sound, heard, 5.0)
    assert cry.confidence.tolist() == [0.4, 0.5, 0.6, 0.7]
    assert cry.crying.all()
    cat = windows_of(recording("cat", "animal", "cat"), sound, heard, 5.0)
    assert len(cat.confidence) == 7 and not cat.crying.any()


def test_calibration_is_of_windows_that_are_clear() -> None:
    """A second of crying is crying; less is neither that nor none."""
    windows = judged(np.array([0.95, 0.5, 0.15]), np.array([1.0, 0.4, 0.0]))
    assert windows.confidence.tolist() == [0.95, 0.15]
    figures = calibration([windows, windows])
    assert figures["windows"] == 4
    assert figures["expected_calibration_error"] == pytest.approx(0.1)
    assert figures["curve"] == [
        {"windows": 2, "confidence": 0.15, "crying": 0.0},
        {"windows": 2, "confidence": 0.95, "crying": 1.0},
    ]


def test_the_figures_say_what_is_missed_and_what_is_taken_for_a_cry() -> None:
    """By name, by kind and by corpus; one of each kind that is none."""
    recordings = [
        *(recording(f"cry-{n}", "crying") for n in range(4)),
        *(recording(f"cat-{n}", "animal", "cat") for n in range(10)),
        *(recording(f"rain-{n}", "ambient", "rain") for n in range(90)),
    ]
    scores = np.array(
        [0.9, 0.8, 0.7, 0.02, 0.85, *(9 * [0.1]), *np.linspace(0.0, 0.05, 90)],
        np.float32,
    )
    figures = measure(recordings, scores, on=0.75)
    assert figures["cries"] == 4
    assert figures["confusion_at_threshold_that_ships"] == {
        "crying": {"crying": 2, "not crying": 2},
        "ambient": {"crying": 0, "not crying": 90},
        "animal": {"crying": 1, "not crying": 9},
    }
    (missed,) = figures["missed_cries"]
    assert missed["name"] == "cry-3.ogg"
    assert missed["others_at_least_as_high"] == pytest.approx(0.64, abs=0.01)
    assert figures["worst_false_positives"][0]["name"] == "cat-0.ogg"
    cat = figures["by_kind"]["cat"]["others"]
    assert (cat["clips"], cat["over_threshold_that_ships"]) == (10, 1)
    # Of 40 pairs, one cry lies under all ten cats, and one cat over two of the other cries.
    assert cat["auc"] == pytest.approx(28 / 40)
    assert cat["recall_at_1_percent_false_positives"] == pytest.approx(1 / 4)
    low, high = cat["auc_95_percent"]
    assert 0.0 <= low < cat["auc"] < high <= 1.0
    assert figures["by_kind"]["ambient"]["others"]["auc"] > 0.8
    assert figures["by_source"]["corpus"]["cries"]["clips"] == 4
    low, high = figures["average_precision_95_percent"]
    assert low <= figures["average_precision"] <= high
