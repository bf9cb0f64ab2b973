"""Cry Detector: a listener for each config entry."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from homeassistant.loader import async_get_integration

from .bus import async_fire_cries
from .const import CONF_MODEL, DOMAIN
from .coordinator import CryDetectorConfigEntry, CryDetectorCoordinator
from .errors import NoSoundError
from .models import async_load_classifier
from .renamed_cameras import async_follow_cameras
from .repairs import async_model_broken, async_watch
from .services import async_setup_services
from .storage import DetectorStore

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which are there without any detector, too, and follow cameras."""
    async_setup_services(hass)
    async_follow_cameras(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: CryDetectorConfigEntry) -> bool:
    """Start listening; what depends on sound becomes available when some arrives."""
    try:
        classifier = await async_load_classifier(
            hass, entry.options.get(CONF_MODEL, "")
        )
    except NoSoundError as err:
        async_model_broken(hass, entry, err)
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err
    store = DetectorStore(hass, entry.entry_id)
    await store.async_load()
    integration = await async_get_integration(hass, DOMAIN)
    coordinator = CryDetectorCoordinator(
        hass, entry, classifier, str(integration.version), store
    )
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(async_fire_cries(hass, entry))
    async_watch(hass, entry)
    coordinator.async_start()
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: CryDetectorConfigEntry
) -> bool:
    """Close the source, and take the entities away.

    In this order: an episode that this cuts off ends while there is still an entity that
    says so. What cannot be taken away would say of a closed source that it hears, so that
    it listens again.
    """
    coordinator = entry.runtime_data
    await coordinator.async_close()
    unloaded = False
    try:
        unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    finally:
        if not unloaded:
            coordinator.async_start()
    return unloaded


async def async_remove_entry(
    hass: HomeAssistant, entry: CryDetectorConfigEntry
) -> None:
    """Remove what was stored of it."""
    await DetectorStore(hass, entry.entry_id).async_remove()
