"""Calls, synthesised: cries, and what wakes parents for nothing, of which there are too few recordings.

A voice is made as the source-filter model has it (Fant, Acoustic Theory of Speech Production, 1960): the harmonics of a
gliding pitch, weighed by the resonances of a throat. A cat's, a laughing or babbling child's, a singer's and a crying baby's
differ in how the pitch moves, how long a call lasts, and where the resonances lie.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from augment import Samples, glide

type Curve = NDArray[np.float64]
type Call = tuple[Curve, Curve, Curve]
"""Pitch in Hz (n,), loudness (n,), and resonances in Hz (n, resonances), of one call."""


def call(rng: np.random.Generator, sample_rate: int, seconds: float) -> Samples:
    """Draw one kind of call that is no cry, and make that many seconds of it, -1 to 1."""
    kinds: tuple[Callable[[np.random.Generator, int, float], Samples], ...] = (
        glide,
        _meows,
        _laughs,
        _songs,
    )
    return kinds[int(rng.choice(4, p=[0.3, 0.3, 0.22, 0.18]))](
        rng, sample_rate, seconds
    )


def cry(rng: np.random.Generator, sample_rate: int, seconds: float) -> Samples:
    """Make that many seconds of a baby's crying, -1 to 1.

    Rows of expirations of about a second with a short breath between, the pitch 300 to 650 Hz and falling in the end, now
    and then over twice as high (Wasz-Höckert et al., The Infant Cry, 1968; LaGasse et al., Mental Retardation and
    Developmental Disabilities Research Reviews 11, 2005); the voice is pressed, and strong in its harmonics.
    """
    base_hz, duration_s = rng.uniform(300.0, 600.0), rng.uniform(0.5, 1.4)
    throat, squeals = rng.uniform(0.85, 1.15), rng.uniform(0.0, 0.15)
    melodies = ([-0.3, 0.1, 0.0, -0.4], [0.0, 0.05, -0.1, -0.5], [-0.1, 0.1, 0.1, -0.1])

    def expiration() -> Call:
        length = int(duration_s * rng.uniform(0.6, 1.5) * sample_rate)
        times = np.linspace(0.0, 1.0, length)
        melody = rng.uniform(0.5, 1.3) * np.array(melodies[int(rng.integers(3))])
        higher = rng.uniform(0.9, 1.3) if rng.random() < squeals else 0.0
        pitch = base_hz * 2.0 ** (
            _curve(times, list(melody)) + higher + rng.normal(0.0, 0.05)
        )
        loudness = _curve(times, [0.1, 0.9, 1.0, 0.7, 0.1]) * rng.uniform(0.6, 1.0)
        opening = _curve(times, [0.8, 1.0, 1.0, 0.7])
        resonances = throat * np.stack(
            [1_100.0 * opening, 3_000.0 * opening, 5_000.0 + 0.0 * times], axis=1
        )
        return pitch, loudness, resonances

    def pause() -> float:
        return float(
            rng.uniform(0.1, 0.5) if rng.random() < 0.9 else rng.uniform(0.5, 1.5)
        )

    return _line(rng, sample_rate, seconds, expiration, pause, rng.uniform(0.02, 0.4))


def _curve(times: Curve, values: list[float]) -> Curve:
    """Return a curve over times in 0 to 1 through values at even distances, its corners rounded."""
    corners = np.linspace(0.0, 1.0, len(values))
    spread = 0.5 / (len(values) - 1)
    ways = [np.interp(times + shift, corners, values) for shift in (-spread, 0, spread)]
    curve: Curve = (ways[0] + 2.0 * ways[1] + ways[2]) / 4.0
    return curve


def voiced(
    rng: np.random.Generator, sample_rate: int, made: Call, breath: float
) -> Samples:
    """Return the sound of one call; breath is the part of its loudness that is noise."""
    pitch, loudness, resonances = made
    pitch = pitch * (1.0 + 0.01 * np.cumsum(rng.normal(0.0, 0.02, len(pitch))))
    phase = 2.0 * np.pi * np.cumsum(pitch) / sample_rate
    tilt = rng.uniform(0.6, 1.6)
    sound = np.zeros(len(pitch))
    for number in range(1, int(8_000.0 / max(60.0, float(pitch.min()))) + 1):
        hz = pitch * number
        weight = 0.02 * np.ones(len(pitch))
        for strength, centre in zip((1.0, 0.6, 0.3), resonances.T, strict=True):
            width = 0.12 * centre + 40.0
            weight += strength / (1.0 + ((hz - centre) / width) ** 2)
        weight *= number**-tilt * (hz < 0.45 * sample_rate)
        sound += weight * np.sin(number * phase)
    noise = np.convolve(rng.standard_normal(len(pitch)), [0.5, 0.0, -0.5], mode="same")
    sound = sound / max(1e-9, float(np.sqrt(np.mean(sound**2)))) + breath * noise
    return (sound * loudness).astype(np.float32)


def _meows(rng: np.random.Generator, sample_rate: int, seconds: float) -> Samples:
    """Return a cat's calls: one arc of the pitch each, the mouth opening and closing over it, seconds apart."""
    base_hz, duration_s = rng.uniform(380.0, 950.0), rng.uniform(0.25, 1.3)
    rise, fall = rng.uniform(0.05, 0.5), rng.uniform(0.05, 0.7)
    throat = rng.uniform(0.8, 1.3)

    def meow() -> Call:
        length = int(duration_s * rng.uniform(0.7, 1.4) * sample_rate)
        times = np.linspace(0.0, 1.0, length)
        octaves = [0.0, rise * rng.uniform(0.6, 1.4), rise * 0.8, -fall]
        pitch = base_hz * 2.0 ** (_curve(times, octaves) + rng.normal(0.0, 0.06))
        loudness = _curve(times, [0.0, 0.8, 1.0, 0.7, 0.0])
        opening = _curve(times, [0.0, 0.4, 1.0, 0.6, 0.1])
        resonances = throat * np.stack(
            [500.0 + 900.0 * opening, 2_400.0 - 700.0 * opening, 4_200.0 + 0.0 * times],
            axis=1,
        )
        return pitch, loudness, resonances

    pause_s = rng.uniform(0.3, 3.0)
    breath = rng.uniform(0.0, 0.3)
    return _line(rng, sample_rate, seconds, meow, lambda: pause_s, breath)


