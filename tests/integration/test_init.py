"""Setting up a detector, and that its end leaves nothing behind."""

from pathlib import Path
import time

from homeassistant.components import switch
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cry_detector import models
from custom_components.cry_detector.const import DOMAIN
from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    children,
    file_entry,
    listening_tasks,
    listening_threads,
    nothing_listens,
    open_files,
    room,
    state_of,
    stream_entry,
    write_wav,
)
from tests.streams import HttpStream

ENDS = ("unload", "disable", "remove", "stop")


async def async_end(hass: HomeAssistant, entry_id: str, how: str) -> None:
    """End a detector in one of the ways in which it can end."""
    match how:
        case "unload":
            assert await hass.config_entries.async_unload(entry_id)
        case "disable":
            await hass.config_entries.async_set_disabled_by(
                entry_id, ConfigEntryDisabler.USER
            )
        case "remove":
            await hass.config_entries.async_remove(entry_id)
        case "stop":
            await hass.async_stop(force=True)


async def test_a_detector_listens_in_a_thread_of_its_own(
    hass: HomeAssistant, room_file: Path
) -> None:
    """One thread, named after the detector, and one child process."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert [name.rpartition("_")[0] for name in listening_threads()] == [
        f"{DOMAIN} Nursery"
    ]
    assert len(children()) == 1


async def test_setting_up_waits_for_no_sound(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """Home Assistant starts as fast with a dead camera as without one."""
    room_stream.stalled.set()
    entry = stream_entry(room_stream.url)
    start = time.monotonic()
    await async_set_up(hass, entry)
    assert time.monotonic() - start < 5.0
    assert entry.state is ConfigEntryState.LOADED
    for key in ("crying", "amplitude", "confidence"):
        assert state_of(hass, entry, key) == "unavailable"


@pytest.mark.parametrize("how", ENDS)
async def test_the_end_of_a_detector_leaves_nothing(
    hass: HomeAssistant, room_file: Path, how: str
) -> None:
    """Within two seconds thread, task and child process are gone, and every file is closed."""
    files = open_files()
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert listening_threads()
    assert listening_tasks()
    assert open_files() > files

    start = time.monotonic()
    await async_end(hass, entry.entry_id, how)
    assert time.monotonic() - start < 2.0
    assert nothing_listens()
    assert listening_tasks() == []
    assert open_files() <= files


@pytest.mark.parametrize("how", ENDS)
async def test_a_stalled_stream_ends_as_fast(
    hass: HomeAssistant, room_stream: HttpStream, how: str
) -> None:
    """Also where the thread waits for sound that does not come."""
    room_stream.stalled.set()
    entry = stream_entry(room_stream.url)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: bool(room_stream.requests))
    start = time.monotonic()
    await async_end(hass, entry.entry_id, how)
    assert time.monotonic() - start < 2.0
    assert nothing_listens()
    assert listening_tasks() == []


@pytest.mark.parametrize("how", ENDS)
async def test_a_detector_that_waits_to_try_again_ends_as_fast(
    hass: HomeAssistant, media: Path, how: str
) -> None:
    """Also in the pause after a failure."""
    entry = file_entry(media / "missing.wav")
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "audio_input") == "off")
    start = time.monotonic()
    await async_end(hass, entry.entry_id, how)
    assert time.monotonic() - start < 2.0
    assert nothing_listens()
    assert listening_tasks() == []


async def test_what_cannot_be_taken_away_goes_on_listening(
    hass: HomeAssistant, room_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entities are still there, and would say of a closed source that it hears."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")

    async def async_refuse(hass: HomeAssistant, entry: MockConfigEntry) -> bool:
        return False

    monkeypatch.setattr(switch, "async_unload_entry", async_refuse)
    assert not await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.FAILED_UNLOAD
    await async_wait_for(lambda: bool(entry.runtime_data.audio_ok))
    assert len(listening_threads()) == len(children()) == 1
    await entry.runtime_data.async_close()


async def test_reloading_listens_anew(hass: HomeAssistant, room_file: Path) -> None:
    """Ten times over, with as many threads, child processes and files as once."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    files = open_files()
    for _ in range(10):
        assert await hass.config_entries.async_reload(entry.entry_id)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert len(listening_threads()) == 1
    assert len(children()) == 1
    assert open_files() <= files


async def test_two_detectors_listen_side_by_side(
    hass: HomeAssistant, media: Path
) -> None:
    """Each hears its own room, and one's end is not the other's."""
    quiet = file_entry(write_wav(media / "quiet.wav", room(10, -60)), title="Quiet")
    loud = file_entry(write_wav(media / "loud.wav", room(10, -20)), title="Loud")
    for entry in (quiet, loud):
        await async_set_up(hass, entry)
    for entry in (quiet, loud):
        await async_wait_for(
            lambda entry=entry: state_of(hass, entry, "amplitude") != "unavailable"
        )
    assert float(state_of(hass, quiet, "amplitude")) == pytest.approx(-60, abs=1)
    assert float(state_of(hass, loud, "amplitude")) == pytest.approx(-20, abs=1)
    assert len(listening_threads()) == len(children()) == 2

    assert await hass.config_entries.async_unload(quiet.entry_id)
    assert len(listening_threads()) == len(children()) == 1
    assert state_of(hass, quiet, "crying") == "unavailable"
    assert state_of(hass, loud, "crying") != "unavailable"


async def test_a_damaged_model_is_an_error_of_the_entry(
    hass: HomeAssistant, room_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said on the entry, in the user's language, and nothing is listened to."""
    damaged = room_file.with_name("damaged.tflite")
    monkeypatch.setattr(models, "DEFAULT_MODEL", damaged)
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "model_error"
    assert entry.reason
    assert "damaged" in entry.reason
    assert nothing_listens()


async def test_the_states_are_plausible(hass: HomeAssistant, media: Path) -> None:
    """A level in whole dBFS, a confidence in whole percent."""
    entry = file_entry(write_wav(media / "room.wav", room(10, -40)))
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert int(state_of(hass, entry, "amplitude")) == pytest.approx(-40, abs=1)
    assert 0 <= int(state_of(hass, entry, "confidence")) <= 100
