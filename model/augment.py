"""What a house does to a sound on its way to a microphone, as functions of its samples.

Every function takes samples of shape (n,) in -1 to 1 and returns new ones. Those that draw take a numpy Generator, so that
a run can be repeated.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]


def fast_length(length: int) -> int:
    """Return the least number from length up with no prime factor over 5, for which a Fourier transform is quick."""
    best = 1 << max(0, length - 1).bit_length()
    fives = 1
    while fives < best:
        threes = fives
        while threes < best:
            best = min(best, threes << max(0, -(-length // threes) - 1).bit_length())
            threes *= 3
        fives *= 5
    return best


def resample(samples: Samples, up: int, down: int) -> Samples:
    """Return the same sound in up / down as many samples, band-limited by cutting its spectrum (no aliasing)."""
    blocks = fast_length(-(-len(samples) // down))
    spectrum = np.fft.rfft(samples, blocks * down)
    kept = np.zeros(blocks * up // 2 + 1, spectrum.dtype)
    bins = min(len(kept), len(spectrum))
    kept[:bins] = spectrum[:bins]
    out = np.fft.irfft(kept, blocks * up)[: max(1, len(samples) * up // down)]
    return (out * (up / down)).astype(np.float32)


def change_speed(samples: Samples, factor: float) -> Samples:
    """Play a sound faster (factor > 1: shorter, higher, a smaller throat) or slower, to the nearest 100th."""
    ratio = Fraction(100, max(1, round(factor * 100)))
    return resample(samples, ratio.numerator, ratio.denominator)


def band_limit(
    samples: Samples,
    sample_rate: int,
    low_hz: float,
    high_hz: float,
    slope_hz: float = 100.0,
) -> Samples:
    """Keep what lies between two frequencies, falling to nothing within slope_hz outside of them."""
    size = fast_length(len(samples))
    frequencies = np.fft.rfftfreq(size, 1.0 / sample_rate)
    above_low = np.clip((frequencies - low_hz) / slope_hz + 1.0, 0.0, 1.0)
    below_high = np.clip((high_hz - frequencies) / slope_hz + 1.0, 0.0, 1.0)
    kept = np.fft.rfft(samples, size) * np.minimum(above_low, below_high)
    return np.fft.irfft(kept, size)[: len(samples)].astype(np.float32)


def mu_law(samples: Samples, sample_rate: int) -> Samples:
    """Send a sound through 8 kHz G.711 as a camera does: 300 to 3,500 Hz, 8 bits in mu-law steps (ITU-T G.711, mu = 255)."""
    rates = Fraction(8_000, sample_rate)
    narrow = resample(
        band_limit(samples, sample_rate, 300.0, 3_500.0),
        rates.numerator,
        rates.denominator,
    )
    narrow = np.clip(narrow, -1.0, 1.0)
    steps = (
        np.round(
            np.sign(narrow) * np.log1p(255.0 * np.abs(narrow)) / np.log(256.0) * 127.0
        )
        / 127.0
    )
    wide = resample(
        np.sign(steps) * (256.0 ** np.abs(steps) - 1.0) / 255.0,
        rates.denominator,
        rates.numerator,
    )
    return np.pad(wide, (0, max(0, len(samples) - len(wide))))[: len(samples)]


def overdrive(samples: Samples, drive_db: float) -> Samples:
    """Amplify a sound so that its peak would lie drive_db over full scale, and clip it there."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0.0:
        return samples
    return np.clip(samples * np.float32(10.0 ** (drive_db / 20.0) / peak), -1.0, 1.0)


def room(
    rng: np.random.Generator, sample_rate: int, reverberation_s: float, direct_db: float
) -> Samples:
    """Return a room's impulse response: the direct sound, then noise that decays by 60 dB in reverberation_s.

    Args:
        rng: draws the noise, which is darker the later it comes, as walls swallow high tones first.
        sample_rate: samples a second.
        reverberation_s: time to decay by 60 dB.
        direct_db: energy of the direct sound over that of all reflections.
    """
    length = max(2, int(reverberation_s * sample_rate))
    time_s = np.arange(length) / sample_rate
    noise = rng.standard_normal(length)
    dark = np.convolve(noise, np.ones(4) / 2.0, mode="same")
    mix = np.linspace(0.0, 1.0, length)
    tail = (noise * (1.0 - mix) + dark * mix) * 10.0 ** (
        -3.0 * time_s / reverberation_s
    )
    tail[: int(0.002 * sample_rate)] = 0.0
    tail *= 10.0 ** (-direct_db / 20.0) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail.astype(np.float32)


def reverberate(samples: Samples, response: Samples) -> Samples:
    """Return a sound as heard in a room, cut to its own length."""
    size = fast_length(len(samples) + len(response) - 1)
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)


def glide(rng: np.random.Generator, sample_rate: int, seconds: float) -> Samples:
    """Return calls with harmonics and a gliding pitch: like a cat's, a toy's or a siren's, and no cry."""
    out = np.zeros(int(seconds * sample_rate), np.float32)
    start = 0
    harmonics = int(rng.integers(1, 9))
    weights = rng.random(harmonics) * np.arange(1, harmonics + 1) ** -rng.uniform(
        0.0, 1.5
    )
    base_hz, duration_s, pause_s = (
        rng.uniform(250.0, 1_800.0),
        rng.uniform(0.08, 1.5),
        rng.uniform(0.05, 2.0),
    )
    corners = rng.uniform(-0.6, 0.6, 4)
    while start < len(out):
        length = min(
            len(out) - start, int(duration_s * rng.uniform(0.8, 1.2) * sample_rate)
        )
        phase_at = np.linspace(0.0, 3.0, length)
        pitch = base_hz * 2.0 ** np.interp(
            phase_at, np.arange(4), corners + rng.normal(0.0, 0.03, 4)
        )
        phase = 2.0 * np.pi * np.cumsum(pitch) / sample_rate
        call = np.zeros(length)
        for number, weight in enumerate(weights, 1):
            call += np.where(pitch * number < sample_rate / 2, weight, 0.0) * np.sin(
                number * phase
            )
        out[start : start + length] += (
            call * np.sin(np.pi * np.linspace(0.0, 1.0, length)) ** 0.5
        )
        start += length + int(pause_s * rng.uniform(0.7, 1.3) * sample_rate)
    return out / max(1e-9, float(np.max(np.abs(out), initial=0.0)))
