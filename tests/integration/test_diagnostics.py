"""Diagnostics: enough to find a fault by, and nothing that is private."""

from dataclasses import asdict
from http import HTTPStatus
import json
from pathlib import Path
import platform
from typing import Any

from homeassistant.const import __version__ as HOME_ASSISTANT_VERSION
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.cry_detector.engine.classifier import Classifier
from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    entry_for,
    file_entry,
    room,
    write_wav,
)
from tests.integration.test_config_flow import async_add_camera
from tests.streams import HttpStream

# What is another thing in every run, on every machine or with every model.
MOVING = (
    "labels",
    "last_error",
    "listening_since",
    "lost_since",
    "model",
    "recent",
    "report",
    "settings",
    "versions",
)


async def async_diagnostics(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> dict[str, Any]:
    """Download them as a user does."""
    assert await async_setup_component(hass, "diagnostics", {})
    client = await hass_client()
    answer = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
    assert answer.status == HTTPStatus.OK
    content = await answer.json()
    data: dict[str, Any] = content["data"]
    return data


@pytest.mark.usefixtures("socket_enabled")
async def test_a_detector_that_hears(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    room_file: Path,
    snapshot: SnapshotAssertion,
) -> None:
    """Settings, figures and the last minutes, and what all of it runs on."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    coordinator = entry.runtime_data
    await async_wait_for(lambda: len(coordinator.recent) >= 3)
    data = await async_diagnostics(hass, hass_client, entry)
    assert data == snapshot(exclude=props(*MOVING))

    classifier: Classifier = coordinator.classifier
    versions = data["versions"]
    assert versions.pop("ffmpeg")[0].isalnum()
    assert versions == {
        "cry_detector": coordinator.version,
        "engine": classifier.runtime,
        "home_assistant": HOME_ASSISTANT_VERSION,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    assert data["model"]["sha256"] == classifier.manifest.sha256
    assert data["settings"] == asdict(coordinator.settings)
    assert data["report"]["amplitude_dbfs"] == pytest.approx(-50, abs=2)
    assert data["report"]["health"] == "ok"
    recent = data["recent"]
    assert len(recent) >= 3
    assert [row["ago_s"] for row in recent] == sorted(
        (row["ago_s"] for row in recent), reverse=True
    )
    assert recent[-1] == {
        "ago_s": pytest.approx(0, abs=10),
        "confidence": pytest.approx(0.5, abs=0.5),
        "crying": False,
        "health": "ok",
        "level_dbfs": pytest.approx(-50, abs=2),
        "noise_floor_dbfs": pytest.approx(-50, abs=6),
    }


@pytest.mark.usefixtures("socket_enabled")
async def test_a_detector_that_hears_nothing(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    media: Path,
    snapshot: SnapshotAssertion,
) -> None:
    """Why, and since when; and no figures, since there are none."""
    entry = file_entry(media / "missing.wav")
    await async_set_up(hass, entry)
    await async_wait_for(lambda: entry.runtime_data.lost_since is not None)
    data = await async_diagnostics(hass, hass_client, entry)
    # How long it has been lost is another thing in every run.
    assert data["sound"].pop("lost_s") >= 0
    assert data == snapshot(exclude=props(*MOVING))
    assert data["sound"]["last_error"] == "There is no file **REDACTED**"
    assert data["sound"]["lost_since"]
    assert data["report"] is None


SECRETS = ("parent", "geheim", "token123", "cam.example", "kinderzimmer")


async def async_source(hass: HomeAssistant, kind: str, media: Path) -> dict[str, Any]:
    """Return a source that cannot be had, with all that must not be told in it."""
    parent, password, token, host, room_name = SECRETS
    url = (
        f"http://{parent}:{password}@127.0.0.1:9/{room_name}/{token}.wav?key={password}"
    )
    match kind:
        case "stream":
            return {"source": kind, "url": url}
        case "unknown host":
            return {
                "source": "stream",
                "url": f"rtsp://{parent}:{password}@{host}.invalid/{token}",
            }
        case "camera":
            camera = await async_add_camera(hass, url)
            return {"source": kind, "entity_id": camera.entity_id}
        case "file":
            path = media / room_name / f"{parent}-{token}.wav"
            return {"source": kind, "path": str(path), "loop": True}
        case _:
            return {"source": kind, "device": f"pulse:usb-{room_name}_{token}-00"}


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("stream", "http://**REDACTED**"),
        ("unknown host", "rtsp://**REDACTED**"),
        ("camera", "**REDACTED**"),
        ("file", "**REDACTED**.wav"),
        ("microphone", "pulse:**REDACTED**"),
    ],
)
async def test_no_source_is_told(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    media: Path,
    kind: str,
    shown: str,
) -> None:
    """Neither a password nor an address, a path or a name, also not in the last error."""
    entry = entry_for(await async_source(hass, kind, media), title="Kinderzimmer Mia")
    await async_set_up(hass, entry)
    await async_wait_for(
        lambda: entry.runtime_data.last_exception is not None, timeout_s=40
    )
    data = await async_diagnostics(hass, hass_client, entry)
    text = json.dumps(data, ensure_ascii=False)
    for secret in (*SECRETS, "Kinderzimmer Mia", "127.0.0.1", str(media)):
        assert secret not in text, secret
    assert shown in data["source"].values()
    assert data["sound"]["last_error"]
    assert data["sound"]["problem"]


@pytest.mark.usefixtures("socket_enabled")
async def test_the_default_microphone_is_called_by_its_name(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """It is nobody's, and good to know."""
    entry = entry_for({"source": "microphone", "device": "default"})
    await async_set_up(hass, entry)
    # Whether this machine has one or not: it has been looked for.
    coordinator = entry.runtime_data
    await async_wait_for(
        lambda: coordinator.audio_ok or coordinator.lost_since is not None
    )
    data = await async_diagnostics(hass, hass_client, entry)
    assert data["source"] == {"source": "microphone", "device": "default"}


@pytest.mark.usefixtures("socket_enabled")
async def test_the_record_is_counted_and_not_told(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, media: Path
) -> None:
    """How often a baby cried helps; when it did is nobody's business."""
    entry = file_entry(write_wav(media / "room.wav", room(20)))
    await async_set_up(hass, entry)
    coordinator = entry.runtime_data
    await async_wait_for(lambda: coordinator.audio_ok)
    coordinator.async_test_alarm()
    await async_wait_for(lambda: coordinator.journal.current is not None)
    data = await async_diagnostics(hass, hass_client, entry)
    assert data["journal"] == {
        "crying_today_s": 0.0,
        "episodes_kept": 0,
        "episodes_today": 0,
        "going_on": True,
        "sound_lost": 0,
    }
    assert data["recent"][-1]["crying"] is True


async def test_a_stream_that_is_heard_is_not_told_either(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    room_stream: HttpStream,
) -> None:
    """While all is well."""
    url = room_stream.url.replace("//", "//parent:geheim@")
    entry = entry_for({"source": "stream", "url": url})
    await async_set_up(hass, entry)
    await async_wait_for(lambda: entry.runtime_data.audio_ok)
    data = await async_diagnostics(hass, hass_client, entry)
    text = json.dumps(data)
    assert "geheim" not in text
    assert str(room_stream.port) not in text
    assert data["sound"]["state"] == "arriving"
    await hass.config_entries.async_unload(entry.entry_id)
