"""What is heard -> the journal, the report that the entities show, and who wants to be told."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
import logging
from typing import Final, NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .cries import Cries, CryEvent
from .engine.health import Health
from .engine.observation import Observation
from .errors import NoSoundError
from .journal import Journal
from .reports import Report, Reporter
from .settings import Settings
from .sound import Sound, SoundState
from .storage import DetectorStore

_LOGGER = logging.getLogger(__name__)

# What diagnostics are given: five minutes, at two observations a second.
_RECENT: Final = 600

# While an episode goes on, its record is written once a minute, for a power cut.
SAVE_DELAY_S: Final = 1.0


class Heard(NamedTuple):
    """What is kept of an observation for the diagnostics."""

    time: datetime
    level_dbfs: float
    noise_floor_dbfs: float
    confidence: float
    crying: bool
    health: Health


class Hearing(DataUpdateCoordinator[Report]):
    """Takes what is heard, and that nothing is.

    What depends on sound is available while sound arrives: without it nothing is known,
    and least that all is calm.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        settings: Settings,
        store: DetectorStore,
    ) -> None:
        """Start with what is stored, and nothing heard yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        self.last_update_success = False
        self.settings = settings
        self.sound = Sound()
        self.figures = store.journal.figures()
        """Renewed once a minute, and when an episode begins or ends."""
        self.lost_since: datetime | None = None
        """Since when no sound arrives (UTC)."""
        self.loss: NoSoundError | None = None
        """Why none does."""
        self.recent: deque[Heard] = deque(maxlen=_RECENT)
        """The last minutes."""
        self._store = store
        self._cries = Cries(store.journal)
        self._reporter = Reporter()
        self._observation_listeners: set[Callable[[Observation], None]] = set()
        self._cry_listeners: set[Callable[[CryEvent], None]] = set()
        self._loss_logged = False
        # An automation that one of them sets off may end the episode: what it is told of that comes after it.
        self._untold: deque[CryEvent] = deque()
        self._telling = False

    @property
    def journal(self) -> Journal:
        """Return the record of episodes."""
        return self._store.journal

    @property
    def audio_ok(self) -> bool:
        """Return whether sound arrives that can be trusted."""
        return self.sound.arrives

    @property
    def audio_problem(self) -> str | None:
        """Return why none does: the key of a NoSoundError, which may be a Health."""
        return self.sound.problem

    @property
    def audio_lost_s(self) -> float:
        """Return for how long it did not hear what it should have heard."""
        return self.sound.lost_s(self.hass.loop.time())

    @callback
    def async_listen_to_observations(
        self, listener: Callable[[Observation], None]
    ) -> CALLBACK_TYPE:
        """Hand each observation on; return what ends that."""
        self._observation_listeners.add(listener)
        return lambda: self._observation_listeners.discard(listener)

    @callback
    def async_subscribe_cries(
        self, listener: Callable[[CryEvent], None]
    ) -> CALLBACK_TYPE:
        """Tell of each episode's beginning, course and end; return what ends that."""
        self._cry_listeners.add(listener)
        return lambda: self._cry_listeners.discard(listener)

    @callback
    def _heard(self, observation: Observation) -> None:
        """Take an observation to whom it concerns."""
        if self.sound.state is SoundState.OFF:
            return
        now, now_s = dt_util.utcnow(), self.hass.loop.time()
        self._hand(self._observation_listeners, observation)
        self.recent.append(
            Heard(
                now,
                observation.level.rms_dbfs,
                observation.noise_floor_dbfs,
                observation.confidence,
                observation.crying,
                observation.health,
            )
        )
        if not self.sound.heard(observation, now_s):
            if not observation.health.alive:
                self._lost(NoSoundError(observation.health.value))
            return
        self._found()
        told = self._cries.heard(observation, now, 60.0 * self.settings.reminder_min)
        if told:
            self._untold.extend(told)
            self.figures = self.journal.figures()
        report = self._reporter.heard(
            observation,
            now_s,
            self.sound.lost_s(now_s),
            self.settings.report_interval_s,
        )
        if report is not None:
            self.async_set_updated_data(report)
        self._tell()

    @callback
    def _found(self) -> None:
        """Say that sound has come back, once."""
        self.loss = self.lost_since = None
        if self._loss_logged:
            self._loss_logged = False
            _LOGGER.info("%s: sound is arriving again", self.name)

    @callback
    def _lost(self, loss: NoSoundError) -> None:
        """Say that no sound arrives, and why: once."""
        is_news = (
            self.loss is None
            or self.loss.translation_key != loss.translation_key
            or self.loss.is_refusal is not loss.is_refusal
        )
        self.loss = self.last_exception = loss
        self.sound.lost(loss.translation_key, self.hass.loop.time())
        self.lost_since = self.lost_since or dt_util.utcnow()
        # While Home Assistant starts, cameras and PulseAudio may just not be up yet.
        if not self._loss_logged and self.hass.state is CoreState.running:
            self._loss_logged = True
            _LOGGER.warning("%s: no sound arrives: %s", self.name, loss)
        if is_news:
            self._untold.extend(self._cries.close(sound_lost=True))
            self._async_hush()
            self._tell()

    @callback
    def _async_hush(self) -> None:
        """Make unavailable what depends on sound."""
        self._reporter.forget()
        self.figures = self.journal.figures()
        self.last_update_success = False
        self.last_exception = self.loss
        self.async_update_listeners()

    @callback
    def _tell(self) -> None:
        """Write the journal when there is news, and hand it on, in order."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                event = self._untold.popleft()
                self._store.async_save_soon(
                    0.0 if event.episode.end is not None else SAVE_DELAY_S
                )
                self._hand(self._cry_listeners, event)
        finally:
            self._telling = False

    def _hand[T](self, listeners: set[Callable[[T], None]], what: T) -> None:
        """Hand something on: a listener that fails ends neither the listening nor the others."""
        for listener in tuple(listeners):
            try:
                listener(what)
            except Exception:
                _LOGGER.exception("%s: unexpected error of a listener", self.name)
