"""Watches for what is wrong for long: it stands in Home Assistant's repairs while it lasts."""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from .const import CONF_MODEL, CONF_SOURCE, DOMAIN, SourceKind
from .coordinator import CryDetectorConfigEntry
from .engine.health import Health
from .errors import NoSoundError
from .issues import Problem, async_clear, async_create
from .reauth import async_watch_password
from .repair_flows import OwnModelFlow, SlowModelFlow, SourceFlow

# Silence is what a muted microphone gives, but also some cameras in a quiet room.
SILENCE_LIMIT: Final = timedelta(hours=1)
# A camera's update or a router's reboot is over by then.
LOSS_LIMIT: Final = timedelta(minutes=10)
SLOW_LIMIT: Final = timedelta(minutes=10)

# From the one on the machine is too slow, under the other it no longer is: in between it
# stays what it was, so that the issue does not come and go.
SLOW_LOAD: Final = 0.9
FAST_LOAD: Final = 0.75
# What is reported must not be older than this; a machine that keeps up is far from it.
LATE_S: Final = 2.0

_SOURCE_PROBLEMS: Final[dict[str | None, Problem]] = {
    Health.SILENT: Problem.ONLY_SILENCE,
    Health.SLOW: Problem.SOURCE_SLOW,
    Health.STUCK: Problem.SOURCE_STUCK,
    "ffmpeg_missing": Problem.FFMPEG_MISSING,
}
"""What an audio problem is called here; every other one is a lost source."""
_LIMITS: Final = {
    Problem.FFMPEG_MISSING: timedelta(0),
    Problem.ONLY_SILENCE: SILENCE_LIMIT,
}
"""How long a source's problem must last where that is not LOSS_LIMIT."""
_FLOWS: Final = {
    Problem.ONLY_SILENCE: SourceFlow,
    Problem.OWN_MODEL_BROKEN: OwnModelFlow,
    Problem.OWN_MODEL_TOO_SLOW: SlowModelFlow,
    Problem.SOURCE_LOST: SourceFlow,
    Problem.SOURCE_SLOW: SourceFlow,
    Problem.SOURCE_STUCK: SourceFlow,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that mends an issue; only those that have one get here."""
    assert data is not None
    return _FLOWS[Problem(str(data["problem"]))](str(data["entry_id"]))


@callback
def async_watch(hass: HomeAssistant, entry: CryDetectorConfigEntry) -> None:
    """Create and clear a detector's issues from now until it is unloaded.

    The coordinator tells its listeners of every change, and once a minute that time goes on.
    """
    watch = _Watch(hass, entry)
    entry.async_on_unload(entry.runtime_data.async_add_listener(watch.check))
    entry.async_on_unload(watch.clear)
    async_watch_password(hass, entry)


@callback
def async_model_broken(
    hass: HomeAssistant, entry: ConfigEntry, err: NoSoundError
) -> None:
    """Create the issue of a detector whose model cannot be used.

    It lasts until the detector is set up with a model that can be, disabled or removed.
    """
    problem = _model_problem(entry)
    async_create(hass, entry, problem, str(err))

    @callback
    def changed(change: ConfigEntryChange, other: ConfigEntry) -> None:
        if other is entry and (
            change is ConfigEntryChange.REMOVED
            or entry.disabled_by is not None
            or entry.state is ConfigEntryState.LOADED
        ):
            unsubscribe()
            async_clear(hass, entry, problem)

    unsubscribe = async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)


def _model_problem(entry: ConfigEntry) -> Problem:
    own = bool(entry.options.get(CONF_MODEL))
    return Problem.OWN_MODEL_BROKEN if own else Problem.MODEL_BROKEN


class _Watch:
    """Looks after one detector."""

    def __init__(self, hass: HomeAssistant, entry: CryDetectorConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._coordinator = entry.runtime_data
        self._there: set[Problem] = set()
        self._slow_since: datetime | None = None

    @callback
    def check(self) -> None:
        """Create what is wrong for long enough by now, and clear what no longer is."""
        now = dt_util.utcnow()
        found = {
            problem
            for problem in (self._source_problem(now), self._load_problem(now))
            if problem
        }
        cause = self._coordinator.last_exception
        for problem in found:
            async_create(self._hass, self._entry, problem, str(cause) if cause else "")
        for problem in self._there - found:
            self._clear(problem)
        self._there = found

    @callback
    def clear(self) -> None:
        """Clear all that there is."""
        for problem in self._there:
            self._clear(problem)
        self._there = set()

    def _clear(self, problem: Problem) -> None:
        others = self._hass.config_entries.async_loaded_entries(DOMAIN)
        if problem is Problem.FFMPEG_MISSING and any(
            other.runtime_data.audio_problem == problem
            for other in others
            if other is not self._entry
        ):
            return
        async_clear(self._hass, self._entry, problem)

    def _source_problem(self, now: datetime) -> Problem | None:
        """Return what keeps it from hearing, once that has lasted."""
        coordinator = self._coordinator
        reason, since = coordinator.audio_problem, coordinator.lost_since
        if not coordinator.listening or reason is None or since is None:
            return None
        if (
            reason == "source_ended"
            and self._entry.data[CONF_SOURCE] == SourceKind.FILE
        ):
            # A file that is not repeated comes to its end as it should.
            return None
        if reason == "model_error":
            return _model_problem(self._entry)
        problem = _SOURCE_PROBLEMS.get(reason, Problem.SOURCE_LOST)
        # The time before it was told to listen does not count.
        lasted = now - max(since, coordinator.listening_since)
        return problem if lasted >= _LIMITS.get(problem, LOSS_LIMIT) else None

    def _load_problem(self, now: datetime) -> Problem | None:
        """Return whether the machine is too slow, once that has lasted."""
        coordinator = self._coordinator
        if not coordinator.listening or not coordinator.audio_ok:
            self._slow_since = None
            return None
        report = coordinator.data
        limit = SLOW_LOAD if self._slow_since is None else FAST_LOAD
        if report.load < limit and report.behind_s <= LATE_S:
            self._slow_since = None
            return None
        self._slow_since = self._slow_since or now
        if now - self._slow_since < SLOW_LIMIT:
            return None
        own = self._entry.options.get(CONF_MODEL)
        return Problem.OWN_MODEL_TOO_SLOW if own else Problem.TOO_SLOW