def _laughs(rng: np.random.Generator, sample_rate: int, seconds: float) -> Samples:
    """Return a child's or a baby's laughing: runs of short voiced bursts at 3 to 7 a second, each with breath before it."""
    base_hz, rate_hz = rng.uniform(250.0, 650.0), rng.uniform(3.0, 7.0)
    voiced, run = rng.uniform(0.35, 0.75), int(rng.integers(3, 10))
    throat, left = rng.uniform(1.0, 1.6), run

    def ha() -> Call:
        length = int(voiced / rate_hz * rng.uniform(0.8, 1.25) * sample_rate)
        times = np.linspace(0.0, 1.0, length)
        sinking = 0.35 * (1.0 - left / run) + rng.normal(0.0, 0.08)
        pitch = base_hz * 2.0 ** (_curve(times, [0.15, 0.1, -0.2]) - sinking)
        loudness = _curve(times, [0.0, 1.0, 0.8, 0.0]) * rng.uniform(0.5, 1.0)
        vowel = np.array([800.0, 1_400.0, 3_000.0]) * throat * rng.uniform(0.9, 1.1)
        return pitch, loudness, np.broadcast_to(vowel, (length, 3))

    def pause() -> float:
        nonlocal left
        left -= 1
        if left:
            return float((1.0 - voiced) / rate_hz)
        left = run
        return float(rng.uniform(0.4, 1.8))

    return _line(rng, sample_rate, seconds, ha, pause, rng.uniform(0.1, 0.6))


def _songs(rng: np.random.Generator, sample_rate: int, seconds: float) -> Samples:
    """Return a voice that hums, sings or babbles: steady notes on a scale with vibrato, or syllables with a speech's pitch."""
    sings = rng.random() < 0.6
    base_hz = rng.uniform(160.0, 420.0) if sings else rng.uniform(250.0, 450.0)
    throat = rng.uniform(0.9, 1.2) if sings else rng.uniform(1.2, 1.6)
    vibrato_hz, depth = rng.uniform(4.0, 7.0), rng.uniform(0.0, 0.03)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12.0
    vowels = np.array([[300, 870, 2_240], [660, 1_720, 2_410], [730, 1_090, 2_440]])

    def note() -> Call:
        duration_s = rng.uniform(0.25, 1.2) if sings else rng.uniform(0.08, 0.3)
        length = int(duration_s * sample_rate)
        times = np.linspace(0.0, 1.0, length)
        step = float(rng.choice(scale)) if sings else rng.uniform(-0.25, 0.25)
        bend = [0.0, 0.0] if sings else [rng.uniform(-0.1, 0.1), rng.uniform(-0.2, 0.1)]
        wave = depth * np.sin(2.0 * np.pi * vibrato_hz * duration_s * times)
        pitch = base_hz * 2.0 ** (step + wave + _curve(times, bend))
        loudness = _curve(times, [0.1, 1.0, 0.9, 0.8, 0.0]) * rng.uniform(0.6, 1.0)
        vowel = throat * vowels[int(rng.integers(3))].astype(np.float64)
        return pitch, loudness, np.broadcast_to(vowel, (length, 3))

    def pause() -> float:
        return float(
            rng.uniform(0.02, 0.15) if rng.random() < 0.8 else rng.uniform(0.3, 1.0)
        )

    return _line(rng, sample_rate, seconds, note, pause, rng.uniform(0.0, 0.15))


def _line(
    rng: np.random.Generator,
    sample_rate: int,
    seconds: float,
    draw: Callable[[], Call],
    pause_s: Callable[[], float],
    breath: float,
) -> Samples:
    """Return calls one after the other, with pauses between them."""
    out = np.zeros(int(seconds * sample_rate), np.float32)
    start = int(rng.uniform(0.0, 0.5) * sample_rate)
    while start < len(out):
        sound = voiced(rng, sample_rate, draw(), breath)[: len(out) - start]
        out[start : start + len(sound)] = sound
        start += len(sound) + int(pause_s() * rng.uniform(0.7, 1.3) * sample_rate)
    return out / np.float32(max(1e-9, float(np.max(np.abs(out), initial=0.0))))
