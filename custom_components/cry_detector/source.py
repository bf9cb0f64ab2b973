"""What a config entry says about its source -> the engine's source, ready to be opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.const import CONF_DEVICE, CONF_ENTITY_ID, CONF_PATH, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_LOOP, CONF_SOURCE, SourceKind
from .engine.errors import EngineError
from .engine.sources import PATIENCE_S, Source
from .engine.sources.ffmpeg import FfmpegSource
from .engine.sources.microphone import microphone
from .errors import NoSoundError, no_sound_error


async def async_create_source(
    hass: HomeAssistant,
    data: Mapping[str, Any],
    sample_rate: int,
    patience_s: float = PATIENCE_S,
) -> Source:
    """Return the source that an entry's data describe, not yet opened.

    A camera is asked for its stream every time, since many hand out addresses that
    do not last.

    Args:
        hass: Home Assistant.
        data: an entry's.
        sample_rate: samples a second to deliver.
        patience_s: how long the first sound of a stream is waited for.

    Raises:
        NoSoundError: there can be no such source, or not at present.
    """
    url = data.get(CONF_URL)
    if data[CONF_SOURCE] == SourceKind.CAMERA:
        url = await _async_camera_stream(hass, data[CONF_ENTITY_ID])
    return await hass.async_add_executor_job(
        _create_source, hass, data, url, sample_rate, patience_s
    )


def _create_source(
    hass: HomeAssistant,
    data: Mapping[str, Any],
    url: str | None,
    sample_rate: int,
    patience_s: float,
) -> Source:
    ffmpeg = get_ffmpeg_manager(hass).binary
    kind = SourceKind(data[CONF_SOURCE])
    try:
        if kind is SourceKind.MICROPHONE:
            return microphone(data[CONF_DEVICE], sample_rate=sample_rate, ffmpeg=ffmpeg)
        if kind is SourceKind.FILE:
            return FfmpegSource.from_file(
                allowed_file(hass, data[CONF_PATH]),
                sample_rate=sample_rate,
                ffmpeg=ffmpeg,
                real_time=True,
                loop=data[CONF_LOOP],
            )
        assert url is not None
        return FfmpegSource.from_url(
            url, sample_rate=sample_rate, ffmpeg=ffmpeg, patience_s=patience_s
        )
    except EngineError as err:
        raise no_sound_error(err) from err


def allowed_file(hass: HomeAssistant, path: str) -> Path:
    """Return a file's path if Home Assistant may read it; looks at the disk.

    Raises:
        NoSoundError: it may not, or there is no such file.
    """
    # What links and `..` lead to is what must be allowed.
    if not Path(path).is_absolute() or not hass.config.is_allowed_path(path):
        raise NoSoundError("path_not_allowed", path=path)
    if not Path(path).is_file():
        raise NoSoundError("file_not_found", path=path)
    return Path(path)


async def _async_camera_stream(hass: HomeAssistant, entity_id: str) -> str:
    """Ask a camera for the address of its stream."""
    if "camera" not in hass.config.components:
        raise NoSoundError("camera_unavailable", entity_id=entity_id)
    # Imported only where there are cameras: without the JPEG library that nothing else
    # here needs, the import alone writes an error to the log.
    from homeassistant.components.camera import async_get_stream_source

    try:
        url = await async_get_stream_source(hass, entity_id)
    except HomeAssistantError as err:
        raise NoSoundError("camera_unavailable", entity_id=entity_id) from err
    if not url:
        raise NoSoundError("no_stream", entity_id=entity_id)
    return url
