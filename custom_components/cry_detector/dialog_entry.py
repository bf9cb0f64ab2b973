"""The detector that a dialog is about, which may be removed while the dialog stands open."""

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow

from .coordinator import CryDetectorConfigEntry


def entry_of_dialog(hass: HomeAssistant, entry_id: str) -> CryDetectorConfigEntry:
    """Return a dialog's entry.

    Raises:
        AbortFlow: it was removed, which ends the dialog.
    """
    entry: CryDetectorConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None:
        raise AbortFlow("removed")
    return entry
