"""A source that sends nothing while its room is quiet: what has been learnt of it outlives its connection."""

import asyncio

from homeassistant.core import HomeAssistant

from custom_components.cry_detector.engine.health import SILENT_S
from tests.faults.sound import silent
from tests.integration.helpers import (
    async_set_up,
    async_wait_for_state,
    state_of,
    stream_entry,
)
from tests.streams import HttpStream


async def test_a_codecs_pauses_are_not_learnt_anew_with_each_connection(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """Once it has been heard to pause, its silence is the quiet of its room, also when the stream was lost meanwhile."""
    entry = stream_entry(room_stream.url)
    await async_set_up(hass, entry)
    await async_wait_for_state(hass, entry, "crying", "off")
    room_stream.disturb = silent
    await asyncio.sleep(2.0)
    room_stream.disturb = lambda packet: packet
    await asyncio.sleep(1.5)
    room_stream.cut()
    await async_wait_for_state(hass, entry, "crying", "unavailable")
    await async_wait_for_state(hass, entry, "crying", "off")
    room_stream.disturb = silent
    for _ in range(round(2.0 * (SILENT_S + 3.0))):
        await asyncio.sleep(0.5)
        assert state_of(hass, entry, "crying") == "off"
