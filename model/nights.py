"""Nights: long recordings with all that a house sounds like, put together from recordings that were set aside.

A night is planned first (what begins when, and how loud), then made in pieces of a minute, so that a night of any length
takes the memory of some minutes. It comes with the truth: when there is crying, and what else is heard. The same seed
and the same recordings make the same night.

    library = Library(recording for recording in recordings if recording.split == "val")
    night = plan(library, "mixed", seed=1, hours=1.0)
    for samples in night.pieces():
        ...
"""

from functools import partial

import numpy as np

from house import RATE, SCENES, Library, audible, runs
from night import KINDS, Background, Confuser, Crying, Kind, Night, Placed
from placing import FADE_S, Room, make_background, make_confuser, make_cry, make_noise

CONFUSERS: dict[str, float] = {
    "cat": 0.10,
    "laughing": 0.10,
    "child": 0.12,
    "adult": 0.12,
    "voice": 0.10,
    "toy": 0.12,
    "animal": 0.12,
    "music": 0.10,
    "household": 0.10,
    "phone": 0.02,
}
"""What else is heard, and how often: much of it what is easily taken for a cry."""

CONFUSERS_PER_HOUR = 60.0
CONFUSER_DB = (0.0, 28.0)
"""Over the background."""
SNR_DB = (0.0, 20.0)
"""A cry's over the background."""
EPISODE_S = (5.0, 600.0)
CALM_S = (60.0, 240.0)
"""Between two episodes."""
SCENE_S = (120.0, 600.0)

MACHINES = {"white noise": 0.0, "pink noise": -3.0}
"""What a white-noise machine may make, in dB an octave."""

_PIECE_S = 300.0
_FRAMES_A_SECOND = 50


def plan(library: Library, kind: Kind, seed: int, hours: float) -> Night:
    """Plan a night.

    Args:
        library: what it is made of.
        kind: one of KINDS.
        seed: of everything drawn; over a machine, even ones are white and odd ones pink.
        hours: how long it is.
    """
    planner = _Planner(library, np.random.default_rng([seed, KINDS.index(kind)]), hours)
    times = [] if kind == "confusers" else planner.times()
    if kind == "noise":
        planner.place_machine(list(MACHINES)[seed % len(MACHINES)])
    else:
        planner.place_scenes(times)
    crying = [
        planner.place_episode(start_s, duration_s, at_0_db=kind == "noise")
        for start_s, duration_s in times
    ]
    confusers = planner.place_confusers()
    return Night(
        kind=kind,
        seed=seed,
        hours=hours,
        crying=tuple(crying),
        spans_s=np.array(planner.spans_s, np.float64).reshape(-1, 2),
        confusers=tuple(confusers),
        backgrounds=tuple(planner.backgrounds),
        placed=tuple(sorted(planner.placed, key=lambda sound: sound.start)),
    )


