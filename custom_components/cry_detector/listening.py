"""Runs the engine's Listener in a thread of its own, and hands what it hears to the event loop."""

import asyncio
from collections.abc import Callable, Mapping
import threading
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, SourceKind
from .engine.classifier import Classifier
from .engine.errors import EngineError
from .engine.listener import Listener, Observation
from .engine.pauses import Pauses
from .engine.sources import PATIENCE_S
from .errors import no_sound_error
from .own_thread import async_in_own_thread
from .settings import Settings
from .source import async_create_source
from .source_key import source_key

# What is set when a thread ends that was left behind because it hung, by its source.
_HANGING: HassKey[dict[tuple[SourceKind, str], threading.Event]] = HassKey(
    f"{DOMAIN}_hanging"
)
# How often to look whether it has.
_HANGING_PAUSE_S: Final = 0.5


async def async_listen(
    hass: HomeAssistant,
    name: str,
    data: Mapping[str, Any],
    classifier: Classifier,
    heard: Callable[[Observation], None],
    *,
    settings: Settings | None = None,
    pauses: Pauses | None = None,
    first_sound_s: float = PATIENCE_S,
    opened: Callable[[Listener], None] | None = None,
) -> None:
    """Listen to a source until it ends; `heard` gets each observation in the event loop.

    However it is left, also by being cancelled, the thread has ended and the source is
    closed by then, unless it hangs in a driver. Then it is left behind, and nobody listens
    to this source again until it returns: one thread after the other would hang.

    Args:
        hass: Home Assistant.
        name: what the detector is called.
        data: an entry's, which say what the source is.
        classifier: the model.
        heard: gets each observation.
        settings: of the detector; by default those of the model.
        pauses: what has been learnt of how this source is silent.
        first_sound_s: how long its first sound is waited for.
        opened: gets the listener before it listens, whose settings may be changed from then
            on.

    Raises:
        NoSoundError: the source cannot be had, or was lost.
    """
    hanging, key = hass.data.setdefault(_HANGING, {}), source_key(data)
    while key in hanging and not hanging[key].is_set():
        await asyncio.sleep(_HANGING_PAUSE_S)
    source = await async_create_source(
        hass, data, classifier.manifest.sample_rate, first_sound_s
    )
    settings = settings or Settings.from_options({}, classifier.manifest)

    def create() -> Listener:
        return Listener(
            source,
            classifier,
            settings.episode_settings(),
            gain_db=settings.gain_db,
            loud_margin_db=settings.loud_margin_db,
            pauses=pauses,
            first_patience_s=first_sound_s,
        )

    # Its windows and filters take a small computer longer than the event loop may. Nor is it made by
    # one of Home Assistant's threads: glibc gives each its own heap, and what was freed there is of no
    # use to the others. A thread that begins takes over the heap of the last one that has ended.
    listener = await async_in_own_thread(hass, name, create, lambda: None)
    ended = threading.Event()
    # Until it has begun there is none to wait for.
    ended.set()
    if opened is not None:
        opened(listener)

    def listen() -> EngineError | None:
        ended.clear()
        try:
            for observation in listener:
                hass.loop.call_soon_threadsafe(heard, observation)
        except EngineError as err:
            return err
        finally:
            ended.set()
        return None

    try:
        err = await async_in_own_thread(hass, name, listen, listener.close)
    finally:
        if not ended.is_set():
            hanging[key] = ended
    if err:
        raise no_sound_error(err) from err
