"""A PulseAudio source by its name, which is looked after, since the server would go on with another in its place."""

import os
import selectors
import time
from typing import override

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceUnavailableError
from .ffmpeg import FfmpegSource
from .inputs import FfmpegInput
from .pulse_server import PulseServer

# How often it is looked after: cheap, and soon enough to be noticed within ten seconds.
_LOOK_EVERY_S = 2.0


class PulseSource(FfmpegSource):
    """Ends when its source is gone, which PulseAudio and PipeWire keep from whoever records.

    They move a recording whose source was pulled out to another one, not always back when it
    returns, and ffmpeg cannot ask them not to. Where the server cannot be asked (it is on
    another machine), it is not known.
    """

    def __init__(
        self,
        input_: FfmpegInput,
        device: str,
        *,
        sample_rate: int,
        ffmpeg: str = "ffmpeg",
    ) -> None:
        """Set up to listen to a source by name, by an input that `inputs` has made for it."""
        super().__init__(input_, sample_rate=sample_rate, ffmpeg=ffmpeg)
        self._device = device
        self._environment = input_.environment
        self._server: PulseServer | None = None
        self._index: int | None = None
        self._looked_s = 0.0

    @override
    def _start(self, selector: selectors.BaseSelector) -> None:
        # Before ffmpeg asks for it: one that is gone between the two is looked for once too often.
        self._look()
        super()._start(selector)

    @override
    def _take(self, ready: list[selectors.SelectorKey]) -> NDArray[np.float32]:
        samples = super()._take(ready)
        # Without sound there is nothing to be wrong about, and a server that hangs is not asked.
        if len(samples) and time.monotonic() - self._looked_s >= _LOOK_EVERY_S:
            self._look()
        return samples

    def _look(self) -> None:
        """Say so if the source is another than it was, or is gone."""
        self._looked_s = time.monotonic()
        try:
            if self._server is None:
                environment = {**os.environ, **self._environment}
                self._server = PulseServer.from_environment(environment)
            index = self._server.index_of(self._device)
        except OSError:
            # A server that is gone or hangs is noticed by the sound.
            self._hang_up()
            return
        if self._index is None:
            self._index = index
        elif index != self._index:
            raise SourceUnavailableError(f"{self.name}: it was pulled out")

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    @override
    def _stop(self) -> None:
        self._hang_up()
        super()._stop()
