"""Settings that are turned while listening: the hold, and the gain."""

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
)
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_GAIN, CONF_HOLD, DOMAIN
from .coordinator import CryDetectorConfigEntry
from .entity import CryDetectorEntity
from .settings import GAIN_RANGE_DB, HOLD_RANGE_S, Settings

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CryDetectorNumberEntityDescription(NumberEntityDescription):
    """A number and the setting that it is."""

    value_fn: Callable[[Settings], float]
    option: str


NUMBERS = (
    CryDetectorNumberEntityDescription(
        key="hold",
        translation_key="hold",
        device_class=NumberDeviceClass.DURATION,
        entity_category=EntityCategory.CONFIG,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        native_min_value=HOLD_RANGE_S[0],
        native_max_value=HOLD_RANGE_S[1],
        native_step=1.0,
        value_fn=lambda settings: settings.hold_s,
        option=CONF_HOLD,
    ),
    CryDetectorNumberEntityDescription(
        key="gain",
        translation_key="gain",
        # Not sound pressure: it is a ratio.
        entity_category=EntityCategory.CONFIG,
        native_unit_of_measurement="dB",
        native_min_value=GAIN_RANGE_DB[0],
        native_max_value=GAIN_RANGE_DB[1],
        native_step=1.0,
        value_fn=lambda settings: settings.gain_db,
        option=CONF_GAIN,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's numbers."""
    async_add_entities(
        CryDetectorNumber(entry.runtime_data, description) for description in NUMBERS
    )


class CryDetectorNumber(CryDetectorEntity, NumberEntity):
    """A setting that is a number."""

    entity_description: CryDetectorNumberEntityDescription

    @property
    @override
    def native_value(self) -> float:
        """Return what is set."""
        return self.entity_description.value_fn(self.coordinator.settings)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change it, at once.

        Raises:
            ServiceValidationError: it is not a number (NaN), which no range keeps out.
        """
        if math.isnan(value):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="not_a_number"
            )
        self.coordinator.async_change(**{self.entity_description.option: value})
