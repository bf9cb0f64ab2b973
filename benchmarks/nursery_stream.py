"""The demo nursery as a stream that goes on by the clock, whoever listens: what is not heard in time is gone."""

from collections.abc import Iterator
from functools import partial
import math
from pathlib import Path
import time
from typing import override
import wave

import numpy as np

from cry_engine.resample import Resampler
from demo.nursery.scene import Event
from tests.faults.http import BrokenHttp
from tests.streams import PACKET, RATE, Samples


def samples_of(recording: Path) -> Samples:
    """Return a mono recording of 16 bits as samples at the rate of the servers, full scale -1 to 1."""
    with wave.open(str(recording), "rb") as file:
        rate = file.getframerate()
        frames = file.readframes(file.getnframes())
    samples = np.frombuffer(frames, "<i2").astype(np.float32) / 2.0**15
    return Resampler(rate, RATE).push(samples)


class NurseryStream(BrokenHttp):
    """A nursery that is heard as it is now, and misbehaves on command."""

    def __init__(
        self, port: int = 0, *, samples: Samples, began_s: float | None = None
    ) -> None:
        """Serve a nursery on a port (0 is any that is free).

        Args:
            port: of loopback.
            samples: of the nursery, over and over.
            began_s: when it began, by the monotonic clock; by default now.
        """
        self.began_s = time.monotonic() if began_s is None else began_s
        super().__init__(port, samples)

    @override
    def packet(self, number: int) -> Samples:
        """Return what is to be heard now, however many packets the connection has had."""
        passed_s = time.monotonic() - self.began_s
        return super().packet(round(passed_s * RATE / PACKET))

    @property
    def reopened(self) -> "partial[NurseryStream]":
        """Return what serves the same nursery again, on a port that it is given."""
        return partial(NurseryStream, samples=self.samples, began_s=self.began_s)


def cries(
    events: tuple[Event, ...], scene_s: float, seconds: float
) -> Iterator[tuple[float, float]]:
    """Yield when each cry begins and ends, in seconds since a scene began that is played over and over."""
    for number in range(math.ceil(seconds / scene_s)):
        for event in events:
            start_s = number * scene_s + event.start_s
            if event.is_cry and start_s < seconds:
                yield start_s, number * scene_s + event.end_s
