"""Triggers: there is crying, it has lasted, it is over; and the sound is lost."""

from typing import ClassVar, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.const import CONF_FOR, CONF_OPTIONS, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ATTR_BEHAVIOR,
    BEHAVIOR_ALL,
    BEHAVIOR_EACH,
    BEHAVIOR_FIRST,
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTargetStateTriggerBase,
    Trigger,
)
import voluptuous as vol

from .own_entities import entities_with_key

_BEHAVIOR = {
    vol.Required(ATTR_BEHAVIOR, default=BEHAVIOR_EACH): vol.In(
        [BEHAVIOR_EACH, BEHAVIOR_FIRST, BEHAVIOR_ALL]
    )
}
_AT_ONCE = ENTITY_STATE_TRIGGER_SCHEMA.extend(
    {vol.Required(CONF_OPTIONS, default={}): _BEHAVIOR}
)
_AT_ONCE_OR_LATER = ENTITY_STATE_TRIGGER_SCHEMA.extend(
    {
        vol.Required(CONF_OPTIONS, default={}): {
            **_BEHAVIOR,
            vol.Optional(CONF_FOR): cv.positive_time_period,
        }
    }
)
_LATER = ENTITY_STATE_TRIGGER_SCHEMA.extend(
    {
        vol.Required(CONF_OPTIONS): {
            **_BEHAVIOR,
            vol.Required(CONF_FOR): cv.positive_time_period,
        }
    }
)


class _DetectorTrigger(EntityTargetStateTriggerBase):
    """A binary sensor of a detector reaches a state."""

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the detectors' entities that the trigger is about."""
        return entities_with_key(self._hass, entities, self._key)


class CryingDetectedTrigger(_DetectorTrigger):
    """Crying is heard, be it the first thing that is heard at all.

    Where sound has just come back and the baby cries, nobody may wait until it has
    first been calm.
    """

    _key = "crying"
    _to_states = {STATE_ON}
    _excluded_from_states: ClassVar[frozenset[str]] = frozenset()
    _schema = _AT_ONCE


class CryingLastedTrigger(CryingDetectedTrigger):
    """Crying has gone on for a time."""

    _schema = _LATER


class CryingClearedTrigger(_DetectorTrigger):
    """Crying is over, and that was heard: the loss of the sound is not calm."""

    _key = "crying"
    _to_states = {STATE_OFF}
    _schema = _AT_ONCE_OR_LATER

    @override
    def _should_include(self, state: State) -> bool:
        """Count a detector that hears nothing as not calm.

        Left out, it would make "all of them are calm" true while no one is heard. The other
        triggers alarm, and leave it out: no alarm may wait for a room that is deaf.
        """
        return True


class AudioLostTrigger(_DetectorTrigger):
    """No sound arrives from the source."""

    _key = "audio_input"
    _to_states = {STATE_OFF}
    # Also where there was none since the start, which is known only after a while.
    _excluded_from_states: ClassVar[frozenset[str]] = frozenset()
    # Audio input is diagnostic, and yet what is meant by a detector or a room here.
    _primary_entities_only = False
    _schema = _AT_ONCE_OR_LATER


TRIGGERS: dict[str, type[Trigger]] = {
    "audio_lost": AudioLostTrigger,
    "crying_cleared": CryingClearedTrigger,
    "crying_detected": CryingDetectedTrigger,
    "crying_lasted": CryingLastedTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS
