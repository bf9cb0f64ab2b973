"""A cat's meow: the sound most often taken for a cry."""

import numpy as np

from .sound import Samples, fade, points, wander
from .voice import Formant, Throat, breath, phonate

THROAT = Throat(
    formants=(
        Formant(frequency_hz=1000.0, bandwidth_hz=260.0),
        Formant(frequency_hz=2100.0, bandwidth_hz=380.0, level_db=-3.0),
        Formant(frequency_hz=4200.0, bandwidth_hz=900.0, level_db=-10.0),
    ),
    tilt_db_per_octave=-5.0,
    top_hz=7000.0,
)


def meow(rate: int, rng: np.random.Generator) -> Samples:
    """Return one meow, 0.6 to 1 s: the mouth opens ("me-") and closes again ("-ow")."""
    duration_s = float(rng.uniform(0.6, 1.0))
    peak_hz = float(rng.uniform(620.0, 780.0))
    pitch_hz = points(
        duration_s,
        rate,
        {0.0: peak_hz * 0.72, 0.3: peak_hz, 0.55: peak_hz * 0.93, 1.0: peak_hz * 0.6},
    )
    count = len(pitch_hz)
    pitch_hz = pitch_hz * (1.0 + 0.004 * wander(rate, count, 30.0, rng))
    mouth = points(duration_s, rate, {0.0: 0.45, 0.15: 0.7, 0.45: 1.25, 1.0: 0.5})
    voice = phonate(rate, pitch_hz, THROAT, rng, mouth=mouth)
    voice += breath(rate, count, THROAT, rng) * np.float32(0.02 * np.std(voice))
    loudness = points(duration_s, rate, {0.0: 0.05, 0.3: 0.8, 0.5: 1.0, 1.0: 0.02})
    voice = fade((voice * loudness).astype(np.float32), rate, 0.04, 0.1)
    return voice * np.float32(0.2 / np.std(voice))
