"""What is remembered: through a restart, a reload, a power cut, midnight and a change of the clock."""

from datetime import timedelta
import logging
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.engine.episodes import Episode
from tests.integration.ear import Ear
from tests.integration.helpers import async_set_up, entry_for, full_state_of, state_of

STREAM = {"source": "stream", "url": "http://camera.local/nursery"}
KEY = f"{DOMAIN}.NURSERY"


async def async_start(hass: HomeAssistant, ear: Ear, when: str) -> MockConfigEntry:
    """Set up a detector that hears a calm room, at a time."""
    ear.freezer.move_to(when)
    entry = entry_for(STREAM, entry_id="NURSERY")
    await async_set_up(hass, entry)
    await ear.hears(2)
    return entry


def crying_today_s(hass: HomeAssistant, entry: MockConfigEntry) -> int:
    return round(60 * float(state_of(hass, entry, "crying_today")))


async def test_the_day_survives_a_reload(
    hass: HomeAssistant, ear: Ear, hass_storage: dict[str, Any]
) -> None:
    """An episode is written when it ends, and read again."""
    entry = await async_start(hass, ear, "2026-11-01T12:00:00+00:00")
    await ear.hears_it_end(await ear.hears_crying(45))
    await ear.pass_time(1)
    await hass.async_block_till_done()
    assert len(hass_storage[KEY]["data"]["episodes"]) == 1
    before = {
        key: state_of(hass, entry, key)
        for key in ("crying_today", "episodes_today", "last_cry", "last_cry_duration")
    }
    assert before["episodes_today"] == "1"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert before == {key: state_of(hass, entry, key) for key in before}


@pytest.mark.parametrize("how", ["unload", "stop"])
async def test_an_episode_under_way_is_closed_with_what_is_known(
    hass: HomeAssistant, ear: Ear, hass_storage: dict[str, Any], how: str
) -> None:
    """Nobody heard its end."""
    entry = await async_start(hass, ear, "2026-11-01T12:00:00+00:00")
    await ear.hears_crying(45)
    if how == "unload":
        assert await hass.config_entries.async_unload(entry.entry_id)
    else:
        await hass.async_stop(force=True)
    (episode,) = hass_storage[KEY]["data"]["episodes"]
    assert episode["sound_lost"]
    start, end = (dt_util.parse_datetime(episode[key]) for key in ("start", "end"))
    assert start
    assert end
    assert end - start == timedelta(seconds=45)


async def test_a_power_cut_costs_a_minute_at_most(
    hass: HomeAssistant, ear: Ear, hass_storage: dict[str, Any]
) -> None:
    """While an episode goes on, it is written down again and again."""
    await async_start(hass, ear, "2026-11-01T12:00:00+00:00")
    await ear.hears_crying(200)
    await hass.async_block_till_done()
    (episode,) = hass_storage[KEY]["data"]["episodes"]
    start, end = (dt_util.parse_datetime(episode[key]) for key in ("start", "end"))
    assert start
    assert end
    assert 138 <= (end - start).total_seconds() <= 200
    assert episode["sound_lost"]


async def test_a_test_is_not_written(
    hass: HomeAssistant, ear: Ear, hass_storage: dict[str, Any]
) -> None:
    """Neither while it goes on nor when it is over."""
    entry = await async_start(hass, ear, "2026-11-01T12:00:00+00:00")
    episode = await ear.hears_crying(5)
    await ear.hears_it_end(episode)
    made_up = Episode(ear.time + 0.5, None, ear.time + 70.0, 1.0, test=True)
    await ear.hears(70, episode=made_up)
    await hass.config_entries.async_unload(entry.entry_id)
    assert len(hass_storage[KEY]["data"]["episodes"]) == 1


