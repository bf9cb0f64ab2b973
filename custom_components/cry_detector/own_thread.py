"""Work that may take long, in a thread of its own rather than one of Home Assistant's few."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

# A thread that has not ended this long after it was told to hangs in a driver, and
# waiting longer would only make Home Assistant hang with it.
STOP_TIMEOUT_S: Final = 1.9


async def async_in_own_thread[T](
    hass: HomeAssistant, name: str, work: Callable[[], T], end: Callable[[], None]
) -> T:
    """Run `work` in a thread of its own; return or raise what it does.

    However it is left, also by being cancelled, the thread has ended by then.

    Args:
        hass: Home Assistant.
        name: what to call the thread, after this integration's domain.
        work: what to do.
        end: makes `work` return soon; called from another thread, also when it has returned.
    """

    def stop() -> None:
        end()
        executor.shutdown(wait=True)

    executor = ThreadPoolExecutor(1, thread_name_prefix=f"{DOMAIN} {name}")
    working = hass.loop.run_in_executor(executor, work)
    try:
        await asyncio.wait([working])
    finally:
        # Ending may wait for a child process, and it waits for the thread.
        stopping = hass.async_add_executor_job(stop)
        give_up_s = hass.loop.time() + STOP_TIMEOUT_S
        cancelled: asyncio.CancelledError | None = None
        while not stopping.done() and (left_s := give_up_s - hass.loop.time()) > 0:
            try:
                await asyncio.wait([stopping], timeout=left_s)
            except asyncio.CancelledError as err:
                # Cancelled while a timeout ends it already: it is ended all the same.
                cancelled = err
        if not stopping.done():
            _LOGGER.warning("%s: its thread hangs", name)
        if cancelled is not None:
            raise cancelled
    return working.result()
