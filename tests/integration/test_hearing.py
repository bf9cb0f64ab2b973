"""Real recordings, played into a virtual microphone, seen as states in Home Assistant."""

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import subprocess
import sys

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.cry_detector.engine.classifier import LITERT
from custom_components.cry_detector.engine.sources.alsa import alsaaudio
from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    children,
    entry_for,
    listening_threads,
    room,
    state_of,
    write_wav,
)
from tests.virtual_microphone import SINK, VirtualMicrophone

# Clips of the `val` split, which the model is not trained on.
OTHERS = [
    "household/freesound-132839_nohash_0.ogg",
    "music/berklee-glass-harmonica_nohash_0.ogg",
    "speech/librispeech-2518_nohash_0.ogg",
]


@pytest.fixture
def hum(
    virtual_microphone: VirtualMicrophone, tmp_path: Path
) -> Iterator[Callable[[], None]]:
    """Let the room be heard as a room is: a microphone without any noise is a dead one.

    What it returns starts the noise again, for when its server has died.
    """
    noise = write_wav(tmp_path / "room.wav", room(170, -62.0))
    players: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        players.append(
            subprocess.Popen(
                ["paplay", f"--device={SINK}", str(noise)],
                env=os.environ | virtual_microphone.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    start()
    yield start
    for player in players:
        player.kill()
        player.wait()


@pytest.fixture
def installed(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[bool]:
    """Whether LiteRT and pyalsaaudio can be imported, where they are installed."""
    alsaaudio.cache_clear()
    without = request.param != "with all there is"
    if without:
        for name in (*LITERT, "alsaaudio"):
            monkeypatch.setitem(sys.modules, name, None)
    yield not without
    alsaaudio.cache_clear()


@pytest.mark.parametrize(
    ("installed", "baby", "clips"),
    [
        ("with all there is", "donateacry-50dc5fbc-ac95-44f2-b55f-e4e5fb03ac96", 2),
        ("without LiteRT and pyalsaaudio", "freesound-185575", 3),
    ],
    indirect=["installed"],
)
async def test_a_real_cry_is_seen(
    hass: HomeAssistant,
    shared_audio: Path,
    virtual_microphone: VirtualMicrophone,
    hum: Callable[[], None],
    installed: bool,
    baby: str,
    clips: int,
) -> None:
    """On while the baby cries, off some seconds after, and once only."""
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    entry = entry_for({"source": "microphone", "device": "default"})
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    if not installed:
        assert entry.runtime_data.classifier.runtime.startswith("numpy")
        assert len(children()) == 1

    for number in range(clips):
        clip = shared_audio / "crying" / f"{baby}_nohash_{number}.ogg"
        await hass.async_add_executor_job(virtual_microphone.play, clip)
    assert state_of(hass, entry, "crying") == "on"
    assert int(state_of(hass, entry, "confidence")) > 60
    assert float(state_of(hass, entry, "amplitude")) > -40.0
    calm_s = await async_wait_for(
        lambda: state_of(hass, entry, "crying") == "off", timeout_s=30.0
    )
    assert calm_s > 2.0
    crying = [
        event.data["new_state"].state
        for event in events
        if event.data["entity_id"] == "binary_sensor.nursery_crying"
    ]
    assert crying == ["unavailable", "off", "on", "off"]


async def test_other_sounds_of_a_home_are_no_cries(
    hass: HomeAssistant,
    shared_audio: Path,
    virtual_microphone: VirtualMicrophone,
    hum: Callable[[], None],
) -> None:
    """They are heard, and not taken for crying."""
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    entry = entry_for(
        {"source": "microphone", "device": "default"}, options={"report_interval": 2.0}
    )
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    for name in OTHERS:
        await hass.async_add_executor_job(virtual_microphone.play, shared_audio / name)
    states: dict[str, set[str]] = {}
    for event in events:
        states.setdefault(event.data["entity_id"], set()).add(
            event.data["new_state"].state
        )
    assert states["binary_sensor.nursery_crying"] == {"unavailable", "off"}
    levels = states["sensor.nursery_amplitude"] - {"unavailable"}
    assert max(float(level) for level in levels) > -40.0


async def test_a_microphone_whose_server_dies_comes_back(
    hass: HomeAssistant,
    virtual_microphone: VirtualMicrophone,
    hum: Callable[[], None],
) -> None:
    """PulseAudio is restarted: unavailable meanwhile, then heard again by itself."""
    entry = entry_for({"source": "microphone", "device": "default"})
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    await hass.async_add_executor_job(virtual_microphone.stop)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "unavailable")
    await hass.async_add_executor_job(virtual_microphone.start)
    hum()
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert len(listening_threads()) + len(children()) <= 2
