"""Several rooms: eight detectors side by side, each by itself."""

from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.cry_detector.const import DOMAIN
from tests.integration.ear import Ear, observation
from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    children,
    entry_for,
    file_entry,
    listening_threads,
    nothing_listens,
    open_files,
    room,
    state_of,
    write_wav,
)

ROOMS = 8


async def test_eight_rooms_are_heard_side_by_side(
    hass: HomeAssistant, media: Path
) -> None:
    """Each as loud as it is; with a thread and a child each, none of which is left."""
    files = open_files()
    levels = [-24.0 - 4.0 * number for number in range(ROOMS)]
    entries = [
        file_entry(
            write_wav(media / f"room{number}.wav", room(6, level_dbfs)),
            title=f"Room {number}",
        )
        for number, level_dbfs in enumerate(levels)
    ]
    for entry in entries:
        await async_set_up(hass, entry)
    for entry in entries:
        await async_wait_for(
            lambda entry=entry: state_of(hass, entry, "crying") == "off", timeout_s=60
        )
    heard = [float(state_of(hass, entry, "amplitude")) for entry in entries]
    assert heard == pytest.approx(levels, abs=2.0)
    assert len(listening_threads()) == len(children()) == ROOMS
    devices = {
        device.name
        for entry in entries
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
    }
    assert devices == {f"Room {number}" for number in range(ROOMS)}

    await entries[3].runtime_data.async_set_listening(False)
    assert state_of(hass, entries[3], "crying") == "unavailable"
    assert len(listening_threads()) == len(children()) == ROOMS - 1
    for entry in entries:
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert nothing_listens()
    await async_wait_for(lambda: open_files() <= files)


async def test_what_one_room_says_is_no_other_rooms(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, ear: Ear
) -> None:
    """A cry in one of eight, and a loss in another, are theirs alone."""
    ears = [ear, *(Ear(ear.freezer) for _ in range(ROOMS - 1))]
    entries = []
    for number, one in enumerate(ears):
        monkeypatch.setattr(
            f"custom_components.{DOMAIN}.coordinator.async_listen", one.async_listen
        )
        entry = entry_for(
            {"source": "stream", "url": f"http://camera{number}.local/"},
            title=f"Room {number}",
        )
        await async_set_up(hass, entry)
        one.say(observation())
        entries.append(entry)
    await ears[2].hears_crying(3)
    await ears[5].is_lost()
    for number, entry in enumerate(entries):
        expected = {2: "on", 5: "unavailable"}.get(number, "off")
        assert state_of(hass, entry, "crying") == expected
        assert state_of(hass, entry, "episodes_today") == str(int(number == 2))
