"""The switch: it closes the source, is remembered, and comes back by itself where that was asked for."""

import asyncio
from datetime import timedelta
import time
from typing import Any

from homeassistant.components import binary_sensor
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.cries import CryEvent, CryEventKind
from custom_components.cry_detector.engine.episodes import Episode
from custom_components.cry_detector.engine.sources.ffmpeg import FfmpegSource
from custom_components.cry_detector.sound import SoundState
from tests.integration.ear import Ear, observation
from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    children,
    entity_id_of,
    entry_for,
    file_entry,
    full_state_of,
    nothing_listens,
    state_of,
)
from tests.integration.test_entities import NEED_SOUND, async_do

STREAM = {"source": "stream", "url": "http://camera.local/nursery"}


@pytest.fixture
async def entry(hass: HomeAssistant, ear: Ear) -> MockConfigEntry:
    """Return a detector that hears a calm room."""
    ear.freezer.move_to("2026-11-01T12:00:00+00:00")
    entry = entry_for(STREAM)
    await async_set_up(hass, entry)
    await ear.hears(2)
    return entry


async def async_reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


async def test_off_closes_the_source(hass: HomeAssistant, room_file: Any) -> None:
    """When the action returns, nothing is heard any more: not a thread, not a process."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    await async_do(hass, entry, "listening", "turn_off")
    assert nothing_listens()
    assert state_of(hass, entry, "crying") == "unavailable"
    await async_do(hass, entry, "listening", "turn_on")
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")


async def test_while_off_nothing_is_claimed(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """Nor is any sound lost: nobody wants to hear it."""
    await ear.pass_time(600)
    await async_do(hass, entry, "listening", "turn_off")
    switch = full_state_of(hass, entry, "listening")
    assert switch.state == "off"
    assert switch.attributes["since"] == dt_util.utcnow()
    assert switch.attributes["until"] is None
    assert not ear.is_open
    for key in NEED_SOUND:
        assert state_of(hass, entry, key) == "unavailable"
    audio_input = full_state_of(hass, entry, "audio_input")
    assert audio_input.state == "unknown"
    assert audio_input.attributes["problem"] is None
    lost = state_of(hass, entry, "audio_lost")
    await ear.pass_time(3600)
    assert state_of(hass, entry, "audio_lost") == lost
    assert entry.runtime_data.sound.state is SoundState.OFF
    assert ear.opened == 1

    await async_do(hass, entry, "listening", "turn_on")
    assert ear.opened == 2
    assert state_of(hass, entry, "crying") == "unavailable"
    await ear.hears()
    assert state_of(hass, entry, "crying") == "off"


async def test_an_episode_ends_when_a_parent_takes_over(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """It is recorded until then, and nothing was lost."""
    await ear.hears_crying(30)
    await async_do(hass, entry, "listening", "turn_off")
    ended = full_state_of(hass, entry, "cry").attributes
    assert (ended["event_type"], ended["duration"]) == ("ended", 30)
    assert not ended["sound_lost"]
    assert state_of(hass, entry, "episodes_today") == "1"
    assert state_of(hass, entry, "last_cry_duration") == "30"


async def test_what_is_on_its_way_when_it_is_turned_off_is_not_heard(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """The thread hands over what it has until it has ended: nobody may be woken by that."""
    hand_over = ear._heard
    assert hand_over
    off = entry.runtime_data.async_set_listening(False)
    turning_off = hass.async_create_task(off)
    assert not turning_off.done()
    hand_over(observation(3.0, confidence=0.9, episode=Episode(3.0, None, 3.0, 0.9)))
    await turning_off
    assert state_of(hass, entry, "crying") == "unavailable"
    assert state_of(hass, entry, "episodes_today") == "0"
    assert entry.runtime_data.sound.state is SoundState.OFF


async def test_a_detector_that_has_been_unloaded_does_not_listen_again(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """An action may have waited for its turn while the detector was taken away: when it is back, it goes by that."""
    coordinator = entry.runtime_data
    await async_do(hass, entry, "listening", "turn_off")
    assert await hass.config_entries.async_unload(entry.entry_id)
    await coordinator.async_set_listening(True)
    await hass.async_block_till_done()
    assert not ear.is_open
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert ear.is_open


async def test_what_is_switched_during_a_reload_holds(
    hass: HomeAssistant, room_file: Any
) -> None:
    """Closing the source takes a while, and automations do not wait."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    reload = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await asyncio.sleep(0)
    assert entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS
    await async_do(hass, entry, "listening", "turn_off")
    await reload
    await hass.async_block_till_done()
    assert state_of(hass, entry, "listening") == "off"
    assert nothing_listens()


