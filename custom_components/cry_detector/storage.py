"""What a detector remembers across restarts: its journal, and whether it is to listen."""

import logging
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .journal import Journal, JournalEpisode
from .wish import Wish

_LOGGER = logging.getLogger(__name__)

VERSION = 1


class DetectorStore:
    """The file of one detector under `.storage`."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Tie it to a config entry."""
        self._store = Store[Any](hass, VERSION, f"{DOMAIN}.{entry_id}")
        self.journal = Journal()
        self.wish = Wish.now(on=True)

    async def async_load(self) -> None:
        """Read what was stored; what is damaged in it is left out, and said once."""
        stored = await self._store.async_load()
        if stored is None:
            return
        if not isinstance(stored, dict):
            stored = {}
        records = stored.get("episodes")
        damaged = 0 if isinstance(records, list) else 1
        episodes = []
        for record in records if isinstance(records, list) else []:
            try:
                episodes.append(JournalEpisode.from_dict(record))
            except (KeyError, OverflowError, TypeError, ValueError):
                damaged += 1
        self.journal = Journal(episodes)
        try:
            self.wish = Wish.from_dict(stored["listening"])
        except (KeyError, OverflowError, TypeError, ValueError):
            damaged += 1
        if damaged:
            _LOGGER.warning(
                "%s: %d damaged records were left out", self._store.path, damaged
            )

    @callback
    def async_save_soon(self, delay_s: float = 0.0) -> None:
        """Write after a delay; when Home Assistant stops before, it is written then."""
        self._store.async_delay_save(self._content, delay_s)

    async def async_save(self) -> None:
        """Write now."""
        await self._store.async_save(self._content())

    async def async_remove(self) -> None:
        """Remove the file."""
        await self._store.async_remove()

    def _content(self) -> dict[str, Any]:
        return {
            "episodes": self.journal.as_list(),
            "listening": self.wish.as_dict(),
        }
