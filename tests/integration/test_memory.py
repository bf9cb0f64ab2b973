"""What a detector has lost is gone: nothing of it waits for somebody to collect garbage."""

from collections.abc import Iterator
import gc

from homeassistant.core import HomeAssistant
import pytest

from custom_components.cry_detector.engine.listener import Listener
from tests.integration.helpers import async_set_up, async_wait_for_state, stream_entry
from tests.streams import HttpStream


@pytest.fixture
def nobody_collects() -> Iterator[None]:
    """Leave garbage that holds itself where it is."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def listeners() -> int:
    """Return how many there are, with their windows and buffers."""
    return sum(isinstance(found, Listener) for found in gc.get_objects())


@pytest.mark.usefixtures("nobody_collects")
async def test_a_listener_that_was_lost_is_freed(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """However it was lost: with half a megabyte for each, a night of bad Wi-Fi adds up."""
    entry = stream_entry(room_stream.url)
    await async_set_up(hass, entry)
    await async_wait_for_state(hass, entry, "crying", "off")
    for _ in range(2):
        room_stream.cut()
        await async_wait_for_state(hass, entry, "crying", "unavailable")
        await async_wait_for_state(hass, entry, "crying", "off")
        assert listeners() == 1
    room_stream.stalled.set()
    await async_wait_for_state(hass, entry, "crying", "unavailable")
    room_stream.stalled.clear()
    await async_wait_for_state(hass, entry, "crying", "off")
    assert listeners() == 1
