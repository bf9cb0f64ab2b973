"""Runs the engine's Listener in a thread of its own, and hands what it hears to the event loop."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import logging
from typing import Any

from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .engine.classifier import Classifier
from .engine.errors import EngineError, ModelError
from .engine.level import SILENCE_DBFS
from .engine.listener import Listener, Observation
from .errors import NoSoundError, no_sound_error
from .source import async_create_source

_LOGGER = logging.getLogger(__name__)

# A thread that has not ended this long after it was told to hangs in a driver, and
# waiting longer would only make Home Assistant hang with it.
STOP_TIMEOUT_S = 1.9

FIRST_SOUND_TIMEOUT_S = 15.0
TRIAL_S = 5.0


async def async_load_classifier(hass: HomeAssistant) -> Classifier:
    """Load the model that is shipped.

    Raises:
        NoSoundError: it is damaged or cannot be run.
    """
    try:
        return await hass.async_add_executor_job(Classifier.load)
    except ModelError as err:
        raise no_sound_error(err) from err


async def async_listen(
    hass: HomeAssistant,
    name: str,
    data: Mapping[str, Any],
    classifier: Classifier,
    heard: Callable[[Observation], None],
) -> None:
    """Listen to a source until it ends; `heard` gets each observation in the event loop.

    However it is left, also by being cancelled, the thread has ended and the source is
    closed by then.

    Raises:
        NoSoundError: the source cannot be had, or was lost.
    """
    source = await async_create_source(hass, data, classifier.manifest.sample_rate)
    # Its windows and filters take a small computer longer than the event loop may.
    listener = await hass.async_add_executor_job(Listener, source, classifier)

    def listen() -> EngineError | None:
        try:
            for observation in listener:
                hass.loop.call_soon_threadsafe(heard, observation)
        except EngineError as err:
            return err
        return None

    def stop() -> None:
        listener.close()
        executor.shutdown(wait=True)

    executor = ThreadPoolExecutor(1, thread_name_prefix=f"{DOMAIN} {name}")
    listening = hass.loop.run_in_executor(executor, listen)
    try:
        await asyncio.wait([listening])
    finally:
        # It waits for the child process to end, and for the thread.
        stopping = hass.async_add_executor_job(stop)
        _, hanging = await asyncio.wait([stopping], timeout=STOP_TIMEOUT_S)
        if hanging:
            _LOGGER.warning("%s: the thread that listens to it hangs", name)
    if err := listening.result():
        raise no_sound_error(err) from err


@dataclass(frozen=True, slots=True)
class Trial:
    """What was heard when a source was tried."""

    silent: bool
    """Nothing but digital silence came, which no microphone gives unless it is muted."""


async def async_try_source(
    hass: HomeAssistant,
    name: str,
    data: Mapping[str, Any],
    progress: Callable[[float], None],
) -> Trial:
    """Listen to a source for some seconds; `progress` is told the part that is done, 0 to 1.

    Raises:
        NoSoundError: no sound came from it.
    """
    classifier = await async_load_classifier(hass)
    observations: list[Observation] = []

    try:
        async with asyncio.timeout(FIRST_SOUND_TIMEOUT_S) as limit:

            @callback
            def take(observation: Observation) -> None:
                now = hass.loop.time()
                if not observations and not limit.expired():
                    limit.reschedule(now + TRIAL_S)
                observations.append(observation)
                left_s = max(0.0, (limit.when() or now) - now)
                progress(1.0 - left_s / TRIAL_S)

            await async_listen(hass, name, data, classifier, take)
    except TimeoutError:
        # Sound that goes on is cut off in the same way as the wait for some.
        pass
    if not observations:
        raise NoSoundError("no_sound")
    return Trial(
        silent=max(heard.level.peak_dbfs for heard in observations) <= SILENCE_DBFS
    )
