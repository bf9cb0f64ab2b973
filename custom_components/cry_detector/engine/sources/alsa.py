"""A microphone read directly from ALSA, where pyalsaaudio is installed."""

from collections.abc import Callable, Mapping
import contextlib
import errno
from functools import cache
import importlib
import selectors
from types import ModuleType
from typing import Any, override

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceUnavailableError
from ..resample import Resampler
from . import SourceKind
from .base import PolledSource, cleaned

# Asked for first: nearly every device offers it, and ALSA answers with the nearest that there is.
_RATE = 48_000
_PERIOD = 2_400
# Two seconds, where the device has as much: so long may a listener be held up without loss.
_PERIODS = 40


@cache
def alsaaudio() -> ModuleType | None:
    """Return pyalsaaudio's module, or None where it is not installed (it has no wheels: Home Assistant OS cannot)."""
    try:
        return importlib.import_module("alsaaudio")
    except ImportError:
        return None


def _from_24_packed(data: bytes) -> NDArray[np.float32]:
    # Three bytes a sample are widened to four, the sign extended by putting them on top.
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8)[: len(wide) * 3].reshape(-1, 3)
    return wide.view("<i4")[:, 0].astype(np.float32) / 2.0**31


def _from_24_in_32(data: bytes) -> NDArray[np.float32]:
    return (np.frombuffer(data, "<i4") << 8).astype(np.float32) / 2.0**31


# By ALSA's names for its sample formats: how to make floats of full scale -1 to 1.
_DECODERS: Mapping[str, Callable[[bytes], NDArray[np.float32]]] = {
    "S16_LE": lambda data: np.frombuffer(data, "<i2").astype(np.float32) / 2.0**15,
    "S24_3LE": _from_24_packed,
    "S24_LE": _from_24_in_32,
    "S32_LE": lambda data: np.frombuffer(data, "<i4").astype(np.float32) / 2.0**31,
    "FLOAT_LE": lambda data: cleaned(np.array(np.frombuffer(data, "<f4"))),
    "U8": lambda data: (
        (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) / 128.0
    ),
}


class AlsaSource(PolledSource):
    """Records at what the device offers, mixes to mono and resamples."""

    def __init__(self, device: str, *, sample_rate: int) -> None:
        """Set up for a device by its ALSA name."""
        super().__init__(device, sample_rate, SourceKind.DEVICE)
        self._pcm: Any = None

    @override
    def _start(self, selector: selectors.BaseSelector) -> None:
        module = alsaaudio()
        if module is None:
            raise SourceUnavailableError(f"{self.name}: pyalsaaudio is not installed")
        try:
            self._pcm = module.PCM(
                type=module.PCM_CAPTURE,
                mode=module.PCM_NONBLOCK,
                device=self.name,
                rate=_RATE,
                channels=1,
                format=module.PCM_FORMAT_S16_LE,
                periodsize=_PERIOD,
                periods=_PERIODS,
            )
            offered = self._pcm.info()
            self._channels = offered["channels"]
            if (decode := _DECODERS.get(offered["format_name"])) is None:
                raise SourceUnavailableError(
                    f"{self.name} records {offered['format_name']}, which is not supported:"
                    f" try plug{self.name} or sysdefault"
                )
            self._decode = decode
            self._resampler = Resampler(offered["rate"], self.sample_rate)
            for descriptor, events in self._pcm.polldescriptors():
                selector.register(
                    descriptor,
                    events & (selectors.EVENT_READ | selectors.EVENT_WRITE),
                    "sound",
                )
            # Recording begins with the first read.
            self._pcm.read()
        except (module.ALSAAudioError, OSError, ValueError) as error:
            raise SourceUnavailableError(f"{self.name}: {error}") from error

    @override
    def _take(self, ready: list[selectors.SelectorKey]) -> NDArray[np.float32]:
        if self._pcm is None or not ready:
            return np.zeros(0, np.float32)
        pieces = []
        try:
            # No more at a time than a device's buffer holds: one that is no hardware (ALSA's
            # null) has always more.
            for _ in range(_PERIODS):
                length, data = self._pcm.read()
                if length == -errno.EPIPE:
                    # The device's buffer was full, and some of it is lost; it records again
                    # from the next read on.
                    continue
                if length <= 0:
                    break
                pieces.append(data)
        except Exception as error:
            # pyalsaaudio's own exception type is only known where it is installed.
            raise SourceUnavailableError(f"{self.name}: {error}") from error
        samples = self._decode(b"".join(pieces))
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
        return self._resampler.push(samples)

    @override
    def _stop(self) -> None:
        if self._pcm is not None:
            # A device that was pulled out complains on being closed, and is closed all the same.
            with contextlib.suppress(Exception):
                self._pcm.close()
            self._pcm = None