class _Planner:
    """Draws what a night is made of, and keeps what was drawn."""

    def __init__(
        self, library: Library, rng: np.random.Generator, hours: float
    ) -> None:
        self._library, self._rng, self._length_s = library, rng, hours * 3600.0
        self.placed: list[Placed] = []
        self.backgrounds: list[Background] = []
        self.spans_s: list[tuple[float, float]] = []

    def times(self) -> list[tuple[float, float]]:
        """Draw when episodes begin and how long they are meant to last: long ones are rarer."""
        times: list[tuple[float, float]] = []
        time_s = 0.0
        while True:
            start_s = time_s + self._rng.uniform(*CALM_S)
            duration_s = float(np.exp(self._rng.uniform(*np.log(EPISODE_S))))
            time_s = start_s + duration_s
            if time_s + CALM_S[0] > self._length_s:
                return times
            times.append((start_s, duration_s))

    def place_scenes(self, times: list[tuple[float, float]]) -> None:
        """Place backgrounds of some minutes; none changes while a baby cries, so that its level over them is known."""
        names = [name for name in SCENES if self._library.has(name)]
        odds = np.array([SCENES[name] for name in names])
        start_s = 0.0
        while start_s < self._length_s:
            end_s = start_s + self._rng.uniform(*SCENE_S)
            for cry_s, duration_s in times:
                if cry_s - 5.0 < end_s < cry_s + duration_s + 15.0:
                    end_s = cry_s + duration_s + 15.0
            end_s = min(end_s, self._length_s)
            name = names[int(self._rng.choice(len(names), p=odds / odds.sum()))]
            loudest_dbfs = -50.0 if name == "quiet room" else -38.0
            rms = 10.0 ** (self._rng.uniform(-62.0, loudest_dbfs) / 20.0)
            self.backgrounds += self._place_scene(name, start_s, end_s - start_s, rms)
            start_s = end_s

    def place_machine(self, name: str) -> None:
        """Place a white-noise machine that runs all night in a room 20 dB more quiet."""
        rms = 10.0 ** (self._rng.uniform(-48.0, -30.0) / 20.0)
        self.backgrounds.append(
            Background(start_s=0.0, scene=name, name="synthesised", rms=rms)
        )
        under = "quiet room" if self._library.has("quiet room") else "steady noise"
        for start_s in np.arange(0.0, self._length_s, _PIECE_S).tolist():
            seconds = min(_PIECE_S, self._length_s - start_s)
            self._place_noise(MACHINES[name], start_s, seconds, rms)
            self._place_scene(under, start_s, seconds, 0.1 * rms)

    def _place_scene(
        self, scene: str, start_s: float, seconds: float, rms: float
    ) -> list[Background]:
        """Place one background; return what is heard in it."""
        if scene == "steady noise":
            slope = float(self._rng.choice([0.0, -3.0, -6.0]))
            self._place_noise(slope, start_s, seconds, rms)
            name = f"{slope:g} dB an octave"
            return [Background(start_s=start_s, scene=scene, name=name, rms=rms)]
        chain = self._library.chain(self._rng, scene, seconds + FADE_S)
        length = round((seconds + FADE_S) * RATE)
        make = partial(make_background, self._library, scene, chain, rms, length)
        self.placed.append(Placed(round(start_s * RATE), make))
        return [
            Background(
                start_s=start_s + after_s,
                scene=scene,
                name=recording.path.name,
                rms=rms,
            )
            for after_s, recording in chain
            if after_s < seconds
        ]

    def _place_noise(
        self, slope: float, start_s: float, seconds: float, rms: float
    ) -> None:
        length = round((seconds + FADE_S) * RATE)
        make = partial(make_noise, self._seed(), slope, rms, length)
        self.placed.append(Placed(round(start_s * RATE), make))

    def place_episode(
        self, start_s: float, duration_s: float, *, at_0_db: bool
    ) -> Crying:
        """Place one baby's cries one after the other, with breaths and now and then a longer pause between them."""
        rng, background = self._rng, self._background_at(start_s)
        snr_db = 0.0 if at_0_db else float(rng.uniform(*SNR_DB))
        rms = background.rms * 10.0 ** (snr_db / 20.0)
        baby = self._library.baby(rng)
        around = Room.drawn(rng) if rng.random() < 0.6 else None
        time_s, until_s = start_s, start_s + duration_s
        while time_s < until_s:
            recording = baby[int(rng.integers(len(baby)))]
            sound, active = audible(self._library.read(recording.path))
            active = active[: round(max(1.0, until_s - time_s) * _FRAMES_A_SECOND)]
            # What is cut off may leave a pause at the end: crying ends with its last active frame.
            active = active[: int(np.flatnonzero(active)[-1]) + 1]
            sound = sound[: len(active) * RATE // _FRAMES_A_SECOND]
            start = round(time_s * RATE)
            make = partial(make_cry, sound, active, around, rms)
            self.placed.append(Placed(start, make))
            first_s = start / RATE
            self.spans_s += [
                (first_s + first / _FRAMES_A_SECOND, first_s + end / _FRAMES_A_SECOND)
                for first, end in runs(active)
            ]
            end_s = first_s + len(active) / _FRAMES_A_SECOND
            breath = rng.random() < 0.85
            time_s = end_s + (rng.uniform(0.2, 1.2) if breath else rng.uniform(2, 4))
        return Crying(
            start_s=start_s,
            end_s=end_s,
            snr_db=snr_db,
            background=background.scene,
            baby=baby[0].group,
            reverberant=around is not None,
        )

    def place_confusers(self) -> list[Confuser]:
        """Place what is no cry at any time of the night, half of it reverberant."""
        rng = self._rng
        kinds = [kind for kind in CONFUSERS if self._library.has(kind)]
        odds = np.array([CONFUSERS[kind] for kind in kinds])
        mean = CONFUSERS_PER_HOUR * self._length_s / 3600.0
        count = int(rng.poisson(mean)) if kinds else 0
        confusers: list[Confuser] = []
        for time_s in np.sort(rng.uniform(2.0, self._length_s - 2.0, count)).tolist():
            kind = kinds[int(rng.choice(len(kinds), p=odds / odds.sum()))]
            recording = self._library.draw(rng, kind)
            over_db = rng.uniform(*CONFUSER_DB)
            rms = self._background_at(time_s).rms * 10.0 ** (over_db / 20.0)
            around = Room.drawn(rng) if rng.random() < 0.5 else None
            make = partial(make_confuser, self._library, recording.path, around, rms)
            self.placed.append(Placed(round(time_s * RATE), make))
            confusers.append(
                Confuser(
                    start_s=time_s,
                    end_s=time_s + recording.seconds,
                    kind=kind,
                    name=recording.path.name,
                )
            )
        return confusers

    def _background_at(self, time_s: float) -> Background:
        """Return what was placed last before a time."""
        begun = [each for each in self.backgrounds if each.start_s <= time_s]
        return begun[-1]

    def _seed(self) -> int:
        return int(self._rng.integers(1 << 31))
