"""A source that comes and goes: opened again, soon at first, then after pauses that grow."""

import logging

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cry_detector.engine.health import Health
from custom_components.cry_detector.engine.observation import Observation
from custom_components.cry_detector.reconnecting import (
    FIRST_DEAD_S,
    LONGEST_FIRST_SOUND_S,
    LONGEST_PAUSE_S,
    NEXT_SOUND_S,
    SPARE_S,
    STEADY_S,
    dead_time_s,
    first_sound_s,
    retry_pause_s,
)
from custom_components.cry_detector.sound import PROBATION_S
from tests.integration.ear import HOP_S, Ear, observation
from tests.integration.helpers import async_set_up, entry_for, full_state_of, state_of

SILENCE = {"rms_dbfs": -120.0}
DEAD = [health for health in Health if not health.alive]


@pytest.fixture
async def entry(hass: HomeAssistant, ear: Ear) -> MockConfigEntry:
    """Return a detector that hears a calm room."""
    entry = entry_for({"source": "stream", "url": "http://camera.local/nursery"})
    await async_set_up(hass, entry)
    await ear.hears(2)
    return entry


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return what the integration has logged."""
    return [
        (record.levelno, record.getMessage())
        for record in caplog.records
        if record.name.startswith("custom_components.cry_detector")
        and record.levelno >= logging.INFO
    ]


def dead_observation(ear: Ear, health: Health) -> Observation:
    """Return what a dead source sounds like: after it was opened again, well for a while."""
    ear.time += HOP_S
    seems_well = ear.opened > 1 and ear.time < 8.0
    return observation(health=Health.OK if seems_well else health, **SILENCE)


@pytest.mark.parametrize("failures", [1, 2, 3, 4, 5, 6, 7, 100, 10_000])
def test_pauses_grow_up_to_a_minute(failures: int) -> None:
    """1, 2, 4 ... 60 s, a quarter up or down so that detectors do not come in step."""
    pauses = {retry_pause_s(failures) for _ in range(200)}
    middle = min(LONGEST_PAUSE_S, 2.0 ** min(failures - 1, 6))
    assert 0.75 * middle <= min(pauses) < max(pauses) <= LONGEST_PAUSE_S
    assert max(pauses) <= 1.25 * middle
    assert len(pauses) > 50


@pytest.mark.parametrize("health", DEAD)
def test_a_dead_source_is_given_time_to_come_back(health: Health) -> None:
    """More of it each time, up to a minute."""
    first = min(dead_time_s(health, 1) for _ in range(100))
    assert first >= 0.75 * FIRST_DEAD_S[health] >= 6.0
    assert max(dead_time_s(health, 10) for _ in range(100)) == LONGEST_PAUSE_S


async def test_a_lost_source_is_opened_again_and_again(
    hass: HomeAssistant,
    ear: Ear,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """For a night, once a minute in the end; it is said once each way."""
    ear.refuses = "cannot_connect"
    await ear.is_lost()
    assert state_of(hass, entry, "crying") == "unavailable"
    before = ear.opened
    await ear.passes(10)
    assert 2 <= ear.opened - before <= 5
    for _ in range(60):
        await ear.pass_time(60.1)
    before = ear.opened
    for _ in range(30):
        await ear.pass_time(60.1)
    assert 25 <= ear.opened - before <= 42
    assert [level for level, _ in said(caplog)] == [logging.WARNING]

    ear.refuses = None
    await ear.pass_time(61)
    assert ear.is_open
    await ear.hears()
    assert state_of(hass, entry, "crying") == "off"
    assert [level for level, _ in said(caplog)] == [logging.WARNING, logging.INFO]


async def test_pauses_start_small_again_after_steady_sound(
    ear: Ear, entry: MockConfigEntry
) -> None:
    """And not before: what dies at once is not opened every second for ever."""
    for _ in range(6):
        await ear.is_lost()
        while not ear.is_open:
            await ear.passes(HOP_S)
        await ear.hears(2)
    await ear.is_lost()
    await ear.passes(20)
    assert not ear.is_open
    while not ear.is_open:
        await ear.passes(HOP_S)
    await ear.hears(STEADY_S + 1)
    await ear.is_lost()
    await ear.passes(1.5)
    assert ear.is_open


async def test_a_source_is_waited_for_no_longer_because_it_failed_before_a_pause(
    ear: Ear, entry: MockConfigEntry
) -> None:
    """Who turns listening on at night is told within ten seconds that the camera is unplugged since the day."""
    ear.refuses = "cannot_connect"
    await ear.is_lost()
    await ear.passes(60)
    assert ear.first_sound_s > first_sound_s(0)
    await entry.runtime_data.async_set_listening(False)
    ear.refuses = None
    await entry.runtime_data.async_set_listening(True)
    assert ear.is_open
    assert ear.first_sound_s == first_sound_s(0)


async def test_silence_of_the_source_is_noticed_within_ten_seconds(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """It is open, and nothing comes: it is given up, and opened again."""
    await ear.hears_crying(5)
    await ear.passes(NEXT_SOUND_S - 1)
    assert state_of(hass, entry, "crying") == "on"
    await ear.passes(1.5)
    assert state_of(hass, entry, "crying") == "unavailable"
    audio_input = full_state_of(hass, entry, "audio_input")
    assert audio_input.state == "off"
    assert audio_input.attributes["problem"] == "no_sound"
    await ear.passes(2)
    assert ear.opened == 2


async def test_a_source_that_never_sends_is_given_up(
    hass: HomeAssistant, ear: Ear
) -> None:
    """It has longer to wake up than to go on."""
    entry = entry_for({"source": "stream", "url": "http://camera.local/nursery"})
    await async_set_up(hass, entry)
    await ear.passes(first_sound_s(0) + SPARE_S - 1)
    assert ear.opened == 1
    assert state_of(hass, entry, "audio_input") == "unknown"
    await ear.passes(3)
    assert ear.opened == 2
    assert state_of(hass, entry, "audio_input") == "off"


def test_a_slow_source_is_waited_for_longer_each_time() -> None:
    """The first time as long as any, so that it is said soon; then up to half a minute, at once if it took as long before."""
    waits = [first_sound_s(failures) for failures in range(6)]
    assert waits == [8.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert first_sound_s(10_000) == LONGEST_FIRST_SOUND_S
    assert first_sound_s(0, took_s=20.0) == 8.0
    assert first_sound_s(1, took_s=2.5) == 8.0
    assert first_sound_s(1, took_s=12.0) == 18.0
    assert first_sound_s(1, took_s=25.0) == LONGEST_FIRST_SOUND_S


async def test_what_a_source_took_it_may_take_again(
    hass: HomeAssistant, ear: Ear
) -> None:
    """It need not be found out anew after each loss."""
    entry = entry_for({"source": "stream", "url": "http://camera.local/nursery"})
    await async_set_up(hass, entry)
    await ear.passes(14.0)
    await ear.hears(2)
    await ear.is_lost()
    await ear.passes(1.5)
    assert ear.is_open
    assert ear.first_sound_s == pytest.approx(1.5 * 14.5, abs=0.1)


@pytest.mark.parametrize("health", DEAD)
async def test_a_dead_source_is_listened_to_and_opened_again(
    hass: HomeAssistant,
    ear: Ear,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    health: Health,
) -> None:
    """Crying is unavailable all the while; an hour of it is one line in the log."""
    await ear.hears_crying(5)
    await ear.hears(health=health)
    assert state_of(hass, entry, "crying") == "unavailable"
    ended = full_state_of(hass, entry, "cry").attributes
    assert (ended["event_type"], ended["sound_lost"]) == ("ended", True)
    for _ in range(1800):
        await ear.pass_time(HOP_S)
        if ear.is_open:
            ear.say(dead_observation(ear, health))
        assert state_of(hass, entry, "crying") == "unavailable"
        assert state_of(hass, entry, "audio_input") == "off"
    assert 10 <= ear.opened <= 20
    assert [level for level, _ in said(caplog)] == [logging.WARNING]
    assert full_state_of(hass, entry, "audio_input").attributes["problem"] == health


async def test_a_microphone_that_is_unmuted_is_heard_at_once(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """However long it was muted: it is open nearly all the time."""
    for _ in range(1200):
        await ear.pass_time(HOP_S)
        if ear.is_open:
            ear.say(dead_observation(ear, Health.SILENT))
    waited_s = 0.0
    while state_of(hass, entry, "crying") == "unavailable":
        assert waited_s < 3.0
        waited_s += HOP_S
        await (ear.hears() if ear.is_open else ear.pass_time(HOP_S))
    assert state_of(hass, entry, "crying") == "off"


@pytest.mark.parametrize("health", [Health.STUCK, Health.SLOW])
async def test_a_stream_that_was_stuck_is_trusted_after_a_while(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry, health: Health
) -> None:
    """If it was opened again; within fifteen seconds then."""
    while ear.opened == 1:
        if ear.is_open:
            ear.say(observation(health=health))
        await ear.pass_time(HOP_S)
    assert ear.is_open
    await ear.hears(PROBATION_S - 1)
    assert state_of(hass, entry, "crying") == "unavailable"
    await ear.hears(2)
    assert state_of(hass, entry, "crying") == "off"


async def test_no_sound_is_shown_by_what_comes_too_late(
    hass: HomeAssistant, ear: Ear, entry: MockConfigEntry
) -> None:
    """What a source sent before it was given up says nothing of now."""
    late = ear._heard
    assert late
    await ear.is_lost()
    late(observation())
    assert state_of(hass, entry, "crying") == "unavailable"
    await entry.runtime_data.async_set_listening(False)
    late(observation())
    assert state_of(hass, entry, "crying") == "unavailable"
    assert state_of(hass, entry, "audio_input") == "unknown"
