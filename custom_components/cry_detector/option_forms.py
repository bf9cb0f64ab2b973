"""The form of the options: sections in the form, one flat dictionary in the entry."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import PERCENTAGE, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

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
from .engine.manifest import Manifest
from .settings import (
    CUSTOM,
    DEFAULTS,
    GAIN_RANGE_DB,
    HOLD_RANGE_S,
    SENSITIVITIES,
    SHIPPED_MODEL,
    Settings,
)

THRESHOLDS = "thresholds"
TIMES = "times"
INPUT = "input"
REPORTS = "reports"
OWN_MODEL = "own_model"

_SECTIONS = {
    THRESHOLDS: (CONF_ON_THRESHOLD, CONF_OFF_THRESHOLD),
    TIMES: (CONF_CONFIRM, CONF_HOLD, CONF_SMOOTHING),
    INPUT: (CONF_GAIN, CONF_LOUD_MARGIN),
    REPORTS: (CONF_REPORT_INTERVAL, CONF_REMINDER),
    OWN_MODEL: (CONF_MODEL,),
}

# What the form calls the model that the entry calls "": no field of the frontend can have
# an empty value. A file's name ends otherwise.
_SHIPPED = "shipped"


# Certain, and impossible, no model ever is.
_PERCENT = (1, 99)


def _number(
    lowest: float, highest: float, step: float, unit: str, *, slider: bool = False
) -> NumberSelector:
    mode = NumberSelectorMode.SLIDER if slider else NumberSelectorMode.BOX
    return NumberSelector(
        NumberSelectorConfig(
            min=lowest, max=highest, step=step, unit_of_measurement=unit, mode=mode
        )
    )


_THRESHOLD = _number(*_PERCENT, 1, PERCENTAGE, slider=True)

_SELECTORS = {
    CONF_ON_THRESHOLD: _THRESHOLD,
    CONF_OFF_THRESHOLD: _THRESHOLD,
    CONF_CONFIRM: _number(0, 60, 0.5, UnitOfTime.SECONDS),
    CONF_HOLD: _number(*HOLD_RANGE_S, 0.5, UnitOfTime.SECONDS),
    CONF_SMOOTHING: _number(0, 10, 0.5, UnitOfTime.SECONDS),
    CONF_GAIN: _number(*GAIN_RANGE_DB, 1, "dB", slider=True),
    CONF_LOUD_MARGIN: _number(3, 60, 1, "dB", slider=True),
    CONF_REPORT_INTERVAL: _number(1, 300, 1, UnitOfTime.SECONDS),
    CONF_REMINDER: _number(0, 120, 1, UnitOfTime.MINUTES),
}


def options_schema(options: Mapping[str, Any], models: list[str]) -> vol.Schema:
    """Return the form, in which the sections that the user has changed are open.

    Args:
        options: an entry's.
        models: the names of the user's own models.
    """
    chosen = options.get(CONF_MODEL, SHIPPED_MODEL)
    if chosen not in (SHIPPED_MODEL, *models):
        # Its file is gone; what is set must be shown all the same.
        models = [*models, chosen]
    selectors = _SELECTORS | {
        CONF_MODEL: SelectSelector(
            SelectSelectorConfig(
                options=[_SHIPPED, *models],
                mode=SelectSelectorMode.DROPDOWN,
                translation_key=CONF_MODEL,
            )
        )
    }
    sensitivity = SelectSelector(
        SelectSelectorConfig(
            options=SENSITIVITIES,
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=CONF_SENSITIVITY,
        )
    )
    fields: dict[vol.Marker, Any] = {vol.Required(CONF_SENSITIVITY): sensitivity}
    for name, keys in _SECTIONS.items():
        schema = vol.Schema({vol.Required(key): selectors[key] for key in keys})
        is_open = any(key in options for key in keys) or (
            name == THRESHOLDS and options.get(CONF_SENSITIVITY) == CUSTOM
        )
        fields[vol.Required(name)] = section(schema, {"collapsed": not is_open})
    return vol.Schema(fields)


def to_form(options: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """Return what the form shows for an entry's options, and for a model's thresholds."""
    # The user's own thresholds are shown whatever the sensitivity is.
    custom = Settings.from_options({**options, CONF_SENSITIVITY: CUSTOM}, manifest)
    values = {
        **DEFAULTS,
        **options,
        CONF_ON_THRESHOLD: _percent(custom.on_threshold),
        CONF_OFF_THRESHOLD: _percent(custom.off_threshold),
    }
    values[CONF_MODEL] = values[CONF_MODEL] or _SHIPPED
    form: dict[str, Any] = {CONF_SENSITIVITY: values[CONF_SENSITIVITY]}
    for name, keys in _SECTIONS.items():
        form[name] = {key: values[key] for key in keys}
    return form


def _percent(threshold: float) -> int:
    return min(max(round(100.0 * threshold), _PERCENT[0]), _PERCENT[1])


def from_form(form: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """Return the options that a form says, without those that are as they are by default.

    The user's own thresholds are always among them: left out, they would become another
    model's as soon as one is chosen.
    """
    default = _flat(to_form({}, manifest))
    own = _SECTIONS[THRESHOLDS] if form[CONF_SENSITIVITY] == CUSTOM else ()
    options = {
        key: value
        for key, value in _flat(form).items()
        if key in own or value != default[key]
    }
    for key in _SECTIONS[THRESHOLDS]:
        if key in options:
            options[key] /= 100.0
    return options


def _flat(form: Mapping[str, Any]) -> dict[str, Any]:
    flat = {CONF_SENSITIVITY: form[CONF_SENSITIVITY]}
    for name in _SECTIONS:
        flat |= form[name]
    return flat
