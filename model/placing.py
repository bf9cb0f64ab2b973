"""How the sounds of a night are made, each when the night comes to it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augment import Samples, reverberate, room
from house import RATE, Active, Library, active_rms, activity, faded, steady_noise
from recordings import Recording

FADE_S = 0.5
"""Backgrounds fade into each other for so long."""

_CRY_FADE = RATE // 200


@dataclass(frozen=True, slots=True)
class Room:
    """Where a sound is heard; see `augment.room`."""

    seed: int
    reverberation_s: float
    direct_db: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Room":
        """Draw a bedroom, or a hall."""
        return cls(
            int(rng.integers(1 << 31)),
            float(rng.uniform(0.2, 0.7)),
            float(rng.uniform(-4.0, 10.0)),
        )

    def around(self, sound: Samples) -> Samples:
        """Return a sound as the room has it, its tail included."""
        rng = np.random.default_rng(self.seed)
        response = room(rng, RATE, self.reverberation_s, self.direct_db)
        return reverberate(np.pad(sound, (0, len(response))), response)


def make_background(
    library: Library,
    scene: str,
    chain: list[tuple[float, Recording]],
    rms: float,
    length: int,
) -> Samples:
    """Return a scene of so many samples."""
    sound = library.scene(scene, chain, length)
    return faded(sound * np.float32(rms), round(FADE_S * RATE))


def make_noise(seed: int, db_per_octave: float, rms: float, length: int) -> Samples:
    """Return steady noise of so many samples."""
    noise = steady_noise(np.random.default_rng(seed), length, db_per_octave)
    return faded(noise * np.float32(rms), round(FADE_S * RATE))


def make_cry(
    sound: Samples, active: Active, around: Room | None, rms: float
) -> Samples:
    """Return a cry with an RMS over its active frames."""
    sound = faded(sound, min(_CRY_FADE, len(sound) // 2))
    if around:
        sound = around.around(sound)
    return sound * np.float32(rms / active_rms(sound, active))


def make_confuser(
    library: Library, path: Path, around: Room | None, rms: float
) -> Samples:
    """Return what is no cry, with an RMS over its active frames."""
    sound = library.read(path)
    if around:
        sound = around.around(sound)
    gain = rms / active_rms(sound, activity(sound))
    # Louder than full scale would be another sound: a clipped one.
    peak = float(np.max(np.abs(sound), initial=1e-6))
    return sound * np.float32(min(gain, 0.9 / peak))
