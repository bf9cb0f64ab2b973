"""What triggers and conditions have in common: the entities of ours that they are about."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN


def entities_with_key(hass: HomeAssistant, entities: set[str], key: str) -> set[str]:
    """Return those of the entities that are a detector's entity of that key.

    A device class would not do: Loud sound has the one of Crying, and what other
    integrations call a sound is no baby.
    """
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entities
        if (entry := registry.async_get(entity_id))
        and entry.platform == DOMAIN
        and entry.unique_id == f"{entry.config_entry_id}_{key}"
    }
