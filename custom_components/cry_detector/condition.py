"""Conditions: there is crying, there is none, and somebody listens at all."""

from typing import ClassVar, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from .own_entities import entities_with_key


class _DetectorCondition(EntityStateConditionBase):
    """An entity of a detector is in a state."""

    _key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the detectors' entities that the condition is about."""
        return entities_with_key(self._hass, entities, self._key)

    @override
    def _should_include(self, _state: State) -> bool:
        """Count a detector that hears nothing as neither crying nor calm.

        Left out, it would make "all of them are calm" true while no one is heard.
        """
        return True

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        """Return whether all are in the state, of which there must be one at least.

        Where what is meant is disabled or gone, nobody knows anything.
        """
        return bool(states) and super()._check_all_match_state(states)


class IsCryingCondition(_DetectorCondition):
    """There is crying."""

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _key = "crying"
    _states = {STATE_ON}


class IsNotCryingCondition(IsCryingCondition):
    """Sound arrives, and there is no crying in it."""

    _states = {STATE_OFF}


class IsListeningCondition(_DetectorCondition):
    """Nobody has told the detector not to listen."""

    _domain_specs = {SWITCH_DOMAIN: DomainSpec()}
    _key = "listening"
    _states = {STATE_ON}
    # Whatever category the switch is in, it is what is meant by a detector or a room.
    _primary_entities_only = False


CONDITIONS: dict[str, type[Condition]] = {
    "is_crying": IsCryingCondition,
    "is_listening": IsListeningCondition,
    "is_not_crying": IsNotCryingCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions."""
    return CONDITIONS
