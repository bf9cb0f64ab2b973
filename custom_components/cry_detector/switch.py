"""Whether to listen: off closes the source."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.switch import (
    SwitchDeviceClass,
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CryDetectorConfigEntry
from .entity import CryDetectorEntity

# One at a time: closing a source may take a moment.
PARALLEL_UPDATES = 1

LISTENING = SwitchEntityDescription(
    key="listening", translation_key="listening", device_class=SwitchDeviceClass.SWITCH
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's switch."""
    async_add_entities([Listening(entry.runtime_data, LISTENING)])


class Listening(CryDetectorEntity, SwitchEntity):
    """Whether the detector listens."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it is to listen."""
        return self.coordinator.listening

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return since when that is so, and until when if it changes by itself."""
        return {
            "since": self.coordinator.listening_since,
            "until": self.coordinator.listening_until,
        }

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Listen."""
        await self.coordinator.async_set_listening(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Close the source: nothing is heard from when this returns."""
        await self.coordinator.async_set_listening(False)
