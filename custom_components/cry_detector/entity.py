"""The base of the entities, and the device that they belong to."""

from typing import override

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import CryDetectorCoordinator


class CryDetectorEntity(CoordinatorEntity[CryDetectorCoordinator]):
    """An entity of a detector.

    It is available as long as the detector is set up, unless its description names a part
    of the report: that is known only while sound arrives.
    """

    _attr_has_entity_name = True
    _needs_sound = False

    def __init__(
        self, coordinator: CryDetectorCoordinator, description: EntityDescription
    ) -> None:
        """Place the entity on its detector's device."""
        super().__init__(coordinator)
        self.entity_description = description
        entry = coordinator.config_entry
        model = coordinator.classifier
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            name=entry.title,
            manufacturer="Cry Detector",
            model=f"{model.manifest.name} {model.manifest.version} ({model.runtime})",
            sw_version=coordinator.version,
        )

    @property
    @override
    def available(self) -> bool:
        """Return whether what it shows is known."""
        return not self._needs_sound or super().available

    @override
    async def async_update(self) -> None:
        """Do nothing: what is heard comes by itself, and cannot be asked for."""
