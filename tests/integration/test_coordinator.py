"""A detector that loses its sound says so, once, and finds it again; and it writes little."""

import asyncio
from collections.abc import Callable, Iterator
import logging
import os
from pathlib import Path
import signal
import threading
import time
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import CoreState, HomeAssistant
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.cry_detector import (
    coordinator as coordinator_module,
    listening,
    own_thread,
    trial,
)
from custom_components.cry_detector.cries import CryEvent
from custom_components.cry_detector.engine.listener import Listener
from custom_components.cry_detector.engine.observation import Observation
from custom_components.cry_detector.errors import NoSoundError
from custom_components.cry_detector.settings import DEFAULTS
from demo.nursery import episode
from tests.integration.ear import Ear
from tests.integration.helpers import (
    RATE,
    async_set_up,
    async_wait_for,
    children,
    entry_for,
    file_entry,
    full_state_of,
    listening_threads,
    nothing_listens,
    room,
    state_of,
    stream_entry,
    write_wav,
)
from tests.integration.test_config_flow import async_add_camera
from tests.streams import HttpStream

SECRET = "geheim"
OURS = "custom_components.cry_detector"


def our_records(
    caplog: pytest.LogCaptureFixture, level: int = logging.INFO
) -> list[logging.LogRecord]:
    """Return what the integration has logged at a level or above."""
    return [
        record
        for record in caplog.records
        if record.name.startswith(OURS) and record.levelno >= level
    ]


async def test_a_stream_that_dies_is_unavailable_and_comes_back(
    hass: HomeAssistant, room_stream: HttpStream, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once each way, without the password that is in the URL."""
    url = room_stream.url.replace("//", f"//parent:{SECRET}@")
    entry = stream_entry(url)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert our_records(caplog) == []

    room_stream.close()
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "unavailable")
    assert state_of(hass, entry, "amplitude") == "unavailable"
    assert state_of(hass, entry, "confidence") == "unavailable"
    # Long enough for more than one attempt to fail.
    await asyncio.sleep(2.5)
    (lost,) = our_records(caplog)
    assert lost.levelno == logging.WARNING
    assert lost.getMessage().startswith(
        "Nursery: no sound arrives: http://***@127.0.0.1"
    )

    with HttpStream(room(10).astype(np.float32), room_stream.port):
        back_s = await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        assert back_s < 8.0
        found = our_records(caplog)[-1]
        assert found.levelno == logging.INFO
        assert found.getMessage() == "Nursery: sound is arriving again"
        assert len(our_records(caplog)) == 2
        await hass.config_entries.async_unload(entry.entry_id)

    assert SECRET not in caplog.text
    assert all(SECRET not in str(state.as_dict()) for state in hass.states.async_all())


async def test_a_stream_that_stalls_is_unavailable(
    hass: HomeAssistant, room_stream: HttpStream
) -> None:
    """Open but dead is dead: it is noticed within ten seconds."""
    entry = stream_entry(room_stream.url)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    room_stream.stalled.set()
    noticed_s = await async_wait_for(
        lambda: state_of(hass, entry, "crying") == "unavailable"
    )
    assert noticed_s < 10.0
    assert full_state_of(hass, entry, "audio_input").attributes["problem"] == "no_sound"


async def test_a_child_process_that_is_killed_is_replaced(
    hass: HomeAssistant, room_file: Path
) -> None:
    """As by a kernel that runs out of memory."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "unavailable")
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert len(children()) == 1
    assert child not in children()


async def test_a_camera_is_asked_for_its_stream_again(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """After a reboot it may give another address."""
    sound = room(10).astype(np.float32)
    with HttpStream(sound) as before:
        camera = await async_add_camera(hass, before.url)
        entry = entry_for({"source": "camera", "entity_id": camera.entity_id})
        await async_set_up(hass, entry)
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    with HttpStream(sound) as after:
        camera.url = after.url
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "unavailable")
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        assert after.requests
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_file_that_is_not_repeated_ends(
    hass: HomeAssistant, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is unavailable from then on, and not opened again and again."""
    path = write_wav(media / "once.wav", room(2))
    entry = file_entry(path, loop=False)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "unavailable")
    await asyncio.sleep(2.5)
    assert nothing_listens()
    assert state_of(hass, entry, "crying") == "unavailable"
    (ended,) = our_records(caplog)
    assert ended.getMessage() == "Nursery: no sound arrives: The source has ended"


async def test_nothing_is_said_while_home_assistant_starts(
    hass: HomeAssistant, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A camera or a server may come up later; once all is up, it is said."""
    hass.set_state(CoreState.starting)
    entry = file_entry(media / "later.wav")
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "audio_input") == "off")
    assert our_records(caplog) == []
    hass.set_state(CoreState.running)
    await async_wait_for(lambda: len(our_records(caplog)) == 1)
    assert "There is no file" in caplog.text


