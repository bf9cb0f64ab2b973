"""The actions: have detectors listen or not, find the crying in a file, report on a time."""

from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.const import (
    ATTR_AREA_ID,
    ATTR_CONFIG_ENTRY_ID,
    ATTR_ENTITY_ID,
    ATTR_FLOOR_ID,
    ATTR_LABEL_ID,
    ENTITY_MATCH_ALL,
)
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import (
    async_extract_config_entry_ids,
    async_get_config_entry,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .classify import async_classify, async_media_path, check_path
from .const import DOMAIN
from .coordinator import CryDetectorConfigEntry
from .journal import JournalEpisode
from .models import async_load_classifier
from .settings import Settings

SERVICE_CLASSIFY: Final = "classify"
SERVICE_LISTEN: Final = "listen"
SERVICE_REPORT: Final = "report"

ATTR_DURATION: Final = "duration"
ATTR_END: Final = "end"
ATTR_LISTENING: Final = "listening"
ATTR_MEDIA: Final = "media"
ATTR_MEDIA_CONTENT_ID: Final = "media_content_id"
ATTR_PATH: Final = "path"
ATTR_START: Final = "start"

# What is meant to be longer is meant for good.
_LONGEST: Final = timedelta(days=366)
# The first and the last year may not be there in another time zone.
_FIRST_YEAR: Final = 2
_LAST_YEAR: Final = 9998

_LISTEN_SCHEMA = vol.Schema(
    {
        **cv.ENTITY_SERVICE_FIELDS,
        vol.Optional(ATTR_CONFIG_ENTRY_ID): vol.All(cv.ensure_list, [cv.string]),
        vol.Required(ATTR_LISTENING): cv.boolean,
        vol.Optional(ATTR_DURATION): vol.All(
            cv.time_period, vol.Range(min=timedelta(seconds=1), max=_LONGEST)
        ),
    }
)
_CLASSIFY_SCHEMA = vol.All(
    vol.Schema(
        {
            vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
            vol.Exclusive(ATTR_PATH, "file"): cv.string,
            # The media selector hands over more than the identifier.
            vol.Exclusive(ATTR_MEDIA, "file"): vol.Any(
                cv.string,
                vol.Schema(
                    {vol.Required(ATTR_MEDIA_CONTENT_ID): cv.string},
                    extra=vol.REMOVE_EXTRA,
                ),
            ),
        }
    ),
    cv.has_at_least_one_key(ATTR_PATH, ATTR_MEDIA),
)
_REPORT_SCHEMA = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_CLASSIFY,
        _async_classify,
        schema=_CLASSIFY_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN, SERVICE_LISTEN, _async_listen, schema=_LISTEN_SCHEMA
    )
    hass.services.async_register(
        DOMAIN,
        SERVICE_REPORT,
        _async_report,
        schema=_REPORT_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_listen(call: ServiceCall) -> None:
    """Have detectors listen or not, for a while or for good."""
    # All are looked up before any is changed.
    entries = await _async_targeted_entries(call)
    for coordinator in [entry.runtime_data for entry in entries]:
        await coordinator.async_set_listening(
            call.data[ATTR_LISTENING], call.data.get(ATTR_DURATION)
        )


async def _async_targeted_entries(call: ServiceCall) -> list[CryDetectorConfigEntry]:
    """Return the config entries that a call is about, by whatever it names them.

    An area may hold more than detectors; what is not ours is left alone. So is a detector in it that is not set up, unless there
    is no other.
    """
    loaded = call.hass.config_entries.async_loaded_entries(DOMAIN)
    if call.data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL:
        return loaded
    ours = {entry.entry_id for entry in call.hass.config_entries.async_entries(DOMAIN)}
    wanted = ours & await async_extract_config_entry_ids(call)
    if any(
        place in call.data for place in (ATTR_AREA_ID, ATTR_FLOOR_ID, ATTR_LABEL_ID)
    ):
        wanted = wanted & {entry.entry_id for entry in loaded} or wanted
    wanted.update(call.data.get(ATTR_CONFIG_ENTRY_ID, []))
    if not wanted:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_detector"
        )
    return [_loaded_entry(call.hass, entry_id) for entry_id in sorted(wanted)]


