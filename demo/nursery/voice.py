"""A voice: harmonics of a moving pitch, breath, and the resonances of a throat.

The source-filter model of speech: each harmonic of the vocal folds is heard as loud
as the resonances (formants) of throat and mouth make it at its own frequency.
"""

from dataclasses import dataclass

import numpy as np

from .sound import Curve, Samples, band_pass, shape


@dataclass(frozen=True, kw_only=True)
class Formant:
    """One resonance."""

    frequency_hz: float
    bandwidth_hz: float
    level_db: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Throat:
    """The resonances of one voice, and how its folds sound before them."""

    formants: tuple[Formant, ...]
    tilt_db_per_octave: float
    """How fast the folds' harmonics fall: -12 for a soft voice, -4 for a scream."""
    top_hz: float = 9000.0
    """Where the voice ends."""

    def folds(self, frequency_hz: Curve) -> Curve:
        """Return how loud the vocal folds' harmonics are before the throat."""
        result: Curve = (np.maximum(frequency_hz, 50.0) / 500.0) ** (
            self.tilt_db_per_octave / (20.0 * np.log10(2.0))
        )
        return result

    def response(self, frequency_hz: Curve, scale: Curve | float = 1.0) -> Curve:
        """Return the gain at each frequency; `scale` shifts all formants (an open mouth: over 1)."""
        total = np.full(np.shape(frequency_hz), 0.01)
        for formant in self.formants:
            distance = (frequency_hz - formant.frequency_hz * scale) / (
                formant.bandwidth_hz / 2.0
            )
            total = total + 10.0 ** (formant.level_db / 20.0) / np.sqrt(
                1.0 + np.square(distance)
            )
        roll_off = 1.0 / np.sqrt(1.0 + (frequency_hz / self.top_hz) ** 8)
        result: Curve = total * roll_off
        return result


def phonate(
    rate: int,
    pitch_hz: Curve,
    throat: Throat,
    rng: np.random.Generator,
    *,
    mouth: Curve | float = 1.0,
    roughness: Curve | float = 0.0,
    breathiness: float = 0.0,
) -> Samples:
    """Return a voiced sound that follows a pitch, one value a sample.

    `mouth` scales the formants over time. `roughness` (0 to 1) turns harmonics into
    noise and subharmonics, as overstrained vocal folds do. `breathiness` is the noise
    of the air beside the voice, loudest above 4 kHz, as a part of the voice's RMS.
    """
    count = len(pitch_hz)
    phase = 2.0 * np.pi * np.cumsum(pitch_hz) / rate
    is_rough = bool(np.any(roughness))
    # Loudness moves slowly: it is computed for every 16th sample only.
    knots = np.unique(np.append(np.arange(0, count, 16), count - 1))
    pitch_at_knots = pitch_hz[knots]
    mouth_at_knots = np.broadcast_to(mouth, (count,))[knots]
    highest = int(min(throat.top_hz, 0.48 * rate) / float(np.min(pitch_hz)))
    voice = np.zeros(count)
    # Even indices are harmonics, odd ones the subharmonics halfway between.
    for index in range(2, 2 * highest + 1, 1 if is_rough else 2):
        frequency_hz = pitch_at_knots * (index / 2.0)
        level = throat.response(frequency_hz, mouth_at_knots)
        level = level * throat.folds(frequency_hz)
        level[frequency_hz > 0.48 * rate] = 0.0
        harmonic = np.sin(index / 2.0 * phase + rng.uniform(0.0, 2.0 * np.pi))
        harmonic *= np.interp(np.arange(count), knots, level)
        voice += 0.5 * roughness * harmonic if index % 2 else harmonic
    loudness = float(np.std(voice))
    if is_rough:
        rough = breath(rate, count, throat, rng)
        rough *= np.float32(loudness / np.std(rough))
        voice = voice * (1.0 - 0.7 * np.asarray(roughness)) + rough * roughness
    if breathiness:
        air = band_pass(breath(rate, count, throat, rng), rate, 3500.0, 10_000.0, 1)
        voice += air * (breathiness * loudness / float(np.std(air)))
    return voice.astype(np.float32)


def breath(rate: int, count: int, throat: Throat, rng: np.random.Generator) -> Samples:
    """Return noise of `count` samples through the throat, unvoiced."""
    white = rng.standard_normal(count).astype(np.float32)
    return shape(white, rate, throat.response)
