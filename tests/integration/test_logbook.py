"""What the logbook says, as its page asks for it."""

from datetime import timedelta
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    mock_component,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.cry_detector.bus import EVENT_CRY
from custom_components.cry_detector.logbook import spoken
from tests.integration.nursery import Nursery


@pytest.fixture(autouse=True)
def custom_integrations(
    recorder_mock: Recorder, no_leaks: None, enable_custom_integrations: None
) -> None:
    """Let Home Assistant load what is in custom_components; the recorder comes before it."""


class Logbook:
    """The logbook's page."""

    def __init__(self, hass: HomeAssistant, client: Any) -> None:
        """Open it."""
        self._hass = hass
        self._client = client

    async def async_read(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return what it says of crying."""
        await async_wait_recording_done(self._hass)
        await self._client.send_json_auto_id(
            {
                "type": "logbook/get_events",
                "start_time": (dt_util.utcnow() - timedelta(hours=1)).isoformat(),
                **wanted,
            }
        )
        answer = await self._client.receive_json()
        assert answer["success"], answer
        return [entry for entry in answer["result"] if "cr" in entry.get("message", "")]


@pytest.fixture
async def logbook(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Logbook:
    """Return the logbook."""
    # Its pages are a package that is not installed for tests, and none looks at them.
    mock_component(hass, "frontend")
    assert await async_setup_component(hass, "logbook", {})
    await hass.async_block_till_done()
    return Logbook(hass, await hass_ws_client())


async def test_an_episode_in_words(
    hass: HomeAssistant, logbook: Logbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    nursery = await Nursery.async_open(hass, monkeypatch)
    # Five minutes until it is told again that the baby still cries.
    await nursery.async_cry(1)
    await nursery.async_cry(299)
    await nursery.async_cry(20)
    await nursery.async_calm()
    dr.async_get(hass).async_update_device(nursery.device_id, name_by_user="Ada's room")

    said = await logbook.async_read()

    assert [(entry["name"], entry["message"]) for entry in said] == [
        ("Ada's room", "started crying"),
        ("Ada's room", "has been crying for 5 minutes"),
        ("Ada's room", "cried for 5 minutes 20 seconds"),
    ]
    assert {entry["domain"] for entry in said} == {"cry_detector"}
    assert said[0]["icon"] == "mdi:emoticon-cry-outline"
    assert said[2]["icon"] == "mdi:emoticon-happy-outline"
    for wanted in (
        {"entity_ids": [nursery.crying]},
        {"device_ids": [nursery.device_id]},
    ):
        assert await logbook.async_read(**wanted) == said
    assert not await logbook.async_read(entity_ids=["light.lamp"])


async def test_a_loss_and_a_test_alarm_are_called_what_they_are(
    hass: HomeAssistant, logbook: Logbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    nursery = await Nursery.async_open(hass, monkeypatch)
    await nursery.async_cry(61)
    await nursery.async_lose()
    await nursery.async_calm()
    await nursery.async_cry(10, test=True)
    await nursery.async_calm()

    assert [entry["message"] for entry in await logbook.async_read()] == [
        "started crying",
        "cried for 1 minute 1 second, until the sound was lost",
        "started crying (test alarm)",
        "cried for 10 seconds (test alarm)",
    ]


async def test_what_is_put_on_the_bus(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither levels nor where the sound comes from: an event can be read by all."""
    events: list[Event] = async_capture_events(hass, EVENT_CRY)
    nursery = await Nursery.async_open(hass, monkeypatch)
    await nursery.async_cry(4)
    await nursery.async_calm()
    same = {
        "name": "Nursery",
        "device_id": nursery.device_id,
        "entity_id": nursery.crying,
        "duration": 4,
        "sound_lost": False,
        "test": False,
    }

    assert [dict(event.data) for event in events] == [
        {**same, "type": "started"},
        {**same, "type": "ended"},
    ]

    await hass.config_entries.async_unload(nursery.entry.entry_id)
    await hass.config_entries.async_setup(nursery.entry.entry_id)
    await nursery.async_cry(1)
    assert len(events) == 3, "told once, also after a reload"


def test_durations_as_they_are_said() -> None:
    assert [spoken(s) for s in (0, 59, 60, 200, 3600, 7322)] == [
        "1 second",
        "59 seconds",
        "1 minute",
        "3 minutes 20 seconds",
        "1 hour",
        "2 hours 2 minutes",
    ]
