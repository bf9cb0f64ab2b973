"""Whether there is crying."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CryDetectorConfigEntry, Report
from .entity import CryDetectorEntity

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
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's binary sensors."""
    async_add_entities(
        CryDetectorBinarySensor(entry.runtime_data, description)
        for description in BINARY_SENSORS
    )


class CryDetectorBinarySensor(CryDetectorEntity, BinarySensorEntity):
    """A binary sensor of a detector."""

    entity_description: CryDetectorBinarySensorEntityDescription

    @property
    @override
    def is_on(self) -> bool:
        """Return what the latest report says."""
        return self.entity_description.is_on_fn(self.coordinator.data)