@pytest.mark.parametrize(
    ("zone", "before_midnight"),
    [
        ("UTC", "2026-11-01T23:59:00+00:00"),
        ("Europe/Berlin", "2026-10-24T23:59:00+02:00"),
        # The night in which there is no midnight: from 23:59 it is 01:00.
        ("Africa/Cairo", "2026-04-23T23:59:00+02:00"),
        # The night in which an hour is twice: from the first 23:59 it is 23:00.
        ("Asia/Beirut", "2026-10-24T23:59:00+02:00"),
    ],
)
async def test_the_day_turns_over_through_an_episode(
    hass: HomeAssistant, ear: Ear, zone: str, before_midnight: str
) -> None:
    """Its part of either day counts to that day, and it is one episode in each."""
    await hass.config.async_set_time_zone(zone)
    entry = await async_start(hass, ear, before_midnight)
    episode = await ear.hears_crying(50)
    assert state_of(hass, entry, "episodes_today") == "1"
    assert crying_today_s(hass, entry) == 0
    for _ in range(4):
        episode = await ear.hears_crying_on(episode, 30)
    # A minute and fifty-two seconds after midnight: the minute has been counted.
    assert crying_today_s(hass, entry) == pytest.approx(60, abs=1)
    assert state_of(hass, entry, "episodes_today") == "1"
    await ear.hears_it_end(episode)
    assert crying_today_s(hass, entry) == pytest.approx(112, abs=1)
    assert state_of(hass, entry, "last_cry_duration") == "170"


async def test_the_day_turns_over_without_a_sound(
    hass: HomeAssistant, ear: Ear
) -> None:
    """Also where nothing is listened to, and nothing is heard."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    entry = await async_start(hass, ear, "2026-10-24T23:55:00+02:00")
    await ear.hears_it_end(await ear.hears_crying(60))
    await ear.is_lost()
    await entry.runtime_data.async_set_listening(False)
    assert crying_today_s(hass, entry) == 60
    await ear.pass_time(230)
    assert crying_today_s(hass, entry) == 60
    await ear.pass_time(10)
    assert crying_today_s(hass, entry) == 0
    assert state_of(hass, entry, "episodes_today") == "0"
    assert state_of(hass, entry, "last_cry_duration") == "60"


async def test_an_episode_that_the_sound_cut_off_says_so(
    hass: HomeAssistant, ear: Ear
) -> None:
    """In the event and in the journal."""
    entry = await async_start(hass, ear, "2026-11-01T12:00:00+00:00")
    await ear.hears_crying(20)
    await ear.is_lost()
    assert state_of(hass, entry, "crying") == "unavailable"
    ended = full_state_of(hass, entry, "cry").attributes
    assert ended["event_type"] == "ended"
    assert ended["sound_lost"] is True
    assert ended["duration"] == 20
    assert entry.runtime_data.journal.last.sound_lost
    assert state_of(hass, entry, "episodes_today") == "1"


# In no year of UTC.
BEFORE_ALL_TIME = "0001-01-01T00:00:00+14:00"


@pytest.mark.parametrize(
    "stored",
    [
        {},
        [],
        {"episodes": 3, "listening": "yes"},
        {
            "episodes": [],
            "listening": {"on": True, "since": BEFORE_ALL_TIME, "until": None},
        },
        {
            "episodes": [{"start": "never"}, None, "x"],
            "listening": {"on": True, "since": "2026-11-01T12:00:00", "until": None},
        },
    ],
)
async def test_a_damaged_file_keeps_nobody_from_listening(
    hass: HomeAssistant,
    ear: Ear,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    stored: Any,
) -> None:
    """What can be read of it is, the rest is left out and said once."""
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": stored}
    entry = await async_start(hass, ear, "2026-11-01T12:00:00+00:00")
    assert state_of(hass, entry, "listening") == "on"
    assert state_of(hass, entry, "episodes_today") == "0"
    assert state_of(hass, entry, "crying") == "off"
    warnings = [
        record
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name == "custom_components.cry_detector.storage"
    ]
    assert len(warnings) == 1
    assert "damaged" in warnings[0].getMessage()
