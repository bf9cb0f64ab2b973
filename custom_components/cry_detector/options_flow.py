"""The options of a detector: how easily it takes a sound for crying, and what it tells of it."""

from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant

from .const import (
    CONF_CONFIRM,
    CONF_HOLD,
    CONF_MODEL,
    CONF_OFF_THRESHOLD,
    CONF_ON_THRESHOLD,
    CONF_SMOOTHING,
    DOMAIN,
)
from .coordinator import CryDetectorConfigEntry
from .dialog_entry import entry_of_dialog
from .engine.episodes import SUSTAINED_S
from .engine.manifest import Manifest
from .engine.sensitivity import Sensitivity, episode_settings
from .errors import NoSoundError
from .models import async_load_classifier, list_models
from .option_forms import OWN_MODEL, THRESHOLDS, from_form, options_schema, to_form
from .preview import async_setup_preview
from .settings import SHIPPED_MODEL, Settings


class CryDetectorOptionsFlow(OptionsFlowWithReload):
    """Changes the options of a detector."""

    @property
    @override
    def config_entry(self) -> CryDetectorConfigEntry:
        """Return the detector's entry."""
        return entry_of_dialog(self.hass, self.handler)

    @staticmethod
    @override
    async def async_setup_preview(hass: HomeAssistant) -> None:
        """Let the frontend ask for the live preview."""
        async_setup_preview(hass)

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the options, and what is behind each sensitivity."""
        try:
            manifest = await self._async_manifest()
        except NoSoundError as err:
            return self.async_abort(
                reason=err.translation_key,
                description_placeholders=err.translation_placeholders,
            )
        errors: dict[str, str] = {}
        placeholders = _thresholds(manifest) | {
            CONF_NAME: self.config_entry.title,
            "folder": self.hass.config.path(DOMAIN),
            **_times(Settings.from_options(self.config_entry.options, manifest)),
        }
        form = to_form(self.config_entry.options, manifest)
        if user_input:
            form = user_input
            thresholds = user_input[THRESHOLDS]
            if thresholds[CONF_OFF_THRESHOLD] > thresholds[CONF_ON_THRESHOLD]:
                # The frontend shows an error of a section at its head.
                errors[THRESHOLDS] = "off_over_on"
            options = from_form(user_input, manifest)
            try:
                await async_load_classifier(
                    self.hass, options.get(CONF_MODEL, SHIPPED_MODEL)
                )
            except NoSoundError as err:
                errors[OWN_MODEL] = err.translation_key
                placeholders |= err.translation_placeholders or {}
            if not errors:
                return self.async_create_entry(data=options)
        models = await self.hass.async_add_executor_job(list_models, self.hass)
        schema = options_schema(self.config_entry.options, models)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(schema, form),
            errors=errors,
            description_placeholders=placeholders,
            preview=DOMAIN,
        )

    async def _async_manifest(self) -> Manifest:
        """Return the manifest of the model in use, of the shipped one if that cannot be had.

        Raises:
            NoSoundError: not even that is whole.
        """
        entry = self.config_entry
        if entry.state is ConfigEntryState.LOADED:
            return entry.runtime_data.classifier.manifest
        try:
            model = entry.options.get(CONF_MODEL, SHIPPED_MODEL)
            return (await async_load_classifier(self.hass, model)).manifest
        except NoSoundError:
            return (await async_load_classifier(self.hass)).manifest


def _thresholds(manifest: Manifest) -> dict[str, str]:
    """Return both thresholds of each sensitivity in percent: low_on, low_off, medium_on, ..."""
    percent = {}
    for sensitivity in Sensitivity:
        settings = episode_settings(manifest, sensitivity)
        percent[f"{sensitivity}_on"] = f"{100.0 * settings.on_threshold:.0f}"
        percent[f"{sensitivity}_off"] = f"{100.0 * settings.off_threshold:.0f}"
    return percent


def _times(settings: Settings) -> dict[str, str]:
    """Return the times of the episodes in seconds."""
    return {
        CONF_CONFIRM: f"{settings.confirm_s:g}",
        CONF_HOLD: f"{settings.hold_s:g}",
        CONF_SMOOTHING: f"{settings.smoothing_s:g}",
        "sustained": f"{SUSTAINED_S:g}",
    }
