"""Recordings for the tests of nights: their sound is synthesised, nothing is read from a disk."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recordings import Recording

RATE = 22_050

type Samples = NDArray[np.float32]


def tone(seconds: float, hz: float = 500.0, amplitude: float = 0.3) -> Samples:
    """Return a sine."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2.0 * np.pi * hz * time_s)).astype(np.float32)


def quiet(seconds: float) -> Samples:
    """Return digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def recording(
    name: str,
    label: str,
    sublabel: str = "",
    *,
    group: str | None = None,
    quality: str = "ok",
    split: str = "val",
) -> Recording:
    """Return one of three seconds."""
    return Recording(
        path=Path(f"{name}.ogg"),
        label=label,
        sublabel=sublabel or label,
        group=group or name,
        split=split,
        quality=quality,
        source="corpus",
        licence="CC0",
        seconds=3.0,
    )


def read(path: Path, rate: int) -> Samples:
    """Return a recording's sound: a cry begins after half a second, and has a pause; the rest is soft noise."""
    assert rate == RATE
    if path.name.startswith("cry"):
        parts = (quiet(0.5), tone(1.0), quiet(0.6), tone(0.5), quiet(0.4))
        return np.concatenate(parts)
    seed = sum(path.name.encode())
    noise = np.random.default_rng(seed).standard_normal(3 * RATE)
    return (0.01 * noise).astype(np.float32)
