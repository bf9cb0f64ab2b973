"""Cry Detector: a listener for each config entry."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.loader import async_get_integration

from .const import DOMAIN
from .coordinator import CryDetectorConfigEntry, CryDetectorCoordinator
from .errors import NoSoundError
from .listening import async_load_classifier

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]


async def async_setup_entry(hass: HomeAssistant, entry: CryDetectorConfigEntry) -> bool:
    """Start listening; the entities become available when sound arrives."""
    try:
        classifier = await async_load_classifier(hass)
    except NoSoundError as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err
    integration = await async_get_integration(hass, DOMAIN)
    coordinator = CryDetectorCoordinator(
        hass, entry, classifier, str(integration.version)
    )
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    # Unloading and shutting down cancel it, and wait until the thread has ended.
    entry.async_create_background_task(
        hass, coordinator.async_run(), name=f"{DOMAIN} {entry.title}"
    )
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: CryDetectorConfigEntry
) -> bool:
    """Take the entities away; the listening ends with the entry's background task."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
