"""The words of the logbook: "Nursery cried for 3 minutes 20 seconds"."""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_NAME
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .bus import ATTR_DURATION, ATTR_SOUND_LOST, ATTR_TEST, ATTR_TYPE, EVENT_CRY
from .const import DOMAIN
from .cries import CryEventKind

_ICONS: Final = {
    CryEventKind.STARTED: "mdi:emoticon-cry-outline",
    CryEventKind.STILL_CRYING: "mdi:emoticon-cry-outline",
    CryEventKind.ENDED: "mdi:emoticon-happy-outline",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None],
) -> None:
    """Tell the logbook what our events mean."""

    @callback
    def describe(event: Event) -> dict[str, Any]:
        data = event.data
        device = dr.async_get(hass).async_get(data[ATTR_DEVICE_ID] or "")
        # By the name that it has now, as everything else that the logbook shows.
        name = device and (device.name_by_user or device.name)
        message = _message(data[ATTR_TYPE], data[ATTR_DURATION], data[ATTR_SOUND_LOST])
        return {
            LOGBOOK_ENTRY_NAME: name or data[ATTR_NAME],
            LOGBOOK_ENTRY_MESSAGE: f"{message} (test alarm)"
            if data[ATTR_TEST]
            else message,
            LOGBOOK_ENTRY_ENTITY_ID: data[ATTR_ENTITY_ID],
            LOGBOOK_ENTRY_ICON: _ICONS[data[ATTR_TYPE]],
        }

    async_describe_event(DOMAIN, EVENT_CRY, describe)


def _message(kind: CryEventKind, duration_s: int, sound_lost: bool) -> str:
    if kind == CryEventKind.STARTED:
        return "started crying"
    lasted = spoken(duration_s)
    if kind == CryEventKind.STILL_CRYING:
        return f"has been crying for {lasted}"
    if sound_lost:
        return f"cried for {lasted}, until the sound was lost"
    return f"cried for {lasted}"


def spoken(duration_s: int) -> str:
    """Return a duration as it is said: `3 minutes 20 seconds`, `1 hour 2 minutes`."""
    minutes, seconds = divmod(max(1, duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute")]
    if not hours:
        # Nobody says the seconds of an hour.
        parts.append((seconds, "second"))
    return " ".join(
        f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count
    )
