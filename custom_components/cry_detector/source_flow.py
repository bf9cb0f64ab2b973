"""The pages of a source: choose it -> listen to it -> decide what becomes of it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
import logging
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_NAME, CONF_URL
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.event import async_call_later
import voluptuous as vol

from .const import CONF_SOURCE, DOMAIN, SOURCE_FIELDS, SourceKind
from .coordinator import CryDetectorConfigEntry
from .dialog_entry import entry_of_dialog
from .engine.errors import InvalidSourceError
from .engine.sources.urls import with_plain_scheme
from .errors import NoSoundError, no_sound_error
from .impression import Impression
from .preview import async_setup_preview, trials
from .source_forms import (
    CONF_DECISION,
    DEFAULT_NAME,
    EXAMPLE_URL,
    NAME_FIELD,
    Decision,
    async_source_fields,
    check_shape,
    decision_schema,
)
from .source_key import source_key
from .trial import Trial
from .words import Words

_LOGGER = logging.getLogger(__name__)

# How long a change of the source waits for the user's next step. The frontend leaves the
# flow behind when a dialog is closed that Repairs has led to, and as long as it is there,
# Home Assistant asks for no password.
ABANDONED_S: Final = 900.0

# What is wrong with what was entered, rather than with what it leads to.
_FIELD_ERRORS = {
    "camera_unavailable",
    "file_not_found",
    "invalid_source",
    "no_stream",
    "path_not_allowed",
}


class SourceFlow(ConfigFlow):
    """Lets the user choose a source, and hear it before anything is done with it."""

    def __init__(self) -> None:
        """Start with nothing entered."""
        self._kind = SourceKind.MICROPHONE
        self._name = DEFAULT_NAME
        self._entered: dict[str, Any] = {}
        """What the user entered last, shown again when something is wrong with it."""
        self._trial: Trial | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._impression: Impression | None = None
        self._next_step: str = self._kind
        """Where the flow goes when the source has been tried: back, if that fails."""
        self._errors: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self._cancel_end: CALLBACK_TYPE | None = None

    @staticmethod
    @override
    async def async_setup_preview(hass: HomeAssistant) -> None:
        """Let the frontend ask for the live preview."""
        async_setup_preview(hass)

    @callback
    @override
    def async_remove(self) -> None:
        """Stop listening when the flow is over, however that came."""
        trials(self.hass).pop(self.flow_id, None)
        if self._trial:
            self._trial.async_cancel()
        if self._cancel_end:
            self._cancel_end()

    @callback
    def async_await_user(self) -> None:
        """Wait anew for the user's next step; a change of the source ends without one."""
        if self.source != SOURCE_RECONFIGURE:
            return
        if self._cancel_end:
            self._cancel_end()

        @callback
        def end(_now: datetime) -> None:
            self._cancel_end = None
            if self._trial and self._trial.is_watched:
                self.async_await_user()
            else:
                self.hass.config_entries.flow.async_abort(self.flow_id)

        self._cancel_end = async_call_later(
            self.hass, ABANDONED_S, HassJob(end, cancel_on_shutdown=True)
        )

    @callback
    def show_kinds(self) -> ConfigFlowResult:
        """Show the menu that a source is chosen from."""
        return self.async_show_menu(
            step_id="user" if self.source == SOURCE_USER else "reconfigure",
            menu_options=list(SourceKind),
            description_placeholders={CONF_NAME: self._name},
        )

    async def async_step_microphone(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a microphone."""
        return await self._async_step_source(SourceKind.MICROPHONE, user_input)

    async def async_step_camera(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a camera."""
        return await self._async_step_source(SourceKind.CAMERA, user_input)

    async def async_step_stream(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the URL of a stream."""
        return await self._async_step_source(SourceKind.STREAM, user_input)

    async def async_step_file(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a file."""
        return await self._async_step_source(SourceKind.FILE, user_input)

    async def _async_step_source(
        self, kind: SourceKind, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for a source of a kind, and go on with it where nothing is wrong with it."""
        self.async_await_user()
        if user_input:
            self._take(kind, user_input)
            if not self._errors:
                self._abort_if_taken()
                if self._is_heard_already:
                    return await self.async_step_finish()
                return await self.async_step_listen()
        errors, self._errors = self._errors, {}
        fields = await async_source_fields(self.hass, kind)
        if self.source == SOURCE_USER:
            fields = NAME_FIELD | fields
        return self.async_show_form(
            step_id=kind,
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(fields), self._entered
            ),
            errors=errors,
            description_placeholders={"example_url": EXAMPLE_URL} | self._placeholders,
            last_step=False,
        )

    @callback
    def _take(self, kind: SourceKind, user_input: dict[str, Any]) -> None:
        """Take what was entered, and note what can be seen to be wrong with it."""
        self._kind = kind
        self._entered = {
            key: value.strip() if isinstance(value, str) else value
            for key, value in user_input.items()
        }
        if self.source == SOURCE_USER:
            self._name = self._entered[CONF_NAME] or DEFAULT_NAME
        try:
            check_shape(kind, self._entered[SOURCE_FIELDS[kind]])
            if kind is SourceKind.STREAM:
                self._entered[CONF_URL] = with_plain_scheme(self._entered[CONF_URL])
        except InvalidSourceError as err:
            self._fail(no_sound_error(err))

    async def async_step_listen(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Listen to the source for some seconds, and show how far that is."""
        if self._hearing is None:
            self._next_step = self._source_step
            options = {} if self._entry is None else self._entry.options
            # A background task: Home Assistant cancels it when the flow is closed, and
            # does not wait for it when it stops.
            self._hearing = self.hass.async_create_background_task(
                self._async_hear(options),
                f"{DOMAIN} {self._name} hearing",
                eager_start=False,
            )
        if not self._hearing.done():
            return self.async_show_progress(
                step_id="listen",
                progress_action="listen",
                progress_task=self._hearing,
                description_placeholders={CONF_NAME: self._name},
            )
        self._hearing = None
        return self.async_show_progress_done(next_step_id=self._next_step)

    async def _async_hear(self, options: Mapping[str, Any]) -> None:
        """Listen to the source, and decide where the flow goes on."""
        await self._async_stop_trial()
        self._trial = Trial(self.hass, self._name, self._data, options)
        try:
            self._impression = await self._trial.async_hear(self.async_update_progress)
            trials(self.hass)[self.flow_id] = self._trial
            self._next_step = "finish" if self.source == SOURCE_REAUTH else "result"
        except NoSoundError as err:
            self._fail(err)
        except Exception:
            _LOGGER.exception("%s: unexpected error while trying it", self._name)
            self._fail(NoSoundError("unknown"))
        finally:
            if self._next_step == self._source_step:
                await self._async_stop_trial()

    async def async_step_result(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what was heard, show what can be heard now, and let the user decide."""
        self.async_await_user()
        if user_input:
            match user_input[CONF_DECISION]:
                case Decision.LISTEN:
                    return await self.async_step_listen()
                case Decision.CHANGE:
                    await self._async_stop_trial()
                    return self.show_kinds()
                case _:
                    return await self.async_step_finish()
        assert self._impression is not None
        heard, words = self._impression, await Words.async_load(self.hass)
        accept = Decision.ADD if self.source == SOURCE_USER else Decision.USE
        choices = [accept, Decision.LISTEN, Decision.CHANGE]
        if not heard.verdict.usable:
            # Some cameras send digital silence while nobody speaks, so it is not refused.
            choices = [Decision.LISTEN, Decision.CHANGE, accept]
        return self.async_show_form(
            step_id="result",
            data_schema=decision_schema(choices),
            description_placeholders={
                CONF_NAME: self._name,
                "verdict": words.verdict(heard.verdict),
                "level": f"{heard.level_dbfs:.0f}",
                "noise_floor": f"{heard.noise_floor_dbfs:.0f}",
                "label": words.label(heard.label),
                "confidence": f"{100.0 * heard.confidence:.0f}",
            },
            preview=DOMAIN,
        )

    async def async_step_finish(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Do with the source what the flow is for."""
        raise NotImplementedError

    @property
    def _entry(self) -> CryDetectorConfigEntry | None:
        """Return the detector that this flow is about, if there is one already."""
        if self.source == SOURCE_USER:
            return None
        return entry_of_dialog(self.hass, self.context["entry_id"])

    @property
    def _is_heard_already(self) -> bool:
        """Return whether the detector listens to this very source.

        Some can be opened only once: a trial would be refused.
        """
        entry = self._entry
        return (
            entry is not None
            and dict(entry.data) == self._data
            and entry.state is ConfigEntryState.LOADED
            and entry.runtime_data.audio_ok
        )

    @property
    def _source_step(self) -> str:
        """Return the step in which the source was entered."""
        return "reauth_confirm" if self.source == SOURCE_REAUTH else self._kind

    @property
    def _data(self) -> dict[str, Any]:
        """Return what the entry will hold: everything but the name, which is its title."""
        entered = {key: val for key, val in self._entered.items() if key != CONF_NAME}
        return {**entered, CONF_SOURCE: self._kind.value}

    @callback
    def _fail(self, err: NoSoundError) -> None:
        """Note what is wrong, for the step in which it was entered."""
        key = err.translation_key
        placeholders = err.translation_placeholders or {}
        if err.is_refusal:
            key = "invalid_auth"
        field = SOURCE_FIELDS[self._kind] if key in _FIELD_ERRORS else "base"
        self._errors = {field: key}
        self._placeholders = placeholders

    @callback
    def _abort_if_taken(self) -> None:
        """End the flow if another detector listens to the same source."""
        wanted = source_key(self._data)
        for entry in self._async_current_entries():
            if entry is not self._entry and source_key(entry.data) == wanted:
                raise AbortFlow("already_configured")

    async def _async_stop_trial(self) -> None:
        """Close the source; some can be opened only once."""
        trials(self.hass).pop(self.flow_id, None)
        if self._trial:
            await self._trial.async_close()
            self._trial = None
