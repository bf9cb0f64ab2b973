"""A Home Assistant that loads this integration, and things for it to listen to."""

from collections.abc import Iterator
from pathlib import Path
import time

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import numpy as np
import pytest

from custom_components.cry_detector import coordinator, trial
from tests.integration import helpers
from tests.integration.ear import Ear
from tests.streams import HttpStream
from tests.virtual_microphone import VirtualMicrophone


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fail a test that leaves a thread or a child process of a detector.

    A flow that is refused is not waited for: its thread may still be ending ffmpeg, for which it has as long as Home
    Assistant has to stop.
    """
    yield
    deadline = time.monotonic() + 2.0
    while helpers.listening_threads() or helpers.children():
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    assert helpers.listening_threads() == []
    assert helpers.children() == {}


@pytest.fixture(autouse=True)
def custom_integrations(no_leaks: None, enable_custom_integrations: None) -> None:
    """Let Home Assistant load what is in custom_components.

    It is asked for after `no_leaks`, which then looks when Home Assistant has stopped.
    """


@pytest.fixture
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return a folder that Home Assistant may read."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    return tmp_path


@pytest.fixture
def room_file(media: Path) -> Path:
    """Return a recording of a quiet room."""
    return helpers.write_wav(media / "room.wav", helpers.room(20))


@pytest.fixture
def room_stream(socket_enabled: None) -> Iterator[HttpStream]:
    """Return a server that streams a quiet room."""
    with HttpStream(helpers.room(10).astype(np.float32)) as stream:
        yield stream


@pytest.fixture
def ear(freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> Ear:
    """Return what detectors hear instead of their sources, by a clock that the test moves."""
    ear = Ear(freezer)
    monkeypatch.setattr(coordinator, "async_listen", ear.async_listen)
    return ear


@pytest.fixture
def quick_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try sources for one second, and wait for them no longer than six."""
    monkeypatch.setattr(trial, "TRIAL_S", 1.0)
    monkeypatch.setattr(trial, "FIRST_SOUND_TIMEOUT_S", 6.0)


@pytest.fixture
def virtual_microphone(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualMicrophone]:
    """Return a microphone that is this machine's default as long as the test runs."""
    if missing := VirtualMicrophone.missing_programs():
        pytest.skip(missing)
    with VirtualMicrophone() as microphone:
        for name, value in microphone.environment.items():
            monkeypatch.setenv(name, value)
        yield microphone
