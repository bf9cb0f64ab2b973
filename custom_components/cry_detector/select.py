"""How easily a sound is taken for crying."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_OFF_THRESHOLD, CONF_ON_THRESHOLD, CONF_SENSITIVITY
from .coordinator import CryDetectorConfigEntry
from .entity import CryDetectorEntity
from .settings import CUSTOM, SENSITIVITIES, Settings

PARALLEL_UPDATES = 0

SENSITIVITY = SelectEntityDescription(
    key="sensitivity",
    translation_key="sensitivity",
    entity_category=EntityCategory.CONFIG,
    options=SENSITIVITIES,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CryDetectorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a detector's select."""
    async_add_entities([SensitivitySelect(entry.runtime_data, SENSITIVITY)])


class SensitivitySelect(CryDetectorEntity, SelectEntity):
    """The sensitivity; what "custom" stands for is set in the options."""

    @property
    @override
    def current_option(self) -> str:
        """Return the sensitivity."""
        return self.coordinator.settings.sensitivity

    @override
    async def async_select_option(self, option: str) -> None:
        """Change it, at once; the user's own thresholds are stored with it.

        Left out, they would become another model's as soon as one is chosen.
        """
        changes: dict[str, str | float] = {CONF_SENSITIVITY: option}
        if option == CUSTOM:
            detector = self.coordinator
            custom = Settings.from_options(
                {**detector.config_entry.options, **changes},
                detector.classifier.manifest,
            )
            changes[CONF_ON_THRESHOLD] = custom.on_threshold
            changes[CONF_OFF_THRESHOLD] = custom.off_threshold
        self.coordinator.async_change(**changes)
