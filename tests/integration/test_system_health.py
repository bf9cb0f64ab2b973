"""Home Assistant's system information says what the detectors run on, and how many hear."""

import asyncio
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.cry_detector import system_health
from custom_components.cry_detector.const import DOMAIN
from tests.integration.helpers import async_set_up, async_wait_for, file_entry

ENGLISH: dict[str, Any] = json.loads(
    (Path(system_health.__file__).parent / "translations/en.json").read_text()
)


async def async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is shown, once all of it is there."""
    assert await async_setup_component(hass, "system_health", {})
    info = await get_system_health_info(hass, DOMAIN)
    return {
        key: await value if asyncio.iscoroutine(value) else value
        for key, value in info.items()
    }


async def test_two_detectors_one_of_which_hears(
    hass: HomeAssistant, media: Path, room_file: Path
) -> None:
    """Each model and engine is named once."""
    hears = file_entry(room_file, title="Nursery")
    hears_not = file_entry(media / "missing.wav", title="Parents")
    for entry in (hears, hears_not):
        await async_set_up(hass, entry)
    await async_wait_for(lambda: hears.runtime_data.audio_ok)
    info = await async_info(hass)
    assert info.pop("ffmpeg")[0].isalnum()
    classifier = hears.runtime_data.classifier
    assert info == {
        "engine": classifier.runtime,
        "hearing": 1,
        "listeners": 2,
        "model": f"{classifier.manifest.name} {classifier.manifest.version}",
    }


async def test_no_ffmpeg_is_said(hass: HomeAssistant, room_file: Path) -> None:
    """Where nothing can be heard for want of it."""
    assert await async_setup_component(
        hass, "ffmpeg", {"ffmpeg": {"ffmpeg_bin": "/nowhere/ffmpeg"}}
    )
    await async_set_up(hass, file_entry(room_file))
    info = await async_info(hass)
    assert info["ffmpeg"] == {"type": "failed", "error": "not found"}
    assert info["hearing"] == 0


async def test_a_program_that_is_no_ffmpeg_is_none(hass: HomeAssistant) -> None:
    """It would not hear, either."""
    assert await async_setup_component(
        hass, "ffmpeg", {"ffmpeg": {"ffmpeg_bin": "/bin/true"}}
    )
    assert await async_setup_component(hass, DOMAIN, {})
    info = await async_info(hass)
    assert info["ffmpeg"] == {"type": "failed", "error": "not found"}


async def test_no_detector_has_nothing_to_say(hass: HomeAssistant) -> None:
    """As between removing the last one and adding another."""
    assert await async_setup_component(hass, DOMAIN, {})
    info = await async_info(hass)
    del info["ffmpeg"]
    assert info == {"engine": "-", "hearing": 0, "listeners": 0, "model": "-"}


async def test_what_is_shown_has_names(hass: HomeAssistant, room_file: Path) -> None:
    """All of it, and no name is left over."""
    await async_set_up(hass, file_entry(room_file))
    assert set(ENGLISH["system_health"]["info"]) == set(await async_info(hass))
