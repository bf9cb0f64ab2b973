"""What a house does at night: the room itself, a white-noise machine, feet, a door."""

import numpy as np

from .sound import Samples, band_pass, fade, join, noise, place, points, silence


def room_tone(rate: int, rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a quiet room: air, and a little mains hum; RMS of 1."""
    air = noise(rate, duration_s, rng, slope_db_per_octave=-5.0)
    time_s = np.arange(len(air)) / rate
    hum = 0.12 * np.sin(2.0 * np.pi * 50.0 * time_s) + 0.06 * np.sin(
        2.0 * np.pi * 150.0 * time_s
    )
    tone = (air + hum).astype(np.float32)
    return tone / np.float32(np.std(tone))


def white_noise_machine(
    rate: int, rng: np.random.Generator, duration_s: float
) -> Samples:
    """Return a machine that soothes by a fan's even noise; RMS of 0.1, faded in and out."""
    hiss = band_pass(noise(rate, duration_s, rng, -2.0), rate, 120.0, 6000.0, 1)
    blades = noise(rate, duration_s, rng)
    blades = band_pass(blades, rate, 230.0, 260.0, 3)
    sound = hiss / np.std(hiss) + 0.15 * blades / np.std(blades)
    return fade(sound.astype(np.float32) * np.float32(0.1), rate, 0.6, 0.8)


def footsteps(rate: int, rng: np.random.Generator, count: int = 8) -> Samples:
    """Return steps on a wooden floor that come nearer."""
    track = silence(rate, 0.6 * count + 0.5)
    at_s = 0.05
    for index in range(count):
        step = _thump(rate, rng, float(rng.uniform(70.0, 110.0)), 0.05)
        tap = noise(rate, 0.03, rng, -3.0) * np.float32(0.08)
        place(step, fade(tap, rate, 0.001, 0.025), 0)
        nearness = 0.4 + 0.6 * index / max(1, count - 1)
        place(track, step * np.float32(0.35 * nearness), round(at_s * rate))
        at_s += float(rng.normal(0.56, 0.03))
    return track


def door(rate: int, rng: np.random.Generator) -> Samples:
    """Return a latch, hinges that groan a little, and the door falling shut."""
    click = fade(band_pass(noise(rate, 0.04, rng), rate, 1500.0, 6000.0), rate, 0, 0.03)
    swing = band_pass(noise(rate, 0.9, rng, -6.0), rate, 80.0, 700.0)
    swing = fade(swing / np.std(swing), rate, 0.3, 0.5) * np.float32(0.02)
    groan = points(0.9, rate, {0.0: 95.0, 0.4: 130.0, 1.0: 105.0})
    stick_slip = np.sign(np.sin(2.0 * np.pi * np.cumsum(groan) / rate))
    creak = band_pass(stick_slip.astype(np.float32), rate, 250.0, 1400.0, 1)
    swing += fade(creak, rate, 0.3, 0.4) * np.float32(0.02)
    slam = _thump(rate, rng, 75.0, 0.12) * np.float32(0.6)
    place(slam, click * np.float32(0.15 / np.std(click)), round(0.03 * rate))
    return join(click * np.float32(0.1 / np.std(click)), swing, slam)


def _thump(
    rate: int, rng: np.random.Generator, frequency_hz: float, decay_s: float
) -> Samples:
    """Return a dull knock that dies away."""
    time_s = np.arange(round(decay_s * 8.0 * rate)) / rate
    body = np.sin(
        2.0 * np.pi * frequency_hz * time_s * (1.0 + 0.3 * np.exp(-time_s / 0.02))
    )
    knock = band_pass(noise(rate, decay_s * 8.0, rng), rate, 60.0, 400.0)
    knock = knock[: len(time_s)] / np.std(knock)
    sound = (body + 0.5 * knock) * np.exp(-time_s / decay_s)
    return fade(sound.astype(np.float32), rate, 0.002, 0.02)
