"""What is set, and what holds where nothing is."""

from hypothesis import given, strategies as st
import pytest

from custom_components.cry_detector.engine.classifier import DEFAULT_MODEL
from custom_components.cry_detector.engine.episodes import EpisodeSettings
from custom_components.cry_detector.engine.manifest import Manifest
from custom_components.cry_detector.engine.sensitivity import (
    Sensitivity,
    episode_settings,
)
from custom_components.cry_detector.settings import DEFAULTS, SENSITIVITIES, Settings

MANIFEST = Manifest.load(DEFAULT_MODEL)


def test_an_entry_without_options_has_the_defaults() -> None:
    """As one that was made before there were any."""
    settings = Settings.from_options({}, MANIFEST)
    assert settings.sensitivity == "medium"
    assert settings.model == ""
    assert settings.gain_db == 0.0
    assert settings.report_interval_s == DEFAULTS["report_interval"]
    assert settings.episode_settings() == episode_settings(MANIFEST)
    assert Settings.from_options(dict.fromkeys(DEFAULTS), MANIFEST) == settings


@pytest.mark.parametrize("level", list(Sensitivity))
def test_a_sensitivity_takes_its_thresholds_from_the_engine(level: Sensitivity) -> None:
    """Thresholds that were set for custom do not reach the others."""
    options = {"sensitivity": level.value, "on_threshold": 0.99, "off_threshold": 0.01}
    settings = Settings.from_options(options, MANIFEST)
    wanted = episode_settings(MANIFEST, level)
    assert settings.on_threshold == wanted.on_threshold
    assert settings.off_threshold == wanted.off_threshold


def test_custom_takes_the_users_thresholds() -> None:
    """And those of the model as long as there are none."""
    own = {"sensitivity": "custom", "on_threshold": 0.8, "off_threshold": 0.3}
    settings = Settings.from_options(own, MANIFEST)
    assert (settings.on_threshold, settings.off_threshold) == (0.8, 0.3)
    without = Settings.from_options({"sensitivity": "custom"}, MANIFEST)
    assert without.on_threshold == MANIFEST.on_threshold
    assert without.off_threshold == MANIFEST.off_threshold


def test_each_option_is_a_setting() -> None:
    """With its unit in its name."""
    options = {
        "smoothing": 2.0,
        "confirm": 3.0,
        "hold": 9.0,
        "gain": -6.0,
        "report_interval": 30.0,
        "loud_margin": 20.0,
        "reminder": 2.0,
        "model": "own.tflite",
    }
    settings = Settings.from_options(options, MANIFEST)
    assert settings.smoothing_s == 2.0
    assert settings.confirm_s == 3.0
    assert settings.hold_s == 9.0
    assert settings.gain_db == -6.0
    assert settings.report_interval_s == 30.0
    assert settings.loud_margin_db == 20.0
    assert settings.reminder_min == 2.0
    assert settings.model == "own.tflite"
    assert set(options) < set(DEFAULTS)


@given(
    sensitivity=st.sampled_from(SENSITIVITIES),
    on=st.floats(0.01, 1.0),
    off=st.floats(0.01, 1.0),
    hold=st.floats(1.0, 60.0),
)
def test_whatever_thresholds_are_stored_the_engine_takes_them(
    sensitivity: str, on: float, off: float, hold: float
) -> None:
    """A detector with odd thresholds is worth more than none."""
    options = {
        "sensitivity": sensitivity,
        "on_threshold": on,
        "off_threshold": off,
        "hold": hold,
    }
    settings = Settings.from_options(options, MANIFEST).episode_settings()
    assert isinstance(settings, EpisodeSettings)
    assert settings.off_threshold <= settings.on_threshold
