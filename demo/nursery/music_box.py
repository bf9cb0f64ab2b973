"""A music box that plays a tune of the eighteenth century ("Ah! vous dirai-je, maman")."""

import numpy as np

from .sound import Samples, fade, place, silence

BEAT_S = 0.5
# MIDI notes and their lengths in beats; the melody is traditional.
TUNE = (
    *((72, 1), (72, 1), (79, 1), (79, 1), (81, 1), (81, 1), (79, 2)),
    *((77, 1), (77, 1), (76, 1), (76, 1), (74, 1), (74, 1), (72, 2)),
    *((79, 1), (79, 1), (77, 1), (77, 1), (76, 1), (76, 1), (74, 2)),
    *((79, 1), (79, 1), (77, 1), (77, 1), (76, 1), (76, 1), (74, 2)),
    *((72, 1), (72, 1), (79, 1), (79, 1), (81, 1), (81, 1), (79, 2)),
    *((77, 1), (77, 1), (76, 1), (76, 1), (74, 1), (74, 1), (72, 2)),
)
# A steel tooth is a bar held at one end: the modes of a cantilever, and how fast
# each dies away.
MODES = ((1.0, 1.0, 0.9), (6.27, 0.22, 0.18), (17.55, 0.06, 0.05))


def music_box(rate: int, rng: np.random.Generator, duration_s: float = 16.0) -> Samples:
    """Return the tune from its start, over again as often as `duration_s` asks."""
    track = silence(rate, duration_s)
    at_s = 0.0
    index = 0
    while at_s < duration_s - 0.3:
        note, beats = TUNE[index % len(TUNE)]
        place(track, _tooth(rate, rng, note), round(at_s * rate))
        at_s += beats * BEAT_S * float(rng.normal(1.0, 0.01))
        index += 1
    track = fade(track, rate, 0.01, 0.3)
    return track * np.float32(0.15 / np.std(track))


def _tooth(rate: int, rng: np.random.Generator, note: int) -> Samples:
    """Return one plucked tooth."""
    base_hz = 440.0 * 2.0 ** ((note + 12 - 69) / 12.0)
    time_s = np.arange(round(1.8 * rate)) / rate
    tone = np.zeros(len(time_s))
    for ratio, level, decay_s in MODES:
        frequency_hz = base_hz * ratio * rng.normal(1.0, 0.001)
        if frequency_hz < 0.48 * rate:
            tone += (
                level
                * np.exp(-time_s / decay_s)
                * np.sin(2.0 * np.pi * frequency_hz * time_s)
            )
    return fade(tone.astype(np.float32), rate, 0.002, 0.05)
