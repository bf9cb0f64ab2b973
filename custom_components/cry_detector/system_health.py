"""What Home Assistant's system information says about the detectors."""

from collections.abc import Iterable
from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import CryDetectorCoordinator
from .versions import async_ffmpeg_version


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Tell Home Assistant whom to ask."""
    register.async_register_info(async_system_health_info)


async def async_system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is shown."""
    detectors: list[CryDetectorCoordinator] = [
        entry.runtime_data for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    ]
    classifiers = [detector.classifier for detector in detectors]
    return {
        "listeners": len(hass.config_entries.async_entries(DOMAIN)),
        "hearing": sum(detector.audio_ok for detector in detectors),
        "model": _all(
            f"{classifier.manifest.name} {classifier.manifest.version}"
            for classifier in classifiers
        ),
        "engine": _all(classifier.runtime for classifier in classifiers),
        # It is a program that has to be started: the rest is shown until then.
        "ffmpeg": _async_ffmpeg(hass),
    }


async def _async_ffmpeg(hass: HomeAssistant) -> str | dict[str, str]:
    version = await async_ffmpeg_version(hass)
    return version or {"type": "failed", "error": "not found"}


def _all(names: Iterable[str]) -> str:
    """Return each name once."""
    return ", ".join(sorted(set(names))) or "-"
