"""A detector's source whose sound is what a test says, at the pace of a fake clock."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from freezegun.api import FrozenDateTimeFactory

from custom_components.cry_detector.engine.classifier import Scores
from custom_components.cry_detector.engine.episodes import Episode, EpisodeSettings
from custom_components.cry_detector.engine.health import Health
from custom_components.cry_detector.engine.level import Level
from custom_components.cry_detector.engine.observation import Observation
from custom_components.cry_detector.errors import NoSoundError

HOP_S = 0.5


def observation(
    time: float = HOP_S,
    *,
    rms_dbfs: float = -50.0,
    confidence: float = 0.0,
    episode: Episode | None = None,
    health: Health = Health.OK,
    **more: Any,
) -> Observation:
    """Return an observation as the listener makes them; an episode without an end is crying."""
    return Observation(
        time=time,
        level=Level(rms_dbfs, rms_dbfs + 3.0, rms_dbfs, rms_dbfs),
        scores=Scores({"crying": confidence}, confidence),
        crying=episode is not None and episode.end is None,
        episode=episode,
        health=health,
        **{"noise_floor_dbfs": rms_dbfs, "span_s": HOP_S} | more,
    )


class StandInListener:
    """What the detector may ask of the engine's listener while it listens."""

    settings: EpisodeSettings
    gain_db: float
    loud_margin_db: float

    def __init__(self) -> None:
        """Start out without an alarm."""
        self.alarms: list[float] = []

    def test_alarm(self, seconds: float) -> None:
        """Note for how long an alarm is made up."""
        self.alarms.append(seconds)


class Ear:
    """Takes the place of `listening.async_listen`: a stream without a thread or a source."""

    def __init__(self, freezer: FrozenDateTimeFactory) -> None:
        """Hear nothing yet."""
        self.freezer = freezer
        self.opened = 0
        """How often the source was opened."""
        self.first_sound_s = 0.0
        """How long its first sound is waited for."""
        self.refuses: str | None = None
        """The key of the error with which the source refuses to be opened."""
        self.listener: StandInListener | None = None
        """While it is open."""
        self._heard: Callable[[Observation], None] | None = None
        self._end: asyncio.Future[None] | None = None
        self.time = 0.0
        """Seconds of sound since the source was opened."""

    async def async_listen(
        self,
        hass: object,
        name: str,
        data: object,
        classifier: object,
        heard: Callable[[Observation], None],
        *,
        settings: object,
        pauses: object,
        first_sound_s: float,
        opened: Callable[[Any], None],
    ) -> None:
        """Listen until the test ends it."""
        self.opened += 1
        self.first_sound_s = first_sound_s
        if self.refuses:
            raise NoSoundError(self.refuses, cause="as the test wants")
        self._heard, self.time = heard, 0.0
        self._end = asyncio.get_running_loop().create_future()
        self.listener = StandInListener()
        opened(self.listener)
        try:
            await self._end
        finally:
            self._heard = self.listener = None

    @property
    def is_open(self) -> bool:
        """Whether somebody listens."""
        return self._heard is not None

    async def hears(self, seconds: float = HOP_S, **what: Any) -> None:
        """Hear the same thing for a time, hop by hop, while the clocks go on."""
        for _ in range(max(1, round(seconds / HOP_S))):
            await self.pass_time(HOP_S)
            self.time += HOP_S
            self.say(observation(self.time, **what))
            await asyncio.sleep(0)

    async def hears_crying(self, seconds: float, **what: Any) -> Episode:
        """Hear an episode begin and go on; return it as the engine has it by then."""
        start = self.time + HOP_S
        episode = Episode(start, None, start, 0.9)
        await self.hears(confidence=0.9, episode=episode, **what)
        return await self.hears_crying_on(episode, seconds, **what)

    async def hears_crying_on(
        self, episode: Episode, seconds: float, **what: Any
    ) -> Episode:
        """Hear an episode go on; return it as the engine has it by then."""
        until = self.time + seconds
        while self.time < until:
            episode = replace(episode, last=self.time + HOP_S)
            await self.hears(confidence=0.9, episode=episode, **what)
        return episode

    async def hears_it_end(self, episode: Episode) -> None:
        """Hear that an episode is over."""
        ended = replace(episode, end=episode.last)
        await self.hears(episode=ended)

    def say(self, *observations: Observation) -> None:
        """Hear these, now."""
        assert self._heard
        for one in observations:
            self._heard(one)

    async def is_lost(self, key: str = "cannot_connect") -> None:
        """Lose the source."""
        assert self._end
        self._end.set_exception(NoSoundError(key, cause="as the test wants"))
        await self.settle()

    async def pass_time(self, seconds: float) -> None:
        """Let the clocks go on, and what waits for them happen."""
        # In debug mode asyncio would take the step for a task that blocks the loop.
        asyncio.get_running_loop().slow_callback_duration = 2.0 * seconds
        self.freezer.tick(seconds)
        await self.settle()

    async def passes(self, seconds: float) -> None:
        """Let time pass without a sound, half a second at a time."""
        for _ in range(round(seconds / HOP_S)):
            await self.pass_time(HOP_S)

    async def settle(self) -> None:
        """Let what is ready happen."""
        for _ in range(8):
            await asyncio.sleep(0)
