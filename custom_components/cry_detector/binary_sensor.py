"""Whether there is crying, or any loud sound; and whether sound arrives at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CryDetectorConfigEntry
from .entity import CryDetectorEntity
from .reports import Report
from .sound import SoundState

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CryDetectorBinarySensorEntityDescription(BinarySensorEntityDescription):
    """A binary sensor and the part of the report that it shows."""

    is_on_fn: Callable[[Report], bool]


BINARY_SENSORS = (
    CryDetectorBinarySensorEntityDescription(
        key="crying",
        translation_key="crying",
        device_class=BinarySensorDeviceClass.SOUND,
        is_on_fn=lambda report: report.crying,
    ),
    CryDetectorBinarySensorEntityDescription(
        key="loud_sound",
        translation_key="loud_sound",
        device_class=BinarySensorDeviceClass.SOUND,
        is_on_fn=lambda report: report.loud,
    ),
)
AUDIO_INPUT = BinarySensorEntityDescription(
    key="audio_input",
    translation_key="audio_input",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's binary sensors."""
    coordinator = entry.runtime_data
    async_add_entities(
        [
            *(
                CryDetectorBinarySensor(coordinator, description)
                for description in BINARY_SENSORS
            ),
            AudioInput(coordinator, AUDIO_INPUT),
        ]
    )


class CryDetectorBinarySensor(CryDetectorEntity, BinarySensorEntity):
    """A binary sensor that shows a part of what was heard."""

    entity_description: CryDetectorBinarySensorEntityDescription
    _needs_sound = True

    @property
    @override
    def is_on(self) -> bool:
        """Return what the latest report says."""
        return self.entity_description.is_on_fn(self.coordinator.data)


class AudioInput(CryDetectorEntity, BinarySensorEntity):
    """Whether sound arrives that can be trusted.

    Until that is known, and while nothing is to be listened to, it is unknown: nobody has
    lost any sound then.
    """

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether sound arrives."""
        if self.coordinator.sound.state in (SoundState.OFF, SoundState.STARTING):
            return None
        return self.coordinator.audio_ok

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return why none does."""
        return {"problem": self.coordinator.audio_problem}
