"""The bridge from one listener to its entities."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_track_point_in_utc_time,
    async_track_utc_time_change,
)
from homeassistant.util import dt as dt_util

from .const import CONF_LOOP, CONF_SOURCE, DOMAIN, SourceKind
from .engine.classifier import Classifier
from .engine.listener import Listener
from .engine.observation import Observation
from .engine.pauses import Pauses
from .errors import NoSoundError, without_frames
from .hearing import SAVE_DELAY_S, Hearing
from .listening import async_listen
from .reconnecting import Reconnector
from .settings import Settings
from .storage import DetectorStore
from .wish import Wish

# How long its episode goes on once it has begun: long enough for automations that wait for a while, and short enough
# to wait for.
TEST_ALARM_S: Final = 20.0

type CryDetectorConfigEntry = ConfigEntry[CryDetectorCoordinator]


class CryDetectorCoordinator(Hearing):
    """Listens as long as that is wanted, with the settings that hold at the moment."""

    config_entry: CryDetectorConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: CryDetectorConfigEntry,
        classifier: Classifier,
        version: str,
        store: DetectorStore,
    ) -> None:
        """Prepare to listen to the entry's source."""
        settings = Settings.from_options(entry.options, classifier.manifest)
        super().__init__(hass, entry, settings, store)
        self.classifier = classifier
        self.version = version
        """The integration's version."""
        self._reconnector = Reconnector(
            hass, self.name, self.sound, self._async_listen, self._heard, self._lost
        )
        # A source that is opened anew is silent in the same way as before.
        self._pauses = Pauses()
        self._listener: Listener | None = None
        self._running: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()
        self._closed = False
        self._cancel_flip: CALLBACK_TYPE | None = None
        self._cancel_tick: CALLBACK_TYPE | None = None

    @property
    def listening(self) -> bool:
        """Return whether it is wanted that this listens."""
        return self._store.wish.on

    @property
    def listening_since(self) -> datetime:
        """Return since when that is wanted or not (UTC)."""
        return self._store.wish.since

    @property
    def listening_until(self) -> datetime | None:
        """Return when that changes by itself (UTC)."""
        return self._store.wish.until

    @callback
    def async_start(self) -> None:
        """Begin, with what was wanted before a restart; or again, after it was closed."""
        self._closed = False
        # What was heard before it was closed says nothing of now.
        self.loss = None
        self._async_hush()
        self._cancel_tick = async_track_utc_time_change(
            self.hass, self._async_tick, second=0
        )
        if self._store.wish.is_over(dt_util.utcnow()):
            self._store.wish = Wish.now(on=not self.listening)
        self._async_plan_flip()
        if self.listening:
            self._async_start_listening()
        self.async_update_listeners()

    async def async_close(self) -> None:
        """End, and leave nothing but what is stored.

        An episode that goes on is cut off. The entities are told of that, and of nothing
        else: they are about to be taken away.
        """
        if self._cancel_tick is not None:
            self._cancel_tick()
        if self._cancel_flip is not None:
            self._cancel_flip()
        async with self._switching:
            self._closed = True
            self._async_end_episode(sound_lost=True)
            await self._async_stop_listening()
            await self._store.async_save()

    async def async_set_listening(
        self, on: bool, duration: timedelta | None = None
    ) -> None:
        """Listen or do not, for a while or for good; when it returns, the source is closed.

        Args:
            on: whether to listen.
            duration: after which it becomes the opposite by itself.
        """
        async with self._switching:
            if self._closed:
                # It is being set up anew: who listens then goes by what is stored.
                self._store.wish = Wish.now(on=on, duration=duration)
                await self._store.async_save()
                return
            was_on = self.listening
            self._store.wish = Wish.now(on=on, duration=duration)
            self._store.async_save_soon()
            self._async_plan_flip()
            if on and not was_on:
                # Whoever turned it off may have been cancelled before the source was closed.
                await self._async_stop_listening()
                self._async_start_listening()
                self.async_update_listeners()
            elif was_on and not on:
                self._async_end_episode(sound_lost=False)
                self.loss = self.lost_since = None
                self._async_hush()
                await self._async_stop_listening()
            else:
                self.async_update_listeners()

    @callback
    def async_change(self, **options: Any) -> None:
        """Change options, at once and without a reload."""
        changed = {**self.config_entry.options, **options}
        self.settings = Settings.from_options(changed, self.classifier.manifest)
        self.hass.config_entries.async_update_entry(self.config_entry, options=changed)
        if self._listener is not None:
            self._apply_settings(self._listener)
        self.async_update_listeners()

    @callback
    def async_test_alarm(self) -> None:
        """Let the engine make up an episode.

        Raises:
            NoSoundError: nothing is listened to, or no sound arrives: nothing would come of it.
        """
        if not self.listening:
            raise NoSoundError("not_listening", name=self.name)
        if self._listener is None or not self.audio_ok:
            raise NoSoundError("test_without_sound", name=self.name)
        self._listener.test_alarm(TEST_ALARM_S)

    @callback
    def _async_start_listening(self) -> None:
        self.sound.start()
        self._reconnector.forget_failures()
        # Home Assistant cancels it when it stops, and waits until the thread has ended.
        self._running = self.config_entry.async_create_background_task(
            self.hass, self._async_run(), name=f"{DOMAIN} {self.name}"
        )

    @callback
    def _async_end_episode(self, *, sound_lost: bool) -> None:
        """End the episode that goes on, if any; what is on its way from the thread is not heard."""
        self._untold.extend(self._cries.close(sound_lost=sound_lost))
        self.figures = self.journal.figures()
        self._tell()
        self.sound.stop(self.hass.loop.time())

    async def _async_stop_listening(self) -> None:
        if (running := self._running) is not None:
            running.cancel()
            await asyncio.wait([running])
            self._running = None

    async def _async_run(self) -> None:
        data = self.config_entry.data
        ends = data[CONF_SOURCE] == SourceKind.FILE and not data[CONF_LOOP]
        try:
            await self._reconnector.async_run(ends=ends)
        except asyncio.CancelledError as err:
            without_frames(err)
            raise
        finally:
            self._listener = None
            # Home Assistant stops.
            self._untold.extend(self._cries.close(sound_lost=True))
            self._tell()

    async def _async_listen(
        self, heard: Callable[[Observation], None], first_sound_s: float
    ) -> None:
        try:
            await async_listen(
                self.hass,
                self.name,
                self.config_entry.data,
                self.classifier,
                heard,
                settings=self.settings,
                pauses=self._pauses,
                first_sound_s=first_sound_s,
                opened=self._async_opened,
            )
        finally:
            self._listener = None

    @callback
    def _async_opened(self, listener: Listener) -> None:
        self._listener = listener
        # They may have changed while it was made.
        self._apply_settings(listener)

    def _apply_settings(self, listener: Listener) -> None:
        listener.settings = self.settings.episode_settings()
        listener.gain_db = self.settings.gain_db
        listener.loud_margin_db = self.settings.loud_margin_db

    @callback
    def _async_tick(self, now: datetime) -> None:
        """Renew what changes with the clock: once a minute, so also at local midnight."""
        if self._store.wish.is_over(now):
            self._async_flip(now)
        if self.journal.current is not None:
            self._store.async_save_soon(SAVE_DELAY_S)
        self.figures = self.journal.figures()
        self.async_update_listeners()

    @callback
    def _async_plan_flip(self) -> None:
        """Plan when listening begins or ends by itself."""
        if self._cancel_flip is not None:
            self._cancel_flip()
            self._cancel_flip = None
        if (until := self.listening_until) is not None:
            self._cancel_flip = async_track_point_in_utc_time(
                self.hass,
                HassJob(self._async_flip, cancel_on_shutdown=True),
                until,
            )

    @callback
    def _async_flip(self, now: datetime) -> None:
        self.config_entry.async_create_task(
            self.hass, self.async_set_listening(not self.listening)
        )
