"""What a detector has lost is gone: nothing of it waits for somebody to collect garbage."""

from collections.abc import Iterator
import gc
import threading
from typing import Any
import weakref

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.cry_detector import listening
from custom_components.cry_detector.engine.listener import Listener
from custom_components.cry_detector.engine.observation import Observation
from custom_components.cry_detector.trial import Trial
from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    async_wait_for_state,
    stream_entry,
)
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
    assert await hass.config_entries.async_unload(entry.entry_id)
    # The thread that ended it may be about to let go of it.
    await async_wait_for(lambda: listeners() == 0)


@pytest.mark.usefixtures("nobody_collects")
async def test_a_trial_that_was_ended_is_freed(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """Every look at a preview is one: each holds a listener and a whole model."""
    assert await async_setup_component(hass, "ffmpeg", {})
    heard: list[Observation] = []
    entry = stream_entry(room_stream.url)
    trial = Trial(hass, entry.title, entry.data, entry.options)
    trial.async_watch(heard.append, lambda _: None)
    await async_wait_for(lambda: bool(heard))
    await trial.async_close()
    await async_wait_for(lambda: listeners() == 0)
    freed = weakref.ref(trial)
    del trial
    assert freed() is None


async def test_no_thread_of_home_assistant_makes_a_listener(
    hass: HomeAssistant, room_stream: HttpStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are many, and the heap of each would have to be as large as a listener needs it."""
    made_by: list[str] = []

    def create(*arguments: Any, **options: Any) -> Listener:
        made_by.append(threading.current_thread().name)
        return Listener(*arguments, **options)

    monkeypatch.setattr(listening, "Listener", create)
    entry = stream_entry(room_stream.url)
    await async_set_up(hass, entry)
    await async_wait_for_state(hass, entry, "crying", "off")
    assert [name.rpartition("_")[0] for name in made_by] == ["cry_detector Nursery"]