def _loaded_entry(hass: HomeAssistant, entry_id: str | None) -> CryDetectorConfigEntry:
    """Return a config entry of ours that is loaded; without an id, the only one there is."""
    entry: CryDetectorConfigEntry = async_get_config_entry(hass, DOMAIN, entry_id)
    return entry


async def _async_classify(call: ServiceCall) -> ServiceResponse:
    """Find the crying in a file."""
    hass = call.hass
    if (media := call.data.get(ATTR_MEDIA)) is not None:
        if not isinstance(media, str):
            media = media[ATTR_MEDIA_CONTENT_ID]
        wanted = await async_media_path(hass, media)
    else:
        wanted = call.data[ATTR_PATH]
    path = await hass.async_add_executor_job(check_path, hass, wanted)
    if entry_id := call.data.get(ATTR_CONFIG_ENTRY_ID):
        coordinator = _loaded_entry(hass, entry_id).runtime_data
        classifier, settings = coordinator.classifier, coordinator.settings
    else:
        classifier = await async_load_classifier(hass)
        settings = Settings.from_options({}, classifier.manifest)
    findings = await async_classify(hass, path, classifier, settings)
    return {
        "episodes": [
            {
                "start_s": round(episode.start, 2),
                "end_s": round(episode.last, 2),
                "duration_s": round(episode.duration, 2),
                "peak_confidence": round(episode.peak, 3),
            }
            for episode in findings.episodes
        ],
        "crying_s": round(sum(episode.duration for episode in findings.episodes), 2),
        "duration_s": round(findings.duration_s, 2),
        "peak_confidence": round(findings.peak_confidence, 3),
    }


async def _async_report(call: ServiceCall) -> ServiceResponse:
    """Tell what was recorded in a time; by default since midnight."""
    entry = _loaded_entry(call.hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    # What comes without a time zone is meant by the house's clock.
    start = _utc(call.data.get(ATTR_START) or dt_util.start_of_local_day())
    end = _utc(call.data.get(ATTR_END) or dt_util.utcnow())
    if start >= end:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="start_not_before_end",
            translation_placeholders={"start": _local(start), "end": _local(end)},
        )
    episodes = entry.runtime_data.journal.episodes(start, end)
    crying = sum((episode.overlap(start, end) for episode in episodes), timedelta(0))
    longest = max(episodes, key=lambda episode: episode.duration, default=None)
    loudest = max(episodes, key=lambda episode: episode.loudest_dbfs, default=None)
    return {
        "name": entry.title,
        "start": _local(start),
        "end": _local(end),
        "count": len(episodes),
        "minutes": round(crying.total_seconds() / 60, 1),
        "longest": _described(longest) if longest else None,
        "loudest": _described(loudest) if loudest else None,
        "episodes": [_described(episode) for episode in episodes],
    }


def _utc(time: datetime) -> datetime:
    """Return a time in UTC, if every clock can show it."""
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_such_year",
            translation_placeholders={
                "first": str(_FIRST_YEAR),
                "last": str(_LAST_YEAR),
            },
        )
    return dt_util.as_utc(time)


def _described(episode: JournalEpisode) -> dict[str, Any]:
    return {
        "start": _local(episode.start),
        "end": _local(episode.end) if episode.end else None,
        "duration_s": round(episode.duration.total_seconds(), 1),
        "peak_confidence": round(episode.peak_confidence, 3),
        "loudest_dbfs": round(episode.loudest_dbfs, 1),
        "sound_lost": episode.sound_lost,
    }


def _local(time: datetime) -> str:
    return dt_util.as_local(time).isoformat(timespec="seconds")
