"""A detector goes on listening to its camera when that is given another entity id."""

from homeassistant.const import CONF_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import CONF_SOURCE, DOMAIN, SourceKind


@callback
def async_follow_cameras(hass: HomeAssistant) -> None:
    """Write a camera's new entity id into the entries of the detectors that listen to it.

    Theirs are looked at whether they are set up or not. Nothing is reloaded: the stream that
    is open goes on, and the new id is asked for the next one.
    """

    @callback
    def renamed(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        data = event.data
        if data["action"] != "update" or "old_entity_id" not in data:
            return
        old, new = data["old_entity_id"], data["entity_id"]
        for entry in hass.config_entries.async_entries(DOMAIN):
            if (
                entry.data[CONF_SOURCE] == SourceKind.CAMERA
                and entry.data[CONF_ENTITY_ID] == old
            ):
                hass.config_entries.async_update_entry(
                    entry, data={**entry.data, CONF_ENTITY_ID: new}
                )

    hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, renamed)
