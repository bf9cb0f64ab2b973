"""Sounds and folders that the tests of the training pipeline share."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wavs import WavWriter

RATE = 8_000


def tone(seconds: float, hz: float = 440.0, amplitude: float = 0.5, rate: int = RATE) -> NDArray[np.float32]:  # fmt: skip
    """Return a sine of shape (n,)."""
    time_s = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2.0 * np.pi * hz * time_s)).astype(np.float32)


def write_wav(path: Path, samples: NDArray[np.float32], rate: int = RATE) -> Path:
    """Write a WAV file, and its folder; return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with WavWriter(path, rate) as writer:
        writer.write(samples)
    return path


def write_nursery(data_dir: Path, recordings: int = 12) -> None:
    """Write a data set that can be told apart: whistles are crying, hiss is silence, hum is a third label.

    One second a clip, two clips a recording, and a minute's noise in the background.
    """
    rng = np.random.default_rng(0)
    for number in range(recordings):
        for piece in range(2):
            name = f"night{number}_nohash_{piece}.wav"
            pitch = rng.uniform(400.0, 900.0)
            hiss = rng.normal(0.0, 0.01, RATE).astype(np.float32)
            write_wav(data_dir / "crying" / name, tone(1.0, pitch) + hiss)
            write_wav(data_dir / "silence" / name, hiss)
            write_wav(data_dir / "hum" / name, tone(1.0, 60.0, 0.3) + hiss)
    noise = rng.normal(0.0, 0.05, 5 * RATE).astype(np.float32)
    write_wav(data_dir / "_background_noise_" / "fan.wav", noise)