async def test_on_after_an_off_that_was_cancelled(
    hass: HomeAssistant, room_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by an automation that is restarted: the old source is closed before the new one is opened."""
    close = FfmpegSource.close

    def close_slowly(self: FfmpegSource) -> None:
        time.sleep(0.5)
        close(self)

    monkeypatch.setattr(FfmpegSource, "close", close_slowly)
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    coordinator = entry.runtime_data
    off = hass.async_create_task(coordinator.async_set_listening(False))
    await asyncio.sleep(0.01)
    off.cancel()
    await asyncio.wait([off])
    assert off.cancelled()
    await coordinator.async_set_listening(True)
    await async_wait_for(lambda: coordinator.audio_ok)
    assert len(children()) == 1
    await async_do(hass, entry, "test_alarm", "press")
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "on")


async def test_an_automation_that_turns_it_off_hears_of_the_beginning_first(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """It runs while the crying is being told: the end that it makes is told after that."""
    told: list[CryEvent] = []
    entry.runtime_data.async_subscribe_cries(told.append)
    listening = {"entity_id": entity_id_of(hass, entry, "listening")}
    crying = entity_id_of(hass, entry, "crying")
    automation = {
        "triggers": {"trigger": "state", "entity_id": crying, "to": "on"},
        "actions": {"action": "switch.turn_off", "target": listening},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    await ear.hears(episode=Episode(2.5, None, 2.5, 0.9))
    await hass.async_block_till_done()
    assert state_of(hass, entry, "listening") == "off"
    assert [event.kind for event in told] == [CryEventKind.STARTED, CryEventKind.ENDED]
    assert full_state_of(hass, entry, "cry").attributes["event_type"] == "ended"


async def test_a_cry_goes_on_where_the_detector_cannot_be_taken_away(
    hass: HomeAssistant,
    ear: Ear,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was told to be over is told to begin again, and nothing is claimed in between."""
    told: list[CryEvent] = []
    coordinator = entry.runtime_data
    coordinator.async_subscribe_cries(told.append)
    await ear.hears_crying(3)

    async def async_refuse(hass: HomeAssistant, entry: MockConfigEntry) -> bool:
        return False

    monkeypatch.setattr(binary_sensor, "async_unload_entry", async_refuse)
    assert not await hass.config_entries.async_unload(entry.entry_id)
    assert ear.is_open
    assert state_of(hass, entry, "crying") == "unavailable"
    assert state_of(hass, entry, "audio_input") == "unknown"
    await ear.hears_crying(3)
    assert state_of(hass, entry, "crying") == "on"
    assert state_of(hass, entry, "audio_input") == "on"
    assert [event.kind.value for event in told] == ["started", "ended", "started"]
    await coordinator.async_close()


async def test_doing_what_is_done_already_changes_little(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """The source stays open."""
    await async_do(hass, entry, "listening", "turn_on")
    assert ear.opened == 1
    assert ear.is_open
    for _ in range(2):
        await async_do(hass, entry, "listening", "turn_off")
    assert not ear.is_open
    assert state_of(hass, entry, "listening") == "off"


async def test_a_pause_ends_by_itself(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """After its time, and not before."""
    await entry.runtime_data.async_set_listening(False, timedelta(minutes=20))
    switch = full_state_of(hass, entry, "listening")
    assert switch.state == "off"
    assert switch.attributes["until"] - switch.attributes["since"] == timedelta(
        minutes=20
    )
    await ear.pass_time(19 * 60)
    assert not ear.is_open
    await ear.pass_time(62)
    assert ear.is_open
    switch = full_state_of(hass, entry, "listening")
    assert switch.state == "on"
    assert switch.attributes["until"] is None


async def test_a_new_wish_replaces_a_pause(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """Who turns it off for good during a pause means it."""
    await entry.runtime_data.async_set_listening(False, timedelta(minutes=20))
    await async_do(hass, entry, "listening", "turn_off")
    await ear.pass_time(3600)
    assert not ear.is_open
    await entry.runtime_data.async_set_listening(True, timedelta(minutes=5))
    assert ear.is_open
    await ear.pass_time(301)
    assert not ear.is_open


async def test_off_survives_a_restart(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """With the time since when."""
    await async_do(hass, entry, "listening", "turn_off")
    since = full_state_of(hass, entry, "listening").attributes["since"]
    await ear.pass_time(60)
    await async_reload(hass, entry)
    assert ear.opened == 1
    switch = full_state_of(hass, entry, "listening")
    assert (switch.state, switch.attributes["since"]) == ("off", since)


@pytest.mark.parametrize(("minutes", "listens"), [(10, False), (30, True)])
async def test_a_pause_survives_a_restart(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry, minutes: int, listens: bool
) -> None:
    """And ends when it would have ended, also where nobody was there to end it."""
    await entry.runtime_data.async_set_listening(False, timedelta(minutes=20))
    assert await hass.config_entries.async_unload(entry.entry_id)
    ear.freezer.tick(timedelta(minutes=minutes))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert ear.is_open is listens
    if not listens:
        await ear.pass_time(11 * 60)
    assert ear.is_open
    assert state_of(hass, entry, "listening") == "on"


async def test_a_clock_that_is_put_forward_ends_a_pause(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """Within a minute, though no timer has noticed."""
    await entry.runtime_data.async_set_listening(False, timedelta(hours=8))
    coordinator = entry.runtime_data
    coordinator._async_tick(dt_util.utcnow() + timedelta(hours=7))
    await ear.settle()
    assert not ear.is_open
    coordinator._async_tick(dt_util.utcnow() + timedelta(hours=9))
    await ear.settle()
    assert ear.is_open


async def test_what_is_stored_is_removed_with_the_detector(
    hass: HomeAssistant,
    ear: Ear,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    """Its episodes are nobody's any more."""
    await ear.hears_it_end(await ear.hears_crying(5))
    assert await hass.config_entries.async_unload(entry.entry_id)
    key = f"{DOMAIN}.{entry.entry_id}"
    assert len(hass_storage[key]["data"]["episodes"]) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    assert key not in hass_storage
