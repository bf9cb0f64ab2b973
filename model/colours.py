"""What rooms, microphones and codecs make of a spectrum, and the noise that they add: drawn, in dB or power a mel band."""

import numpy as np
from numpy.typing import NDArray

from cry_engine.features import LogMel, LogMelParameters, mel_from_hz

FULL_SCALE_SINE_BANDS = 3.0
"""Sum of a frame's bands over the mean square of its samples: 2 for a sine's peak, times 1.5, the Hann window's width."""

_MU_LAW_NOISE_DB = -38.0
"""Noise of mu-law's steps below the sound (ITU-T G.711: 38 dB over most of its range)."""
_MU_LAW_FLOOR_DBFS = -83.0
"""The same of the smallest steps, 2 / 8159 of full scale: their twelfth, squared."""


class Colours:
    """Draws colourings and steady noises."""

    def __init__(
        self, parameters: LogMelParameters, frames: int, rng: np.random.Generator
    ) -> None:
        """Make the white noise that all steady noise is cut from; frames is a window's length."""
        self._rng, self._frames, self._bands = rng, frames, parameters.bands
        self._frame_s = parameters.frame_step / parameters.sample_rate
        low, high = mel_from_hz(np.array([parameters.low_hz, parameters.high_hz]))
        mel = np.linspace(low, high, parameters.bands + 2)[1:-1]
        self._band_hz = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
        noise = rng.standard_normal(60 * parameters.sample_rate).astype(np.float32)
        self._white = np.exp(LogMel(parameters).push(noise))
        self._white /= self._white.sum(axis=1).mean()

    def colour_db(self) -> NDArray[np.float64]:
        """Draw how a microphone or a wall colours a sound: smooth over the bands, in dB."""
        knots = self._rng.normal(0.0, 4.0, 7)
        colour: NDArray[np.float64] = np.interp(
            np.arange(self._bands), np.linspace(0, self._bands - 1, 7), knots
        )
        return colour

    def band_limit_db(self) -> NDArray[np.float64]:
        """Draw a band limit: mostly telephone's, 8 kHz G.711, else what other codecs and cheap microphones keep."""
        rng = self._rng
        way = rng.random()
        high_hz = (
            rng.uniform(3_300, 4_000)
            if way < 0.55
            else rng.uniform(4_000, 9_000)
            if way < 0.9
            else rng.uniform(2_300, 3_300)
        )
        down = np.clip(
            (self._band_hz - high_hz) / rng.uniform(50.0, 500.0), 0.0, 1.0
        ) * rng.uniform(25.0, 90.0)
        if rng.random() < 0.3:
            down = down + np.clip(
                (rng.uniform(80.0, 350.0) - self._band_hz) / 60.0, 0.0, 1.0
            ) * rng.uniform(10.0, 50.0)
        return -down

    def warped(self, power: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
        """Return power (frames, bands) with all that sounds in it so many times as high."""
        at = np.interp(self._band_hz / factor, self._band_hz, np.arange(self._bands))
        below = np.minimum(at.astype(np.int64), self._bands - 2)
        part = (at - below).astype(np.float32)
        moved: NDArray[np.float32] = (
            power[:, below] * (1.0 - part) + power[:, below + 1] * part
        )
        return moved

    def telephone(self, power: NDArray[np.float32]) -> None:
        """Send power (frames, bands) through 8 kHz G.711: a telephone's band, and the noise of its steps.

        The steps grow with the sound, so their noise does, in every band that the sound is sent in.
        """
        rng = self._rng
        low, high = rng.uniform(150.0, 320.0), rng.uniform(3_300.0, 3_900.0)
        hz = self._band_hz
        down_db = np.clip((hz - high) / 120.0, 0.0, 1.0) * 70.0
        down_db += np.clip((low - hz) / 100.0, 0.0, 1.0) * 40.0
        power *= (10.0 ** (-down_db / 10.0)).astype(np.float32)
        # White noise has a band's share of its width, which a filter of unit area has as its share of the bands' sum.
        share = np.gradient(hz) * (hz < 4_000.0)
        share /= share.sum()
        noise = power.sum(axis=1) * 10.0 ** (_MU_LAW_NOISE_DB / 10.0)
        floor = FULL_SCALE_SINE_BANDS * 10.0 ** (_MU_LAW_FLOOR_DBFS / 10.0)
        power += (np.maximum(noise, floor)[:, None] * share).astype(np.float32)

    def mask(self, power: NDArray[np.float32]) -> None:
        """Leave out of power (frames, bands) what a codec of few bits does: bands far under their frame's loudest."""
        rng = self._rng
        loudest = power.max(axis=1, keepdims=True)
        under = rng.uniform(22.0, 45.0) + rng.uniform(0.0, 12.0) * (
            self._band_hz > 3_000.0
        )
        left_out = power < loudest * (10.0 ** (-under / 10.0)).astype(np.float32)
        power[left_out] *= np.float32(10.0 ** (-rng.uniform(10.0, 40.0) / 10.0))

    def steady_noise(self) -> NDArray[np.float32]:
        """Draw the power of a white-noise machine, a fan, rain: noise with a steady spectrum, sum of bands 1 on average."""
        rng = self._rng
        octaves = np.log2(np.maximum(self._band_hz, 50.0) / 1_000.0)
        shape_db = rng.choice(
            [0.0, -3.0, -6.0, rng.uniform(-9.0, 3.0)]
        ) * octaves + self.colour_db() * rng.uniform(0.0, 1.5)
        if rng.random() < 0.4:
            shape_db = shape_db - np.clip(
                (self._band_hz - rng.uniform(300.0, 6_000.0)) / 1_000.0, 0.0, 6.0
            ) * rng.uniform(3.0, 15.0)
        if rng.random() < 0.3:
            hum = rng.integers(2, self._bands // 2, 2)
            shape_db[hum] += rng.uniform(3.0, 15.0)
        begin = int(rng.integers(0, len(self._white) - self._frames))
        power = self._white[begin : begin + self._frames] * 10.0 ** (shape_db / 10.0)
        if rng.random() < 0.35:
            swing = rng.uniform(0.5, 6.0) * np.sin(
                2
                * np.pi
                * (
                    rng.random()
                    + np.arange(self._frames) * self._frame_s * rng.uniform(0.05, 2.0)
                )
            )
            power = power * 10.0 ** (swing[:, None] / 10.0)
        noise: NDArray[np.float32] = (power / power.sum(axis=1).mean()).astype(
            np.float32
        )
        return noise
