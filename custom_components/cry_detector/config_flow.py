"""Adds a detector, or gives one another source: none is added that has not been heard."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.core import callback

from .const import CONF_SOURCE, DOMAIN, SourceKind
from .coordinator import CryDetectorConfigEntry
from .engine.sources.urls import show_url
from .options_flow import CryDetectorOptionsFlow
from .source_flow import SourceFlow
from .source_forms import reauth_schema
from .stream_url import user_of, with_credentials


class CryDetectorConfigFlow(SourceFlow, domain=DOMAIN):
    """Begins where a user, a detector or a refused password begins, and ends with the entry."""

    VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(
        config_entry: CryDetectorConfigEntry,
    ) -> CryDetectorOptionsFlow:
        """Return the flow that changes the options."""
        return CryDetectorOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the kind of source."""
        return self.show_kinds()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the kind of source that a detector is to have from now on."""
        self.async_await_user()
        entry = self._get_reconfigure_entry()
        self._name = entry.title
        self._entered = dict(entry.data)
        return self.show_kinds()

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin where a stream's server has refused its user name and password."""
        self._kind = SourceKind(entry_data[CONF_SOURCE])
        self._name = self._get_reauth_entry().title
        self._entered = dict(entry_data)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the user name and the password that the server takes now."""
        url: str = self._entered[CONF_URL]
        if user_input is not None:
            self._entered[CONF_URL] = with_credentials(
                url,
                user_input.get(CONF_USERNAME, ""),
                user_input.get(CONF_PASSWORD, ""),
            )
            return await self.async_step_listen()
        errors, self._errors = self._errors, {}
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=reauth_schema(user_of(url)),
            errors=errors,
            description_placeholders={"stream": show_url(url)} | self._placeholders,
        )

    @override
    async def async_step_finish(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the detector, or give it its new source."""
        await self._async_stop_trial()
        # At the very end: while this waits, another flow may add the same source.
        self._abort_if_taken()
        if self._entry is not None:
            return self.async_update_reload_and_abort(self._entry, data=self._data)
        return self.async_create_entry(title=self._name, data=self._data)
