"""The forms that ask for a source, one for each kind."""

from enum import StrEnum
from typing import Any

from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.const import (
    CONF_DEVICE,
    CONF_ENTITY_ID,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_PATH,
    CONF_URL,
    CONF_USERNAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .const import CONF_LOOP, SourceKind
from .engine.sources.microphone import check_device, list_microphones
from .engine.sources.urls import check_url

CONF_DECISION = "decision"

DEFAULT_MICROPHONE = "default"
DEFAULT_NAME = "Nursery"
EXAMPLE_URL = "rtsp://user:password@192.168.1.20/nursery"

NAME_FIELD = {vol.Required(CONF_NAME, default=DEFAULT_NAME): TextSelector()}


class Decision(StrEnum):
    """How to go on when a source has been heard."""

    ADD = "add"
    USE = "use"
    """Give it to the detector that there is."""
    LISTEN = "listen"
    CHANGE = "change"
    """Choose another source."""


async def async_source_fields(
    hass: HomeAssistant, kind: SourceKind
) -> dict[vol.Marker, Any]:
    """Return the fields of the form for a kind of source."""
    match kind:
        case SourceKind.MICROPHONE:
            selector = await _async_microphone_selector(hass)
            return {vol.Required(CONF_DEVICE, default=DEFAULT_MICROPHONE): selector}
        case SourceKind.CAMERA:
            cameras = EntitySelector(EntitySelectorConfig(domain="camera"))
            return {vol.Required(CONF_ENTITY_ID): cameras}
        case SourceKind.STREAM:
            url = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
            return {vol.Required(CONF_URL): url}
        case SourceKind.FILE:
            return {
                vol.Required(CONF_PATH): TextSelector(),
                vol.Required(CONF_LOOP, default=True): BooleanSelector(),
            }


async def _async_microphone_selector(hass: HomeAssistant) -> SelectSelector:
    """Return a list of this machine's microphones that takes other names as well."""
    ffmpeg = get_ffmpeg_manager(hass).binary
    found = await hass.async_add_executor_job(list_microphones, ffmpeg)
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(
                    value=microphone.name,
                    label=f"{microphone.description} ({microphone.name})",
                )
                for microphone in found
            ],
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def check_shape(kind: SourceKind, source: str) -> None:
    """Refuse what cannot be right however the source is.

    Raises:
        InvalidSourceError: with what to write instead.
    """
    if kind is SourceKind.STREAM:
        check_url(source)
    elif kind is SourceKind.MICROPHONE:
        check_device(source)


def reauth_schema(user: str) -> vol.Schema:
    """Return the form that asks for the user name and the password of a stream."""
    return vol.Schema(
        {
            vol.Optional(
                CONF_USERNAME, description={"suggested_value": user}
            ): TextSelector(TextSelectorConfig(autocomplete="username")),
            vol.Optional(CONF_PASSWORD): TextSelector(
                TextSelectorConfig(
                    type=TextSelectorType.PASSWORD, autocomplete="current-password"
                )
            ),
        }
    )


def decision_schema(choices: list[Decision]) -> vol.Schema:
    """Return the form that asks how to go on, the first choice chosen."""
    selector = SelectSelector(
        SelectSelectorConfig(
            options=[choice.value for choice in choices],
            mode=SelectSelectorMode.LIST,
            translation_key=CONF_DECISION,
        )
    )
    return vol.Schema({vol.Required(CONF_DECISION, default=choices[0].value): selector})
