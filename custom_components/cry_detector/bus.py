"""Tells of each episode on the event bus: for the logbook, and for whoever listens there."""

from typing import Final

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_NAME
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .coordinator import CryDetectorConfigEntry
from .cries import CryEvent

EVENT_CRY: Final = f"{DOMAIN}_cry"

ATTR_DURATION: Final = "duration"
ATTR_SOUND_LOST: Final = "sound_lost"
ATTR_TEST: Final = "test"
ATTR_TYPE: Final = "type"


@callback
def async_fire_cries(
    hass: HomeAssistant, entry: CryDetectorConfigEntry
) -> CALLBACK_TYPE:
    """Fire an event for the beginning, course and end of each episode; return what ends that.

    It names the device and its Crying sensor, so that the logbook shows it with them.
    """

    @callback
    def fire(event: CryEvent) -> None:
        registry = er.async_get(hass)
        entity_id = registry.async_get_entity_id(
            BINARY_SENSOR_DOMAIN, DOMAIN, f"{entry.entry_id}_crying"
        )
        entity = registry.async_get(entity_id) if entity_id else None
        hass.bus.async_fire(
            EVENT_CRY,
            {
                ATTR_NAME: entry.title,
                ATTR_DEVICE_ID: entity.device_id if entity else None,
                ATTR_ENTITY_ID: entity_id,
                ATTR_TYPE: event.kind.value,
                ATTR_DURATION: round(event.duration_s),
                ATTR_SOUND_LOST: event.episode.sound_lost,
                ATTR_TEST: event.episode.test,
            },
        )

    return entry.runtime_data.async_subscribe_cries(fire)
