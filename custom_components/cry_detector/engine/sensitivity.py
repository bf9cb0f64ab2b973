"""How easily the detector takes a sound for crying: three steps, and the thresholds behind each."""

from enum import StrEnum
import math

from .episodes import SUSTAINED_S, EpisodeSettings
from .manifest import Manifest, Thresholds

# How far a step moves thresholds that the manifest does not give, in the logit domain: to
# three times the odds, or a third of them.
_STEP = math.log(3.0)


class Sensitivity(StrEnum):
    """How much it takes to be called crying."""

    LOW = "low"
    """Only what is surely crying: fewer false alarms, more cries missed."""
    MEDIUM = "medium"
    """As the model's makers chose."""
    HIGH = "high"
    """What may be crying, too: fewer cries missed, more false alarms."""


def episode_settings(
    manifest: Manifest, sensitivity: Sensitivity = Sensitivity.MEDIUM
) -> EpisodeSettings:
    """Return the settings for a sensitivity; what is sustained counts, and all but the thresholds are the defaults.

    MEDIUM takes the manifest's thresholds. LOW and HIGH take those that the manifest gives
    for them, measured on the model; where it gives none, medium's odds p / (1 - p) are
    multiplied by three for LOW, and divided by three for HIGH.

    Example:
        >>> from .classifier import DEFAULT_MODEL
        >>> episode_settings(Manifest.load(DEFAULT_MODEL)).on_threshold < 1.0
        True
    """
    thresholds = Thresholds(on=manifest.on_threshold, off=manifest.off_threshold)
    if sensitivity is Sensitivity.LOW:
        thresholds = manifest.low_thresholds or _moved(thresholds, _STEP)
    elif sensitivity is Sensitivity.HIGH:
        thresholds = manifest.high_thresholds or _moved(thresholds, -_STEP)
    return EpisodeSettings(
        on_threshold=thresholds.on,
        off_threshold=thresholds.off,
        sustained_s=SUSTAINED_S,
    )


def _moved(thresholds: Thresholds, logits: float) -> Thresholds:
    return Thresholds(
        on=_moved_one(thresholds.on, logits), off=_moved_one(thresholds.off, logits)
    )


def _moved_one(threshold: float, logits: float) -> float:
    if not 0.0 < threshold < 1.0:
        # Certainty has no odds: it stays what it is.
        return threshold
    return 1.0 / (1.0 + (1.0 - threshold) / threshold * math.exp(-logits))
