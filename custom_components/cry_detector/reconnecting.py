"""Keeps a source open: watches for its silence, and opens it again after pauses that grow."""

import asyncio
from collections.abc import Awaitable, Callable
import logging
import random
from typing import Final, Protocol

from homeassistant.core import HomeAssistant, callback

from .engine.listener import Health, Observation
from .engine.sources import PATIENCE_S
from .errors import NoSoundError, without_frames
from .sound import Sound

_LOGGER = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
# Sound must have arrived for this long for the pauses to start small again: a source that
# opens and dies at once must not be opened every second for ever.
STEADY_S: Final = 30.0

# A camera may need time to wake up and say what it sends. The first time it has no longer than
# any source, so that it is said soon that no sound arrives; then it has more, since by then
# that is known. What it took the last time, it may take again, and half as long more.
LONGEST_FIRST_SOUND_S: Final = 30.0
# To ask a camera for its address, to start and to end a thread.
SPARE_S: Final = 7.0
# With what it takes to close a source, its silence is noticed within ten seconds; streams
# that come in pieces of six have time for one.
NEXT_SOUND_S: Final = 8.0

# A source that is open but dead is opened again after this long, which doubles up to a
# minute. It is listened to meanwhile, since it may come back by itself: what takes time to
# show that it is well again must not be cut off before.
FIRST_DEAD_S: Final = {Health.SILENT: 8.0, Health.STUCK: 16.0, Health.SLOW: 16.0}


def retry_pause_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row: 1, 2, 4 ... 60 s.

    It is off by up to a quarter either way, so that detectors which lost the same
    server do not all come back to it at once.
    """
    return _jittered(FIRST_PAUSE_S, failures)


def dead_time_s(health: Health, failures: int) -> float:
    """Return how long to listen to a dead source before it is opened again: 8, 16 ... 60 s."""
    return _jittered(FIRST_DEAD_S[health], failures)


def _jittered(first_s: float, failures: int) -> float:
    doublings = min(failures, 10) - 1
    pause_s = min(LONGEST_PAUSE_S, first_s * 2.0**doublings)
    # It need not be hard to guess.
    return min(LONGEST_PAUSE_S, pause_s * random.uniform(0.75, 1.25))  # nosec B311


def first_sound_s(failures: int, took_s: float = 0.0) -> float:
    """Return how long to wait for the first sound after so many failures in a row.

    Args:
        failures: to open the source, or to keep it.
        took_s: how long its first sound took the last time that some came.
    """
    if not failures:
        return PATIENCE_S
    growing_s = PATIENCE_S * 2.0 ** max(0, min(failures, 10) - 1)
    return min(LONGEST_FIRST_SOUND_S, max(growing_s, 1.5 * took_s))


class Listen(Protocol):
    """Listens to a source until it ends, as `listening.async_listen` does."""

    def __call__(
        self, heard: Callable[[Observation], None], first_sound_s: float
    ) -> Awaitable[None]:
        """Listen; `heard` gets each observation in the event loop, the first within so many seconds.

        Raises:
            NoSoundError: the source cannot be had, or was lost.
        """


class Reconnector:
    """Listens for ever to a source that comes and goes."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        sound: Sound,
        listen: Listen,
        heard: Callable[[Observation], None],
        lost: Callable[[NoSoundError], None],
    ) -> None:
        """Prepare to listen.

        Args:
            hass: Home Assistant.
            name: what the detector is called.
            sound: is told when the source is opened.
            listen: listens until the source ends.
            heard: gets each observation.
            lost: is told each time that the source is given up.
        """
        self._hass = hass
        self._name = name
        self._sound = sound
        self._listen = listen
        self._heard = heard
        self._lost = lost
        self._failures = 0
        self._took_s = 0.0
        self._fault_logged = False

    def forget_failures(self) -> None:
        """Begin anew: what failed before nobody wanted to listen for a while says nothing of now."""
        self._failures = 0

    async def async_run(self, *, ends: bool) -> None:
        """Listen until cancelled.

        Args:
            ends: an end in good order is the end, as of a file that is not repeated.
        """
        while True:
            loss = await self._async_attempt()
            self._failures += 1
            self._lost(loss)
            if ends and loss.translation_key == "source_ended":
                return
            # A dead source has been listened to all the while.
            if loss.translation_key not in FIRST_DEAD_S:
                await asyncio.sleep(retry_pause_s(self._failures))

    async def _async_attempt(self) -> NoSoundError:
        """Listen until the source is lost; return why."""
        loop = self._hass.loop
        dead_until_s: float | None = None
        is_over = is_heard = False
        started_s = loop.time()
        wait_s = first_sound_s(self._failures, self._took_s)
        self._sound.opened()
        try:
            async with asyncio.timeout(wait_s + SPARE_S) as limit:

                @callback
                def take(observation: Observation) -> None:
                    nonlocal dead_until_s, is_heard
                    # What was on its way from the thread when it was given up.
                    if is_over or limit.expired():
                        return
                    now_s = loop.time()
                    if not is_heard:
                        is_heard = True
                        self._took_s = now_s - started_s
                    self._heard(observation)
                    if self._sound.arriving_for_s(now_s) >= STEADY_S:
                        self._failures = 0
                        self._fault_logged = False
                    deadline_s = now_s + NEXT_SOUND_S
                    if observation.health.alive:
                        dead_until_s = None
                    else:
                        dead_until_s = dead_until_s or now_s + dead_time_s(
                            observation.health, self._failures + 1
                        )
                        deadline_s = min(deadline_s, dead_until_s)
                    limit.reschedule(deadline_s)

                await self._listen(take, wait_s)
        except NoSoundError as err:
            return without_frames(err)
        except TimeoutError:
            # A dead source goes on sending: then it is its time that is up.
            is_dead = dead_until_s is not None and loop.time() >= dead_until_s
            return NoSoundError(
                self._sound.problem if is_dead and self._sound.problem else "no_sound"
            )
        except Exception as err:
            # A monitor must not die of a fault of its own while it looks alive.
            if not self._fault_logged:
                self._fault_logged = True
                _LOGGER.exception("%s: unexpected error while listening", self._name)
            return NoSoundError("unknown", cause=type(err).__name__)
        finally:
            is_over = True
        return NoSoundError("source_ended")
