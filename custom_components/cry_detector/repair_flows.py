"""The flows that mend what stands in Home Assistant's repairs."""

import asyncio
from typing import override

from homeassistant.components.repairs import FlowType, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState

from .const import CONF_MODEL, DOMAIN
from .coordinator import CryDetectorConfigEntry
from .dialog_entry import entry_of_dialog

# How long a repair waits to hear something: an RTSP camera takes some seconds to send any.
PATIENCE_S = 15.0
_LOOK_AGAIN_S = 0.25


class _EntryFlow(RepairsFlow):
    """Mends one detector: asks what to do, and asks again when that did not help."""

    menu: tuple[str, ...]
    """The steps that there are to choose from."""

    def __init__(self, entry_id: str) -> None:
        """Prepare to mend the detector of a config entry."""
        self._entry_id = entry_id

    @property
    def _entry(self) -> CryDetectorConfigEntry:
        return entry_of_dialog(self.hass, self._entry_id)

    async def async_step_init(self, _: None = None) -> RepairsFlowResult:
        """Ask what to do."""
        return self._ask("init")

    async def async_step_not_yet(self, _: None = None) -> RepairsFlowResult:
        """Say that it did not help, and ask again."""
        return self._ask("not_yet")

    def _ask(self, step: str) -> RepairsFlowResult:
        return self.async_show_menu(
            step_id=step,
            menu_options=list(self.menu),
            description_placeholders={"name": self._entry.title},
        )

    async def _async_retry(self) -> RepairsFlowResult:
        """Set the detector up again, and see whether that was enough."""
        entry = self._entry
        is_loaded = entry.state is ConfigEntryState.LOADED
        lost_since = entry.runtime_data.lost_since if is_loaded else None
        await self.hass.config_entries.async_reload(entry.entry_id)
        if lost_since is not None and entry.state is ConfigEntryState.LOADED:
            # It is the same loss, until something is heard.
            entry.runtime_data.lost_since = lost_since
        if await self._async_works():
            return self.async_create_entry(data={})
        return await self.async_step_not_yet()

    async def _async_works(self) -> bool:
        """Return whether what was wrong no longer is."""
        return self._entry.state is ConfigEntryState.LOADED


class SourceFlow(_EntryFlow):
    """A source that cannot be heard: listen to it again, or choose another one."""

    menu: tuple[str, ...] = ("listen_again", "reconfigure")

    async def async_step_listen_again(self, _: None = None) -> RepairsFlowResult:
        """Listen again at once, without the pause that grows with every failure."""
        return await self._async_retry()

    @override
    async def _async_works(self) -> bool:
        if not await super()._async_works():
            return False
        coordinator = self._entry.runtime_data
        deadline = self.hass.loop.time() + PATIENCE_S
        while self.hass.loop.time() < deadline:
            if coordinator.audio_ok:
                return True
            await asyncio.sleep(_LOOK_AGAIN_S)
        return False

    async def async_step_reconfigure(self, _: None = None) -> RepairsFlowResult:
        """Go on in the flow that changes the source; the issue goes when it is heard."""
        flow = await self.hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_RECONFIGURE, "entry_id": self._entry.entry_id},
        )
        return self.async_abort(
            reason="reconfigure", next_flow=(FlowType.CONFIG_FLOW, flow["flow_id"])
        )


class OwnModelFlow(_EntryFlow):
    """A model of the user's own that is broken: try it again, or go back to the shipped one."""

    menu: tuple[str, ...] = ("try_again", "shipped_model")

    async def async_step_try_again(self, _: None = None) -> RepairsFlowResult:
        """Load the model again: its files may have been mended."""
        return await self._async_retry()

    async def async_step_shipped_model(self, _: None = None) -> RepairsFlowResult:
        """Go back to the model that comes with the integration."""
        entry = self._entry
        options = {key: val for key, val in entry.options.items() if key != CONF_MODEL}
        self.hass.config_entries.async_update_entry(entry, options=options)
        await self.hass.config_entries.async_reload(entry.entry_id)
        return self.async_create_entry(data={})


class SlowModelFlow(OwnModelFlow):
    """A model of the user's own that is too slow here: trying it again would not help."""

    menu: tuple[str, ...] = ("shipped_model",)
