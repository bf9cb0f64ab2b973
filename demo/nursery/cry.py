"""A baby's cry, after the acoustics of real ones.

A cry is a row of long voiced expirations with a short inspiration between: each
0.6 to 2 s, the pitch 350 to 600 Hz rising fast and falling at the end, harmonics
strong up to 8 kHz, resonances near 1.1 and 3.3 kHz, now and then overstrained
(subharmonics and noise, "dysphonation") or thrown up to twice the pitch.
"""

import numpy as np

from .sound import Curve, Samples, fade, join, points, silence, wander
from .voice import Formant, Throat, breath, phonate

THROAT = Throat(
    formants=(
        Formant(frequency_hz=1060.0, bandwidth_hz=260.0),
        Formant(frequency_hz=2800.0, bandwidth_hz=440.0, level_db=-1.0),
        Formant(frequency_hz=3200.0, bandwidth_hz=500.0, level_db=-7.0),
        Formant(frequency_hz=7000.0, bandwidth_hz=1800.0, level_db=-15.0),
    ),
    # A pressed voice: the fundamental is weaker than the harmonics near a resonance.
    tilt_db_per_octave=1.3,
    top_hz=8700.0,
)


def cry(
    rate: int,
    rng: np.random.Generator,
    duration_s: float | None = None,
    peak_hz: float | None = None,
) -> Samples:
    """Return one expiration, RMS of 0.3; duration and pitch as they come if not given."""
    duration_s = duration_s or float(np.clip(rng.normal(1.0, 0.25), 0.6, 2.0))
    peak_hz = peak_hz or float(np.clip(rng.normal(470.0, 40.0), 350.0, 600.0))
    pitch_hz = _pitch(rate, rng, duration_s, peak_hz)
    count = len(pitch_hz)
    mouth = points(
        duration_s,
        rate,
        {0.0: 0.97, 0.2: 1.0, 0.85: rng.uniform(0.86, 0.92), 1.0: 0.66},
    )
    voice = phonate(
        rate,
        pitch_hz,
        THROAT,
        rng,
        mouth=mouth,
        roughness=_roughness(rng, count),
        breathiness=0.05,
    )
    loudness = points(
        duration_s,
        rate,
        {0.0: 0.05, 0.12: 0.7, 0.5: 0.9, 0.88: 0.45, 1.0: 0.4},
    ) * (1.0 + 0.07 * wander(rate, count, 14.0, rng))
    voice = fade((voice * loudness).astype(np.float32), rate, 0.02, 0.04)
    return voice * np.float32(0.3 / np.std(voice))


def inspiration(rate: int, rng: np.random.Generator) -> Samples:
    """Return the breath between two expirations: short, hoarse, higher than the cry."""
    duration_s = float(rng.uniform(0.15, 0.26))
    count = round(rate * duration_s)
    peak_hz = float(rng.uniform(600.0, 900.0))
    pitch_hz = points(
        duration_s, rate, {0.0: peak_hz * 1.2, 0.5: peak_hz * 0.9, 1.0: peak_hz * 1.1}
    )
    whoop = phonate(rate, pitch_hz, THROAT, rng, roughness=0.3, breathiness=0.3)
    air = breath(rate, count, THROAT, rng)
    air = air * np.float32(0.03 / np.std(air))
    whoop = whoop * np.float32(rng.uniform(0.01, 0.05) / np.std(whoop))
    return fade(air + whoop, rate, 0.05, 0.07)


def episode(rate: int, rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a row of expirations and inspirations of about `duration_s` seconds.

    A baby has a pitch of its own that rises as it works itself up.
    """
    own_pitch_hz = float(rng.uniform(450.0, 490.0))
    parts: list[Samples] = []
    elapsed_s = 0.0
    while elapsed_s < duration_s - 0.6:
        arousal = min(1.05, 0.92 + 0.3 * elapsed_s / duration_s)
        peak_hz = float(
            np.clip(own_pitch_hz * arousal * rng.normal(1.0, 0.05), 370.0, 600.0)
        )
        parts += [
            cry(rate, rng, peak_hz=peak_hz) * np.float32(rng.uniform(0.75, 1.1)),
            silence(rate, float(rng.uniform(0.03, 0.12))),
            inspiration(rate, rng),
            silence(rate, float(rng.uniform(0.03, 0.25))),
        ]
        elapsed_s = sum(len(part) for part in parts) / rate
    return join(*parts)


def _pitch(
    rate: int, rng: np.random.Generator, duration_s: float, peak_hz: float
) -> Curve:
    """Return the melody of an expiration: up fast, a plateau, down at the end."""
    curve = points(
        duration_s,
        rate,
        {
            0.0: peak_hz * rng.uniform(0.74, 0.82),
            min(0.3, 0.13 / duration_s): peak_hz * rng.uniform(0.92, 0.95),
            float(rng.uniform(0.38, 0.46)): peak_hz,
            0.85: peak_hz * rng.uniform(0.84, 0.9),
            1.0: peak_hz * rng.uniform(0.72, 0.8),
        },
    )
    count = len(curve)
    tremble = 0.007 * wander(rate, count, 12.0, rng)
    jitter = 0.005 * wander(rate, count, 120.0, rng)
    if rng.random() < 0.06:
        start = rng.uniform(0.3, 0.55)
        position = np.linspace(0.0, 1.0, count)
        jump = (position > start) & (position < start + 0.2 / duration_s)
        curve = np.where(jump, curve * 1.9, curve)
    result: Curve = curve * (1.0 + tremble + jitter)
    return result


def _roughness(rng: np.random.Generator, count: int) -> Curve:
    """Return how overstrained the voice is over an expiration: most where it is loudest."""
    position = np.linspace(0.0, 1.0, count)
    center, peak = rng.uniform(0.25, 0.5), rng.uniform(0.15, 0.45)
    result: Curve = 0.08 + peak * np.exp(-np.square((position - center) / 0.2))
    return result
