"""What a user downloads for whoever helps: how the detector does, and nothing that is private."""

from dataclasses import asdict
from datetime import datetime
from pathlib import PurePath
import re
from typing import Any
from urllib.parse import urlsplit

from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import CONF_DEVICE, CONF_PATH, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import CONF_LOOP, CONF_SOURCE, SOURCE_FIELDS, SourceKind
from .coordinator import CryDetectorConfigEntry, CryDetectorCoordinator
from .versions import async_versions


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: CryDetectorConfigEntry
) -> dict[str, Any]:
    """Return how a detector does."""
    coordinator = entry.runtime_data
    manifest = coordinator.classifier.manifest
    return {
        "versions": {
            **await async_versions(hass),
            "engine": coordinator.classifier.runtime,
        },
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": manifest.sha256,
            "sample_rate": manifest.sample_rate,
            "window_s": manifest.window_s,
            "hop_s": manifest.hop_s,
            "labels": list(manifest.labels),
        },
        "source": _source(entry),
        "options": dict(entry.options),
        "settings": asdict(coordinator.settings),
        "sound": _sound(entry),
        "report": asdict(coordinator.data) if coordinator.audio_ok else None,
        "journal": _journal(coordinator),
        "recent": _recent(coordinator),
    }


def _source(entry: CryDetectorConfigEntry) -> dict[str, Any]:
    """Return what kind of source it is, without which one."""
    data = entry.data
    kind = SourceKind(data[CONF_SOURCE])
    field = SOURCE_FIELDS[kind]
    return {
        CONF_SOURCE: kind.value,
        field: _shape(field, data[field]),
        **({CONF_LOOP: data[CONF_LOOP]} if CONF_LOOP in data else {}),
    }


def _shape(field: str, value: str) -> str:
    """Return of a source's name what helps, and tells nobody whose it is."""
    if field == CONF_URL:
        return f"{urlsplit(value).scheme}://{REDACTED}"
    if field == CONF_PATH:
        return f"{REDACTED}{PurePath(value).suffix}"
    if field == CONF_DEVICE:
        # A USB microphone's name may hold its serial number.
        prefix, colon, name = value.partition(":")
        return f"{prefix}:{REDACTED}" if colon and name else prefix
    return REDACTED


def _without_names(entry: CryDetectorConfigEntry, said: str) -> str:
    """Return a message without the names and addresses of this source."""
    value = str(entry.data[SOURCE_FIELDS[SourceKind(entry.data[CONF_SOURCE])]])
    said = re.sub(r"\b[a-z][a-z0-9+.-]*://\S+", REDACTED, said, flags=re.IGNORECASE)
    names = [value, value.partition(":")[2], entry.title]
    if "://" in value:
        names.append(urlsplit(value).hostname or "")
    for name in names:
        if name:
            said = said.replace(name, REDACTED)
    # What a camera's address holds is not known here; ffmpeg quotes a host's name alone.
    return re.sub(r"(hostname) \S+", rf"\1 {REDACTED}", said)


def _sound(entry: CryDetectorConfigEntry) -> dict[str, Any]:
    """Return whether it hears, and how it comes back if it does not."""
    coordinator = entry.runtime_data
    cause = coordinator.last_exception
    return {
        "listening": coordinator.listening,
        "listening_since": _iso(coordinator.listening_since),
        "listening_until": _iso(coordinator.listening_until),
        "state": coordinator.sound.state,
        "problem": coordinator.audio_problem,
        "last_error": _without_names(entry, str(cause)) if cause else None,
        "lost_since": _iso(coordinator.lost_since),
        "lost_s": round(coordinator.audio_lost_s, 1),
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _journal(coordinator: CryDetectorCoordinator) -> dict[str, Any]:
    """Return how much crying there was; when it was is nobody's business."""
    journal = coordinator.journal
    now = dt_util.utcnow()
    kept = journal.episodes(dt_util.utc_from_timestamp(0), now)
    return {
        "episodes_today": journal.episodes_today,
        "crying_today_s": round(journal.crying_today.total_seconds(), 1),
        "episodes_kept": len(kept),
        "sound_lost": sum(episode.sound_lost for episode in kept),
        "going_on": journal.current is not None,
    }


def _recent(coordinator: CryDetectorCoordinator) -> list[dict[str, Any]]:
    """Return what was heard in the last minutes, newest last."""
    now = dt_util.utcnow()
    return [
        {
            "ago_s": round((now - heard.time).total_seconds(), 1),
            "level_dbfs": round(heard.level_dbfs, 1),
            "noise_floor_dbfs": round(heard.noise_floor_dbfs, 1),
            "confidence": round(heard.confidence, 3),
            "crying": heard.crying,
            "health": heard.health,
        }
        for heard in coordinator.recent
    ]
