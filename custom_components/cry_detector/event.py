"""Tells of each episode: started, still crying, ended."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CryDetectorConfigEntry
from .cries import CryEvent, CryEventKind
from .entity import CryDetectorEntity

PARALLEL_UPDATES = 0

CRY = EventEntityDescription(
    key="cry", translation_key="cry", event_types=[kind.value for kind in CryEventKind]
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's event."""
    async_add_entities([Cry(entry.runtime_data, CRY)])


class Cry(CryDetectorEntity, EventEntity):
    """The course of the episodes."""

    @override
    async def async_added_to_hass(self) -> None:
        """Be told of the episodes."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_subscribe_cries(self._told))

    @callback
    def _told(self, event: CryEvent) -> None:
        episode = event.episode
        self._trigger_event(
            event.kind.value,
            {
                "duration": round(event.duration_s),
                "peak_confidence": round(100 * episode.peak_confidence),
                "sound_lost": episode.sound_lost,
                "test": episode.test,
            },
        )
        self.async_write_ha_state()
