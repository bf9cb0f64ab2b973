"""What all synthesised sounds are built with: noise, filters, envelopes, rooms."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]
type Curve = NDArray[np.floating]

SPEED_OF_SOUND_M_S = 343.0


def gain(level_db: float) -> float:
    """Return the factor that `level_db` decibels stand for."""
    return float(10.0 ** (level_db / 20.0))


def rms_dbfs(samples: Samples) -> float:
    """Return the RMS level of samples in dBFS (a full-scale square wave is 0)."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return 10.0 * float(np.log10(max(power, 1e-12)))


def at_level(samples: Samples, level_dbfs: float) -> Samples:
    """Return the samples scaled to an RMS level of `level_dbfs`."""
    return (samples * gain(level_dbfs - rms_dbfs(samples))).astype(np.float32)


def silence(rate: int, duration_s: float) -> Samples:
    """Return digital silence."""
    return np.zeros(round(rate * duration_s), np.float32)


def points(duration_s: float, rate: int, curve: dict[float, float]) -> Curve:
    """Return a curve through points, smoothly, one value a sample.

    `curve` maps fractions of the duration (0 to 1) to values.
    """
    fractions = np.linspace(0.0, 1.0, round(rate * duration_s))
    known = np.array(sorted(curve))
    values = np.array([curve[fraction] for fraction in known])
    index = np.clip(np.searchsorted(known, fractions, "right") - 1, 0, len(known) - 2)
    position = (fractions - known[index]) / (known[index + 1] - known[index])
    eased = position * position * (3.0 - 2.0 * position)
    result: Curve = values[index] + (values[index + 1] - values[index]) * eased
    return result


def wander(rate: int, count: int, speed_hz: float, rng: np.random.Generator) -> Curve:
    """Return a slow random curve around 0 with a deviation of 1, changing at `speed_hz`."""
    knots = max(4, int(count / rate * speed_hz) + 4)
    values = rng.standard_normal(knots)
    return np.interp(
        np.linspace(0, knots - 1, count), np.arange(knots), values / 0.8
    ).astype(np.float64)


def fade(samples: Samples, rate: int, in_s: float, out_s: float) -> Samples:
    """Return the samples with a raised-cosine start and end."""
    result = samples.astype(np.float32, copy=True)
    for count, part in (
        (round(in_s * rate), slice(None, None, 1)),
        (round(out_s * rate), slice(None, None, -1)),
    ):
        count = min(count, len(result))
        if count:
            ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)
            result[part][:count] *= ramp.astype(np.float32)
    return result


def shape(samples: Samples, rate: int, response: Callable[[Curve], Curve]) -> Samples:
    """Return the samples filtered by a gain for each frequency in Hz (zero phase)."""
    size = fast_length(len(samples))
    spectrum = np.fft.rfft(samples, size)
    spectrum *= response(np.fft.rfftfreq(size, 1.0 / rate))
    return np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)


def fast_length(length: int) -> int:
    """Return the next length from `length` up that the FFT is quick at: 2^n, 3 or 5 times it."""
    powers = [1 << exponent for exponent in range(2, 40)]
    return min(
        factor * power
        for factor in (1, 3, 5)
        for power in powers
        if factor * power >= length
    )


def band_pass(
    samples: Samples, rate: int, low_hz: float, high_hz: float, order: int = 2
) -> Samples:
    """Return the samples between two frequencies; 6 dB an octave for each order."""

    def response(frequency_hz: Curve) -> Curve:
        safe = np.maximum(frequency_hz, 1e-3)
        result: Curve = 1.0 / np.sqrt(
            (1.0 + (low_hz / safe) ** (2 * order))
            * (1.0 + (safe / high_hz) ** (2 * order))
        )
        return result

    return shape(samples, rate, response)


def noise(
    rate: int,
    duration_s: float,
    rng: np.random.Generator,
    slope_db_per_octave: float = 0.0,
) -> Samples:
    """Return Gaussian noise with an RMS of 1: 0 dB an octave is white, -3 pink, -6 brown."""
    white = rng.standard_normal(round(rate * duration_s)).astype(np.float32)

    def response(frequency_hz: Curve) -> Curve:
        result: Curve = (np.maximum(frequency_hz, 20.0) / 1000.0) ** (
            slope_db_per_octave / (20.0 * np.log10(2.0))
        )
        # Nothing below what is heard, least of all a direct current.
        result *= np.minimum(frequency_hz / 20.0, 1.0)
        return result

    coloured = shape(white, rate, response)
    return coloured / np.float32(np.sqrt(np.mean(np.square(coloured))))


def place(track: Samples, sound: Samples, start: int) -> None:
    """Add a sound into a track at a sample, in place; what hangs over is left out."""
    end = min(len(track), start + len(sound))
    track[start:end] += sound[: end - start]


def join(*parts: Samples) -> Samples:
    """Return the parts one after the other."""
    return np.concatenate(parts).astype(np.float32)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Return a whole recording at another rate, by its spectrum (no aliasing)."""
    if from_hz == to_hz:
        return samples
    count = round(len(samples) * to_hz / from_hz)
    # Whole seconds, so that both lengths are exact.
    whole_s = len(samples) // from_hz + 1
    spectrum = np.fft.rfft(samples, whole_s * from_hz)
    wanted = whole_s * to_hz // 2 + 1
    if len(spectrum) < wanted:
        spectrum = np.pad(spectrum, (0, wanted - len(spectrum)))
    result = np.fft.irfft(spectrum[:wanted], whole_s * to_hz) * (to_hz / from_hz)
    return result[:count].astype(np.float32)


def in_room(
    samples: Samples, rate: int, distance_m: float, rng: np.random.Generator
) -> Samples:
    """Return the samples as a microphone hears them in a small furnished room.

    Direct sound falls with the distance; the room's answer (early reflections, then
    noise that decays by 60 dB in 0.35 s and loses its treble first) does not, so that
    what is far sounds far. The level at 1 m is kept.
    """
    decay_s = 0.35
    count = round(decay_s * rate)
    time_s = np.arange(count) / rate
    tail = rng.standard_normal(count) * np.exp(-6.9 * time_s / decay_s)
    dull = np.exp(-time_s / 0.08)
    bright = tail * dull
    dark = band_pass(tail.astype(np.float32), rate, 60.0, 2200.0, 1) * (1.0 - dull)
    response = (bright + dark) * (time_s > 0.004)
    response *= 0.35 / np.sqrt(np.sum(np.square(response)))
    for delay_s in rng.uniform(0.003, 0.025, 6):
        response[round(delay_s * rate)] += rng.choice([-1.0, 1.0]) * 0.18
    response[0] += 1.0 / max(distance_m, 0.3)
    size = fast_length(len(samples) + count)
    heard = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)
    return heard[: len(samples) + count].astype(np.float32)
