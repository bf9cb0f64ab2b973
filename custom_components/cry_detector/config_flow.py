"""Choose a source -> listen to it -> the entry: no detector is added that has not been heard."""

import asyncio
import logging
from typing import Any, override

from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import (
    CONF_DEVICE,
    CONF_ENTITY_ID,
    CONF_NAME,
    CONF_PATH,
    CONF_URL,
)
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .const import CONF_LOOP, CONF_SOURCE, DOMAIN, SOURCE_FIELDS, SourceKind
from .engine.sources.microphone import list_microphones
from .errors import NoSoundError
from .listening import async_try_source

_LOGGER = logging.getLogger(__name__)

DEFAULT_NAME = "Nursery"
DEFAULT_MICROPHONE = "default"
EXAMPLE_URL = "rtsp://user:password@192.168.1.20/nursery"

# What is wrong with what was entered, rather than with what it leads to.
_FIELD_ERRORS = {
    "camera_unavailable",
    "file_not_found",
    "invalid_source",
    "no_stream",
    "path_not_allowed",
}


class CryDetectorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a detector."""

    VERSION = 1

    def __init__(self) -> None:
        """Start with nothing entered."""
        self._kind = SourceKind.MICROPHONE
        self._entered: dict[str, Any] = {}
        """What the user entered last, shown again when something is wrong with it."""
        self._trial: asyncio.Task[None] | None = None
        self._next_step: str = self._kind
        """Where the flow goes when the source has been tried: back, if that fails."""
        self._errors: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the kind of source."""
        return self.async_show_menu(step_id="user", menu_options=list(SourceKind))

    async def async_step_microphone(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a microphone."""
        if user_input:
            return await self._async_submit(SourceKind.MICROPHONE, user_input)
        ffmpeg = get_ffmpeg_manager(self.hass).binary
        found = await self.hass.async_add_executor_job(list_microphones, ffmpeg)
        selector = SelectSelector(
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
        return self._show_source_form(
            SourceKind.MICROPHONE,
            {vol.Required(CONF_DEVICE, default=DEFAULT_MICROPHONE): selector},
        )

    async def async_step_camera(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a camera."""
        if user_input:
            return await self._async_submit(SourceKind.CAMERA, user_input)
        selector = EntitySelector(EntitySelectorConfig(domain="camera"))
        return self._show_source_form(
            SourceKind.CAMERA, {vol.Required(CONF_ENTITY_ID): selector}
        )

    async def async_step_stream(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the URL of a stream."""
        if user_input:
            return await self._async_submit(SourceKind.STREAM, user_input)
        selector = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
        return self._show_source_form(
            SourceKind.STREAM, {vol.Required(CONF_URL): selector}
        )

    async def async_step_file(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a file."""
        if user_input:
            return await self._async_submit(SourceKind.FILE, user_input)
        return self._show_source_form(
            SourceKind.FILE,
            {
                vol.Required(CONF_PATH): TextSelector(),
                vol.Required(CONF_LOOP, default=True): BooleanSelector(),
            },
        )

    async def _async_submit(
        self, kind: SourceKind, user_input: dict[str, Any]
    ) -> ConfigFlowResult:
        """Try the source that was entered."""
        self._kind = kind
        self._entered = {
            key: value.strip() if isinstance(value, str) else value
            for key, value in user_input.items()
        }
        self._entered[CONF_NAME] = self._entered[CONF_NAME] or DEFAULT_NAME
        self._abort_if_taken()
        return await self.async_step_listen()

    @callback
    def _show_source_form(
        self, kind: SourceKind, fields: dict[vol.Marker, Selector[Any]]
    ) -> ConfigFlowResult:
        """Ask for a source of a kind, or again when something was wrong with it."""
        errors, self._errors = self._errors, {}
        schema = vol.Schema(
            {vol.Required(CONF_NAME, default=DEFAULT_NAME): TextSelector(), **fields}
        )
        return self.async_show_form(
            step_id=kind,
            data_schema=self.add_suggested_values_to_schema(schema, self._entered),
            errors=errors,
            description_placeholders={"example_url": EXAMPLE_URL} | self._placeholders,
        )

    async def async_step_listen(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Listen to the source for some seconds, and show how far that is."""
        if self._trial is None:
            self._next_step = self._kind
            # A background task: Home Assistant cancels it when the flow is closed, and
            # does not wait for it when it stops.
            self._trial = self.hass.async_create_background_task(
                self._async_try_source(),
                f"{DOMAIN} {self._entered[CONF_NAME]} trial",
                eager_start=False,
            )
        if not self._trial.done():
            return self.async_show_progress(
                step_id="listen",
                progress_action="listen",
                progress_task=self._trial,
                description_placeholders={CONF_NAME: self._entered[CONF_NAME]},
            )
        self._trial = None
        return self.async_show_progress_done(next_step_id=self._next_step)

    async def _async_try_source(self) -> None:
        """Listen to the source, and decide where the flow goes on."""
        try:
            trial = await async_try_source(
                self.hass,
                self._entered[CONF_NAME],
                self._data(),
                self.async_update_progress,
            )
        except NoSoundError as err:
            self._fail(err.translation_key, err.translation_placeholders)
        except Exception:
            _LOGGER.exception("Unexpected error while trying a source")
            self._fail("unknown", None)
        else:
            self._next_step = "silent" if trial.silent else "finish"

    @callback
    def _fail(self, key: str, placeholders: dict[str, str] | None) -> None:
        field = SOURCE_FIELDS[self._kind] if key in _FIELD_ERRORS else "base"
        self._errors = {field: key}
        self._placeholders = placeholders or {}

    async def async_step_silent(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user decide about a source that gives digital silence.

        It is a muted microphone or the wrong one, as a rule; but some cameras send
        nothing else while nobody speaks, so it is not refused.
        """
        return self.async_show_menu(
            step_id="silent", menu_options=["listen", self._kind, "finish"]
        )

    async def async_step_finish(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the detector."""
        # Another flow may have added the same source while this one was listening.
        self._abort_if_taken()
        return self.async_create_entry(
            title=self._entered[CONF_NAME], data=self._data()
        )

    def _data(self) -> dict[str, Any]:
        """Return what the entry will hold: everything but the name, which is its title."""
        entered = {key: val for key, val in self._entered.items() if key != CONF_NAME}
        return {CONF_SOURCE: self._kind.value, **entered}

    @callback
    def _abort_if_taken(self) -> None:
        """End the flow if another detector listens to the same source."""
        field = SOURCE_FIELDS[self._kind]
        self._async_abort_entries_match(
            {CONF_SOURCE: self._kind.value, field: self._entered[field]}
        )
