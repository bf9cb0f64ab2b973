"""What a fault is, and the stage it is shown on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cry_engine.errors import EngineError, SourceUnavailableError
from cry_engine.health import Health
from cry_engine.sources import Source
from cry_engine.sources.ffmpeg import FfmpegSource
from tests.streams import RATE

NOTICED_WITHIN_S = 10.0
RECOVERED_WITHIN_S = 15.0

type Report = type[EngineError] | Health

UNAVAILABLE: tuple[Report, ...] = (SourceUnavailableError,)
"""Lost, refused or stalled: the source has to be opened again."""


def room(seconds: float = 10.0) -> NDArray[np.float32]:
    """Return the noise of a quiet room, at the servers' rate."""
    noise = np.random.default_rng(5).normal(0.0, 0.01, round(seconds * RATE))
    return noise.astype(np.float32)


class Stage(ABC):
    """A source of sound that works, and can be broken and mended."""

    data: Mapping[str, Any]
    """What a config entry says of the source."""
    environment: Mapping[str, str] = MappingProxyType({})
    """What the process that listens needs in its environment to find the source."""

    def source(self, sample_rate: int) -> Source:
        """Return the engine's source, not yet opened."""
        return FfmpegSource.from_url(self.data["url"], sample_rate=sample_rate)

    @abstractmethod
    def breaks(self) -> None:
        """Begin the fault."""

    @abstractmethod
    def mends(self) -> None:
        """End it."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Start what there is to listen to."""

    @abstractmethod
    def __exit__(self, *_: object) -> None:
        """Stop it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that goes wrong."""

    name: str
    says: str
    """What happens, in words."""
    stage: Callable[[], Stage]
    """Makes the stage that it is shown on."""
    reported: tuple[Report, ...]
    """What it may be reported as: one of these errors, or this health."""
    from_start: bool = False
    """Whether the source is broken when it is opened first."""
    recovers: bool = True
    """Whether the same source can work again once it is over."""
    lane: str = ""
    """Faults of one lane cannot run side by side: their stage's environment is that of the whole process."""
    long: bool = False
    """Whether it is shown in the long run alone: another fault of the suite is like it."""
    needs: Callable[[], str | None] = lambda: None
    """Returns what is missing here to show it, in words, or None."""
