"""Keeps one detector listening, and hands what it hears to the entities."""

import asyncio
from dataclasses import dataclass
import logging
import random

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import CONF_SOURCE, SourceKind
from .engine.classifier import Classifier
from .engine.listener import Observation
from .errors import NoSoundError
from .listening import async_listen

_LOGGER = logging.getLogger(__name__)

# Often enough to watch a room by, and seldom enough for the recorder.
REPORT_INTERVAL_S = 5.0

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
# An attempt must have lasted this long for the pauses to start small again: a source
# that opens and dies at once must not be opened every second for ever.
STEADY_S = 30.0

type CryDetectorConfigEntry = ConfigEntry[CryDetectorCoordinator]


@dataclass(frozen=True, slots=True)
class Report:
    """What the entities show: the most of an interval, so that no short cry is lost."""

    amplitude_dbfs: float
    """Highest RMS level of a hop."""
    confidence: float
    """Highest confidence that there is crying, 0 to 1."""
    crying: bool
    """Whether there is crying now."""


def retry_pause_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row: 1, 2, 4 ... 60 s.

    It is off by up to a quarter either way, so that detectors which lost the same
    server do not all come back to it at once.
    """
    doublings = min(failures, 10) - 1
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings)
    return min(LONGEST_PAUSE_S, pause * random.uniform(0.75, 1.25))


class CryDetectorCoordinator(DataUpdateCoordinator[Report]):
    """The bridge from one listener to its entities.

    They are available while sound arrives: without it nothing is known, and least that
    all is calm.
    """

    config_entry: CryDetectorConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: CryDetectorConfigEntry,
        classifier: Classifier,
        version: str,
    ) -> None:
        """Prepare to listen to the entry's source."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        # Nothing has been heard yet.
        self.last_update_success = False
        self.classifier = classifier
        self.version = version
        """The integration's version."""
        self._next: Report | None = None
        """What has been heard since the last report."""
        self._reported_at = 0.0
        self._loss_logged = False

    async def async_run(self) -> None:
        """Listen until cancelled; a source that is lost is opened again, after a pause.

        A file that is not looped ends, and stays unavailable.
        """
        failures = 0
        while True:
            started_at = self.hass.loop.time()
            try:
                await self._async_listen()
                loss = NoSoundError("source_ended")
            except NoSoundError as err:
                loss = err
            except Exception as err:
                # A monitor must not die of a fault of its own while it looks alive.
                if not self._loss_logged:
                    _LOGGER.exception("%s: unexpected error while listening", self.name)
                loss = NoSoundError("unknown", cause=type(err).__name__)
            self._async_lost(loss)
            if (
                loss.translation_key == "source_ended"
                and self.config_entry.data[CONF_SOURCE] == SourceKind.FILE
            ):
                return
            steady = self.hass.loop.time() - started_at >= STEADY_S
            failures = 1 if steady else failures + 1
            await asyncio.sleep(retry_pause_s(failures))

    async def _async_listen(self) -> None:
        await async_listen(
            self.hass,
            self.name,
            self.config_entry.data,
            self.classifier,
            self._async_heard,
        )

    @callback
    def _async_heard(self, observation: Observation) -> None:
        """Take an observation, and report when it is time or crying has changed."""
        heard = Report(
            observation.level.rms_dbfs, observation.confidence, observation.crying
        )
        if self._next is not None:
            heard = Report(
                max(self._next.amplitude_dbfs, heard.amplitude_dbfs),
                max(self._next.confidence, heard.confidence),
                heard.crying,
            )
        self._next = heard
        now = self.hass.loop.time()
        if (
            not self.last_update_success
            or self.data.crying is not heard.crying
            or now - self._reported_at >= REPORT_INTERVAL_S
        ):
            self._reported_at = now
            self._next = None
            self._async_found()
            self.async_set_updated_data(heard)

    @callback
    def _async_found(self) -> None:
        """Say that sound has come back, once."""
        if self._loss_logged:
            self._loss_logged = False
            _LOGGER.info("%s: sound is arriving again", self.name)

    @callback
    def _async_lost(self, loss: NoSoundError) -> None:
        """Make the entities unavailable, and say why, once."""
        # While Home Assistant starts, cameras and PulseAudio may just not be up yet.
        if not self._loss_logged and self.hass.state is CoreState.running:
            self._loss_logged = True
            _LOGGER.warning("%s: no sound arrives: %s", self.name, loss)
        self.last_exception = loss
        self._next = None
        if self.last_update_success:
            self.last_update_success = False
            self.async_update_listeners()
