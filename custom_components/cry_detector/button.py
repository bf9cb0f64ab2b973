"""The test alarm: an episode that is made up, through the real path."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CryDetectorConfigEntry
from .entity import CryDetectorEntity

PARALLEL_UPDATES = 0

TEST_ALARM = ButtonEntityDescription(
    key="test_alarm",
    translation_key="test_alarm",
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's button."""
    async_add_entities([TestAlarm(entry.runtime_data, TEST_ALARM)])


class TestAlarm(CryDetectorEntity, ButtonEntity):
    """Lets parents try by day what is to wake them by night."""

    @override
    async def async_press(self) -> None:
        """Make an episode up."""
        self.coordinator.async_test_alarm()
