"""What the user has set: an entry's options, with the defaults for what is not in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from .const import (
    CONF_CONFIRM,
    CONF_GAIN,
    CONF_HOLD,
    CONF_LOUD_MARGIN,
    CONF_MODEL,
    CONF_OFF_THRESHOLD,
    CONF_ON_THRESHOLD,
    CONF_REMINDER,
    CONF_REPORT_INTERVAL,
    CONF_SENSITIVITY,
    CONF_SMOOTHING,
)
from .engine.episodes import SUSTAINED_S, EpisodeSettings
from .engine.manifest import Manifest
from .engine.sensitivity import Sensitivity, episode_settings

CUSTOM: Final = "custom"
"""The sensitivity whose two thresholds are the user's own."""

SENSITIVITIES: Final = [*(level.value for level in Sensitivity), CUSTOM]

# Shortest and longest; what the options flow and the number entities take.
HOLD_RANGE_S: Final = (1.0, 60.0)
GAIN_RANGE_DB: Final = (-20.0, 40.0)

SHIPPED_MODEL: Final = ""

_ENGINE: Final = EpisodeSettings()

DEFAULTS: Final[Mapping[str, Any]] = {
    CONF_SENSITIVITY: Sensitivity.MEDIUM.value,
    CONF_SMOOTHING: _ENGINE.smoothing_s,
    CONF_CONFIRM: _ENGINE.confirm_s,
    CONF_HOLD: _ENGINE.hold_s,
    CONF_GAIN: 0.0,
    # In a lively room the level is another at every report: this keeps what the
    # recorder is given in an hour under 800 rows.
    CONF_REPORT_INTERVAL: 25.0,
    CONF_LOUD_MARGIN: 15.0,
    CONF_REMINDER: 5.0,
    CONF_MODEL: SHIPPED_MODEL,
}
"""For every option but the two thresholds, which are the model's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one detector."""

    sensitivity: str
    """One of SENSITIVITIES."""
    on_threshold: float
    """Smoothed confidence (0 to 1) from which on it counts as crying; of the sensitivity, or the user's own."""
    off_threshold: float
    """Smoothed confidence under which it is calm."""
    smoothing_s: float
    confirm_s: float
    """The shortest crying that counts as an episode."""
    hold_s: float
    gain_db: float
    report_interval_s: float
    """How often the levels are reported while nothing changes."""
    loud_margin_db: float
    """A sound that stands out of the room's noise floor by so much is loud."""
    reminder_min: float
    """How often an episode that goes on is told of again; 0 for never."""
    model: str
    """The name of a file under `<config>/cry_detector/`, or "" for the shipped one."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any], manifest: Manifest) -> Self:
        """Return what an entry's options say, with the thresholds of a model.

        Options come from a form that checks them, or from a file that anyone may have
        edited: thresholds in the wrong order are put right rather than refused, since
        a detector with odd thresholds is worth more than none. Where nothing is given the default holds.
        """
        given = {name: value for name, value in options.items() if value is not None}
        wanted = {**DEFAULTS, **given}
        sensitivity = wanted[CONF_SENSITIVITY]
        level = (
            Sensitivity.MEDIUM if sensitivity == CUSTOM else Sensitivity(sensitivity)
        )
        thresholds = episode_settings(manifest, level)
        on_threshold = thresholds.on_threshold
        off_threshold = thresholds.off_threshold
        if sensitivity == CUSTOM:
            on_threshold = wanted.get(CONF_ON_THRESHOLD, on_threshold)
            off_threshold = min(
                wanted.get(CONF_OFF_THRESHOLD, off_threshold), on_threshold
            )
        return cls(
            sensitivity=sensitivity,
            on_threshold=on_threshold,
            off_threshold=off_threshold,
            smoothing_s=wanted[CONF_SMOOTHING],
            confirm_s=wanted[CONF_CONFIRM],
            hold_s=wanted[CONF_HOLD],
            gain_db=wanted[CONF_GAIN],
            report_interval_s=wanted[CONF_REPORT_INTERVAL],
            loud_margin_db=wanted[CONF_LOUD_MARGIN],
            reminder_min=wanted[CONF_REMINDER],
            model=wanted[CONF_MODEL],
        )

    def episode_settings(self) -> EpisodeSettings:
        """Return the part that the engine's episodes go by."""
        return EpisodeSettings(
            on_threshold=self.on_threshold,
            off_threshold=self.off_threshold,
            smoothing_s=self.smoothing_s,
            confirm_s=self.confirm_s,
            hold_s=self.hold_s,
            sustained_s=SUSTAINED_S,
        )
