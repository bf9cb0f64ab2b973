"""A detector whose room is made up: what the engine would hear is said by the test.

The entry, the coordinator, the journal and the entities are the real ones.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.coordinator import CryDetectorCoordinator
from custom_components.cry_detector.engine.classifier import Scores
from custom_components.cry_detector.engine.episodes import Episode
from custom_components.cry_detector.engine.level import Level
from custom_components.cry_detector.engine.listener import Health, Observation
from custom_components.cry_detector.errors import NoSoundError
from custom_components.cry_detector.reconnecting import Reconnector
from tests.integration import helpers


class Nursery:
    """One detector, and what is to be heard in its room."""

    def __init__(self, hass: HomeAssistant, title: str) -> None:
        """Furnish the room."""
        self.hass = hass
        self.entry = helpers.entry_for(
            {"source": "stream", "url": f"rtsp://camera.test/{title}"}, title=title
        )
        self._time_s = 0.0
        self._episode: Episode | None = None
        self._reconnector: Reconnector | None = None

    @classmethod
    async def async_open(
        cls,
        hass: HomeAssistant,
        monkeypatch: pytest.MonkeyPatch,
        title: str = "Nursery",
    ) -> Self:
        """Set a detector up, and let it hear that all is calm."""
        nursery = cls(hass, title)
        others = Reconnector.async_run

        async def async_run(reconnector: Reconnector, *, ends: bool) -> None:
            if reconnector._name == title:
                await nursery.async_be_heard(reconnector)
            else:
                await others(reconnector, ends=ends)

        monkeypatch.setattr(Reconnector, "async_run", async_run)
        await helpers.async_set_up(hass, nursery.entry)
        await nursery.async_calm()
        return nursery

    @property
    def coordinator(self) -> CryDetectorCoordinator:
        """Return the detector's coordinator."""
        detector: CryDetectorCoordinator = self.entry.runtime_data
        return detector

    @property
    def device_id(self) -> str:
        """Return the detector's device."""
        [device] = dr.async_entries_for_config_entry(
            dr.async_get(self.hass), self.entry.entry_id
        )
        return device.id

    def entity_id(self, platform: str, key: str) -> str:
        """Return an entity of the detector."""
        entity_id = er.async_get(self.hass).async_get_entity_id(
            platform, DOMAIN, f"{self.entry.entry_id}_{key}"
        )
        assert entity_id
        return entity_id

    @property
    def crying(self) -> str:
        """Return the Crying sensor."""
        return self.entity_id("binary_sensor", "crying")

    def state(self, platform: str, key: str) -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(self.entity_id(platform, key))
        assert state
        return state.state

    async def async_calm(self) -> None:
        """Let it be calm; an episode that went on is over."""
        ended = self._episode
        if ended is not None:
            ended = replace(ended, end=ended.last)
        self._episode = None
        await self._async_hear(0.5, 0.01, crying=False, episode=ended)
        assert self.state("binary_sensor", "crying") == "off"

    async def async_cry(self, seconds: float = 1.0, *, test: bool = False) -> None:
        """Let the baby cry for so long, on top of what it has cried already."""
        start = self._episode.start if self._episode else self._time_s
        self._episode = Episode(
            start=start,
            end=None,
            last=self._time_s + seconds,
            peak=0.97,
            test=test,
        )
        await self._async_hear(seconds, 0.98, crying=True, episode=self._episode)
        assert self.state("binary_sensor", "crying") == "on"

    async def async_lose(self) -> None:
        """Let the source go away."""
        assert self._reconnector
        self._episode = None
        self._reconnector._lost(NoSoundError("cannot_connect", cause="gone"))
        self._reconnector._sound.opened()
        await async_settle(self.hass)
        assert self.state("binary_sensor", "crying") == "unavailable"

    async def _async_hear(
        self,
        seconds: float,
        confidence: float,
        *,
        crying: bool,
        episode: Episode | None,
    ) -> None:
        assert self._reconnector, f"{self.entry.title} is not listened to"
        self._time_s += seconds
        rms_dbfs = -20.0 if crying else -50.0
        self._reconnector._heard(
            Observation(
                time=self._time_s,
                level=Level(
                    rms_dbfs=rms_dbfs,
                    peak_dbfs=rms_dbfs + 10,
                    rms_peak_dbfs=rms_dbfs + 3,
                    trough_dbfs=rms_dbfs - 3,
                ),
                scores=Scores({"cry": confidence}, confidence),
                crying=crying,
                episode=episode,
                health=Health.OK,
                span_s=seconds,
            )
        )
        await async_settle(self.hass)

    async def async_be_heard(self, reconnector: Reconnector) -> None:
        """Stand in for all that keeps a source open, until cancelled."""
        self._time_s = 0.0
        self._reconnector = reconnector
        reconnector._sound.opened()
        try:
            await self.hass.loop.create_future()
        finally:
            self._reconnector = None


async def async_settle(hass: HomeAssistant) -> None:
    """Let what is due be done.

    What Home Assistant itself has for that waits until automations are through, and those
    wait for the test. What they need for the first time is imported by a thread, one after
    the other.
    """
    for _ in range(2):
        for _ in range(60):
            await asyncio.sleep(0)
        await hass.async_add_import_executor_job(lambda: None)


async def async_automate(
    hass: HomeAssistant, config: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Set an automation up that notes when it acts; return the list of notes."""
    notes: list[dict[str, Any]] = []

    @callback
    def note(event: Event) -> None:
        notes.append(dict(event.data))

    hass.bus.async_listen("acted", note)
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "id": "test",
                "alias": "Test",
                "actions": [
                    {
                        "event": "acted",
                        "event_data": {
                            "entity_id": "{{ trigger.entity_id | default('') }}"
                        },
                    }
                ],
                **config,
            }
        },
    )
    await hass.async_block_till_done()
    state = hass.states.get("automation.test")
    assert state, "the automation was refused"
    assert state.state == "on"
    return notes
