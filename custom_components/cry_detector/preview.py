"""The live preview in the dialogs: the level and the confidence, as they are heard now."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components import websocket_api
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.util.hass_dict import HassKey
import voluptuous as vol

from .const import DOMAIN
from .coordinator import CryDetectorConfigEntry, CryDetectorCoordinator
from .engine.observation import Observation
from .errors import NoSoundError
from .option_forms import from_form
from .settings import Settings
from .trial import Trial
from .words import Words

_TRIALS: HassKey[dict[str, Trial]] = HassKey(f"{DOMAIN}_trials")

# Why a dialog that was closed, or whose detector does not run, has no preview.
_OVER: Final = NoSoundError("no_preview")

_ICON: Final = "mdi:microphone"
_ICON_CRYING: Final = "mdi:emoticon-cry-outline"
_ICON_LOST: Final = "mdi:microphone-off"


@callback
def trials(hass: HomeAssistant) -> dict[str, Trial]:
    """Return the trials that the open config flows show a preview of, by flow id."""
    return hass.data.setdefault(_TRIALS, {})


@callback
def async_setup_preview(hass: HomeAssistant) -> None:
    """Register what the frontend asks for a preview by."""
    websocket_api.async_register_command(hass, _ws_start_preview)


class _Preview:
    """Sends what is heard to one dialog, which shows it as the state of an entity."""

    def __init__(
        self,
        connection: websocket_api.ActiveConnection,
        msg_id: int,
        name: str,
        words: Words,
    ) -> None:
        self._connection = connection
        self._id = msg_id
        self._name = name
        self._words = words

    @callback
    def async_watch_trial(self, trial: Trial) -> CALLBACK_TYPE:
        """Show what a config flow's source gives; return what ends that."""
        self._send(self._words.waiting, _ICON)
        return trial.async_watch(self._async_heard, self._async_over)

    @callback
    def async_watch_detector(
        self, entry: CryDetectorConfigEntry, form: Mapping[str, Any]
    ) -> CALLBACK_TYPE:
        """Show what a detector hears while it runs, as with what a form says; return what ends that."""
        unwatch: CALLBACK_TYPE | None = None

        @callback
        def follow() -> None:
            nonlocal unwatch
            if unwatch:
                unwatch()
                unwatch = None
            if entry.state is ConfigEntryState.LOADED:
                unwatch = self._async_watch_coordinator(entry.runtime_data, form)
            else:
                self._send(self._words.loss(_OVER), _ICON_LOST)

        follow()
        unfollow = entry.async_on_state_change(follow)

        @callback
        def end() -> None:
            unfollow()
            if unwatch:
                unwatch()

        return end

    @callback
    def _async_watch_coordinator(
        self, coordinator: CryDetectorCoordinator, form: Mapping[str, Any]
    ) -> CALLBACK_TYPE:
        """Show what it hears until it is unloaded; return what ends that."""

        @callback
        def heard(observation: Observation) -> None:
            # The settings in use may be changed by an entity while the form is open.
            settings = _settings(coordinator, form)
            more_db = settings.gain_db - coordinator.settings.gain_db
            is_crying = observation.confidence >= settings.on_threshold
            state = self._words.levels_of(observation, more_db, settings.on_threshold)
            self._send(state, _ICON_CRYING if is_crying else _ICON)

        @callback
        def changed() -> None:
            loss = coordinator.loss
            if not coordinator.listening:
                loss = NoSoundError("not_listening", name=coordinator.name)
            if loss is not None and not coordinator.audio_ok:
                self._send(self._words.loss(loss), _ICON_LOST)

        self._send(self._words.waiting, _ICON)
        changed()
        unwatch = coordinator.async_listen_to_observations(heard)
        remove_listener = coordinator.async_add_listener(changed)

        @callback
        def end() -> None:
            unwatch()
            remove_listener()

        return end

    @callback
    def _async_heard(self, observation: Observation) -> None:
        icon = _ICON_CRYING if observation.crying else _ICON
        self._send(self._words.levels(observation), icon)

    @callback
    def _async_over(self, loss: NoSoundError) -> None:
        """Say why no more will come."""
        self._event({"error": self._words.loss(loss)})

    def _send(self, state: str, icon: str) -> None:
        attributes = {"friendly_name": self._name, "icon": icon}
        # The frontend shows the state of a sensor as it is.
        self._event({"domain": "sensor", "state": state, "attributes": attributes})

    def _event(self, event: Mapping[str, Any]) -> None:
        self._connection.send_message(websocket_api.event_message(self._id, event))


@websocket_api.require_admin
@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/start_preview",
        vol.Required("flow_id"): str,
        vol.Required("flow_type"): vol.Any("config_flow", "options_flow"),
        vol.Required("user_input"): dict,
    }
)
@websocket_api.async_response
async def _ws_start_preview(
    hass: HomeAssistant,
    connection: websocket_api.ActiveConnection,
    msg: dict[str, Any],
) -> None:
    """Send what is heard until the dialog is closed, or shows something else."""
    words = await Words.async_load(hass)
    if msg["flow_type"] == "config_flow":
        trial = trials(hass).get(msg["flow_id"])
        if trial is None:
            connection.send_error(
                msg["id"], websocket_api.ERR_NOT_FOUND, words.loss(_OVER)
            )
            return
        preview = _Preview(connection, msg["id"], trial.name, words)
        connection.send_result(msg["id"])
        connection.subscriptions[msg["id"]] = preview.async_watch_trial(trial)
        return

    entry = _entry_of(hass, msg["flow_id"])
    if entry is None:
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, words.loss(_OVER))
        return
    preview = _Preview(connection, msg["id"], entry.title, words)
    connection.send_result(msg["id"])
    connection.subscriptions[msg["id"]] = preview.async_watch_detector(
        entry, msg["user_input"]
    )


def _entry_of(hass: HomeAssistant, flow_id: str) -> CryDetectorConfigEntry | None:
    """Return the detector whose options a dialog shows, if it runs."""
    try:
        flow = hass.config_entries.options.async_get(flow_id)
    except UnknownFlow:
        return None
    entry = hass.config_entries.async_get_entry(flow["handler"])
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    return entry


def _settings(coordinator: CryDetectorCoordinator, form: Mapping[str, Any]) -> Settings:
    """Return the settings that a form says; those in use while it says none that make sense."""
    manifest = coordinator.classifier.manifest
    try:
        return Settings.from_options(from_form(form, manifest), manifest)
    except (KeyError, TypeError, ValueError):
        return coordinator.settings
