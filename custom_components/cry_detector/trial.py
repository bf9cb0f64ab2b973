"""A source that a user is deciding about: listened to for as long as somebody wants to hear of it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .const import CONF_MODEL, DOMAIN
from .engine.classifier import Classifier
from .engine.observation import Observation
from .errors import NoSoundError, without_frames
from .impression import Impression, impression_of
from .listening import async_listen
from .models import async_load_classifier
from .settings import SHIPPED_MODEL, Settings

_LOGGER = logging.getLogger(__name__)

# A camera that sleeps takes longer to answer than it is listened to.
FIRST_SOUND_TIMEOUT_S = 15.0
TRIAL_S = 8.0

# From the end of the trial until its page shows the preview, or from one look at the
# preview to the next.
LINGER_S = 10.0
# A dialog that was left open must not listen to a room for ever.
LONGEST_WATCH_S = 600.0


@dataclass(frozen=True, eq=False, slots=True)
class _Watcher:
    """Somebody who wants to hear of a source."""

    heard: Callable[[Observation], None]
    lost: Callable[[NoSoundError], None]


class Trial:
    """Listens to one source in the background, and tells those who watch it.

    The source is open while somebody watches and shortly after, so that who comes next
    need not wait until it has been opened anew.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        data: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """Prepare to listen to the source that an entry's data describe, as its options say."""
        self.name = name
        self._hass = hass
        self._data = data
        self._options = options
        self._classifier: Classifier | None = None
        self._watchers: set[_Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        """What listens, until it has ended."""
        self._cancel_timer: CALLBACK_TYPE | None = None

    async def async_hear(self, progress: Callable[[float], None]) -> Impression:
        """Listen for some seconds; `progress` is told the part that is done, 0 to 1.

        Raises:
            NoSoundError: no sound came from the source, or it was lost.
        """
        loop = self._hass.loop
        observations: list[Observation] = []
        losses: list[NoSoundError] = []
        over = asyncio.Event()

        @callback
        def lost(loss: NoSoundError) -> None:
            losses.append(loss)
            over.set()

        @callback
        def heard(observation: Observation) -> None:
            if not observations and not limit.expired():
                limit.reschedule(loop.time() + TRIAL_S)
            observations.append(observation)
            left_s = max(0.0, (limit.when() or 0.0) - loop.time())
            progress(1.0 - left_s / TRIAL_S)

        unwatch = self.async_watch(heard, lost)
        try:
            async with asyncio.timeout(FIRST_SOUND_TIMEOUT_S) as limit:
                await over.wait()
        except TimeoutError:
            # Sound that goes on is cut off in the same way as the wait for some.
            pass
        finally:
            unwatch()
        # A file may be shorter than the trial: what it held was heard.
        for loss in losses:
            if loss.translation_key != "source_ended":
                raise loss
        if not observations or self._classifier is None:
            raise NoSoundError("no_sound")
        return impression_of(observations, self._classifier.manifest.window_s)

    @property
    def is_watched(self) -> bool:
        """Return whether somebody wants to hear of the source now."""
        return bool(self._watchers)

    @property
    def _is_open(self) -> bool:
        """Return whether the source is listened to, and goes on to be."""
        task = self._task
        return task is not None and not task.done() and not task.cancelling()

    @callback
    def async_watch(
        self,
        heard: Callable[[Observation], None],
        lost: Callable[[NoSoundError], None],
    ) -> CALLBACK_TYPE:
        """Listen, and pass each observation on, until what is returned is called.

        `lost` is told, once, why no more will come: then the watch is over.
        """
        watcher = _Watcher(heard, lost)
        self._watchers.add(watcher)
        self._async_end_in(LONGEST_WATCH_S)
        if not self._is_open:
            self._task = self._hass.async_create_background_task(
                self._async_listen(after=self._task),
                f"{DOMAIN} {self.name} trial",
                eager_start=False,
            )
            self._task.add_done_callback(self._async_ended)

        @callback
        def unwatch() -> None:
            self._watchers.discard(watcher)
            if not self._watchers and self._cancel_timer:
                self._async_end_in(LINGER_S)

        return unwatch

    @callback
    def async_cancel(self) -> None:
        """Stop listening, without waiting until the source is closed."""
        self._watchers.clear()
        self._async_cancel_timer()
        if self._is_open and self._task:
            # Only once: a second time would cut short what closes the source.
            self._task.cancel()

    async def async_close(self) -> None:
        """Stop listening; the source is free for others when this returns."""
        self.async_cancel()
        if self._task:
            await asyncio.wait([self._task])

    async def _async_listen(self, after: asyncio.Task[None] | None) -> None:
        """Listen until cancelled or the source is lost; some can be opened only once."""
        if after:
            await asyncio.wait([after])
        try:
            if self._classifier is None:
                self._classifier = await async_load_classifier(
                    self._hass, self._options.get(CONF_MODEL, SHIPPED_MODEL)
                )
            await async_listen(
                self._hass,
                self.name,
                self._data,
                self._classifier,
                self._async_heard,
                settings=Settings.from_options(
                    self._options, self._classifier.manifest
                ),
                first_sound_s=FIRST_SOUND_TIMEOUT_S,
            )
            loss = NoSoundError("source_ended")
        except NoSoundError as err:
            loss = without_frames(err)
        except asyncio.CancelledError as err:
            without_frames(err)
            raise
        except Exception as err:
            _LOGGER.exception("%s: unexpected error while trying it", self.name)
            loss = NoSoundError("unknown", cause=type(err).__name__)
        self._async_lost(loss)

    @callback
    def _async_ended(self, task: asyncio.Task[None]) -> None:
        """Forget what listened, which may have been cancelled, and then holds this."""
        if self._task is task:
            self._task = None

    @callback
    def _async_heard(self, observation: Observation) -> None:
        for watcher in list(self._watchers):
            watcher.heard(observation)

    @callback
    def _async_lost(self, loss: NoSoundError) -> None:
        watchers = list(self._watchers)
        self._watchers.clear()
        self._async_cancel_timer()
        for watcher in watchers:
            watcher.lost(loss)

    @callback
    def _async_end_in(self, delay_s: float) -> None:
        """Stop listening after some time, unless somebody comes to watch."""

        @callback
        def end(_now: datetime) -> None:
            self._cancel_timer = None
            self._async_lost(NoSoundError("preview_over"))
            self.async_cancel()

        self._async_cancel_timer()
        self._cancel_timer = async_call_later(
            self._hass, delay_s, HassJob(end, cancel_on_shutdown=True)
        )

    @callback
    def _async_cancel_timer(self) -> None:
        if self._cancel_timer:
            self._cancel_timer()
            self._cancel_timer = None