async def test_a_fault_of_ours_does_not_end_the_listening(
    hass: HomeAssistant,
    room_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged with its traceback, once, and the source is opened again."""
    attempts: list[float] = []

    async def async_listen(*arguments: Any, **options: Any) -> None:
        attempts.append(time.monotonic())
        if len(attempts) < 3:
            raise RuntimeError("a fault of ours")
        await listening.async_listen(*arguments, **options)

    monkeypatch.setattr(coordinator_module, "async_listen", async_listen)
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert [record.levelno for record in our_records(caplog)] == [
        logging.ERROR,
        logging.WARNING,
        logging.INFO,
    ]
    assert "a fault of ours" in caplog.text
    first, second = np.diff(attempts)
    assert 0.75 <= first < 2.5
    assert 1.5 <= second < 4.0


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Have drivers hang when they are to let go of a source, until this is set."""
    close: Callable[[Listener], None] = Listener.close
    released = threading.Event()

    def close_late(listener: Listener) -> None:
        released.wait(20.0)
        close(listener)

    monkeypatch.setattr(Listener, "close", close_late)
    monkeypatch.setattr(own_thread, "STOP_TIMEOUT_S", 0.1)
    yield released
    released.set()


async def test_a_thread_that_hangs_is_not_waited_for(
    hass: HomeAssistant,
    room_file: Path,
    hanging: threading.Event,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A driver that does not return must not keep Home Assistant from stopping."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    start = time.monotonic()
    await hass.config_entries.async_unload(entry.entry_id)
    assert time.monotonic() - start < 1.5
    assert "Nursery: its thread hangs" in caplog.text
    hanging.set()
    await async_wait_for(nothing_listens)


@pytest.mark.parametrize("how", ["pause", "reload"])
async def test_beside_a_thread_that_hangs_no_other_is_begun(
    hass: HomeAssistant, room_file: Path, hanging: threading.Event, how: str
) -> None:
    """Some microphones can be opened only once: the driver must have let go of it first."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    before = children()
    if how == "pause":
        await entry.runtime_data.async_set_listening(False)
        await entry.runtime_data.async_set_listening(True)
    else:
        assert await hass.config_entries.async_reload(entry.entry_id)
    await asyncio.sleep(1.2)
    assert children().keys() == before.keys()
    assert len(listening_threads()) == 1
    assert state_of(hass, entry, "crying") == "unavailable"

    hanging.set()
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert len(children()) == 1
    assert not children().keys() & before.keys()


async def test_what_hangs_is_not_tried_either(
    hass: HomeAssistant,
    room_file: Path,
    hanging: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dialog in which it is tried again and again leaves no thread behind each time."""
    monkeypatch.setattr(trial, "FIRST_SOUND_TIMEOUT_S", 0.5)
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    await hass.config_entries.async_unload(entry.entry_id)

    trying = trial.Trial(hass, "Nursery", entry.data, {})
    with pytest.raises(NoSoundError) as refused:
        await trying.async_hear(lambda done: None)
    await trying.async_close()
    assert refused.value.translation_key == "no_sound"
    assert len(listening_threads()) == len(children()) == 1

    hanging.set()
    await async_wait_for(nothing_listens)


async def test_a_cry_is_reported_at_once_and_little_is_written(
    hass: HomeAssistant, media: Path
) -> None:
    """Half a minute of a nursery with one cry, synthesised, through the whole path."""
    rng = np.random.default_rng(3)
    crying = episode(RATE, rng, 8.0)
    crying = crying * (0.25 / np.abs(crying).max())
    calm = room(8, -55)
    nursery = np.concatenate([calm, crying, room(14, -55)])
    entry = file_entry(write_wav(media / "nursery.wav", nursery), loop=False)
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await async_set_up(hass, entry)
    start = time.monotonic()
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    await async_wait_for(
        lambda: state_of(hass, entry, "crying") == "on", timeout_s=18.0
    )
    assert 8.0 < time.monotonic() - start < 8.0 + 6.0
    assert int(state_of(hass, entry, "confidence")) >= 50
    await async_wait_for(
        lambda: state_of(hass, entry, "crying") == "off", timeout_s=25.0
    )
    took_s = time.monotonic() - start

    written: dict[str, list[str]] = {}
    for event in events:
        written.setdefault(event.data["entity_id"], []).append(
            event.data["new_state"].state
        )
    assert written["binary_sensor.nursery_crying"] == [
        "unavailable",
        "off",
        "on",
        "off",
    ]
    most = 2 + took_s / DEFAULTS["report_interval"] + 2
    assert 3 <= len(written["sensor.nursery_amplitude"]) <= most
    assert len(written["sensor.nursery_confidence"]) <= most
    loudest = max(float(level) for level in written["sensor.nursery_amplitude"][1:])
    assert loudest == pytest.approx(_loudest_hop_dbfs(crying), abs=1.5)


def _loudest_hop_dbfs(samples: np.ndarray) -> float:
    """Return the RMS level of the loudest half second."""
    hop = RATE // 2
    hops = samples[: len(samples) // hop * hop].reshape(-1, hop)
    return float(10 * np.log10(np.square(hops).mean(axis=1).max()))


async def test_whoever_asks_is_told_what_is_heard(
    hass: HomeAssistant, ear: Ear
) -> None:
    """Until they have heard enough; and the last minutes are kept for the diagnostics."""
    entry = entry_for({"source": "stream", "url": "http://camera.local/nursery"})
    await async_set_up(hass, entry)
    heard: list[Observation] = []
    told: list[CryEvent] = []
    coordinator = entry.runtime_data
    deaf = coordinator.async_listen_to_observations(heard.append)
    mute = coordinator.async_subscribe_cries(told.append)
    await ear.hears_it_end(await ear.hears_crying(3))
    assert [one.crying for one in heard] == [True] * 7 + [False]
    assert [event.kind.value for event in told] == ["started", "ended"]
    deaf()
    mute()
    await ear.hears_crying(3)
    assert len(heard) == 8
    assert len(told) == 2
    assert [one.crying for one in coordinator.recent] == [True] * 7 + [False] + [
        True
    ] * 7
    await ear.hears(400)
    assert len(coordinator.recent) == 600


async def test_a_listener_that_fails_does_not_deafen_the_others(
    hass: HomeAssistant, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in the log, and the listening goes on."""
    entry = entry_for({"source": "stream", "url": "http://camera.local/nursery"})
    await async_set_up(hass, entry)
    coordinator = entry.runtime_data
    told: list[CryEvent] = []

    def fail(what: object) -> None:
        raise ValueError("a fault of a listener")

    for subscribe in (
        coordinator.async_listen_to_observations,
        coordinator.async_subscribe_cries,
    ):
        entry.async_on_unload(subscribe(fail))
    entry.async_on_unload(coordinator.async_subscribe_cries(told.append))
    await ear.hears_it_end(await ear.hears_crying(3))
    assert [event.kind.value for event in told] == ["started", "ended"]
    assert coordinator.audio_ok
    assert "a fault of a listener" in caplog.text


async def test_an_episode_that_a_reload_cuts_off_is_told_as_ended(
    hass: HomeAssistant, ear: Ear
) -> None:
    """Whoever was told of its beginning waits for its end."""
    entry = entry_for({"source": "stream", "url": "http://camera.local/nursery"})
    await async_set_up(hass, entry)
    told: list[CryEvent] = []
    entry.runtime_data.async_subscribe_cries(told.append)
    await ear.hears_crying(3)
    await hass.config_entries.async_reload(entry.entry_id)
    assert [event.kind.value for event in told] == ["started", "ended"]
    assert told[-1].episode.sound_lost
    event = full_state_of(hass, entry, "cry").attributes
    assert (event["event_type"], event["duration"]) == ("ended", 3)
    assert event["sound_lost"]
    assert state_of(hass, entry, "episodes_today") == "1"
    assert state_of(hass, entry, "last_cry_duration") == "3"
