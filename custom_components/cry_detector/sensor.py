"""How loud it is, and how sure the model is that there is crying."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CryDetectorConfigEntry, Report
from .entity import CryDetectorEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CryDetectorSensorEntityDescription(SensorEntityDescription):
    """A sensor and the part of the report that it shows.

    Values are rounded to what is displayed, so that the recorder gets a row for a
    change that can be seen and none for one that cannot.
    """

    value_fn: Callable[[Report], float]


SENSORS = (
    CryDetectorSensorEntityDescription(
        # There is no device class for it: sound pressure is in dB over 20 uPa, which a
        # microphone without calibration cannot tell.
        key="amplitude",
        translation_key="amplitude",
        native_unit_of_measurement="dBFS",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda report: round(report.amplitude_dbfs, 1),
    ),
    CryDetectorSensorEntityDescription(
        key="confidence",
        translation_key="confidence",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda report: round(100 * report.confidence),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's sensors."""
    async_add_entities(
        CryDetectorSensor(entry.runtime_data, description) for description in SENSORS
    )


class CryDetectorSensor(CryDetectorEntity, SensorEntity):
    """A sensor of a detector."""

    entity_description: CryDetectorSensorEntityDescription

    @property
    @override
    def native_value(self) -> float:
        """Return what the latest report says."""
        return self.entity_description.value_fn(self.coordinator.data)
