"""Has a stream's password asked for when its server refuses the one that is known."""

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant, callback

from .const import CONF_SOURCE, SourceKind
from .coordinator import CryDetectorConfigEntry


@callback
def async_watch_password(hass: HomeAssistant, entry: CryDetectorConfigEntry) -> None:
    """Ask for the password while it is refused, until the detector is unloaded.

    Cameras and go2rtc keep their own: there is nothing to ask for here.
    """
    if entry.data[CONF_SOURCE] != SourceKind.STREAM:
        return
    coordinator = entry.runtime_data

    @callback
    def check() -> None:
        if coordinator.audio_ok:
            # It is taken again, as after a restart of the camera: nobody need be asked.
            for flow in entry.async_get_active_flows(hass, {SOURCE_REAUTH}):
                hass.config_entries.flow.async_abort(flow["flow_id"])
        elif coordinator.loss is not None and coordinator.loss.is_refusal:
            entry.async_start_reauth(hass)

    entry.async_on_unload(coordinator.async_add_listener(check))
