"""Finds the crying in a file, as fast as it goes, and with the settings of a detector."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .engine.classifier import Classifier
from .engine.episodes import Episode
from .engine.errors import EngineError
from .engine.listener import Listener
from .engine.sources.ffmpeg import FfmpegSource
from .errors import NoSoundError, no_sound_error
from .own_thread import async_in_own_thread
from .settings import Settings
from .source import allowed_file

# A night of ten hours takes a small computer less; a pipe that never ends is cut off.
TIMEOUT_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Findings:
    """What was heard in a file."""

    episodes: list[Episode]
    """Their times are seconds from the file's beginning."""
    duration_s: float
    """How much sound there is in it."""
    peak_confidence: float
    """The highest confidence of any window, 0 to 1."""


async def async_classify(
    hass: HomeAssistant, path: Path, classifier: Classifier, settings: Settings
) -> Findings:
    """Listen to a file to its end.

    Raises:
        HomeAssistantError: it cannot be read, or it takes longer than TIMEOUT_S.
    """
    listener = await hass.async_add_executor_job(
        _create_listener,
        path,
        classifier,
        settings,
        get_ffmpeg_manager(hass).binary,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await async_in_own_thread(
                hass, path.name, lambda: _listen(listener), listener.close
            )
    except TimeoutError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="classify_timeout",
            translation_placeholders={
                "path": str(path),
                "minutes": f"{TIMEOUT_S / 60:.0f}",
            },
        ) from err
    except EngineError as err:
        raise no_sound_error(err) from err


def check_path(hass: HomeAssistant, path: str) -> Path:
    """Return a file's path if Home Assistant may read it; looks at the disk.

    Raises:
        ServiceValidationError: it may not, or there is no such file.
    """
    try:
        return allowed_file(hass, path)
    except NoSoundError as err:
        # It is what was asked for that is wrong: Home Assistant then writes no traceback.
        raise ServiceValidationError(
            translation_domain=err.translation_domain,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err


async def async_media_path(hass: HomeAssistant, media_content_id: str) -> str:
    """Return the path of a media source's file.

    Raises:
        ServiceValidationError: there is no such media, or it is not a file here.
    """
    # It brings the media player and the web server with it, which nothing else here needs.
    from homeassistant.components.media_source import Unresolvable, async_resolve_media

    try:
        media = await async_resolve_media(hass, media_content_id, None)
    except Unresolvable as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="media_not_found",
            translation_placeholders={"media": media_content_id, "cause": str(err)},
        ) from err
    if media.path is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="media_not_a_file",
            translation_placeholders={"media": media_content_id},
        )
    return str(media.path)


def _create_listener(
    path: Path, classifier: Classifier, settings: Settings, ffmpeg: str
) -> Listener:
    source = FfmpegSource.from_file(
        path,
        sample_rate=classifier.manifest.sample_rate,
        ffmpeg=ffmpeg,
        real_time=False,
    )
    return Listener(
        source, classifier, settings.episode_settings(), gain_db=settings.gain_db
    )


def _listen(listener: Listener) -> Findings:
    episodes = []
    duration_s = peak_confidence = 0.0
    for observation in listener:
        duration_s = observation.time
        peak_confidence = max(peak_confidence, observation.confidence)
        if observation.episode is not None and observation.episode.end is not None:
            episodes.append(observation.episode)
    if (last := listener.finish()) is not None:
        episodes.append(last)
    return Findings(episodes, duration_s, peak_confidence)
