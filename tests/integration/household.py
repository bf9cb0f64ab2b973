"""What automations work with in a house: phones, a light and a speaker, as real entities of Home Assistant."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, override

from homeassistant.components.light import ATTR_BRIGHTNESS, ColorMode, LightEntity
from homeassistant.components.media_player import (
    MediaPlayerEntity,
    MediaPlayerEntityFeature,
    MediaPlayerState,
    RepeatMode,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.template import render_complex
from homeassistant.helpers.typing import ConfigType, TemplateVarsType
from homeassistant.setup import async_setup_component
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    async_mock_service,
    mock_integration,
    mock_platform,
    setup_test_component_platform,
)
import voluptuous as vol

from tests.integration.nursery import async_settle

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"


# The real one brings speech recognition with it, for which there is no room in a test.
PHONE_ACTION = cv.DEVICE_ACTION_BASE_SCHEMA.extend(
    {
        vol.Required("type"): "notify",
        vol.Required("message"): cv.template,
        vol.Optional("title"): cv.template,
        vol.Optional("data"): cv.template_complex,
    }
)


async def async_send(
    hass: HomeAssistant,
    config: ConfigType,
    variables: TemplateVarsType,
    context: Context | None,
) -> None:
    """Send a notice as the device action of Home Assistant's mobile_app does."""
    device = dr.async_get(hass).async_get(config["device_id"])
    assert device
    assert device.name
    data = {
        key: render_complex(config[key], variables)
        for key in ("message", "title", "data")
        if key in config
    }
    await hass.services.async_call(
        "notify",
        f"mobile_app_{slugify(device.name)}",
        data,
        blocking=True,
        context=context,
    )


class Phone:
    """A parent's phone with Home Assistant's app; what is sent to it is noted."""

    def __init__(self, hass: HomeAssistant, name: str) -> None:
        """Register it as its app does."""
        self._hass = hass
        self._name = name
        self.calls: list[ServiceCall] = async_mock_service(
            hass, "notify", f"mobile_app_{slugify(name)}"
        )
        entry = MockConfigEntry(domain="mobile_app", title=name)
        entry.add_to_hass(hass)
        entry.mock_state(hass, ConfigEntryState.LOADED)
        mock_integration(hass, MockModule("mobile_app"))
        mock_platform(
            hass,
            "mobile_app.device_action",
            SimpleNamespace(
                ACTION_SCHEMA=PHONE_ACTION, async_call_action_from_config=async_send
            ),
        )
        hass.config.components.add("mobile_app")
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={("mobile_app", name)},
            name=name,
        )
        self.device_id = device.id

    def go_offline(self) -> None:
        """Fail whatever is sent from now on; it is noted all the same."""
        self.calls = async_mock_service(
            self._hass,
            "notify",
            f"mobile_app_{slugify(self._name)}",
            raise_exception=HomeAssistantError("The phone is offline"),
        )

    @property
    def messages(self) -> list[str]:
        """Return the messages that were sent to it."""
        return [call.data["message"] for call in self.calls]

    @property
    def last(self) -> Mapping[str, Any]:
        """Return the last notice that it got."""
        return self.calls[-1].data

    async def async_tap(self, title: str) -> None:
        """Tap a button of the last notice that had some."""
        buttons = next(
            call.data["data"]["actions"]
            for call in reversed(self.calls)
            if "actions" in call.data["data"]
        )
        [action] = [button["action"] for button in buttons if button["title"] == title]
        self._hass.bus.async_fire("mobile_app_notification_action", {"action": action})
        await async_settle(self._hass)


class Lamp(LightEntity):
    """A lamp that can be dimmed and has a color temperature."""

    _attr_name = "Lamp"
    _attr_should_poll = False
    _attr_color_mode = ColorMode.COLOR_TEMP
    _attr_supported_color_modes = {ColorMode.COLOR_TEMP}
    _attr_is_on = False

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Shine."""
        self._attr_is_on = True
        self._attr_brightness = kwargs.get(ATTR_BRIGHTNESS, self._attr_brightness)
        self._attr_color_temp_kelvin = kwargs.get(
            "color_temp_kelvin", self._attr_color_temp_kelvin
        )
        self.async_write_ha_state()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Do not."""
        self._attr_is_on = False
        self.async_write_ha_state()


class Speaker(MediaPlayerEntity):
    """A speaker that plays whatever it is given."""

    _attr_name = "Speaker"
    _attr_should_poll = False
    _attr_state = MediaPlayerState.IDLE
    _attr_volume_level = 0.6
    _attr_supported_features = (
        MediaPlayerEntityFeature.PLAY_MEDIA
        | MediaPlayerEntityFeature.REPEAT_SET
        | MediaPlayerEntityFeature.STOP
        | MediaPlayerEntityFeature.VOLUME_SET
    )

    @override
    async def async_play_media(
        self, media_type: str, media_id: str, **kwargs: Any
    ) -> None:
        """Play."""
        self._attr_state = MediaPlayerState.PLAYING
        self._attr_media_content_id = media_id
        self.async_write_ha_state()

    @override
    async def async_media_stop(self) -> None:
        """Stop playing."""
        self._attr_state = MediaPlayerState.IDLE
        self.async_write_ha_state()

    @override
    async def async_set_volume_level(self, volume: float) -> None:
        """Play louder or softer."""
        self._attr_volume_level = volume
        self.async_write_ha_state()

    @override
    async def async_set_repeat(self, repeat: RepeatMode) -> None:
        """Play again."""
        self._attr_repeat = repeat
        self.async_write_ha_state()


async def async_add_lamp(hass: HomeAssistant) -> str:
    """Add a lamp; return its entity."""
    lamp = Lamp()
    setup_test_component_platform(hass, "light", [lamp])
    assert await async_setup_component(hass, "light", {"light": {"platform": "test"}})
    await hass.async_block_till_done()
    return lamp.entity_id


async def async_add_speaker(hass: HomeAssistant) -> str:
    """Add a speaker; return its entity."""
    speaker = Speaker()
    setup_test_component_platform(hass, "media_player", [speaker])
    assert await async_setup_component(
        hass, "media_player", {"media_player": {"platform": "test"}}
    )
    await hass.async_block_till_done()
    return speaker.entity_id
