"""How loud it is, how sure the model is, what the day was like, and how the detector does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CryDetectorConfigEntry, CryDetectorCoordinator
from .entity import CryDetectorEntity
from .reports import Report

PARALLEL_UPDATES = 0

# There is no device class for it: sound pressure is in dB over 20 uPa, which a microphone
# without calibration cannot tell.
DBFS = "dBFS"


@dataclass(frozen=True, kw_only=True)
class ReportSensorEntityDescription(SensorEntityDescription):
    """A sensor and the part of the report that it shows.

    Values are rounded to what is displayed, so that the recorder gets a row for a
    change that can be seen and none for one that cannot.
    """

    value_fn: Callable[[Report], float]


@dataclass(frozen=True, kw_only=True)
class KnownSensorEntityDescription(SensorEntityDescription):
    """A sensor of what is known with and without sound."""

    value_fn: Callable[[CryDetectorCoordinator], float | str | datetime | None]


REPORT_SENSORS = (
    ReportSensorEntityDescription(
        key="amplitude",
        translation_key="amplitude",
        native_unit_of_measurement=DBFS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda report: round(report.amplitude_dbfs),
    ),
    ReportSensorEntityDescription(
        key="peak",
        translation_key="peak",
        native_unit_of_measurement=DBFS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        value_fn=lambda report: round(report.peak_dbfs),
    ),
    ReportSensorEntityDescription(
        key="noise_floor",
        translation_key="noise_floor",
        native_unit_of_measurement=DBFS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        value_fn=lambda report: round(report.noise_floor_dbfs),
    ),
    ReportSensorEntityDescription(
        key="confidence",
        translation_key="confidence",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda report: round(100 * report.confidence),
    ),
    ReportSensorEntityDescription(
        key="load",
        translation_key="load",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda report: round(100 * report.load),
    ),
)

KNOWN_SENSORS = (
    KnownSensorEntityDescription(
        key="crying_today",
        translation_key="crying_today",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_unit_of_measurement=UnitOfTime.MINUTES,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=1,
        value_fn=lambda detector: round(detector.figures.crying_today.total_seconds()),
    ),
    KnownSensorEntityDescription(
        key="episodes_today",
        translation_key="episodes_today",
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        value_fn=lambda detector: detector.figures.episodes_today,
    ),
    KnownSensorEntityDescription(
        key="last_cry",
        translation_key="last_cry",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda detector: detector.figures.last_start,
    ),
    KnownSensorEntityDescription(
        key="last_cry_duration",
        translation_key="last_cry_duration",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        value_fn=lambda detector: (
            None
            if (duration := detector.figures.last_duration) is None
            else round(duration.total_seconds())
        ),
    ),
    KnownSensorEntityDescription(
        key="model",
        translation_key="model",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda detector: (
            f"{detector.classifier.manifest.name} {detector.classifier.manifest.version}"
        ),
    ),
    KnownSensorEntityDescription(
        key="engine",
        translation_key="engine",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda detector: detector.classifier.runtime,
    ),
    KnownSensorEntityDescription(
        key="audio_lost",
        translation_key="audio_lost",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda detector: round(detector.audio_lost_s),
    ),
)
CURRENT_CRY_DURATION = KnownSensorEntityDescription(
    key="current_cry_duration",
    translation_key="current_cry_duration",
    device_class=SensorDeviceClass.DURATION,
    native_unit_of_measurement=UnitOfTime.SECONDS,
    suggested_display_precision=0,
    value_fn=lambda detector: round(detector.figures.current.total_seconds()),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's sensors."""
    detector = entry.runtime_data
    async_add_entities(
        [
            *(ReportSensor(detector, description) for description in REPORT_SENSORS),
            *(KnownSensor(detector, description) for description in KNOWN_SENSORS),
            CurrentCryDuration(detector, CURRENT_CRY_DURATION),
        ]
    )


class ReportSensor(CryDetectorEntity, SensorEntity):
    """A sensor that shows a part of what was heard."""

    entity_description: ReportSensorEntityDescription
    _needs_sound = True

    @property
    @override
    def native_value(self) -> float:
        """Return what the latest report says."""
        return self.entity_description.value_fn(self.coordinator.data)


class KnownSensor(CryDetectorEntity, SensorEntity):
    """A sensor that shows what is known with and without sound."""

    entity_description: KnownSensorEntityDescription

    @property
    @override
    def native_value(self) -> float | str | datetime | None:
        """Return what is known."""
        return self.entity_description.value_fn(self.coordinator)


class CurrentCryDuration(KnownSensor):
    """How long the episode lasts that goes on: 0 says that it is calm, which takes sound."""

    _needs_sound = True
