"""Sensitivity: which thresholds stand behind each step."""

import pytest

from cry_engine.classifier import DEFAULT_MODEL
from cry_engine.errors import ModelError
from cry_engine.manifest import Manifest
from cry_engine.sensitivity import Sensitivity, episode_settings

from .stand_in import manifest_values


def manifest(**thresholds: object) -> Manifest:
    """Return a manifest with these thresholds."""
    return Manifest.from_dict(manifest_values() | {"thresholds": thresholds})


def thresholds(given: Manifest, sensitivity: Sensitivity) -> tuple[float, float]:
    """Return both thresholds of a sensitivity."""
    settings = episode_settings(given, sensitivity)
    return settings.on_threshold, settings.off_threshold


def test_medium_is_the_models_own() -> None:
    """It is also the default."""
    given = manifest(on=0.6, off=0.4)
    assert thresholds(given, Sensitivity.MEDIUM) == (0.6, 0.4)
    assert episode_settings(given) == episode_settings(given, Sensitivity.MEDIUM)


def test_a_step_is_three_times_the_odds() -> None:
    """Even chances become 3 to 1 and 1 to 3."""
    given = manifest(on=0.5, off=0.25)
    assert thresholds(given, Sensitivity.LOW) == pytest.approx((0.75, 0.5))
    assert thresholds(given, Sensitivity.HIGH) == pytest.approx((0.25, 0.1))


@pytest.mark.parametrize(("on", "off"), [(1.0, 1.0), (1.0, 0.001), (0.999, 0.5)])
def test_extremes_stay_settings(on: float, off: float) -> None:
    """No step leaves 0 to 1, or turns on and off around."""
    given = manifest(on=on, off=off)
    for sensitivity in Sensitivity:
        episode_settings(given, sensitivity)


def test_measured_thresholds_are_taken() -> None:
    """What the manifest gives goes before what can be derived."""
    given = manifest(
        on=0.6, off=0.4, low={"on": 0.8, "off": 0.7}, high={"on": 0.3, "off": 0.2}
    )
    assert thresholds(given, Sensitivity.LOW) == (0.8, 0.7)
    assert thresholds(given, Sensitivity.HIGH) == (0.3, 0.2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"low": {"on": 0.5, "off": 0.45}},
        {"low": {"on": 0.7, "off": 0.3}},
        {"high": {"on": 0.7, "off": 0.3}},
        {"high": {"on": 0.5, "off": 0.6}},
        {"low": {"on": 0.7}},
        {"low": 0.7},
        {"high": None},
    ],
)
def test_thresholds_in_no_order_are_refused(wrong: dict[str, object]) -> None:
    """Low sensitivity asks for most, high for least."""
    with pytest.raises(ModelError, match=r"thresholds|off|low|high"):
        manifest(on=0.6, off=0.4, **wrong)


def test_the_shipped_model_has_three_steps() -> None:
    """Each is easier than the one before."""
    given = Manifest.load(DEFAULT_MODEL)
    low, medium, high = (thresholds(given, one) for one in Sensitivity)
    assert low > medium > high
    assert low[1] > medium[1] > high[1]
