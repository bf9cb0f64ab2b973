"""What the detector runs on, for those who help to find a fault."""

import platform
import re
import subprocess

from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.const import __version__ as HOME_ASSISTANT_VERSION
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
import numpy as np

from .const import DOMAIN

_TIMEOUT_S = 4.0


async def async_versions(hass: HomeAssistant) -> dict[str, str | None]:
    """Return the version of each part; None for an ffmpeg that cannot be run."""
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "cry_detector": str(integration.version),
        "ffmpeg": await async_ffmpeg_version(hass),
        "home_assistant": HOME_ASSISTANT_VERSION,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


async def async_ffmpeg_version(hass: HomeAssistant) -> str | None:
    """Return what the ffmpeg that is listened with calls itself, or None if it cannot be run.

    Home Assistant's own answer is not used: in its image that is a constant.
    """
    binary = get_ffmpeg_manager(hass).binary
    return await hass.async_add_executor_job(_ffmpeg_version, binary)


def _ffmpeg_version(binary: str) -> str | None:
    try:
        # Nothing in it comes from outside but which ffmpeg, which an administrator says.
        said = subprocess.run(  # nosec B603
            [binary, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    # "ffmpeg version 6.1.2 Copyright (c) 2000-2024 the FFmpeg developers"
    found = re.match(r"ffmpeg version (\S+)", said.stdout.decode(errors="replace"))
    return found[1] if found else None
