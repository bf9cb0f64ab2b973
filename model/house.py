"""The sounds of a house at night: recordings drawn by kind, backgrounds that last, and where in a recording it cries."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment import Samples, band_limit, reverberate, room
from kinds import kind_of
from recordings import DataError, Recording, read_sound

RATE = 22_050
"""Samples a second of all that is made here: that of the recordings."""

STEADY = {
    "fan", "rain", "household_hum", "washing_machine", "dishwasher", "wind", "clock_tick", "vacuum_cleaner",
    "running_water", "sea_waves", "crackling_fire", "engine", "airplane", "train",
}  # fmt: skip
"""Household sounds that go on for minutes."""

SCENES: dict[str, float] = {
    "quiet room": 0.30,
    "steady noise": 0.18,
    "appliance": 0.20,
    "ambience": 0.20,
    "television": 0.08,
    "music": 0.04,
}
"""How often each background is what a house sounds like for some minutes."""

MANIFOLD = {"quiet room", "television", "music"}
"""Scenes in which different kinds of recordings follow each other."""

_FADE_S = 0.5
_FRAME_S = 0.02
_SHORTEST_S = 0.15
_SHORTEST_CRY_S = 0.5
_KEPT = 400

type Active = NDArray[np.bool_]


def activity(samples: Samples, rate: int = RATE) -> Active:
    """Return which 20 ms frames of a sound are no pause: shape (frames,), a rest shorter than a frame left out.

    A frame is active where the power around it (100 ms) lies less than 10 dB under the loud part of the sound, which is
    its 98.5th percentile: 20 dB under it nothing would be heard of a cry that is as loud as the noise around. Stretches
    under 0.15 s count only where there are no longer ones: a click before a cry is not its beginning.
    """
    step = round(_FRAME_S * rate)
    count = len(samples) // step
    if not count:
        return np.zeros(0, bool)
    power = np.square(samples[: count * step], dtype=np.float64).reshape(count, step)
    smooth = np.convolve(power.mean(axis=1), np.ones(5) / 5.0, mode="same")
    active: Active = smooth > max(1e-12, 0.1 * float(np.percentile(smooth, 98.5)))
    long = np.zeros(count, bool)
    for first, end in runs(active):
        long[first:end] = end - first >= _SHORTEST_S / _FRAME_S
    return long if long.any() else active


def runs(active: Active) -> list[tuple[int, int]]:
    """Return the first and the end frame of each run of active ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def active_rms(samples: Samples, active: Active, rate: int = RATE) -> float:
    """Return the RMS (full scale 1) over the active frames; over everything where none is."""
    step = round(_FRAME_S * rate)
    count = min(len(active), len(samples) // step)
    power = np.square(samples[: count * step], dtype=np.float64).reshape(count, step)
    mean = power.mean(axis=1)[active[:count]]
    square = mean.mean() if len(mean) else np.square(samples, dtype=np.float64).mean()
    return float(np.sqrt(max(1e-12, square)))


def audible(samples: Samples, rate: int = RATE) -> tuple[Samples, Active]:
    """Return a sound from its first active frame to its last, and which of its frames are active.

    A recording of a cry may begin with a pause: cut off, crying begins where the sound does.
    """
    active = activity(samples, rate)
    where = np.flatnonzero(active)
    if not len(where):
        return samples, np.ones(len(active), bool)
    step = round(_FRAME_S * rate)
    first, last = int(where[0]), int(where[-1]) + 1
    return samples[first * step : last * step], active[first:last]


class Library:
    """The recordings that nights are made of, by kind.

    What the manifest calls suspect is left out: an episode of what is no cry, or a false alarm at what is one, says
    nothing about a detector. So are cries with under half a second of sound: repeated, they are no episode.
    """

    def __init__(
        self,
        recordings: Iterable[Recording],
        read: Callable[[Path, int], Samples] = read_sound,
    ) -> None:
        """Sort the recordings.

        Args:
            recordings: of one split, so that no group is in the nights that was trained on.
            read: returns a recording's samples at a sample rate.

        Raises:
            DataError: there is no cry.
        """
        self.read = lru_cache(_KEPT)(lambda path: read(path, RATE))
        self._kinds: dict[str, dict[str, list[Recording]]] = {}
        for recording in recordings:
            if recording.quality != "suspect" and not (
                recording.crying and self._cries_s(recording) < _SHORTEST_CRY_S
            ):
                for kind in {kind_of(recording), *_scenes_of(recording)}:
                    groups = self._kinds.setdefault(kind, {})
                    groups.setdefault(recording.group, []).append(recording)
        if "crying" not in self._kinds:
            raise DataError(
                "nights need a cry that is not suspect: no recording given is one"
            )

    def _cries_s(self, recording: Recording) -> float:
        return float(activity(self.read(recording.path)).sum()) * _FRAME_S

    def has(self, kind: str) -> bool:
        """Return whether there is a recording of a kind, or for a scene."""
        return kind in self._kinds or kind == "steady noise"

    def draw(self, rng: np.random.Generator, kind: str) -> Recording:
        """Draw a recording of a kind: every group as often as any other, however many clips it has."""
        groups = self._kinds[kind]
        members = groups[sorted(groups)[int(rng.integers(len(groups)))]]
        return members[int(rng.integers(len(members)))]

    def baby(self, rng: np.random.Generator) -> list[Recording]:
        """Draw a baby: all cries of one group."""
        babies = self._kinds["crying"]
        return babies[sorted(babies)[int(rng.integers(len(babies)))]]

    def chain(
        self, rng: np.random.Generator, name: str, seconds: float
    ) -> list[tuple[float, Recording]]:
        """Draw what a scene is made of: recordings that fade into each other, and when each begins.

        One kind of appliance, or of place, goes on through it.
        """
        first = self.draw(rng, name)
        alike = [
            recording
            for group in self._kinds[name].values()
            for recording in group
            if name in MANIFOLD or recording.sublabel == first.sublabel
        ]
        chain, start_s = [], 0.0
        while start_s < seconds:
            recording = alike[int(rng.integers(len(alike)))]
            chain.append((start_s, recording))
            start_s += max(0.1, recording.seconds - _fade_s(recording.seconds))
        return chain

    def scene(
        self, name: str, chain: Iterable[tuple[float, Recording]], length: int
    ) -> Samples:
        """Return a background of so many samples, with an RMS of 1."""
        out = np.zeros(length, np.float32)
        for start_s, recording in chain:
            start = round(start_s * RATE)
            sound = self.read(recording.path)
            sound = sound / np.float32(max(1e-6, np.sqrt(np.mean(sound**2))))
            fade = round(_fade_s(recording.seconds) * RATE)
            sound = faded(sound, fade)[: max(0, length - start)]
            out[start : start + len(sound)] += sound
        if name == "television":
            out = behind_a_wall(out)
        return out / np.float32(max(1e-6, np.sqrt(np.mean(out**2))))


def _fade_s(seconds: float) -> float:
    return min(_FADE_S, seconds / 4.0)


def _scenes_of(recording: Recording) -> list[str]:
    """Return the scenes that a recording may be heard in."""
    if recording.label == "silence":
        return ["quiet room"]
    if recording.label == "ambient":
        return ["ambience"]
    if recording.label == "household" and recording.sublabel in STEADY:
        return ["appliance"]
    if recording.label == "music":
        return ["music", "television"]
    if recording.label == "speech" and kind_of(recording) == "adult":
        return ["television"]
    return []


def faded(sound: Samples, fade: int) -> Samples:
    """Return a sound that begins and ends with a fade of so many samples, its power adding to 1 with the next one's."""
    sound = sound.copy()
    ramp = np.sin(0.5 * np.pi * np.linspace(0.0, 1.0, fade, dtype=np.float32))
    sound[:fade] *= ramp
    sound[len(sound) - fade :] *= ramp[::-1]
    return sound


def steady_noise(
    rng: np.random.Generator, length: int, db_per_octave: float
) -> Samples:
    """Return noise with an RMS of 1: white at 0 dB an octave, pink at -3, brown at -6; level below 50 Hz."""
    seconds = 20
    frequencies = np.fft.rfftfreq(seconds * RATE, 1.0 / RATE)
    shape = np.maximum(frequencies, 50.0) ** (db_per_octave / 6.02)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(seconds * RATE)) * shape)
    # Its end runs into its beginning, as the transform takes it to be periodic.
    return np.resize(noise / np.sqrt(np.mean(noise**2)), length).astype(np.float32)


def behind_a_wall(sound: Samples) -> Samples:
    """Return a sound as it comes from the next room: few high tones, and reverberant."""
    wall = np.random.default_rng(0)
    dull = band_limit(sound, RATE, 60.0, 800.0, slope_hz=2_500.0)
    return reverberate(dull, room(wall, RATE, 0.6, -3.0))
